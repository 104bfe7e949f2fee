//! What people see in a browser: the booking widget's files, the console, and the documentation. Everything handed out was
//! built into the program. One file per operation.

mod access;
mod files;
mod get_console_file;
mod get_openapi_document;
mod get_widget_file;
mod page;
mod show_console;
mod show_console_page;
mod show_docs;
mod show_docs_page;
mod show_widget_page;

use api::{Operations, routes};

/// This function's operations.
pub fn operations() -> Operations {
    Operations::new()
        .add(routes!(show_widget_page::show_widget_page))
        .add(routes!(get_widget_file::get_widget_file))
        .add(routes!(show_console::show_console))
        .add(routes!(show_console_page::show_console_page))
        .add(routes!(get_console_file::get_console_file))
        .add(routes!(show_docs::show_docs))
        .add(routes!(show_docs_page::show_docs_page))
        .add(routes!(get_openapi_document::get_openapi_document))
}
