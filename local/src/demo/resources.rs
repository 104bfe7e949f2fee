//! The resources of both apps, with their calendars and credentials.

use api::State;
use auth::issue::{self, NewCredential};
use model::ids::{AppId, CalendarId, ResourceId};
use model::key::{Credential, Mode, TokenType};
use model::resource::{Calendar, Resource};
use model::time::Tz;
use serde_json::Map;
use store::{ResourceSecret, Tenant, Versioned};

use super::common::{failed, issuer};
use super::ids::{CREDENTIAL, DOC_BROWN, LIVE_APP, LIVE_DOC_BROWN, ROOM, TEST_APP};
use crate::error::LocalError;

const EMAIL: &str = "doc.brown@latchkey.example";

/// Creates the resources, and returns the test app's Doc Brown.
pub(super) async fn create(state: &State) -> Result<Resource, LocalError> {
    let (los_angeles, copenhagen) = (
        Tz::known("America/Los_Angeles"),
        Tz::known("Europe/Copenhagen"),
    );
    let doc_brown = resource(DOC_BROWN, "Doc Brown", Some(EMAIL), los_angeles, state);
    let room = resource(ROOM, "Meeting room", None, copenhagen, state);
    let live = resource(LIVE_DOC_BROWN, "Doc Brown", Some(EMAIL), los_angeles, state);
    let example = example_credential(&doc_brown, state).await?;
    let test_app = (TEST_APP, Mode::Test);
    create_one(state, test_app, &doc_brown, Some(example)).await?;
    create_one(state, test_app, &room, None).await?;
    create_one(state, (LIVE_APP, Mode::Live), &live, None).await?;
    Ok(doc_brown)
}

/// Creates a resource with the credentials of every new one, and with `further`.
async fn create_one(
    state: &State,
    (app, mode): (AppId, Mode),
    resource: &Resource,
    further: Option<Credential>,
) -> Result<(), LocalError> {
    let (random, now) = (state.random(), state.now());
    let secret = state.master_secret().await.map_err(failed)?;
    let issuer = issuer(app, mode, state);
    let credentials = issue::first_credentials(resource, &issuer, secret, random, now, None);
    let mut credentials = credentials.map_err(failed)?;
    credentials.extend(further);
    let resource = Versioned::new(resource.clone(), random);
    let no_password = ResourceSecret {
        password_hash: None,
    };
    let writer = state.writer();
    let created = writer
        .create_resource(Tenant::app(app), &resource, &no_password, &credentials)
        .await;
    created.map_err(failed)
}

async fn example_credential(resource: &Resource, state: &State) -> Result<Credential, LocalError> {
    let new = NewCredential {
        token_type: TokenType::ClientToken,
        description: "Example".to_owned(),
        referrer: Vec::new(),
        expires_at: None,
    };
    let secret = state.master_secret().await.map_err(failed)?;
    let issuer = issuer(TEST_APP, Mode::Test, state);
    let now = state.now();
    issue::credential_with(CREDENTIAL, new, resource, &issuer, secret, now).map_err(failed)
}

fn resource(
    id: ResourceId,
    name: &str,
    email: Option<&str>,
    timezone: Tz,
    state: &State,
) -> Resource {
    let now = state.now();
    // Its calendar has the same number as it has.
    let number = u16::from(id.uuid().as_bytes()[15]);
    let calendar = CalendarId::new(super::ids::id(10, number));
    Resource {
        id,
        name: name.to_owned(),
        first_name: None,
        last_name: None,
        email: email.map(str::to_owned),
        image: None,
        timezone,
        capacity: 1,
        availability_constraints: Vec::new(),
        max_public_length: None,
        tags: Vec::new(),
        meta: Map::new(),
        calendars: vec![Calendar::default_of_resource(calendar, now)],
        calendar_feed: None,
        created_at: now,
        updated_at: now,
    }
}
