//! What a client may say of an endpoint, at its creation and later.

use api::{ApiError, Change, Faults, Field, PublicTexts, State};
use auth::Principal;
use chrono::{DateTime, Utc};
use model::ids::{ProjectId, ResourceId};
use model::outbox::Family;
use model::scope::{Scope, Scopes};
use model::webhook::{BODY_VERSION, EventSelector, Format, Payload, Webhook, WebhookFilter};
use outbound::{Reach, Target};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// An endpoint's fields. At creation `url` is required. In a change, what is not sent stays, and `null` is the default.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct WebhookRequest {
    /// Where events are sent to: an `https` URL of the public internet, without user name and password.
    #[serde(default)]
    #[schema(value_type = String, max_length = 2048, example = "https://example.com/webhooks")]
    pub(crate) url: Field<String>,
    /// Types and families of the events to send, e.g. `["booking.*"]`. Defaults to all.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, min_items = 1, max_items = 100)]
    events: Field<Vec<String>>,
    /// `standard`: `type`, `timestamp` and `data`, signed as Standard Webhooks has it. `timekit`: the bare booking, as Timekit sent it.
    /// Defaults to `timekit` if `method` is sent with `graph` or `state`, as Timekit's clients do, and to `standard` otherwise.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^(standard|timekit)$")]
    format: Field<String>,
    /// `fat`: with what changed, whole. `thin`: ids, states and times alone. Defaults to `fat`. The format `timekit` is always fat.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^(fat|thin)$")]
    payload: Field<String>,
    /// Only events of this project, which must be of this app.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Uuid)]
    project_id: Field<String>,
    /// Only events of this resource, which must be of this app.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Uuid)]
    resource_id: Field<String>,
    /// Only events of bookings and groups of this graph, or of reservations with `reservation`.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "instant")]
    graph: Field<String>,
    /// Only the event that a booking or reservation came into this state. `error` and `other`, which Timekit's clients offer, never
    /// happen.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "confirmed")]
    state: Field<String>,
    /// The method of the requests: always `post`.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^(?i:post)$")]
    method: Field<String>,
    /// What it may see. Defaults to your own scopes at creation; later it can only be narrowed.
    #[serde(default)]
    #[schema(value_type = Option<Vec<api::schemas::Scope>>)]
    scopes: Field<Vec<String>>,
    /// The version of the bodies. Defaults to the newest at creation, and stays what it is until you change it.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1)]
    body_version: Field<i64>,
    /// Whether anything is sent to it. Defaults to `true`. What happens while it is disabled is not sent later by itself. An endpoint
    /// that its own responses disabled is enabled by `POST /v2/webhooks/{id}/enable` alone.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    enabled: Field<bool>,
    /// Whatever else was sent: nothing is ignored here.
    #[serde(flatten)]
    #[schema(ignore)]
    rest: Map<String, Value>,
}

api::required!(CreateWebhookRequest: WebhookRequest { ["url"] });

/// Fields of an endpoint's record that only the server sets.
const SET_BY_SERVER: &[&str] = &[
    "app",
    "app_id",
    "created_at",
    "created_by",
    "disabled",
    "health",
    "id",
    "secret",
    "webhook_secret",
];

/// The most selectors of one endpoint.
const MAX_EVENTS: usize = 100;

/// What was sent, sound in itself.
pub(crate) struct WebhookFields {
    pub(crate) url: Option<String>,
    events: Change<Vec<EventSelector>>,
    format: Change<Format>,
    payload: Change<Payload>,
    project: Change<ProjectId>,
    resource: Change<ResourceId>,
    graph: Change<String>,
    state: Change<String>,
    scopes: Option<Scopes>,
    body_version: Option<u32>,
    enabled: Option<bool>,
    is_timekit: bool,
}

impl WebhookFields {
    /// Reads the request, and looks up what it names; what is wrong with it goes to `faults`.
    pub(crate) async fn read(
        request: WebhookRequest,
        state: &State,
        principal: &Principal,
        faults: &mut Faults,
    ) -> Result<Self, ApiError> {
        faults.unknown(&request.rest, SET_BY_SERVER);
        let filters_as_timekit = request.graph.is_given() || request.state.is_given();
        let is_timekit = request.method.is_given() && filters_as_timekit;
        let method = faults.optional("method", request.method);
        if method.is_some_and(|method| !method.eq_ignore_ascii_case("post")) {
            faults.add("method", "must be post");
        }
        let url = faults.optional("url", request.url);
        let url = read_url(faults, state, principal, url).await?;
        let fields = Self {
            url,
            events: Change::read(faults, "events", request.events, read_events),
            format: parsed(faults, "format", request.format),
            payload: parsed(faults, "payload", request.payload),
            project: id(faults, "project_id", request.project_id),
            resource: id(faults, "resource_id", request.resource_id),
            graph: Change::read(faults, "graph", request.graph, |faults, graph| {
                let check = |graph: &str| WebhookFilter::check_graph(graph);
                faults.parsed("graph", Some(&graph), check)?;
                Some(graph)
            }),
            state: Change::text(faults, "state", request.state, 60),
            scopes: faults
                .optional("scopes", request.scopes)
                .map(|names| read_scopes(faults, &names)),
            body_version: faults.whole("body_version", request.body_version, 1..=BODY_VERSION),
            enabled: faults.optional("enabled", request.enabled),
            is_timekit,
        };
        fields.check_ids(state, principal, faults).await?;
        Ok(fields)
    }

    /// That the project and the resource that it names are the caller's.
    async fn check_ids(
        &self,
        state: &State,
        principal: &Principal,
        faults: &mut Faults,
    ) -> Result<(), ApiError> {
        let (store, tenant) = (state.store(), principal.tenant());
        if let Some(project) = self.project.value() {
            // A resource's token does not learn which projects there are.
            let is_known = tenant.only_resource.is_none()
                && store.get_project(tenant, *project).await?.is_some();
            if !is_known {
                faults.add("project_id", "does not name a project of this app");
            }
        }
        if let Some(resource) = self.resource.value()
            && store.get_resource(tenant, *resource).await?.is_none()
        {
            faults.add("resource_id", "does not name a resource of this app");
        }
        Ok(())
    }

    /// The endpoint with everything that was said.
    ///
    /// # Errors
    ///
    /// Everything that does not go together, by field.
    pub(crate) fn apply(&self, webhook: Webhook, now: DateTime<Utc>) -> Result<Webhook, ApiError> {
        let filter = webhook.filter.clone();
        let changed = Webhook {
            url: self.url.clone().unwrap_or(webhook.url),
            events: self.events.of(Some(webhook.events)).unwrap_or_default(),
            format: self.format.of(Some(webhook.format)).unwrap_or_default(),
            payload: self.payload.of(Some(webhook.payload)).unwrap_or_default(),
            filter: WebhookFilter {
                project: self.project.of(filter.project),
                resource: self.resource.of(filter.resource),
                graph: self.graph.of(filter.graph),
                state: self.state.of(filter.state),
            },
            body_version: self.body_version.unwrap_or(webhook.body_version),
            disabled_at: match self.enabled {
                None => webhook.disabled_at,
                Some(true) => None,
                Some(false) => webhook.disabled_at.or(Some(now)),
            },
            scopes: self.scopes.clone().unwrap_or(webhook.scopes.clone()),
            ..webhook
        };
        let mut faults = Faults::none();
        if !webhook.scopes.covers(&changed.scopes) {
            faults.add("scopes", "can only be narrowed");
        }
        check_together(&changed, &mut faults);
        Ok(faults.finish(Some(changed))?)
    }

    /// The format unless one was sent: Timekit's for a request as Timekit's clients send it.
    pub(crate) const fn usual_format(&self) -> Format {
        match self.is_timekit {
            true => Format::Timekit,
            false => Format::Standard,
        }
    }
}

/// Checks the fields that bound each other.
fn check_together(webhook: &Webhook, faults: &mut Faults) {
    for selector in &webhook.events {
        let needed = Family::scope_of(selector.name());
        if !webhook.scopes.allows(needed) {
            faults.add("events", format!("{selector} needs the scope {needed}"));
        }
        if !webhook.format.has_body_of(selector.name()) {
            let sentence = format!("{selector} has no body in the format timekit; use standard");
            faults.add("events", sentence);
        }
    }
    if (webhook.format, webhook.payload) == (Format::Timekit, Payload::Thin) {
        let sentence = "must be fat in the format timekit, whose body is the booking";
        faults.add("payload", sentence);
    }
    let filter = &webhook.filter;
    if let Some(state) = &filter.state
        && let Err(fault) = WebhookFilter::check_state(state, filter.graph.as_deref())
    {
        faults.add("state", fault.to_string());
    }
}

async fn read_url(
    faults: &mut Faults,
    state: &State,
    principal: &Principal,
    url: Option<String>,
) -> Result<Option<String>, ApiError> {
    let Some(url) = url else {
        return Ok(None);
    };
    let reach = Reach::of(state.config().allow_local_webhooks);
    let target = faults.parsed("url", Some(&url), |url| Target::parse(url, reach));
    let public = PublicTexts::of(state, principal.app).await?;
    public.check_text(faults, "url", Some(&url));
    Ok(target.map(|target| target.as_str().to_owned()))
}

fn read_events(faults: &mut Faults, names: Vec<String>) -> Option<Vec<EventSelector>> {
    if !(1..=MAX_EVENTS).contains(&names.len()) {
        let sentence = format!("must name 1 to {MAX_EVENTS}; leave it out for all events");
        faults.add("events", sentence);
        return None;
    }
    let mut events: Vec<EventSelector> = Vec::new();
    for name in &names {
        let selector = faults.parsed("events", Some(name), str::parse::<EventSelector>)?;
        if !events.contains(&selector) {
            events.push(selector);
        }
    }
    Some(events)
}

fn read_scopes(faults: &mut Faults, names: &[String]) -> Scopes {
    let scopes = names.iter();
    let scopes = scopes.filter_map(|name| faults.parsed("scopes", Some(name), str::parse::<Scope>));
    scopes.collect()
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    faults: &mut Faults,
    name: &str,
    field: Field<String>,
) -> Change<T> {
    Change::read(faults, name, field, |faults, text| {
        faults.parsed(name, Some(&text), str::parse::<T>)
    })
}

fn id<T: std::str::FromStr>(faults: &mut Faults, name: &str, field: Field<String>) -> Change<T> {
    Change::read(faults, name, field, |faults, text| {
        faults.parsed_id(name, Some(&text))
    })
}
