use api::caller::App;
use api::page::Paging;
use api::search::{Search, matches_wildcard, says};
use api::{ApiError, Include, Query, State, Written};
use axum::extract::State as Extract;
use model::location::Service;
use store::{Direction, Position, Walk};

use crate::access::ReadOnPages;
use crate::service_view::{ServiceView, Viewer};

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
    // What a page may not see, it may not search by.
    let known: &[&str] = match principal.is_public() {
        true => &["id", "name"],
        false => &["id", "name", "meta.*"],
    };
    let (page, search) = page.with(&[], known, Search::of(&query, known))?;
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
    let page = page
        .paginate(fetch, |service: &Service| matches(&search, service))
        .await?;
    let ids: Vec<_> = page.rows.iter().map(|service| service.id).collect();
    let viewer = Viewer::of(&state, &principal, &include, &ids).await?;
    page.map(|service| viewer.show(&service)).answer().await
}

fn matches(search: &Search, service: &Service) -> bool {
    search.iter().all(|(key, value)| match key {
        "id" => service.id.to_string().eq_ignore_ascii_case(value),
        "name" => matches_wildcard(value, &service.name),
        _ => key
            .strip_prefix("meta.")
            .and_then(|key| service.meta.get(key))
            .is_some_and(|kept| says(kept, value)),
    })
}
