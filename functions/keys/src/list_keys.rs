use api::caller::App;
use api::page::{Page, PageRequest};
use api::{ApiError, State};
use axum::extract::State as Extract;

use crate::view::KeyView;

/// Lists the app's keys, newest first, revoked ones included. Never a secret key or its hash.
#[utoipa::path(
    get,
    path = "/v2/keys",
    tag = "keys",
    params(
        ("limit" = Option<u32>, Query, description = "Rows a page, 1 to 1000; 50 unless said."),
        ("page" = Option<u32>, Query, description = "The page, from 1."),
    ),
    responses((status = 200, description = "A page of keys.", body = Vec<KeyView>))
)]
pub(crate) async fn list_keys(
    Extract(state): Extract<State>,
    App(principal): App,
    page: PageRequest,
) -> Result<Page<KeyView>, ApiError> {
    let keys = state.store().list_keys(principal.app).await?;
    let app = state.store().get_app(principal.app).await?;
    let now = state.now();
    Ok(page
        .of_all(keys)
        .map(|key| KeyView::of(&key, app.as_ref(), now)))
}
