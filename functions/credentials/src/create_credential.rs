use api::caller::App;
use api::{ApiError, Body, Created, Idempotency, State};
use auth::issue::credential;
use auth::principal::credential_reach;
use axum::extract::State as Extract;
use views::CredentialView;

use crate::access::Write;
use crate::credential_fields::{self, CreateCredentialRequest, refuse_one_more};

/// Makes a credential for a resource.
#[utoipa::path(
    post,
    path = "/v2/credentials",
    tag = "credentials",
    request_body = CreateCredentialRequest,
    responses(
        (status = 201, description = "The credential with its token.", body = CredentialView),
        (status = 404, description = "There is no such resource, or it is not yours."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn create_credential(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    once: Idempotency,
    Body(request): Body<CreateCredentialRequest>,
) -> Result<Created<CredentialView>, ApiError> {
    let tenant = principal.tenant();
    let now = state.now();
    let (resource_id, new) = credential_fields::parse(request, tenant, now)?;
    let resource = state
        .store()
        .get_resource(tenant, resource_id)
        .await?
        .ok_or(ApiError::NotFound("Resource"))?;
    refuse_one_more(&state, tenant, resource_id).await?;
    let secret = state.master_secret().await?;
    let made = credential(
        new,
        &resource,
        &principal.issuer(),
        secret,
        state.random(),
        now,
    )?;
    principal.reach().covers(&credential_reach(&made))?;
    let view = CredentialView::of(&made, &principal, secret)?;
    once.keep(&Created(view.without_token()))?;
    once.writer(&state).create_credential(tenant, &made).await?;
    Ok(Created(view))
}
