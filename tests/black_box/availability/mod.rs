//! The function `availability`: what is offered, to whom, and that it is what can be booked.

mod calendar_days;
mod find_time;
mod moving;
mod offered;
mod only_offered;
mod search;
mod signed_search;
