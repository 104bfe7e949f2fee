use api::address::stranger;
use api::caller::{Address, Public};
use api::{ApiError, Body, Faults, Field, NoContent, State};
use auth::token::PlainToken;
use axum::extract::State as Extract;
use serde::Deserialize;
use store::ResetError;
use utoipa::ToSchema;

use crate::access::Anybody;

/// A one-time link's token, and the password to set.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ResetPasswordRequest {
    /// What stands behind the `#` of the link.
    #[serde(default)]
    #[schema(value_type = String, required)]
    token: Field<String>,
    /// 10 to 200 characters.
    #[serde(default)]
    #[schema(value_type = String, required, min_length = 10, max_length = 200)]
    password: Field<String>,
}

/// Sets a new password by a one-time link, and ends every session of the account.
///
/// Links are made by whoever runs the server: `latchkey accounts reset-link EMAIL`. No mail is sent.
#[utoipa::path(
    post,
    path = "/v2/accounts/reset-password",
    tag = "accounts",
    request_body = ResetPasswordRequest,
    responses(
        (status = 204, description = "The password is set. Sign in with it."),
        (status = 422, description = "The link is unknown, used or expired, or the password is too short: `errors`, by field."),
    )
)]
pub(crate) async fn reset_password(
    _: Public<Anybody>,
    Extract(state): Extract<State>,
    Address(address): Address,
    Body(request): Body<ResetPasswordRequest>,
) -> Result<NoContent, ApiError> {
    let mut faults = Faults::none();
    let token = faults.required("token", request.token);
    let password = faults.required("password", request.password);
    let password = api::body::sound_password(&mut faults, "password", password);
    let (token, password) = faults.finish(token.zip(password))?;
    let hash = state
        .hashing()
        .hash(stranger(address), password.into(), state.random())
        .await?;
    let reset = state
        .writer()
        .reset_password(PlainToken::presented(&token).hashed(), &hash, state.now())
        .await;
    match reset {
        Ok(()) => Ok(NoContent),
        Err(ResetError::LinkInvalid) => Err(ApiError::Invalid(Faults::one(
            "token",
            "is unknown, used or expired; ask for a new link",
        ))),
        Err(ResetError::Store(error)) => Err(error.into()),
    }
}
