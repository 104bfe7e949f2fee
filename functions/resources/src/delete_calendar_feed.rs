use api::caller::App;
use api::{ApiError, NoContent, Path, State};
use axum::extract::State as Extract;
use model::resource::Resource;
use store::Expected;

use crate::access::WriteOwn;

/// Revokes the private address of a resource's calendar.
#[utoipa::path(
    delete,
    path = "/v2/resources/{id}/calendar_feed",
    tag = "resources",
    params(("id" = String, Path, description = "The resource's id.")),
    responses(
        (status = 204, description = "The address, if there was one, leads nowhere from now on."),
        (status = 404, description = "There is no such resource, or it is not yours."),
    )
)]
pub(crate) async fn delete_calendar_feed(
    App(principal): App<WriteOwn>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
) -> Result<NoContent, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Resource"))?;
    state
        .writer()
        .change_resource(
            principal.tenant(),
            id,
            &Expected::Any,
            |resource, password| {
                let calendar_feed = None;
                (
                    Resource {
                        calendar_feed,
                        ..resource
                    },
                    password,
                )
            },
        )
        .await?;
    Ok(NoContent)
}
