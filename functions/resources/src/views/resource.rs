//! A resource as callers see it.

use std::cmp::Reverse;
use std::collections::HashMap;

use api::{ApiError, Include, OutputZone, State};
use auth::principal::token_reach;
use auth::{MasterSecret, Principal};
use chrono::{DateTime, Utc};
use model::event::Event;
use model::ids::ResourceId;
use model::key::{Credential, TokenType};
use model::resource::Resource;
use model::scope::Scope;
use model::time::format_instant;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use views::{CalendarView, CredentialView, Member};

use crate::views::coming_events::coming_events;

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
    /// The newest `server-token`: at creation and of one resource, elsewhere with `include=credentials`. `null` for a caller
    /// that it would give more than it has, and if there is none.
    #[serde(skip_serializing_if = "Member::is_left_out")]
    #[schema(value_type = Option<String>)]
    api_token: Member<String>,
    /// With `include=credentials`, for callers with `credentials.read`: newest first.
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
    /// In an answer that was kept without the token: where to find it.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<&'static str>,
}

const TOKEN_NOTICE: &str = "The api_token was in the first answer to this request, and is not kept with it. \
    GET /v2/resources/{id} shows it.";

impl ResourceView {
    /// The same without tokens, to be kept.
    pub(crate) fn without_tokens(&self) -> Self {
        let mut view = self.clone();
        if view.api_token.hide() {
            view.notice = Some(TOKEN_NOTICE);
        }
        for credential in view.credentials.iter_mut().flatten() {
            credential.hide_token();
        }
        view
    }
}

/// What it takes to show resources to one caller.
pub(crate) struct ResourcePresenter<'a> {
    include: &'a Include,
    zone: OutputZone,
    /// Of each resource whose credentials were read.
    tokens: HashMap<ResourceId, Tokens>,
    shows_credentials: bool,
    shows_api_token: bool,
    events: Option<HashMap<ResourceId, Vec<Event>>>,
}

impl<'a> ResourcePresenter<'a> {
    /// Reads what the includes need beside the resources themselves. Credentials are left out for callers who may
    /// not read them.
    pub(crate) async fn of(
        principal: &Principal,
        state: &State,
        include: &'a Include,
        zone: OutputZone,
        resources: &[ResourceId],
    ) -> Result<Self, ApiError> {
        let shows_credentials = may_see_credentials(principal, include);
        let tokens = if shows_credentials {
            read_tokens(principal, state, resources).await?
        } else {
            HashMap::new()
        };
        let events = if include.has("calendars.events") {
            Some(coming_events(state, principal, resources).await?)
        } else {
            None
        };
        Ok(Self {
            include,
            zone,
            tokens,
            shows_credentials,
            shows_api_token: shows_credentials,
            events,
        })
    }

    /// As [`ResourcePresenter::of`], for one resource, with its `api_token` whatever the includes are. It is read only for a caller who
    /// may see it.
    pub(crate) async fn of_one(
        principal: &Principal,
        state: &State,
        include: &'a Include,
        zone: OutputZone,
        resource: ResourceId,
    ) -> Result<Self, ApiError> {
        let mut presenter = Self::of(principal, state, include, zone, &[resource]).await?;
        presenter.shows_api_token = true;
        if !presenter.shows_credentials && may_see_server_tokens(principal) {
            presenter.tokens = read_tokens(principal, state, &[resource]).await?;
        }
        Ok(presenter)
    }

    /// As [`ResourcePresenter::of_one`], for a resource that is not there yet, and its first credentials.
    pub(crate) fn of_new(
        principal: &Principal,
        include: &'a Include,
        zone: OutputZone,
        (resource, credentials): (ResourceId, &[Credential]),
        secret: &MasterSecret,
        now: DateTime<Utc>,
    ) -> Result<Self, ApiError> {
        let mut newest_first = credentials.to_vec();
        newest_first.sort_by_key(|one| Reverse((one.created_at, one.id)));
        let tokens = Tokens::of(&newest_first, principal, secret, now)?;
        Ok(Self {
            include,
            zone,
            tokens: HashMap::from([(resource, tokens)]),
            shows_credentials: may_see_credentials(principal, include),
            shows_api_token: true,
            events: include.has("calendars.events").then(HashMap::new),
        })
    }

    /// The resource.
    pub(crate) fn show(&mut self, resource: Resource) -> ResourceView {
        let zone = self.zone.or(resource.timezone);
        let tokens = self.tokens.remove(&resource.id).unwrap_or_default();
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
            api_token: if self.shows_api_token {
                tokens.api_token.into()
            } else {
                Member::LeftOut
            },
            credentials: self.shows_credentials.then_some(tokens.credentials),
            availability_constraints: constraints.then_some(resource.availability_constraints),
            accounts: self.include.has("accounts").then(Vec::new),
            notice: None,
        }
    }
}

fn may_see_credentials(principal: &Principal, include: &Include) -> bool {
    include.has("credentials") && principal.may(Scope::CredentialsRead)
}

/// Whether there can be a server-token that reaches no further than the caller: one that ends when the caller's own secret
/// does. For anybody else it would be read in vain.
fn may_see_server_tokens(principal: &Principal) -> bool {
    let own = principal.reach();
    let narrowest = token_reach(TokenType::ServerToken, own.expires_at, own.origins.clone());
    own.covers(&narrowest).is_ok()
}

/// What a caller may see of a resource's credentials.
#[derive(Default)]
struct Tokens {
    /// All of them, newest first.
    credentials: Vec<CredentialView>,
    /// The newest `server-token` that holds.
    api_token: Option<String>,
}

impl Tokens {
    fn of(
        newest_first: &[Credential],
        principal: &Principal,
        secret: &MasterSecret,
        now: DateTime<Utc>,
    ) -> Result<Self, ApiError> {
        let views = newest_first
            .iter()
            .map(|one| CredentialView::of(one, principal, secret));
        let credentials: Vec<_> = views.collect::<Result<_, _>>()?;
        let holds = |one: &Credential| {
            one.token_type == TokenType::ServerToken && one.expires_at.is_none_or(|at| at > now)
        };
        let api_token = newest_first
            .iter()
            .zip(&credentials)
            .filter(|(one, _)| holds(one))
            .find_map(|(_, view)| view.token().map(str::to_owned));
        Ok(Self {
            credentials,
            api_token,
        })
    }
}

async fn read_tokens(
    principal: &Principal,
    state: &State,
    resources: &[ResourceId],
) -> Result<HashMap<ResourceId, Tokens>, ApiError> {
    let (store, secret) = (state.store(), state.master_secret().await?);
    let mut tokens = HashMap::new();
    for id in resources {
        let found = store.list_credentials_of(principal.tenant(), *id).await?;
        tokens.insert(*id, Tokens::of(&found, principal, secret, state.now())?);
    }
    Ok(tokens)
}
