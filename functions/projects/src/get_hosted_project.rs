use api::caller::Public;
use api::{ApiError, Data, Path, State};
use axum::extract::State as Extract;

use crate::access::Anybody;
use crate::common::widget_key;
use crate::views::project::PublicProjectView;

/// Shows what a booking page needs of a project, to anybody who knows its slug: the app's widget key among it.
#[utoipa::path(
    get,
    path = "/v2/projects/hosted/{slug}",
    tag = "projects",
    params(("slug" = String, Path, description = "The project's slug.")),
    responses(
        (status = 200, description = "What the page shows.", body = PublicProjectView),
        (status = 404, description = "There is none, or its app has no widget key."),
    )
)]
pub(crate) async fn get_hosted_project(
    _: Public<Anybody>,
    Extract(state): Extract<State>,
    Path(slug): Path<String>,
) -> Result<Data<PublicProjectView>, ApiError> {
    let none = || ApiError::NotFound("Project");
    let store = state.store();
    let (app, project) = store
        .find_project(&slug.to_ascii_lowercase())
        .await?
        .ok_or_else(none)?;
    let app = store.get_app(app).await?.ok_or_else(none)?;
    // Whoever revoked the last widget key took the app's pages down.
    let app_key = widget_key::usable(&state, &app).await?.ok_or_else(none)?;
    Ok(Data {
        data: PublicProjectView::of(project, Some(app_key))?,
    })
}
