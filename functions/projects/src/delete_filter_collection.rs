use api::caller::App;
use api::{ApiError, NoContent, Path, State};
use axum::extract::State as Extract;
use model::filter::FilterCollection;
use model::ids::FilterCollectionId;

use crate::access::Write;

/// Deletes kept filters. **Deprecated**.
#[utoipa::path(
    delete,
    path = "/v2/findtime/filtercollections/{id}",
    tag = "projects",
    params(("id" = String, Path, description = "Their id.")),
    responses(
        (status = 204, description = "They are gone."),
        (status = 404, description = "There are none, or they are not yours."),
    )
)]
pub(crate) async fn delete_filter_collection(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
) -> Result<NoContent, ApiError> {
    let none = || ApiError::NotFound("FilterCollection");
    let id: FilterCollectionId = id.parse().map_err(|_| none())?;
    let writer = state.writer();
    let tenant = principal.tenant();
    match writer.delete_entity::<FilterCollection>(tenant, id).await? {
        true => Ok(NoContent),
        false => Err(none()),
    }
}
