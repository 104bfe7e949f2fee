use std::convert::Infallible;

use api::caller::App;
use api::{ApiError, BareArray, Data, Faults, Include, Path, State};
use axum::extract::State as Extract;
use model::Dated as _;
use model::project::{MAX_RESOURCES, Project};

use crate::access::Write;
use crate::fields::known::refuse_unknown_resources;
use crate::fields::read_ids;
use crate::views::project::{ProjectView, show_project};

/// Gives a project these resources in place of those that it has, in order of priority. The body is a bare array.
#[utoipa::path(
    put,
    path = "/v2/projects/{id}/resources",
    tag = "projects",
    params(
        ("id" = String, Path, description = "The project's id."),
        ("include" = Option<String>, Query, description = "`resources`, `availability_constraints`, `locations`, `services`, `page`, separated by commas."),
    ),
    request_body = Vec<Uuid>,
    responses(
        (status = 200, description = "The project.", body = ProjectView),
        (status = 404, description = "There is no such project, or it is not yours."),
        (status = 422, description = "The body is no array, or its elements are not ids of resources: `errors`, by field."),
    )
)]
pub(crate) async fn set_project_resources(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    include: Include,
    BareArray(request): BareArray,
) -> Result<Data<ProjectView>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Project"))?;
    let (store, tenant) = (state.store(), principal.tenant());
    let current = store.get_project(tenant, id).await?;
    let current = current.ok_or(ApiError::NotFound("Project"))?;
    let mut faults = Faults::none();
    let resources = read_ids(&mut faults, "resources", &request, MAX_RESOURCES);
    let kept = Some(current.resources.as_slice());
    refuse_unknown_resources(&state, tenant, resources.as_deref(), kept, &mut faults).await?;
    let resources = faults.finish(resources)?;

    let now = state.now();
    let set = |mut project: Project| {
        project.resources.clone_from(&resources);
        project
    };
    let wanted = set(current);
    if let Some(sentence) = scheduling::settings::too_wide(&wanted, now) {
        return Err(ApiError::Invalid(Faults::one("resources", sentence)));
    }
    let change = |project: Project| Ok::<_, Infallible>(project.changed(now, set));
    let project = state.writer().change_project(tenant, id, change).await?;
    let data = show_project(&state, tenant, &include, project).await?;
    Ok(Data { data })
}
