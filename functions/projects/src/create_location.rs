use api::caller::App;
use api::{ApiError, Body, Created, Faults, Field, Idempotency, PublicTexts, State};
use axum::extract::State as Extract;
use model::ids::LocationId;
use model::location::Location;
use serde_json::Map;

use crate::access::Write;
use crate::fields::location::{CreateLocationRequest, LocationFields, LocationRequest};
use crate::views::places::LocationView;

/// Makes a location. Projects name it in `locations`.
#[utoipa::path(
    post,
    path = "/v2/locations",
    tag = "projects",
    request_body = CreateLocationRequest,
    responses(
        (status = 201, description = "The location.", body = LocationView),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn create_location(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    once: Idempotency,
    Body(request): Body<LocationRequest>,
) -> Result<Created<LocationView>, ApiError> {
    let mut faults = Faults::none();
    if matches!(request.name, Field::Absent | Field::Null) {
        faults.missing("name");
    }
    let fields = LocationFields::read(request, &mut faults);
    let public = PublicTexts::of(&state, principal.app).await?;
    fields.check_public(&public, &mut faults);
    let name = faults.finish(fields.name.clone())?;

    let now = state.now();
    let location = fields.apply(Location {
        id: LocationId::random(state.random()),
        name,
        description: String::new(),
        latitude: None,
        longitude: None,
        use_custom_hours: false,
        meta: Map::new(),
        created_at: now,
        updated_at: now,
    });
    let answer = Created(LocationView::of(&location));
    once.keep(&answer)?;
    once.writer(&state)
        .create_entity(principal.tenant(), &location)
        .await?;
    Ok(answer)
}
