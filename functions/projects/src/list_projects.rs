use std::cmp::Reverse;

use api::caller::App;
use api::page::Paging;
use api::search::{Search, matches_wildcard};
use api::{ApiError, Faults, Include, Query, State, Written};
use axum::extract::State as Extract;
use model::project::Project;
use store::{Direction, Position, Tenant, Walk};

use crate::access::ReadOnPages;
use crate::views::project::{ProjectPresenter, ProjectRow, PublicProjectView};

/// What projects can be searched by.
const SEARCHABLE: &[&str] = &["locations.uuid", "services.uuid", "slug", "name"];

/// Lists projects, newest first.
///
/// A widget key sees only what a page shows of them, and only those of the location or service that it searches for.
#[utoipa::path(
    get,
    path = "/v2/projects",
    tag = "projects",
    params(
        ("search" = Option<String>, Query, description = "`locations.uuid`, `services.uuid`, `slug`, `name` (with `*` at either end); pairs `attribute:value` separated by `;`."),
        ("include" = Option<String>, Query, description = "`resources`, `availability_constraints`, `locations`, `services`, `page`, separated by commas."),
        ("limit" = Option<u32>, Query, description = "Rows a page, 1 to 1000; 50 unless said."),
        ("page" = Option<u32>, Query, description = "The page, from 1."),
    ),
    responses((status = 200, description = "A page of projects.", body = Vec<ProjectRow>))
)]
pub(crate) async fn list_projects(
    App(principal): App<ReadOnPages>,
    Extract(state): Extract<State>,
    query: Query,
    include: Include,
    page: Paging,
) -> Result<Written, ApiError> {
    let (page, search) = page.with(&[], SEARCHABLE, Search::of(&query, SEARCHABLE))?;
    let by_place = search.get("locations.uuid").is_some() || search.get("services.uuid").is_some();
    if principal.is_public() && !by_place {
        let sentence = "must name locations.uuid or services.uuid, with a widget key";
        return Err(ApiError::Invalid(Faults::one("search", sentence)));
    }
    let (store, tenant, now) = (state.store(), principal.tenant(), state.now());
    let since = principal.app_created_at;
    let matches = |project: &Project| is_readable(project) && matches(&search, project);
    let page = if by_place {
        page.of_all(tied(&state, tenant, &search).await?)
    } else {
        let fetch = |after: Option<Position>, limit| async move {
            let walk = Walk {
                direction: Direction::Descending,
                after: after.as_ref(),
                limit,
            };
            store.list_projects(tenant, since, &walk, now).await
        };
        page.paginate(fetch, matches).await?
    };
    if principal.is_public() {
        let show = |project| PublicProjectView::of(project, None);
        let page = page
            .try_map(show)?
            .map(|view| ProjectRow::Public(Box::new(view)));
        return page.answer().await;
    }
    let presenter = ProjectPresenter::of(&state, tenant, &include, &page.rows).await?;
    let page = page.try_map(|project| presenter.show(project))?;
    page.map(|view| ProjectRow::Full(Box::new(view)))
        .answer()
        .await
}

/// The projects of the locations and services searched for, newest first, found by their ties.
async fn tied(state: &State, tenant: Tenant, search: &Search) -> Result<Vec<Project>, ApiError> {
    let ties = state.store().list_project_offers(tenant).await?;
    let asked = |name: &str, ids: Vec<String>| {
        search
            .get(name)
            .is_none_or(|wanted| ids.iter().any(|id| id.eq_ignore_ascii_case(wanted)))
    };
    let ids: Vec<_> = ties
        .iter()
        .filter(|tie| {
            asked("locations.uuid", texts(&tie.locations))
                && asked("services.uuid", texts(&tie.services))
        })
        .map(|tie| tie.project)
        .collect();
    let mut projects = state.store().get_projects(tenant, &ids).await?;
    projects.retain(|project| is_readable(project) && matches(search, project));
    projects.sort_by_key(|project| Reverse((project.created_at, project.id)));
    Ok(projects)
}

fn texts<T: std::fmt::Display>(ids: &[T]) -> Vec<String> {
    ids.iter().map(T::to_string).collect()
}

/// Leaves out what could not be shown: a list is not refused for one of its rows.
fn is_readable(project: &Project) -> bool {
    let check = project.check();
    check
        .inspect_err(|error| tracing::error!(%error, "a project was left out of a list"))
        .is_ok()
}

fn matches(search: &Search, project: &Project) -> bool {
    let among = |ids: Vec<String>, value: &str| ids.iter().any(|id| id.eq_ignore_ascii_case(value));
    search.iter().all(|(key, value)| match key {
        "locations.uuid" => among(texts(&project.locations), value),
        "services.uuid" => among(texts(&project.services), value),
        "slug" => project.slug.eq_ignore_ascii_case(value),
        _ => matches_wildcard(value, &project.name),
    })
}
