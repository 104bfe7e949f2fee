//! The function `accounts`: people, their sessions and their apps.

mod people;
