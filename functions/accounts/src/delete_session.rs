use api::authorize::session_token;
use api::caller::Account;
use api::{ApiError, NoContent, State};
use axum::extract::State as Extract;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;

use crate::access::OwnAccount;
use crate::common::session_cookie;

/// Signs out: ends the session and takes the cookie back.
#[utoipa::path(
    delete,
    path = "/v2/sessions",
    tag = "accounts",
    responses((status = 204, description = "The session is over."))
)]
pub(crate) async fn delete_session(
    Account(account): Account<OwnAccount>,
    Extract(state): Extract<State>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ApiError> {
    let secure = state.config().secure_cookies;
    let token = session_token(&headers, secure).ok_or_else(api::authorize::bad_credentials)?;
    state.writer().end_session(account, token.hashed()).await?;
    Ok((
        [(header::SET_COOKIE, session_cookie::clear(secure))],
        NoContent,
    ))
}
