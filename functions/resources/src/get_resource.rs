use api::caller::App;
use api::{ApiError, Data, Include, OutputZone, Path, State, Tagged};
use axum::extract::State as Extract;

use crate::access::Read;
use crate::views::resource::{ResourcePresenter, ResourceView};

/// Shows one resource.
#[utoipa::path(
    get,
    path = "/v2/resources/{id}",
    tag = "resources",
    params(
        ("id" = String, Path, description = "The resource's id."),
        ("include" = Option<String>, Query, description = "`credentials`, `availability_constraints`, `accounts`, separated by commas."),
    ),
    responses(
        (status = 200, description = "The resource.", body = ResourceView),
        (status = 404, description = "There is none, or it is not yours."),
    )
)]
pub(crate) async fn get_resource(
    App(principal): App<Read>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    include: Include,
    zone: OutputZone,
) -> Result<Tagged<Data<ResourceView>>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Resource"))?;
    let resource = state
        .store()
        .get_versioned_resource(principal.tenant(), id)
        .await?
        .ok_or(ApiError::NotFound("Resource"))?;
    let mut presenter = ResourcePresenter::of_one(&principal, &state, &include, zone, id).await?;
    let answer = Data {
        data: presenter.show(resource.record),
    };
    Ok(Tagged::new(answer, &resource.version))
}
