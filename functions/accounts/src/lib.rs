//! Accounts: people who sign up, their sessions, and their apps. One file per operation.
//!
//! In Timekit's words an account is a calendar provider's. There are none here, and those routes say so.

mod access;
mod change_password;
mod common;
mod create_account;
mod create_app;
mod create_session;
mod delete_app;
mod delete_session;
mod fields;
mod get_app;
mod get_session;
mod list_accounts;
mod list_apps;
mod reset_password;
mod show_reset_page;
mod sign_up_with_google;
mod sign_up_with_microsoft;
mod sync_accounts;
mod sync_microsoft_accounts;
mod update_app;
mod views;

use api::{Operations, routes};

/// This function's operations.
pub fn operations() -> Operations {
    Operations::new()
        .add(routes!(create_account::create_account))
        .add(routes!(show_reset_page::show_reset_page))
        .add(routes!(reset_password::reset_password))
        .add(routes!(change_password::change_password))
        .add(routes!(create_session::create_session))
        .add(routes!(get_session::get_session))
        .add(routes!(delete_session::delete_session))
        .add(routes!(get_app::get_app))
        .add(routes!(list_apps::list_apps))
        .add(routes!(create_app::create_app))
        .add(routes!(update_app::update_app))
        .add(routes!(delete_app::delete_app))
        .merge(provider_accounts())
}

fn provider_accounts() -> Operations {
    Operations::new()
        .add(routes!(list_accounts::list_accounts))
        // Browsers are sent there, and send no credential.
        .add(routes!(sign_up_with_google::sign_up_with_google))
        .add(routes!(sign_up_with_microsoft::sign_up_with_microsoft))
        .add_reading(routes!(sync_accounts::sync_accounts))
        .add_reading(routes!(sync_microsoft_accounts::sync_microsoft_accounts))
}
