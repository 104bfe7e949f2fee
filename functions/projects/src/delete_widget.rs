use api::caller::App;
use api::{ApiError, NoContent, Path, State};
use axum::extract::State as Extract;

use crate::access::Write;

/// Deletes a widget. **Deprecated**.
#[utoipa::path(
    delete,
    path = "/v2/widgets/{id}",
    tag = "projects",
    params(("id" = String, Path, description = "The widget's id.")),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, description = "There is none, or it is not yours."),
    )
)]
pub(crate) async fn delete_widget(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
) -> Result<NoContent, ApiError> {
    let none = || ApiError::NotFound("Widget");
    let id = id.parse().map_err(|_| none())?;
    match state.writer().delete_widget(principal.tenant(), id).await? {
        true => Ok(NoContent),
        false => Err(none()),
    }
}
