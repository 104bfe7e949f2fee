//! What booking pages and searches are made of: projects, locations, services, filters, widgets, templates.

pub(crate) mod entities;
pub(crate) mod projects;
pub(crate) mod templates;
pub(crate) mod widgets;
