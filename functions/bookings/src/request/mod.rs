//! What a request to create a booking says: one file for each concern, and everything that is wrong with it told at once.

mod body;
mod customer;
mod parse;
mod payment;
mod place;
mod plan;
mod reminders;
mod settings;
mod texts;

pub(crate) use body::{BookingSettings, CreateBookingRequest};
pub(crate) use payment::timeout;
pub(crate) use place::slot;
pub(crate) use settings::buffers;
pub(crate) use texts::{SentTexts, read_texts};
