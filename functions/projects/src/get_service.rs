use api::caller::App;
use api::{ApiError, Data, Include, Path, State};
use axum::extract::State as Extract;
use model::ids::ServiceId;
use model::location::Service;

use crate::access::ReadOnPages;
use crate::views::places::{PlacePresenter, ServiceView};

/// Shows one service.
#[utoipa::path(
    get,
    path = "/v2/location/services/{id}",
    tag = "projects",
    params(
        ("id" = String, Path, description = "The service's id."),
        ("include" = Option<String>, Query, description = "`locations`: those where some project offers it."),
    ),
    responses(
        (status = 200, description = "The service.", body = ServiceView),
        (status = 404, description = "There is none, or it is not yours."),
    )
)]
pub(crate) async fn get_service(
    App(principal): App<ReadOnPages>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    include: Include,
) -> Result<Data<ServiceView>, ApiError> {
    let id: ServiceId = id.parse().map_err(|_| ApiError::NotFound("Service"))?;
    let tenant = principal.tenant();
    let service: Option<Service> = state.store().get_entity(tenant, id).await?;
    let service = service.ok_or(ApiError::NotFound("Service"))?;
    let presenter = PlacePresenter::of(&state, &principal, &include, &[id]).await?;
    Ok(Data {
        data: presenter.show(&service),
    })
}
