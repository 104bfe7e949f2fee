//! The widget key that a booking page is to use.

use api::acting::WidgetKeys;
use api::{ApiError, State};
use auth::{Principal, Who};
use model::app::App;

/// A widget key of the app that holds now, in clear: one that may be used from any page before one that may not. None if
/// there is none.
pub(crate) async fn usable(state: &State, app: &App) -> Result<Option<String>, ApiError> {
    Ok(WidgetKeys::of(state, app).await?.any())
}

/// The widget key that the caller uses, or else one of its app's.
pub(crate) async fn of_caller(
    state: &State,
    principal: &Principal,
) -> Result<Option<String>, ApiError> {
    let app = state
        .store()
        .get_app(principal.app)
        .await?
        .ok_or(ApiError::NotFound("App"))?;
    let own = match principal.who {
        Who::Key { id, .. } => app.widget_key(id),
        Who::Resource { .. } | Who::Session { .. } | Who::SignedSearch => None,
    };
    match own {
        Some(own) => Ok(Some(own.to_owned())),
        None => usable(state, &app).await,
    }
}
