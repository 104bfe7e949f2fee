use api::address::stranger;
use api::authorize::session_token;
use api::caller::{Account, Address};
use api::password_check::PasswordCheck;
use api::{ApiError, Body, Faults, Field, NoContent, State};
use axum::extract::State as Extract;
use axum::http::HeaderMap;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::OwnAccount;

/// The password that holds, and the one that shall.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ChangePasswordRequest {
    /// The account's password.
    #[serde(default)]
    #[schema(value_type = String, required)]
    current_password: Field<String>,
    /// The new one: 10 to 200 characters.
    #[serde(default)]
    #[schema(value_type = String, required, min_length = 10, max_length = 200)]
    password: Field<String>,
}

/// Changes the password of whoever is signed in, and ends all their other sessions.
///
/// A wrong current password counts as a wrong one at sign-in: ten in fifteen minutes.
#[utoipa::path(
    put,
    path = "/v2/accounts/password",
    tag = "accounts",
    request_body = ChangePasswordRequest,
    responses(
        (status = 204, description = "The password is changed. This session goes on."),
        (status = 422, description = "The current password is wrong, or the new one too short: `errors`, by field."),
        (status = 429, description = "Too many wrong passwords."),
    )
)]
pub(crate) async fn change_password(
    Account(account): Account<OwnAccount>,
    Extract(state): Extract<State>,
    Address(address): Address,
    headers: HeaderMap,
    Body(request): Body<ChangePasswordRequest>,
) -> Result<NoContent, ApiError> {
    let mut faults = Faults::none();
    let current = faults.required("current_password", request.current_password);
    let password = faults.required("password", request.password);
    let password = api::body::sound_password(&mut faults, "password", password);
    let (current, password) = faults.finish(current.zip(password))?;

    let token = session_token(&headers, state.config().secure_cookies)
        .ok_or_else(api::authorize::bad_credentials)?;
    let account = state.store().get_account(account).await?;
    let account = account.ok_or_else(api::authorize::bad_credentials)?;
    let check = PasswordCheck::begin(&state, &account.email, address).await?;
    let found = state.store().find_account(&account.email).await?;
    let found = found.ok_or_else(api::authorize::bad_credentials)?;
    check
        .finish(&state, current.into(), Some(found.password_hash.clone()))
        .await
        .map_err(wrong_password)?;
    let hash = state
        .hashing()
        .hash(stranger(address), password.into(), state.random())
        .await?;
    let is_changed = state
        .writer()
        .change_password(&found, &hash, token.hashed())
        .await?;
    if is_changed {
        Ok(NoContent)
    } else {
        // Somebody else changed it between our look and now.
        Err(wrong_password(api::authorize::bad_credentials()))
    }
}

/// The session is sound, so 401 would mislead: what is wrong is a field.
fn wrong_password(error: ApiError) -> ApiError {
    match error {
        ApiError::Unauthenticated(_) => ApiError::Invalid(Faults::one(
            "current_password",
            "is not the account's password",
        )),
        other => other,
    }
}
