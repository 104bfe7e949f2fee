use std::convert::Infallible;

use api::caller::App;
use api::{ApiError, Body, Data, Faults, Include, Path, PublicTexts, State};
use axum::extract::State as Extract;
use model::Dated as _;
use model::project::Project;
use outbound::{Reach, check_reminder_url};

use crate::access::Write;
use crate::fields::project::{ProjectFields, ProjectRequest};
use crate::views::project::{ProjectView, show_project};

/// Changes a project. What is not sent stays; what is sent replaces its field whole.
#[utoipa::path(
    put,
    path = "/v2/projects/{id}",
    tag = "projects",
    params(
        ("id" = String, Path, description = "The project's id."),
        ("include" = Option<String>, Query, description = "`resources`, `availability_constraints`, `locations`, `services`, `page`, separated by commas."),
    ),
    request_body = ProjectRequest,
    responses(
        (status = 200, description = "The project.", body = ProjectView),
        (status = 404, description = "There is none, or it is not yours."),
        (status = 422, description = "Something is wrong with the request, or the slug is taken: `errors`, by field."),
    )
)]
pub(crate) async fn update_project(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    include: Include,
    Body(request): Body<ProjectRequest>,
) -> Result<Data<ProjectView>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Project"))?;
    let tenant = principal.tenant();
    let current = state.store().get_project(tenant, id).await?;
    let current = current.ok_or(ApiError::NotFound("Project"))?;
    let mut faults = Faults::none();
    let reach = Reach::of(state.config().allow_local_webhooks);
    let check_url = |url: &str| check_reminder_url(url, reach, &principal.scopes);
    let fields = ProjectFields::read(request, &check_url, &mut faults);
    let public = PublicTexts::of(&state, tenant.app).await?;
    fields.check_public(&public, &mut faults);
    fields
        .refuse_unknown(&state, tenant, Some(&current), &mut faults)
        .await?;
    let now = state.now();
    fields.refuse_what_never_works(&fields.apply(current), now, &mut faults);
    faults.check()?;

    let change = |project: Project| {
        Ok::<_, Infallible>(project.changed(now, |project| fields.apply(project)))
    };
    let project = state.writer().change_project(tenant, id, change).await?;
    let data = show_project(&state, tenant, &include, project).await?;
    Ok(Data { data })
}
