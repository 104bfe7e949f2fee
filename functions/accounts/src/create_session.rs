use api::address::is_own_origin;
use api::caller::{Address, BaseUrl, Public};
use api::password_check::PasswordCheck;
use api::{ApiError, Body, Created, Faults, Field, State};
use auth::Denied;
use auth::token::{PlainToken, SESSION_HOURS};
use axum::extract::State as Extract;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use chrono::TimeDelta;
use model::account::Session;
use model::origin::Origin;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::Anybody;
use crate::common::session_cookie::{self, SessionView};

/// Who signs in.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateSessionRequest {
    /// The account's e-mail address.
    #[serde(default)]
    #[schema(value_type = String, required)]
    email: Field<String>,
    /// Its password.
    #[serde(default)]
    #[schema(value_type = String, required)]
    password: Field<String>,
}

/// Signs in: sets the session cookie, for twelve hours, and answers the CSRF token.
///
/// Wrong passwords are limited per account and per address: ten in fifteen minutes.
#[utoipa::path(
    post,
    path = "/v2/sessions",
    tag = "accounts",
    request_body = CreateSessionRequest,
    responses(
        (status = 201, description = "The session.", body = SessionView),
        (status = 401, description = "Unknown address or wrong password."),
        (status = 403, description = "The request comes from another site's page."),
        (status = 422, description = "A field is missing."),
        (status = 429, description = "Too many wrong passwords."),
    )
)]
pub(crate) async fn create_session(
    _: Public<Anybody>,
    Extract(state): Extract<State>,
    Address(address): Address,
    BaseUrl(base_url): BaseUrl,
    headers: HeaderMap,
    Body(request): Body<CreateSessionRequest>,
) -> Result<impl IntoResponse, ApiError> {
    refuse_other_sites(&headers, &base_url)?;
    let mut faults = Faults::none();
    let email = faults.required("email", request.email);
    let password = faults.required("password", request.password);
    let (email, password) = faults.finish(email.zip(password))?;

    let check = PasswordCheck::begin(&state, &email, address).await?;
    let found = state.store().find_account(&email).await?;
    let hash = found.as_ref().map(|found| found.password_hash.clone());
    check.finish(&state, password.into(), hash).await?;
    let found = found.ok_or_else(api::authorize::bad_credentials)?;

    let now = state.now();
    let token = PlainToken::generate(state.random());
    let expires_at = now + TimeDelta::hours(SESSION_HOURS);
    let session = Session {
        account: found.account.id,
        created_at: now,
        expires_at,
    };
    if !state
        .writer()
        .create_session(&found, token.hashed(), &session)
        .await?
    {
        // The password was changed between our look and the sign-in: it is the wrong one now.
        return Err(api::authorize::bad_credentials());
    }
    let apps = state.store().list_apps(session.account).await?;
    let cookie = session_cookie::set(&token, state.config().secure_cookies);
    Ok((
        [(header::SET_COOKIE, cookie)],
        Created(SessionView::of(found.account, apps, &session, &token)),
    ))
}

/// Another site's page must not sign its visitor in to an account of its choosing.
fn refuse_other_sites(headers: &HeaderMap, base_url: &str) -> Result<(), ApiError> {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let origin = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.parse::<Origin>().ok());
    match origin {
        Some(origin) if is_own_origin(&origin, base_url, headers) => Ok(()),
        _ => Err(ApiError::Forbidden(Denied::CrossSite)),
    }
}
