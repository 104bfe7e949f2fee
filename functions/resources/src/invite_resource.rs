use api::caller::App;
use api::{
    ApiError, Body, Created, Faults, Field, Idempotency, Include, OutputZone, State, Tagged,
};
use axum::extract::State as Extract;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::Write;
use crate::create_resource::create_resource;
use crate::fields::resource::ResourceRequest;
use crate::views::resource::ResourceView;

/// Whom to invite.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct InviteRequest {
    /// The address of the resource to be.
    #[serde(default)]
    #[schema(value_type = String, required, format = Email)]
    email: Field<String>,
    /// What people call it: the address's part before the `@` unless said.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    name: Field<String>,
    /// IANA time zone; `UTC` unless said.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    timezone: Field<String>,
}

/// Makes a resource for an e-mail address, with its zone and name to be set later. **No mail is sent.**
#[utoipa::path(
    post,
    path = "/v2/app/invite",
    tag = "resources",
    request_body = InviteRequest,
    responses(
        (status = 201, description = "The resource.", body = ResourceView),
        (status = 422, description = "Something is wrong with the request, or the e-mail address is another resource's: `errors`, by field."),
    )
)]
pub(crate) async fn invite_resource(
    caller: App<Write>,
    state: Extract<State>,
    include: Include,
    zone: OutputZone,
    once: Idempotency,
    Body(request): Body<InviteRequest>,
) -> Result<Tagged<Created<ResourceView>>, ApiError> {
    let mut faults = Faults::none();
    let email = faults.required("email", request.email);
    let email = faults.parsed("email", email.as_deref(), api::body::parse_email);
    let email = faults.finish(email)?;
    let local_part = email.split('@').next().unwrap_or_default().to_owned();
    let resource = ResourceRequest {
        name: request.name.or(Field::Value(local_part)),
        timezone: match request.timezone {
            Field::Absent | Field::Null => Field::Value("UTC".to_owned()),
            sent => sent,
        },
        email: Field::Value(email),
        ..ResourceRequest::default()
    };
    create_resource(caller, state, include, zone, once, Body(resource)).await
}
