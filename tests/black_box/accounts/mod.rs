//! The function `accounts`: people, their sessions and their apps.

mod brand;
mod people;
