use api::caller::App;
use api::{ApiError, Body, Created, Faults, Field, Idempotency, State};
use auth::principal::credential_reach;
use axum::extract::State as Extract;
use model::key::{Credential, HashedKey};
use serde::Deserialize;
use utoipa::ToSchema;
use views::CredentialView;

use crate::access::Import;
use crate::common::issue::issue_credential;
use crate::fields::credential::{self, CreateCredentialRequest};

/// A resource token to bring along: the fields of a new one, and what it is known by.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ImportCredentialRequest {
    /// SHA-256 of the token, in hexadecimal. The token itself is never sent.
    #[serde(default)]
    #[schema(value_type = String, required, pattern = "^[0-9a-fA-F]{64}$")]
    sha256: Field<String>,
    #[serde(flatten)]
    new: CreateCredentialRequest,
}

/// Brings along a resource token that you already use elsewhere, by its hash. Later it is listed with `token: null`.
///
/// Only where the deployment allows imported keys.
#[utoipa::path(
    post,
    path = "/v2/credentials/import",
    tag = "credentials",
    request_body = ImportCredentialRequest,
    responses(
        (status = 201, description = "The credential, without its token.", body = CredentialView),
        (status = 403, description = "It would reach further than your own key."),
        (status = 404, description = "There is no such resource, or it is not yours."),
        (status = 409, description = "It is in use, or the deployment does not allow imported keys."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn import_credential(
    App(principal): App<Import>,
    Extract(state): Extract<State>,
    once: Idempotency,
    Body(request): Body<ImportCredentialRequest>,
) -> Result<Created<CredentialView>, ApiError> {
    if !state.config().policy.allow_imported_keys {
        return Err(ApiError::IMPORT_NOT_ALLOWED);
    }
    let tenant = principal.tenant();
    let mut faults = Faults::none();
    let hash = faults.required("sha256", request.sha256);
    let hash = faults.parsed("sha256", hash.as_deref(), HashedKey::parse);
    let new = credential::read(&mut faults, request.new, tenant, state.now());
    let (hash, new) = faults.finish(hash.zip(new))?;
    let imported = Credential {
        hash,
        secret_version: None,
        ..issue_credential(&state, &principal, new).await?
    };
    principal.reach().covers(&credential_reach(&imported))?;
    let answer = Created(CredentialView::of(
        &imported,
        &principal,
        state.master_secret().await?,
    )?);
    once.keep(&answer)?;
    once.writer(&state)
        .create_credential(tenant, &imported)
        .await?;
    Ok(answer)
}
