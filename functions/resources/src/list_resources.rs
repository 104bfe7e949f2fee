use api::caller::App;
use api::page::Paging;
use api::search::{Search, matches_wildcard, says};
use api::{ApiError, Include, OutputZone, Query, State, Written};
use axum::extract::State as Extract;
use model::resource::Resource;
use model::text::{email_key, is_same};
use store::{Direction, Position, Walk};

use crate::access::Read;
use crate::views::resource::{ResourcePresenter, ResourceView};

/// What resources can be searched by.
const SEARCHABLE: &[&str] = &["id", "name", "email", "tags", "meta.*"];

/// Lists resources, newest first.
#[utoipa::path(
    get,
    path = "/v2/resources",
    tag = "resources",
    params(
        ("search" = Option<String>, Query, description = "`id`, `name` (with `*` at either end), `email`, `tags`, `meta.<key>`; pairs `attribute:value` separated by `;`."),
        ("include" = Option<String>, Query, description = "`credentials`, `availability_constraints`, `accounts`, separated by commas."),
        ("limit" = Option<u32>, Query, description = "Rows a page, 1 to 1000; 50 unless said."),
        ("page" = Option<u32>, Query, description = "The page, from 1."),
    ),
    responses((status = 200, description = "A page of resources.", body = Vec<ResourceView>))
)]
pub(crate) async fn list_resources(
    App(principal): App<Read>,
    Extract(state): Extract<State>,
    query: Query,
    include: Include,
    zone: OutputZone,
    page: Paging,
) -> Result<Written, ApiError> {
    let (page, search) = page.with(&[], SEARCHABLE, Search::of(&query, SEARCHABLE))?;
    let (store, tenant, now) = (state.store(), principal.tenant(), state.now());
    let since = principal.app_created_at;
    let matches = |resource: &Resource| matches(&search, resource);
    let page = match tenant.only_resource {
        // A resource's token sees one resource, and no index is needed to find it.
        Some(own) => page.of_all(
            store
                .get_resource(tenant, own)
                .await?
                .into_iter()
                .filter(matches)
                .collect(),
        ),
        None => {
            let fetch = |after: Option<Position>, limit| async move {
                let walk = Walk {
                    direction: Direction::Descending,
                    after: after.as_ref(),
                    limit,
                };
                store.list_resources(tenant, since, &walk, now).await
            };
            page.paginate(fetch, matches).await?
        }
    };
    let ids: Vec<_> = page.rows.iter().map(|resource| resource.id).collect();
    let mut presenter = ResourcePresenter::of(&principal, &state, &include, zone, &ids).await?;
    page.map(|resource| presenter.show(resource)).answer().await
}

fn matches(search: &Search, resource: &Resource) -> bool {
    search.iter().all(|(key, value)| match key {
        "id" => resource.id.to_string().eq_ignore_ascii_case(value),
        "name" => matches_wildcard(value, &resource.name),
        "email" => resource
            .email
            .as_ref()
            .is_some_and(|email| email_key(email) == email_key(value)),
        "tags" => resource.tags.iter().any(|tag| is_same(tag, value)),
        _ => key
            .strip_prefix("meta.")
            .and_then(|key| resource.meta.get(key))
            .is_some_and(|kept| says(kept, value)),
    })
}
