use api::caller::Anyone;
use api::{ApiError, NoContent, Path, State};
use auth::{Caller, Who};
use axum::extract::State as Extract;

use crate::access::WriteApp;
use crate::common::own_app::own_app;

/// Deletes an app: every key and token of it is refused from then on, and nothing of it can be reached any more.
#[utoipa::path(
    delete,
    path = "/v2/apps/{slug}",
    tag = "accounts",
    params(("slug" = String, Path, description = "The app's slug.")),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, description = "There is none, or it is not yours."),
    )
)]
pub(crate) async fn delete_app(
    Anyone(caller): Anyone<WriteApp>,
    Extract(state): Extract<State>,
    Path(slug): Path<String>,
) -> Result<NoContent, ApiError> {
    let app = own_app(&state, &caller, &slug).await?;
    // A key that deletes its own app must be able to ask again if this is cut short.
    let (callers, by) = match &caller {
        Caller::App(principal) => match principal.who {
            Who::Key { id, .. } => (Some(id), principal.actor()),
            Who::Resource { .. } | Who::Session { .. } | Who::SignedSearch => {
                (None, principal.actor())
            }
        },
        Caller::Account(account) => (None, format!("account:{account}")),
        Caller::Anonymous => return Err(ApiError::NotFound("App")),
    };
    state
        .writer()
        .delete_app(app, &slug, callers, &by, state.now())
        .await?;
    Ok(NoContent)
}
