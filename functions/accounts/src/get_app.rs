use api::caller::App;
use api::{ApiError, Data, Include, State};
use axum::extract::State as Extract;

use crate::app_view::AppView;

/// Shows the app that the caller acts for.
#[utoipa::path(
    get,
    path = "/v2/app",
    tag = "accounts",
    params(("include" = Option<String>, Query, description = "`app_token` adds a sentence that says how to roll the key: it cannot be shown again.")),
    responses((status = 200, description = "The app.", body = AppView))
)]
pub(crate) async fn get_app(
    Extract(state): Extract<State>,
    App(principal): App,
    include: Include,
) -> Result<Data<AppView>, ApiError> {
    let app = state
        .store()
        .get_app(principal.app)
        .await?
        .ok_or(ApiError::NotFound("App"))?;
    let settings = state.store().get_app_settings(principal.app).await?;
    let view = AppView::of(app, settings);
    Ok(Data {
        data: if include.has("app_token") {
            view.with_app_token_note()
        } else {
            view
        },
    })
}
