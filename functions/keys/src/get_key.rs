use api::caller::App;
use api::{ApiError, Data, Path, State};
use axum::extract::State as Extract;

use crate::access::Read;
use crate::views::key::KeyView;

/// Shows one key's record.
#[utoipa::path(
    get,
    path = "/v2/keys/{id}",
    tag = "keys",
    params(("id" = String, Path, description = "The key's id, not the key.")),
    responses(
        (status = 200, description = "The record.", body = KeyView),
        (status = 404, description = "There is none, or it is not yours."),
    )
)]
pub(crate) async fn get_key(
    App(principal): App<Read>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
) -> Result<Data<KeyView>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Key"))?;
    let key = state
        .store()
        .get_key(principal.app, id)
        .await?
        .ok_or(ApiError::NotFound("Key"))?;
    let app = state.store().get_app(principal.app).await?;
    let used = state.store().get_last_day(&[id]).await?;
    Ok(Data {
        data: KeyView::of(&key, app.as_ref(), used.first(), state.now()),
    })
}
