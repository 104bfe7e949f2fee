use api::caller::App;
use api::{ApiError, Body, Created, Faults, Field, Idempotency, PublicTexts, State};
use axum::extract::State as Extract;
use model::ids::ServiceId;
use model::location::Service;
use serde_json::Map;

use crate::access::Write;
use crate::fields::service::{CreateServiceRequest, ServiceFields, ServiceRequest};
use crate::views::places::ServiceView;

/// Makes a service. Projects name it in `services`.
#[utoipa::path(
    post,
    path = "/v2/location/services",
    tag = "projects",
    request_body = CreateServiceRequest,
    responses(
        (status = 201, description = "The service.", body = ServiceView),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn create_service(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    once: Idempotency,
    Body(request): Body<ServiceRequest>,
) -> Result<Created<ServiceView>, ApiError> {
    let mut faults = Faults::none();
    if matches!(request.name, Field::Absent | Field::Null) {
        faults.missing("name");
    }
    let fields = ServiceFields::read(request, &mut faults);
    let public = PublicTexts::of(&state, principal.app).await?;
    fields.check_public(&public, &mut faults);
    let name = faults.finish(fields.name.clone())?;

    let now = state.now();
    let service = fields.apply(Service {
        id: ServiceId::random(state.random()),
        name,
        description: String::new(),
        image_url: None,
        availability: Map::new(),
        meta: Map::new(),
        created_at: now,
        updated_at: now,
    });
    let answer = Created(ServiceView::of(&service));
    once.keep(&answer)?;
    once.writer(&state)
        .create_entity(principal.tenant(), &service)
        .await?;
    Ok(answer)
}
