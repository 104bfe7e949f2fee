use api::caller::App;
use api::{ApiError, Body, Data, IfMatch, Include, OutputZone, State, Tagged};
use axum::extract::State as Extract;

use crate::access::Own;
use crate::fields::resource::ResourceRequest;
use crate::get_user::own_id;
use crate::update_resource::update_resource;
use crate::views::resource::ResourceView;

/// Changes the resource whose server-token this is. **Deprecated**: use `PUT /v2/resources/{id}`.
#[utoipa::path(
    put,
    path = "/v2/users/me",
    tag = "resources",
    request_body = ResourceRequest,
    responses(
        (status = 200, description = "The resource.", body = ResourceView),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn update_user(
    App(principal): App<Own>,
    state: Extract<State>,
    expected: IfMatch,
    include: Include,
    zone: OutputZone,
    request: Body<ResourceRequest>,
) -> Result<Tagged<Data<ResourceView>>, ApiError> {
    let id = own_id(&principal)?;
    update_resource(App(principal), state, id, expected, include, zone, request).await
}
