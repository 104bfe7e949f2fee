use api::caller::App;
use api::page::Paging;
use api::search::{Search, matches_wildcard, says};
use api::{ApiError, Include, Query, State, Written};
use axum::extract::State as Extract;
use model::location::Location;
use store::{Direction, Position, Walk};

use crate::access::ReadOnPages;
use crate::location_view::{LocationView, Viewer};

/// Lists locations, newest first.
#[utoipa::path(
    get,
    path = "/v2/locations",
    tag = "projects",
    params(
        ("search" = Option<String>, Query, description = "`id`, `name` (with `*` at either end), `meta.<key>`; pairs `attribute:value` separated by `;`."),
        ("include" = Option<String>, Query, description = "`services`: those that some project offers there."),
        ("limit" = Option<u32>, Query, description = "Rows a page, 1 to 1000; 50 unless said."),
        ("page" = Option<u32>, Query, description = "The page, from 1."),
    ),
    responses((status = 200, description = "A page of locations.", body = Vec<LocationView>))
)]
pub(crate) async fn list_locations(
    App(principal): App<ReadOnPages>,
    Extract(state): Extract<State>,
    query: Query,
    include: Include,
    page: Paging,
) -> Result<Written, ApiError> {
    // What a page may not see, it may not search by.
    let known: &[&str] = match principal.is_public() {
        true => &["id", "name", "meta.t_*"],
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
        .paginate(fetch, |location: &Location| matches(&search, location))
        .await?;
    let ids: Vec<_> = page.rows.iter().map(|location| location.id).collect();
    let viewer = Viewer::of(&state, &principal, &include, &ids).await?;
    page.map(|location| viewer.show(&location)).answer().await
}

fn matches(search: &Search, location: &Location) -> bool {
    search.iter().all(|(key, value)| match key {
        "id" => location.id.to_string().eq_ignore_ascii_case(value),
        "name" => matches_wildcard(value, &location.name),
        _ => key
            .strip_prefix("meta.")
            .and_then(|key| location.meta.get(key))
            .is_some_and(|kept| says(kept, value)),
    })
}
