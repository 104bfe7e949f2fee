//! A project in each app, and in the test app a location and a service.

use api::State;
use chrono::{DateTime, Utc};
use model::ids::{ProjectId, ResourceId};
use model::location::{Location, Service};
use model::project::Project;
use serde_json::{Map, json};
use store::Tenant;

use super::common::{failed, object};
use super::ids::{
    DOC_BROWN, LIVE_APP, LIVE_DOC_BROWN, LIVE_PROJECT, LIVE_SLUG, LOCATION, SERVICE, TEST_APP,
    TEST_PROJECT, TEST_SLUG,
};
use crate::error::LocalError;

/// Creates the projects and what they refer to.
pub(super) async fn create(state: &State) -> Result<(), LocalError> {
    let (writer, now) = (state.writer(), state.now());
    let (live_app, test_app) = (Tenant::app(LIVE_APP), Tenant::app(TEST_APP));
    let created = writer.create_entity(test_app, &location(now)).await;
    created.map_err(failed)?;
    let created = writer.create_entity(test_app, &service(now)).await;
    created.map_err(failed)?;
    let live = project(LIVE_PROJECT, LIVE_SLUG, LIVE_DOC_BROWN, now);
    let mut test = project(TEST_PROJECT, TEST_SLUG, DOC_BROWN, now);
    test.locations = vec![LOCATION];
    test.services = vec![SERVICE];
    for (tenant, project) in [(live_app, live), (test_app, test)] {
        let created = writer.create_project(tenant, &project).await;
        created.map_err(failed)?;
    }
    Ok(())
}

fn location(now: DateTime<Utc>) -> Location {
    Location {
        id: LOCATION,
        name: "Clock tower".to_owned(),
        description: String::new(),
        latitude: None,
        longitude: None,
        use_custom_hours: false,
        meta: object(json!({ "t_store_city": "Hill Valley", "t_store_name": "Clock tower" })),
        created_at: now,
        updated_at: now,
    }
}

fn service(now: DateTime<Utc>) -> Service {
    Service {
        id: SERVICE,
        name: "Consultation".to_owned(),
        description: "An hour with Doc Brown".to_owned(),
        image_url: None,
        availability: object(json!({ "length": "1 hour" })),
        meta: Map::new(),
        created_at: now,
        updated_at: now,
    }
}

/// An hour of one resource on a weekday, confirmed at once.
fn project(id: ProjectId, slug: &str, resource: ResourceId, now: DateTime<Utc>) -> Project {
    let name = "Consultation".to_owned();
    let mut project = Project::new(id, slug.to_owned(), name, now);
    project.resources = vec![resource];
    project.set_availability(object(
        json!({ "mode": "roundrobin_random", "length": "1 hour" }),
    ));
    project.set_availability_constraints(vec![
        json!({ "allow_weekdays": {} }),
        json!({ "allow_hours": { "start": 9, "end": 17 } }),
    ]);
    project.set_booking(object(json!({
        "graph": "instant",
        "what": "Consultation for {{customer.name}}",
        "where": "Courthouse, Hill Valley, CA 95420, USA",
    })));
    project.ui = object(json!({ "display_name": "Doc Brown" })).into();
    project.with_defaults()
}
