use api::caller::App;
use api::{ApiError, Data, Include, Path, State};
use axum::extract::State as Extract;

use crate::access::Read;
use crate::views::project::{ProjectView, show_project};

/// Shows one project.
#[utoipa::path(
    get,
    path = "/v2/projects/{id}",
    tag = "projects",
    params(
        ("id" = String, Path, description = "The project's id."),
        ("include" = Option<String>, Query, description = "`resources`, `availability_constraints`, `locations`, `services`, `page`, separated by commas."),
    ),
    responses(
        (status = 200, description = "The project.", body = ProjectView),
        (status = 404, description = "There is none, or it is not yours."),
    )
)]
pub(crate) async fn get_project(
    App(principal): App<Read>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    include: Include,
) -> Result<Data<ProjectView>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Project"))?;
    let tenant = principal.tenant();
    let project = state.store().get_project(tenant, id).await?;
    let project = project.ok_or(ApiError::NotFound("Project"))?;
    let data = show_project(&state, tenant, &include, project).await?;
    Ok(Data { data })
}
