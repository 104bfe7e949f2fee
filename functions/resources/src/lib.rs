//! Resources: what can be booked; their calendars, and the events in them. One file per operation.

mod access;
mod common;
mod create_calendar;
mod create_calendar_feed;
mod create_event;
mod create_resource;
mod create_user;
mod delete_calendar;
mod delete_calendar_feed;
mod delete_event;
mod delete_resource;
mod fields;
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
mod reset_resource_password;
mod reset_user_password;
mod update_calendar;
mod update_event;
mod update_resource;
mod update_user;
mod views;

use api::{Operations, routes};

/// This function's operations.
pub fn operations() -> Operations {
    Operations::new()
        .add(routes!(list_resources::list_resources))
        .add_versioned(routes!(create_resource::create_resource))
        .add_versioned(routes!(get_resource::get_resource))
        .add_versioned(routes!(update_resource::update_resource))
        .add_versioned(routes!(delete_resource::delete_resource))
        .add(routes!(get_resource_timezone::get_resource_timezone))
        .add_reading(routes!(reset_resource_password::reset_resource_password))
        .add_versioned(routes!(invite_resource::invite_resource))
        .add_versioned(routes!(create_user::create_user))
        .add_versioned(routes!(get_user::get_user))
        .add_versioned(routes!(update_user::update_user))
        .add(routes!(get_user_timezone::get_user_timezone))
        .add_reading(routes!(reset_user_password::reset_user_password))
        .add(routes!(create_calendar_feed::create_calendar_feed))
        .add(routes!(get_calendar_feed::get_calendar_feed))
        .add(routes!(delete_calendar_feed::delete_calendar_feed))
        .merge(calendars_and_events())
}

fn calendars_and_events() -> Operations {
    Operations::new()
        .add(routes!(list_calendars::list_calendars))
        .add_versioned(routes!(create_calendar::create_calendar))
        .add_versioned(routes!(get_calendar::get_calendar))
        .add_versioned(routes!(update_calendar::update_calendar))
        .add_versioned(routes!(delete_calendar::delete_calendar))
        .add(routes!(list_events::list_events))
        .add_versioned(routes!(create_event::create_event))
        .add_versioned(routes!(get_event::get_event))
        .add_versioned(routes!(update_event::update_event))
        .add_versioned(routes!(delete_event::delete_event))
}
