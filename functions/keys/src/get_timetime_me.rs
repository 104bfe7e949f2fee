use api::caller::App;
use api::{ApiError, State};
use auth::Who;
use axum::Json;
use axum::extract::State as Extract;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::AnyKey;

/// A profile, as TimeTime answers it: without an envelope.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TimetimeProfile {
    /// The app's id.
    #[schema(format = Uuid)]
    id: String,
    /// The app's name.
    name: String,
    /// The name of the key that asks.
    key_name: Option<String>,
}

/// Tells who is calling, in TimeTime's way.
#[utoipa::path(
    get,
    path = "/v1/me",
    tag = "timetime",
    responses((status = 200, description = "The profile.", body = TimetimeProfile))
)]
pub(crate) async fn get_timetime_me(
    App(principal): App<AnyKey>,
    Extract(state): Extract<State>,
) -> Result<Json<TimetimeProfile>, ApiError> {
    let app = state
        .store()
        .get_app(principal.app)
        .await?
        .ok_or(ApiError::NotFound("App"))?;
    let key_name = match principal.who {
        Who::Key { name, .. } => Some(name),
        Who::Resource { .. } | Who::Session { .. } | Who::SignedSearch => None,
    };
    Ok(Json(TimetimeProfile {
        id: app.id.to_string(),
        name: app.name,
        key_name,
    }))
}
