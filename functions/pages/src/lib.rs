//! The page that customers book on, the menu of an app's pages, and what they lead to. All is HTML first: every step is a link
//! or a form. One file per operation.

mod access;
mod common;
mod get_booked_calendar;
mod get_page_script;
mod page;
mod show;
mod show_booked_page;
mod show_booking_page;
mod show_menu_page;
mod submit_booking_page;
mod view;

use api::{ErrorPages, Operations, routes};
use views::failure;

/// This function's operations.
pub fn operations() -> Operations {
    Operations::new()
        .add(routes!(show_booking_page::show_booking_page))
        .add(routes!(submit_booking_page::submit_booking_page))
        .add(routes!(show_menu_page::show_menu_page))
        .add(routes!(show_booked_page::show_booked_page))
        .add(routes!(get_booked_calendar::get_booked_calendar))
        .add(routes!(get_page_script::get_page_script))
        .showing_errors_by(ERROR_PAGES)
}

/// What browsers are shown below `/book` where no page is reached: nothing has the path, or a handler panicked.
const ERROR_PAGES: ErrorPages = ErrorPages {
    covers: |path| path == "/book" || path.starts_with("/book/"),
    show: |error, query, headers| {
        failure::nobodys_failure_page(error, failure::Visit::ToBook, (query, headers))
    },
};
