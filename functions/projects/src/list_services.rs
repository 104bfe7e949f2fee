use api::caller::App;
use api::page::Paging;
use api::{ApiError, Include, Query, State, Written};
use axum::extract::State as Extract;
use model::location::Service;

use crate::access::ReadOnPages;
use crate::views::places::{ServiceView, list_places};

/// Lists services, newest first.
#[utoipa::path(
    get,
    path = "/v2/location/services",
    tag = "projects",
    params(
        ("search" = Option<String>, Query, description = "`id`, `name` (with `*` at either end), `meta.<key>`; pairs `attribute:value` separated by `;`."),
        ("include" = Option<String>, Query, description = "`locations`: those where some project offers it."),
        ("limit" = Option<u32>, Query, description = "Rows a page, 1 to 1000; 50 unless said."),
        ("page" = Option<u32>, Query, description = "The page, from 1."),
    ),
    responses((status = 200, description = "A page of services.", body = Vec<ServiceView>))
)]
pub(crate) async fn list_services(
    App(principal): App<ReadOnPages>,
    Extract(state): Extract<State>,
    query: Query,
    include: Include,
    page: Paging,
) -> Result<Written, ApiError> {
    list_places::<Service>(state, principal, query, include, page).await
}
