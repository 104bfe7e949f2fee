use api::caller::App;
use api::page::Paging;
use api::{ApiError, State, Written};
use axum::extract::State as Extract;
use model::filter::FilterCollection;
use store::{Direction, Position, Walk};

use crate::access::Read;
use crate::fields::filter_collection::FilterCollectionView;

/// Lists kept filters, newest first. **Deprecated**.
#[utoipa::path(
    get,
    path = "/v2/findtime/filtercollections",
    tag = "projects",
    params(
        ("limit" = Option<u32>, Query, description = "Rows a page, 1 to 1000; 50 unless said."),
        ("page" = Option<u32>, Query, description = "The page, from 1."),
    ),
    responses((status = 200, description = "A page of filters.", body = Vec<FilterCollectionView>))
)]
pub(crate) async fn list_filter_collections(
    App(principal): App<Read>,
    Extract(state): Extract<State>,
    page: Paging,
) -> Result<Written, ApiError> {
    let (page, ()) = page.with(&[], &[], Ok(()))?;
    let (store, tenant, now) = (state.store(), principal.tenant(), state.now());
    let since = principal.app_created_at;
    let fetch = |after: Option<Position>, limit| async move {
        let walk = Walk {
            direction: Direction::Descending,
            after: after.as_ref(),
            limit,
        };
        store.list_entities(tenant, since, &walk, now).await
    };
    let page = page.paginate(fetch, |_: &FilterCollection| true).await?;
    page.map(FilterCollectionView::from).answer().await
}
