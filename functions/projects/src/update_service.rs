use api::caller::App;
use api::{ApiError, Body, Data, Faults, Path, PublicTexts, State};
use axum::extract::State as Extract;
use model::Dated as _;
use model::ids::ServiceId;
use model::location::Service;

use crate::access::Write;
use crate::fields::service::{ServiceFields, ServiceRequest};
use crate::views::places::ServiceView;

/// Changes a service. What is not sent stays.
#[utoipa::path(
    put,
    path = "/v2/location/services/{id}",
    tag = "projects",
    params(("id" = String, Path, description = "The service's id.")),
    request_body = ServiceRequest,
    responses(
        (status = 200, description = "The service.", body = ServiceView),
        (status = 404, description = "There is none, or it is not yours."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn update_service(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    Body(request): Body<ServiceRequest>,
) -> Result<Data<ServiceView>, ApiError> {
    let id: ServiceId = id.parse().map_err(|_| ApiError::NotFound("Service"))?;
    let tenant = principal.tenant();
    let current: Option<Service> = state.store().get_entity(tenant, id).await?;
    if current.is_none() {
        return Err(ApiError::NotFound("Service"));
    }
    let mut faults = Faults::none();
    let fields = ServiceFields::read(request, &mut faults);
    let public = PublicTexts::of(&state, principal.app).await?;
    fields.check_public(&public, &mut faults);
    faults.check()?;

    let now = state.now();
    let change = |service: Service| service.changed(now, |service| fields.apply(service));
    let service = state.writer().change_entity(tenant, id, change).await?;
    let service = service.ok_or(ApiError::NotFound("Service"))?;
    Ok(Data {
        data: ServiceView::of(&service),
    })
}
