use api::caller::App;
use api::{ApiError, Body, Data, Faults, Path, State};
use axum::extract::State as Extract;
use model::Dated as _;
use model::filter::FilterCollection;
use model::ids::FilterCollectionId;

use crate::access::Write;
use crate::fields::filter_collection::{
    FilterCollectionFields, FilterCollectionRequest, FilterCollectionView,
};

/// Changes kept filters. **Deprecated**. What is not sent stays.
#[utoipa::path(
    put,
    path = "/v2/findtime/filtercollections/{id}",
    tag = "projects",
    params(("id" = String, Path, description = "Their id.")),
    request_body = FilterCollectionRequest,
    responses(
        (status = 200, description = "The filters.", body = FilterCollectionView),
        (status = 404, description = "There are none, or they are not yours."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn update_filter_collection(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    Body(request): Body<FilterCollectionRequest>,
) -> Result<Data<FilterCollectionView>, ApiError> {
    let none = || ApiError::NotFound("FilterCollection");
    let id: FilterCollectionId = id.parse().map_err(|_| none())?;
    let mut faults = Faults::none();
    let fields = FilterCollectionFields::read(request, &mut faults);
    faults.check()?;
    let now = state.now();
    let change = |collection: FilterCollection| {
        collection.changed(now, |collection| fields.apply(collection))
    };
    let tenant = principal.tenant();
    let changed = state.writer().change_entity(tenant, id, change).await?;
    Ok(Data {
        data: changed.ok_or_else(none)?.into(),
    })
}
