use api::caller::App;
use api::{ApiError, Body, Created, Faults, Idempotency, State};
use auth::principal::credential_reach;
use axum::extract::State as Extract;
use views::CredentialView;

use crate::access::Write;
use crate::common::issue::issue_credential;
use crate::fields::credential::{self, CreateCredentialRequest};

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
    let mut faults = Faults::none();
    let new = credential::read(&mut faults, request, tenant, state.now());
    let new = faults.finish(new)?;
    let made = issue_credential(&state, &principal, new).await?;
    principal.reach().covers(&credential_reach(&made))?;
    let view = CredentialView::of(&made, &principal, state.master_secret().await?)?;
    once.keep(&Created(view.without_token()))?;
    once.writer(&state).create_credential(tenant, &made).await?;
    Ok(Created(view))
}
