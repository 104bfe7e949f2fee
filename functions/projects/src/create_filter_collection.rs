use api::caller::App;
use api::{ApiError, Body, Created, Faults, Idempotency, State};
use axum::extract::State as Extract;
use model::filter::FilterCollection;
use model::ids::FilterCollectionId;
use serde_json::Map;

use crate::access::Write;
use crate::fields::filter_collection::{
    FilterCollectionFields, FilterCollectionRequest, FilterCollectionView,
};

/// Keeps filters. **Deprecated**: no search reads them.
#[utoipa::path(
    post,
    path = "/v2/findtime/filtercollections",
    tag = "projects",
    request_body = FilterCollectionRequest,
    responses(
        (status = 201, description = "The filters.", body = FilterCollectionView),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn create_filter_collection(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    once: Idempotency,
    Body(request): Body<FilterCollectionRequest>,
) -> Result<Created<FilterCollectionView>, ApiError> {
    let mut faults = Faults::none();
    let fields = FilterCollectionFields::read(request, &mut faults);
    faults.check()?;
    let now = state.now();
    let collection = fields.apply(FilterCollection {
        id: FilterCollectionId::random(state.random()),
        name: String::new(),
        filters: Map::new(),
        created_at: now,
        updated_at: now,
    });
    let answer = Created(collection.clone().into());
    once.keep(&answer)?;
    once.writer(&state)
        .create_entity(principal.tenant(), &collection)
        .await?;
    Ok(answer)
}
