use api::caller::App;
use api::page::Paging;
use api::search::{Search, matches_wildcard};
use api::{ApiError, Query, State, Written};
use axum::extract::State as Extract;
use model::ids::KeyId;
use model::key::ApiKey;

use crate::access::Read;
use crate::views::key::KeyView;

/// What keys can be searched by.
const SEARCHABLE: &[&str] = &["id", "name", "kind"];

/// Lists the app's keys, newest first, revoked ones included. Never a secret key or its hash.
#[utoipa::path(
    get,
    path = "/v2/keys",
    tag = "keys",
    params(
        ("search" = Option<String>, Query, description = "`id`, `name` (with `*` at either end), `kind`; pairs `attribute:value` separated by `;`."),
        ("limit" = Option<u32>, Query, description = "Rows a page, 1 to 1000; 50 unless said."),
        ("page" = Option<u32>, Query, description = "The page, from 1."),
    ),
    responses((status = 200, description = "A page of keys.", body = Vec<KeyView>))
)]
pub(crate) async fn list_keys(
    App(principal): App<Read>,
    Extract(state): Extract<State>,
    query: Query,
    page: Paging,
) -> Result<Written, ApiError> {
    let (page, search) = page.with(&[], SEARCHABLE, Search::of(&query, SEARCHABLE))?;
    let keys = state.store().list_keys(principal.app).await?;
    let matches = |key: &ApiKey| {
        search.iter().all(|(attribute, value)| match attribute {
            "id" => key.id.to_string().eq_ignore_ascii_case(value),
            "kind" => key.kind.name() == value,
            _ => matches_wildcard(value, &key.name),
        })
    };
    let page = page.of_all(keys.into_iter().filter(matches).collect());
    let app = state.store().get_app(principal.app).await?;
    let ids: Vec<KeyId> = page.rows.iter().map(|key| key.id).collect();
    let mut used = state.store().get_last_day(&ids).await?.into_iter();
    let now = state.now();
    page.map(|key| KeyView::of(&key, app.as_ref(), used.next().as_ref(), now))
        .answer()
        .await
}
