use api::caller::App;
use api::{ApiError, Data, Path, State};
use axum::extract::State as Extract;

use crate::access::ReadOnPages;
use crate::common::widget_key;
use crate::views::project::PublicProjectView;

/// Shows what a booking page needs of a project, to a page that knows its id.
#[utoipa::path(
    get,
    path = "/v2/projects/embed/{id}",
    tag = "projects",
    params(("id" = String, Path, description = "The project's id.")),
    responses(
        (status = 200, description = "What the page shows.", body = PublicProjectView),
        (status = 404, description = "There is none, or it is not yours."),
    )
)]
pub(crate) async fn get_embed_project(
    App(principal): App<ReadOnPages>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
) -> Result<Data<PublicProjectView>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Project"))?;
    let project = state.store().get_project(principal.tenant(), id).await?;
    let project = project.ok_or(ApiError::NotFound("Project"))?;
    let app_key = widget_key::of_caller(&state, &principal).await?;
    Ok(Data {
        data: PublicProjectView::of(project, app_key)?,
    })
}
