use api::caller::App;
use api::{ApiError, NoContent, Path, State};
use axum::extract::State as Extract;
use model::ids::{ProjectId, ResourceId};
use model::project::Project;

use crate::access::Write;

/// Takes a resource from a project. The resource itself stays.
#[utoipa::path(
    delete,
    path = "/v2/projects/{id}/resources/{resource_id}",
    tag = "projects",
    params(
        ("id" = String, Path, description = "The project's id."),
        ("resource_id" = String, Path, description = "The resource's id."),
    ),
    responses(
        (status = 204, description = "The project no longer has it."),
        (status = 404, description = "There is no such project, or it is not yours; or it does not have this resource."),
    )
)]
pub(crate) async fn remove_project_resource(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    Path((id, resource)): Path<(String, String)>,
) -> Result<NoContent, ApiError> {
    let id: ProjectId = id.parse().map_err(|_| ApiError::NotFound("Project"))?;
    let now = state.now();
    let change = |mut project: Project| {
        // What is no UUID is a resource that the project does not have; whether there is the project comes first.
        let place = resource.parse::<ResourceId>().ok();
        let place =
            place.and_then(|resource| project.resources.iter().position(|id| *id == resource));
        project
            .resources
            .remove(place.ok_or(ApiError::NotFound("Resource"))?);
        project.updated_at = now;
        Ok::<_, ApiError>(project)
    };
    state
        .writer()
        .change_project(principal.tenant(), id, change)
        .await?;
    Ok(NoContent)
}
