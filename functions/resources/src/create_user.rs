use api::caller::App;
use api::{ApiError, Body, Created, Idempotency, Include, OutputZone, State, Tagged};
use axum::extract::State as Extract;

use crate::access::Write;
use crate::create_resource::create_resource;
use crate::fields::resource::{CreateResourceRequest, ResourceRequest};
use crate::views::resource::ResourceView;

/// Makes a resource, under its older name. **Deprecated**: use `POST /v2/resources`.
#[utoipa::path(
    post,
    path = "/v2/users",
    tag = "resources",
    request_body = CreateResourceRequest,
    responses(
        (status = 201, description = "The resource.", body = ResourceView),
        (status = 422, description = "Something is wrong with the request, or the e-mail address is another resource's: `errors`, by field."),
    )
)]
pub(crate) async fn create_user(
    caller: App<Write>,
    state: Extract<State>,
    include: Include,
    zone: OutputZone,
    once: Idempotency,
    request: Body<ResourceRequest>,
) -> Result<Tagged<Created<ResourceView>>, ApiError> {
    create_resource(caller, state, include, zone, once, request).await
}
