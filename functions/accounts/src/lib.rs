//! Accounts: people who sign up, their sessions, and their apps. One file per operation.
//!
//! In Timekit's words an account is a calendar provider's. There are none here, and those routes say so.

mod app_view;
mod change_password;
mod create_account;
mod create_app;
mod create_session;
mod delete_app;
mod delete_session;
mod get_app;
mod get_session;
mod list_accounts;
mod list_apps;
mod no_providers;
mod own_app;
mod reset_password;
mod session_cookie;
mod show_reset_page;
mod sign_up_with_google;
mod sign_up_with_microsoft;
mod sync_accounts;
mod sync_microsoft_accounts;
mod update_app;

use api::{Operations, routes};
use auth::Access;
use model::scope::Scope;

/// This function's operations.
pub fn operations() -> Operations {
    let read_app = Access::scope(Scope::AppRead);
    let write_app = Access::scope(Scope::AppWrite).and_account();
    Operations::new()
        .add(routes!(create_account::create_account), Access::anonymous())
        .add(
            routes!(show_reset_page::show_reset_page),
            Access::anonymous(),
        )
        .add(routes!(reset_password::reset_password), Access::anonymous())
        .add(routes!(change_password::change_password), Access::account())
        .add(routes!(create_session::create_session), Access::anonymous())
        .add(routes!(get_session::get_session), Access::account())
        .add(routes!(delete_session::delete_session), Access::account())
        .add(routes!(get_app::get_app), read_app.and_server_token())
        .add(routes!(list_apps::list_apps), read_app.and_account())
        .add(
            routes!(create_app::create_app),
            Access::scope(Scope::Everything).and_account(),
        )
        .add(routes!(update_app::update_app), write_app)
        .add(routes!(delete_app::delete_app), write_app)
        .merge(provider_accounts())
}

fn provider_accounts() -> Operations {
    let read = Access::scope(Scope::ResourcesRead).and_server_token();
    let write = Access::scope(Scope::ResourcesWrite).and_server_token();
    Operations::new()
        .add(routes!(list_accounts::list_accounts), read)
        // Browsers are sent there, and send no credential.
        .add(
            routes!(sign_up_with_google::sign_up_with_google),
            Access::anonymous(),
        )
        .add(
            routes!(sign_up_with_microsoft::sign_up_with_microsoft),
            Access::anonymous(),
        )
        .add_reading(routes!(sync_accounts::sync_accounts), write)
        .add_reading(
            routes!(sync_microsoft_accounts::sync_microsoft_accounts),
            write,
        )
}
