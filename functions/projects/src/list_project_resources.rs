use std::collections::HashMap;

use api::caller::App;
use api::page::Paging;
use api::{ApiError, Path, State, Written};
use axum::extract::State as Extract;

use crate::access::Read;
use crate::views::project::ProjectResourceView;

/// Lists a project's resources, in order of priority.
#[utoipa::path(
    get,
    path = "/v2/projects/{id}/resources",
    tag = "projects",
    params(
        ("id" = String, Path, description = "The project's id."),
        ("limit" = Option<u32>, Query, description = "Rows a page, 1 to 1000; 50 unless said."),
        ("page" = Option<u32>, Query, description = "The page, from 1."),
    ),
    responses(
        (status = 200, description = "A page of resources; those that are gone by now are left out.", body = Vec<ProjectResourceView>),
        (status = 404, description = "There is no such project, or it is not yours."),
    )
)]
pub(crate) async fn list_project_resources(
    App(principal): App<Read>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    page: Paging,
) -> Result<Written, ApiError> {
    let (page, ()) = page.with(&[], &[], Ok(()))?;
    let id = id.parse().map_err(|_| ApiError::NotFound("Project"))?;
    let tenant = principal.tenant();
    let project = state.store().get_project(tenant, id).await?;
    let project = project.ok_or(ApiError::NotFound("Project"))?;
    let found = state
        .store()
        .get_resources(tenant, &project.resources)
        .await?;
    let found: HashMap<_, _> = found.iter().map(|found| (found.id, found)).collect();
    let rows = project.resources.iter().filter_map(|id| {
        found
            .get(id)
            .map(|resource| ProjectResourceView::of(resource))
    });
    page.of_all(rows.collect()).answer().await
}
