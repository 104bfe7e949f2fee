//! Resources: what can be booked; their calendars, and the events in them. One file per operation.

mod calendar_feed;
mod calendar_fields;
mod coming_events;
mod create_calendar;
mod create_calendar_feed;
mod create_event;
mod create_resource;
mod create_user;
mod delete_calendar;
mod delete_calendar_feed;
mod delete_event;
mod delete_resource;
mod event_fields;
mod get_calendar;
mod get_calendar_feed;
mod get_event;
mod get_resource;
mod get_resource_timezone;
mod get_user;
mod get_user_timezone;
mod invite_resource;
mod list_calendars;
mod list_events;
mod list_resources;
mod own_event;
mod reset_resource_password;
mod reset_user_password;
mod resource_fields;
mod update_calendar;
mod update_event;
mod update_resource;
mod update_user;
mod view;

use api::{Operations, routes};
use auth::Access;
use model::scope::Scope;

/// This function's operations.
pub fn operations() -> Operations {
    let read = Access::scope(Scope::ResourcesRead).and_server_token();
    let write = Access::scope(Scope::ResourcesWrite);
    Operations::new()
        .add(routes!(list_resources::list_resources), read)
        .add_versioned(routes!(create_resource::create_resource), write)
        .add_versioned(routes!(get_resource::get_resource), read)
        .add_versioned(
            routes!(update_resource::update_resource),
            write.and_server_token(),
        )
        .add_versioned(routes!(delete_resource::delete_resource), write)
        .add(
            routes!(get_resource_timezone::get_resource_timezone),
            read.and_client_token(),
        )
        .add_reading(
            routes!(reset_resource_password::reset_resource_password),
            write,
        )
        .add_versioned(routes!(invite_resource::invite_resource), write)
        .add_versioned(routes!(create_user::create_user), write)
        .add_versioned(routes!(get_user::get_user), Access::server_token())
        .add_versioned(routes!(update_user::update_user), Access::server_token())
        .add(
            routes!(get_user_timezone::get_user_timezone),
            read.and_client_token(),
        )
        .add_reading(routes!(reset_user_password::reset_user_password), write)
        .add(
            routes!(create_calendar_feed::create_calendar_feed),
            // Whoever has the address reads bookings.
            write.and_scope(Scope::BookingsRead).and_server_token(),
        )
        .add(
            routes!(get_calendar_feed::get_calendar_feed),
            Access::scope(Scope::BookingsRead).and_server_token(),
        )
        .add(
            routes!(delete_calendar_feed::delete_calendar_feed),
            write.and_server_token(),
        )
        .merge(calendars_and_events())
}

fn calendars_and_events() -> Operations {
    let read = Access::scope(Scope::ResourcesRead).and_server_token();
    let write = Access::scope(Scope::ResourcesWrite).and_server_token();
    Operations::new()
        .add(routes!(list_calendars::list_calendars), read)
        .add_versioned(routes!(create_calendar::create_calendar), write)
        .add_versioned(routes!(get_calendar::get_calendar), read)
        .add_versioned(routes!(update_calendar::update_calendar), write)
        .add_versioned(routes!(delete_calendar::delete_calendar), write)
        .add(routes!(list_events::list_events), read)
        .add_versioned(routes!(create_event::create_event), write)
        .add_versioned(routes!(get_event::get_event), read)
        .add_versioned(routes!(update_event::update_event), write)
        .add_versioned(routes!(delete_event::delete_event), write)
}
