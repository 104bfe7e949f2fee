//! What creating and importing a credential have in common.

use api::{ApiError, Faults, State};
use auth::Principal;
use auth::issue::{NewCredential, credential};
use model::ids::ResourceId;
use model::key::Credential;

/// The most credentials that a resource has.
const MAX_CREDENTIALS: usize = 20;

/// A new credential of a resource of the caller's, which is not stored yet.
///
/// # Errors
///
/// The resource may be outside the caller's reach, and may have too many credentials already.
pub(crate) async fn issue_credential(
    state: &State,
    principal: &Principal,
    (resource, new): (ResourceId, NewCredential),
) -> Result<Credential, ApiError> {
    let (store, tenant) = (state.store(), principal.tenant());
    let resource = store.get_resource(tenant, resource).await?;
    let resource = resource.ok_or(ApiError::NotFound("Resource"))?;
    let others = store.list_credentials_of(tenant, resource.id).await?;
    if others.len() >= MAX_CREDENTIALS {
        let sentence =
            format!("a resource has at most {MAX_CREDENTIALS} credentials; delete one first");
        return Err(ApiError::Invalid(Faults::one("resource_id", sentence)));
    }
    let secret = state.master_secret().await?;
    Ok(credential(
        new,
        &resource,
        &principal.issuer(),
        secret,
        state.random(),
        state.now(),
    )?)
}
