use api::caller::App;
use api::{ApiError, Body, Data, Faults, Field, Idempotency, Include, Path, State};
use axum::extract::State as Extract;
use model::fault::FaultKind;
use model::ids::ResourceId;
use model::project::{MAX_RESOURCES, Project};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::Write;
use crate::views::project::{ProjectPresenter, ProjectView};

/// A resource to add.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct AddProjectResourceRequest {
    /// The resource's id.
    #[serde(default)]
    #[schema(value_type = String, format = Uuid, required)]
    resource_id: Field<String>,
}

/// Adds a resource to a project, behind those that it has. One that it has already stays where it is.
#[utoipa::path(
    post,
    path = "/v2/projects/{id}/resources",
    tag = "projects",
    params(
        ("id" = String, Path, description = "The project's id."),
        ("include" = Option<String>, Query, description = "`resources`, `availability_constraints`, `locations`, `services`, `page`, separated by commas."),
    ),
    request_body = AddProjectResourceRequest,
    responses(
        (status = 200, description = "The project.", body = ProjectView),
        (status = 404, description = "There is no such project, or it is not yours."),
        (status = 422, description = "There is no such resource, or the project has 500 already: `errors.resource_id`."),
    )
)]
pub(crate) async fn add_project_resource(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    include: Include,
    once: Idempotency,
    Body(request): Body<AddProjectResourceRequest>,
) -> Result<Data<ProjectView>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Project"))?;
    let (store, tenant) = (state.store(), principal.tenant());
    let seen = store.get_project(tenant, id).await?;
    let mut seen = seen.ok_or(ApiError::NotFound("Project"))?;
    let mut faults = Faults::none();
    let resource = faults.required("resource_id", request.resource_id);
    let resource = faults.parsed("resource_id", resource.as_deref(), |id| {
        id.parse::<ResourceId>().map_err(|_| "must be a valid UUID")
    });
    let resource = faults.finish(resource)?;
    let fault = |kind: FaultKind| ApiError::Invalid(Faults::one("resource_id", kind));
    if store.get_resource(tenant, resource).await?.is_none() {
        return Err(fault("is no resource of this app".into()));
    }

    let now = state.now();
    seen.resources.push(resource);
    let presenter = ProjectPresenter::of(&state, tenant, &include, &[seen]).await?;
    let answer = |project| {
        let data = presenter.show(project)?;
        Ok::<_, ApiError>(Data { data })
    };
    let change = |mut project: Project| {
        if !project.resources.contains(&resource) {
            if project.resources.len() >= MAX_RESOURCES {
                return Err(fault("is one too many: a project has at most 500".into()));
            }
            project.resources.push(resource);
            if let Some(sentence) = scheduling::settings::too_wide(&project, now) {
                return Err(fault(sentence.into()));
            }
            project.updated_at = now;
        }
        once.keep(&answer(project.clone())?)?;
        Ok(project)
    };
    let project = once
        .writer(&state)
        .change_project(tenant, id, change)
        .await?;
    answer(project)
}
