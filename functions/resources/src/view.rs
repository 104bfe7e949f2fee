//! A resource as callers see it.

use std::collections::HashMap;

use api::calendar_view::CalendarView;
use api::credential_view::CredentialView;
use api::{ApiError, Include, OutputZone, State};
use auth::{MasterSecret, Principal};
use model::event::Event;
use model::ids::ResourceId;
use model::key::Credential;
use model::resource::Resource;
use model::scope::Scope;
use model::time::format_instant;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::coming_events::coming_events;

/// A resource.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ResourceView {
    /// Names it.
    #[schema(format = Uuid)]
    id: String,
    /// What people call it.
    name: String,
    /// Given name.
    first_name: Option<String>,
    /// Family name.
    last_name: Option<String>,
    /// Unique within the app.
    email: Option<String>,
    /// Address of a picture.
    image: Option<String>,
    /// Where its hours are counted.
    timezone: &'static str,
    /// Words to group it by.
    tags: Vec<String>,
    /// How many bookings it takes at once.
    capacity: u32,
    /// The longest booking that a public key or token makes of it without a project; `null` stands for 24 hours.
    max_public_length: Option<String>,
    /// Whatever you keep with it.
    #[schema(value_type = Object)]
    meta: Map<String, Value>,
    /// Its calendars; with `include=calendars.events` with their events that are not over yet.
    calendars: Vec<CalendarView>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last changed.
    #[schema(format = DateTime)]
    updated_at: String,
    /// With `include=credentials`, for callers with `credentials.read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    credentials: Option<Vec<CredentialView>>,
    /// With `include=availability_constraints`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    availability_constraints: Option<Vec<Value>>,
    /// With `include=accounts`: calendar providers, of which there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    accounts: Option<Vec<Value>>,
}

impl ResourceView {
    /// The same without tokens, to be kept.
    pub(crate) fn without_tokens(&self) -> Self {
        let mut view = self.clone();
        for credential in view.credentials.iter_mut().flatten() {
            credential.hide_token();
        }
        view
    }
}

/// What it takes to show resources to one caller.
pub(crate) struct Viewer<'a> {
    include: &'a Include,
    zone: OutputZone,
    credentials: Option<HashMap<ResourceId, Vec<CredentialView>>>,
    events: Option<HashMap<ResourceId, Vec<Event>>>,
}

impl<'a> Viewer<'a> {
    /// Reads what the includes need beside the resources themselves. Credentials are left out for callers who may
    /// not read them.
    pub(crate) async fn of(
        principal: &Principal,
        state: &State,
        include: &'a Include,
        zone: OutputZone,
        resources: &[ResourceId],
    ) -> Result<Self, ApiError> {
        let mut credentials = None;
        if include.has("credentials") && principal.may(Scope::CredentialsRead) {
            let secret = state.master_secret().await?;
            let mut by_resource = HashMap::new();
            for id in resources {
                let found = state
                    .store()
                    .list_credentials_of(principal.tenant(), *id)
                    .await?;
                let views = found
                    .iter()
                    .map(|credential| CredentialView::of(credential, principal, secret));
                by_resource.insert(*id, views.collect::<Result<_, _>>()?);
            }
            credentials = Some(by_resource);
        }
        let events = if include.has("calendars.events") {
            Some(coming_events(state, principal, resources).await?)
        } else {
            None
        };
        Ok(Self {
            include,
            zone,
            credentials,
            events,
        })
    }

    /// As [`Viewer::of`], for one resource that is not there yet, and its first credentials.
    pub(crate) fn of_new(
        principal: &Principal,
        include: &'a Include,
        zone: OutputZone,
        credentials: &[Credential],
        secret: &MasterSecret,
    ) -> Result<Self, ApiError> {
        let may_see = include.has("credentials") && principal.may(Scope::CredentialsRead);
        let mut by_resource: HashMap<_, Vec<_>> = HashMap::new();
        for credential in credentials {
            let view = CredentialView::of(credential, principal, secret)?;
            by_resource
                .entry(credential.resource)
                .or_default()
                .push(view);
        }
        Ok(Self {
            include,
            zone,
            credentials: may_see.then_some(by_resource),
            events: include.has("calendars.events").then(HashMap::new),
        })
    }

    /// The resource.
    pub(crate) fn show(&mut self, resource: Resource) -> ResourceView {
        let zone = self.zone.or(resource.timezone);
        let credentials = self
            .credentials
            .as_mut()
            .map(|by_resource| by_resource.remove(&resource.id).unwrap_or_default());
        let constraints = self.include.has("availability_constraints");
        let calendars = resource.calendars.iter().filter_map(|calendar| {
            let view = CalendarView::of(&resource, calendar.id, self.zone)?;
            let events = self.events.as_ref().map(|events| events.get(&resource.id));
            Some(match events {
                Some(events) => view.with_events(events.map_or(&[], Vec::as_slice), self.zone),
                None => view,
            })
        });
        let calendars = calendars.collect();
        ResourceView {
            id: resource.id.to_string(),
            name: resource.name,
            first_name: resource.first_name,
            last_name: resource.last_name,
            email: resource.email,
            image: resource.image,
            timezone: resource.timezone.name(),
            tags: resource.tags,
            max_public_length: resource.max_public_length,
            capacity: resource.capacity,
            meta: resource.meta,
            calendars,
            created_at: format_instant(resource.created_at, zone),
            updated_at: format_instant(resource.updated_at, zone),
            credentials,
            availability_constraints: constraints.then_some(resource.availability_constraints),
            accounts: self.include.has("accounts").then(Vec::new),
        }
    }
}
