use api::caller::App;
use api::{ApiError, Data, Include, OutputZone, Path, State, Tagged};
use auth::Principal;
use axum::extract::State as Extract;

use crate::access::Own;
use crate::get_resource::get_resource;
use crate::views::resource::ResourceView;

/// Shows the resource whose server-token this is. **Deprecated**: use `GET /v2/resources/{id}`.
#[utoipa::path(
    get,
    path = "/v2/users/me",
    tag = "resources",
    params(("include" = Option<String>, Query, description = "As for `GET /v2/resources/{id}`.")),
    responses((status = 200, description = "The resource.", body = ResourceView))
)]
pub(crate) async fn get_user(
    App(principal): App<Own>,
    state: Extract<State>,
    include: Include,
    zone: OutputZone,
) -> Result<Tagged<Data<ResourceView>>, ApiError> {
    let id = own_id(&principal)?;
    get_resource(App(principal), state, id, include, zone).await
}

/// The id of the one resource that the caller acts for.
pub(crate) fn own_id(principal: &Principal) -> Result<Path<String>, ApiError> {
    let own = principal.tenant().only_resource;
    let own = own.ok_or(ApiError::NotFound("Resource"))?;
    Ok(Path(own.to_string()))
}
