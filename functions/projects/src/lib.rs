//! Projects, the settings of booking pages; locations and services, by which pages find them; and templates of mail.
//! One file per operation.

mod add_project_resource;
mod create_location;
mod create_project;
mod create_service;
mod delete_location;
mod delete_project;
mod delete_service;
mod fields;
mod get_embed_project;
mod get_hosted_project;
mod get_location;
mod get_project;
mod get_project_embed_code;
mod get_service;
mod get_template;
mod list_locations;
mod list_project_resources;
mod list_projects;
mod list_services;
mod list_templates;
mod location_fields;
mod location_view;
mod project_fields;
mod project_view;
mod remove_project_resource;
mod service_fields;
mod service_view;
mod set_project_resources;
mod template_view;
mod update_location;
mod update_project;
mod update_service;
mod update_template;
mod widget_key;

use api::{Operations, routes};
use auth::Access;
use model::scope::Scope;

/// This function's operations.
pub fn operations() -> Operations {
    projects().merge(locations()).merge(templates())
}

const READ: Access = Access::scope(Scope::ProjectsRead);
const WRITE: Access = Access::scope(Scope::ProjectsWrite);

fn projects() -> Operations {
    Operations::new()
        .add(
            routes!(get_embed_project::get_embed_project),
            READ.and_widget_key(),
        )
        .add(
            routes!(get_hosted_project::get_hosted_project),
            Access::anonymous(),
        )
        .add(routes!(list_projects::list_projects), READ.and_widget_key())
        .add(routes!(create_project::create_project), WRITE)
        .add(routes!(get_project::get_project), READ)
        .add(routes!(update_project::update_project), WRITE)
        .add(routes!(delete_project::delete_project), WRITE)
        .add(
            routes!(list_project_resources::list_project_resources),
            READ,
        )
        .add(routes!(add_project_resource::add_project_resource), WRITE)
        .add(routes!(set_project_resources::set_project_resources), WRITE)
        .add(
            routes!(remove_project_resource::remove_project_resource),
            WRITE,
        )
        .add(
            routes!(get_project_embed_code::get_project_embed_code),
            READ,
        )
}

fn locations() -> Operations {
    Operations::new()
        .add(
            routes!(list_locations::list_locations),
            READ.and_widget_key(),
        )
        .add(routes!(create_location::create_location), WRITE)
        .add(routes!(get_location::get_location), READ.and_widget_key())
        .add(routes!(update_location::update_location), WRITE)
        .add(routes!(delete_location::delete_location), WRITE)
        .add(routes!(list_services::list_services), READ.and_widget_key())
        .add(routes!(create_service::create_service), WRITE)
        .add(routes!(get_service::get_service), READ.and_widget_key())
        .add(routes!(update_service::update_service), WRITE)
        .add(routes!(delete_service::delete_service), WRITE)
}

fn templates() -> Operations {
    Operations::new()
        .add(routes!(list_templates::list_templates), READ)
        .add(routes!(get_template::get_template), READ)
        .add(routes!(update_template::update_template), WRITE)
}
