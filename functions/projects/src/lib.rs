//! Projects, the settings of booking pages; locations and services, by which pages find them; templates of mail; and what came
//! before projects: widgets and filter collections.
//! One file per operation.

mod access;
mod add_project_resource;
mod common;
mod create_filter_collection;
mod create_location;
mod create_project;
mod create_service;
mod create_widget;
mod delete_filter_collection;
mod delete_location;
mod delete_project;
mod delete_service;
mod delete_widget;
mod fields;
mod get_embed_project;
mod get_embed_widget;
mod get_filter_collection;
mod get_hosted_project;
mod get_hosted_widget;
mod get_location;
mod get_project;
mod get_project_embed_code;
mod get_service;
mod get_template;
mod get_widget;
mod list_filter_collections;
mod list_locations;
mod list_project_resources;
mod list_projects;
mod list_services;
mod list_templates;
mod list_widgets;
mod remove_project_resource;
mod set_project_resources;
mod update_filter_collection;
mod update_location;
mod update_project;
mod update_service;
mod update_template;
mod update_widget;
mod views;

use api::{Operations, routes};

/// This function's operations.
pub fn operations() -> Operations {
    projects()
        .merge(locations())
        .merge(templates())
        .merge(older())
}

fn projects() -> Operations {
    Operations::new()
        .add(routes!(get_embed_project::get_embed_project))
        .add(routes!(get_hosted_project::get_hosted_project))
        .add(routes!(list_projects::list_projects))
        .add(routes!(create_project::create_project))
        .add(routes!(get_project::get_project))
        .add(routes!(update_project::update_project))
        .add(routes!(delete_project::delete_project))
        .add(routes!(list_project_resources::list_project_resources))
        .add(routes!(add_project_resource::add_project_resource))
        .add(routes!(set_project_resources::set_project_resources))
        .add(routes!(remove_project_resource::remove_project_resource))
        .add(routes!(get_project_embed_code::get_project_embed_code))
}

fn locations() -> Operations {
    Operations::new()
        .add(routes!(list_locations::list_locations))
        .add(routes!(create_location::create_location))
        .add(routes!(get_location::get_location))
        .add(routes!(update_location::update_location))
        .add(routes!(delete_location::delete_location))
        .add(routes!(list_services::list_services))
        .add(routes!(create_service::create_service))
        .add(routes!(get_service::get_service))
        .add(routes!(update_service::update_service))
        .add(routes!(delete_service::delete_service))
}

fn templates() -> Operations {
    Operations::new()
        .add(routes!(list_templates::list_templates))
        .add(routes!(get_template::get_template))
        .add(routes!(update_template::update_template))
}

/// What came before projects.
fn older() -> Operations {
    Operations::new()
        .add(routes!(get_embed_widget::get_embed_widget))
        .add(routes!(get_hosted_widget::get_hosted_widget))
        .add(routes!(list_widgets::list_widgets))
        .add(routes!(create_widget::create_widget))
        .add(routes!(get_widget::get_widget))
        .add(routes!(update_widget::update_widget))
        .add(routes!(delete_widget::delete_widget))
        .add(routes!(list_filter_collections::list_filter_collections))
        .add(routes!(create_filter_collection::create_filter_collection))
        .add(routes!(get_filter_collection::get_filter_collection))
        .add(routes!(update_filter_collection::update_filter_collection))
        .add(routes!(delete_filter_collection::delete_filter_collection))
}
