use api::caller::App;
use api::{ApiError, Faults, Query, State};
use axum::Json;
use axum::extract::State as Extract;
use model::key::KeyKind;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Read;

/// A key, as TimeTime lists it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TimetimeApiKey {
    /// Names it.
    #[schema(format = Uuid)]
    id: String,
    /// How it begins, and that there is more.
    key: String,
    /// What people call it.
    name: String,
}

/// Lists the app's named keys that still work, in TimeTime's way: masked.
#[utoipa::path(
    get,
    path = "/v1/api-keys",
    tag = "timetime",
    responses(
        (status = 200, description = "The keys.", body = Vec<TimetimeApiKey>),
        (status = 422, description = "The list has no parameters: `errors`, by name."),
    )
)]
pub(crate) async fn list_timetime_api_keys(
    App(principal): App<Read>,
    Extract(state): Extract<State>,
    query: Query,
) -> Result<Json<Vec<TimetimeApiKey>>, ApiError> {
    let mut faults = Faults::none();
    query.refuse_others(&mut faults, &[]);
    faults.check()?;
    let now = state.now();
    let keys = state.store().list_keys(principal.app).await?;
    let named = keys.into_iter().filter(|key| {
        key.kind == KeyKind::Named
            && key.revoked_at.is_none()
            && key.expires_at.is_none_or(|at| at > now)
    });
    let masked = named.map(|key| TimetimeApiKey {
        id: key.id.to_string(),
        key: format!("{}[...]", key.start),
        name: key.name,
    });
    Ok(Json(masked.collect()))
}
