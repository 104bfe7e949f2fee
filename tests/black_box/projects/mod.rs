//! The function `projects`: projects, locations, services, widgets, and what pages see of them.

mod lifecycle;
mod locations;
mod menu;
mod pages;
mod public_texts;
mod widgets;
mod written_settings;
