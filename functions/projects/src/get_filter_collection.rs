use api::caller::App;
use api::{ApiError, Data, Path, State};
use axum::extract::State as Extract;
use model::filter::FilterCollection;
use model::ids::FilterCollectionId;

use crate::access::Read;
use crate::fields::filter_collection::FilterCollectionView;

/// Shows kept filters. **Deprecated**. A body, which the SDK sends, has no effect.
#[utoipa::path(
    get,
    path = "/v2/findtime/filtercollections/{id}",
    tag = "projects",
    params(("id" = String, Path, description = "Their id.")),
    responses(
        (status = 200, description = "The filters.", body = FilterCollectionView),
        (status = 404, description = "There are none, or they are not yours."),
    )
)]
pub(crate) async fn get_filter_collection(
    App(principal): App<Read>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
) -> Result<Data<FilterCollectionView>, ApiError> {
    let none = || ApiError::NotFound("FilterCollection");
    let id: FilterCollectionId = id.parse().map_err(|_| none())?;
    let tenant = principal.tenant();
    let found: Option<FilterCollection> = state.store().get_entity(tenant, id).await?;
    Ok(Data {
        data: found.ok_or_else(none)?.into(),
    })
}
