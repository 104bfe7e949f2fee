use api::caller::App;
use api::page::Paging;
use api::search::Search;
use api::{ApiError, Faults, Query, State, Written};
use axum::extract::State as Extract;
use model::ids::ResourceId;
use model::key::Credential;
use store::{Direction, Position, Walk};
use views::CredentialView;

use crate::access::Read;

/// What credentials can be searched by. An old client writes `resource_id`.
const SEARCHABLE: &[&str] = &["resource.id", "resource_id"];

/// Lists resource credentials, newest first; those of one resource with `search=resource.id:<id>`.
#[utoipa::path(
    get,
    path = "/v2/credentials",
    tag = "credentials",
    params(
        ("search" = Option<String>, Query, description = "`resource.id:<uuid>`, the only attribute."),
        ("limit" = Option<u32>, Query, description = "Rows a page, 1 to 1000; 50 unless said."),
        ("page" = Option<u32>, Query, description = "The page, from 1."),
    ),
    responses((status = 200, description = "A page of credentials.", body = Vec<CredentialView>))
)]
pub(crate) async fn list_credentials(
    App(principal): App<Read>,
    Extract(state): Extract<State>,
    query: Query,
    page: Paging,
) -> Result<Written, ApiError> {
    let (page, search) = page.with(&[], SEARCHABLE, Search::of(&query, SEARCHABLE))?;
    let mut faults = Faults::none();
    let wanted = search
        .get("resource.id")
        .or_else(|| search.get("resource_id"));
    let wanted: Option<ResourceId> = faults.parsed("search", wanted, |id| {
        id.parse().map_err(|_| "resource.id must be a valid UUID")
    });
    faults.check()?;

    let (store, tenant, now) = (state.store(), principal.tenant(), state.now());
    let since = principal.app_created_at;
    let page = match wanted.or(tenant.only_resource) {
        Some(resource) => {
            let found = store.list_credentials_of(tenant, resource).await?;
            page.of_all(found)
        }
        None => {
            let fetch = |after: Option<Position>, limit| async move {
                let walk = Walk {
                    direction: Direction::Descending,
                    after: after.as_ref(),
                    limit,
                };
                store.list_credentials(tenant.app, since, &walk, now).await
            };
            page.paginate(fetch, |_: &Credential| true).await?
        }
    };
    let secret = state.master_secret().await?;
    page.try_map(|credential| CredentialView::of(&credential, &principal, secret))?
        .answer()
        .await
}
