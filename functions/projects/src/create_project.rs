use api::caller::App;
use api::{ApiError, Body, Created, Faults, Idempotency, Include, PublicTexts, State};
use axum::extract::State as Extract;
use model::ids::ProjectId;
use model::project::Project;
use model::slug;
use outbound::{Reach, check_reminder_url};

use crate::access::Write;
use crate::fields::project::{CreateProjectRequest, ProjectFields, ProjectRequest};
use crate::views::project::{ProjectView, show_project};

/// Makes a project: the settings of a booking page.
///
/// What a page cannot do without is filled in where it is not sent: `availability.mode` and `.length`, `booking.graph`,
/// the form's `name` and `email`, and the words and looks in `ui`.
#[utoipa::path(
    post,
    path = "/v2/projects",
    tag = "projects",
    params(("include" = Option<String>, Query, description = "`resources`, `availability_constraints`, `locations`, `services`, `page`, separated by commas.")),
    request_body = CreateProjectRequest,
    responses(
        (status = 201, description = "The project.", body = ProjectView),
        (status = 422, description = "Something is wrong with the request, or the slug is taken: `errors`, by field."),
    )
)]
pub(crate) async fn create_project(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    include: Include,
    once: Idempotency,
    Body(request): Body<ProjectRequest>,
) -> Result<Created<ProjectView>, ApiError> {
    let tenant = principal.tenant();
    let mut faults = Faults::none();
    let reach = Reach::of(state.config().allow_local_webhooks);
    let check_url = |url: &str| check_reminder_url(url, reach, &principal.scopes);
    let fields = ProjectFields::read_new(request, &check_url, &mut faults);
    let public = PublicTexts::of(&state, tenant.app).await?;
    fields.check_public(&public, &mut faults);
    fields
        .refuse_unknown(&state, tenant, None, &mut faults)
        .await?;
    let name = faults.finish(fields.name.clone())?;

    let now = state.now();
    let id = ProjectId::random(state.random());
    let slug = slug::generated(&name, "project", state.random());
    let blank = Project::new(id, slug, name, now);
    let project = fields.apply(blank);
    let mut faults = Faults::none();
    fields.refuse_what_never_works(&project, now, &mut faults);
    faults.check()?;
    let view = show_project(&state, tenant, &include, project.clone()).await?;
    let answer = Created(view);
    once.keep(&answer)?;
    once.writer(&state).create_project(tenant, &project).await?;
    Ok(answer)
}
