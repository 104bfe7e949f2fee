use api::caller::App;
use api::{
    ApiError, Body, Created, Faults, Field, Idempotency, Include, OutputZone, PublicTexts, State,
    Tagged,
};
use auth::issue::first_credentials;
use axum::extract::State as Extract;
use model::ids::{CalendarId, ResourceId};
use model::resource::{Calendar, Resource};
use model::time::Tz;
use serde_json::Map;
use store::{ResourceSecret, Versioned};

use crate::access::Write;
use crate::fields::resource::{CreateResourceRequest, ResourceFields, ResourceRequest};
use crate::views::resource::{ResourcePresenter, ResourceView};

/// Makes a resource, with one calendar, a `server-token` and a `client-token`.
#[utoipa::path(
    post,
    path = "/v2/resources",
    tag = "resources",
    request_body = CreateResourceRequest,
    responses(
        (status = 201, description = "The resource.", body = ResourceView),
        (status = 422, description = "Something is wrong with the request, or the e-mail address is another resource's: `errors`, by field."),
    )
)]
pub(crate) async fn create_resource(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    include: Include,
    zone: OutputZone,
    once: Idempotency,
    Body(request): Body<ResourceRequest>,
) -> Result<Tagged<Created<ResourceView>>, ApiError> {
    let mut faults = Faults::none();
    let is_missing = |field: &Field<String>| matches!(field, Field::Absent | Field::Null);
    let has_no_name = is_missing(&request.name);
    if is_missing(&request.timezone) {
        faults.missing("timezone");
    }
    let fields = ResourceFields::read(request, &mut faults);
    let public = PublicTexts::of(&state, principal.app).await?;
    fields.check_public(&public, &mut faults);
    let name = fields.name.clone().or_else(|| fields.full_name());
    if has_no_name && name.is_none() {
        faults.add("name", "is required, or first_name and last_name");
    }
    let (name, timezone) = faults.finish(name.zip(fields.timezone))?;
    fields.refuse_wider_password(&principal)?;

    let now = state.now();
    let resource = fields.apply(blank(&state, name, timezone, fields.email.clone()));
    let password_hash = fields.password_hash(&state, &principal).await?;
    let secret = state.master_secret().await?;
    let credentials = first_credentials(
        &resource,
        &principal.issuer(),
        secret,
        state.random(),
        now,
        principal.reach().expires_at,
    )?;
    let resource = Versioned::new(resource, state.random());
    let own = (resource.record.id, credentials.as_slice());
    let mut presenter = ResourcePresenter::of_new(&principal, &include, zone, own, secret, now)?;
    let view = presenter.show(resource.record.clone());
    let answer = |view| Tagged::new(Created(view), &resource.version);
    once.keep(&answer(view.without_tokens()))?;
    let kept = ResourceSecret { password_hash };
    once.writer(&state)
        .create_resource(principal.tenant(), &resource, &kept, &credentials)
        .await?;
    Ok(answer(view))
}

/// A resource of which nothing else is said, with one calendar.
fn blank(state: &State, name: String, timezone: Tz, email: Option<String>) -> Resource {
    let now = state.now();
    let calendar = Calendar::default_of_resource(CalendarId::random(state.random()), now);
    Resource {
        id: ResourceId::random(state.random()),
        name,
        first_name: None,
        last_name: None,
        email,
        image: None,
        timezone,
        capacity: 1,
        availability_constraints: Vec::new(),
        max_public_length: None,
        tags: Vec::new(),
        meta: Map::new(),
        calendars: vec![calendar],
        calendar_feed: None,
        created_at: now,
        updated_at: now,
    }
}
