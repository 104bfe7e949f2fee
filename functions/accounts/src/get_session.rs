use api::authorize::session_token;
use api::caller::Account;
use api::{ApiError, Data, State};
use axum::extract::State as Extract;
use axum::http::HeaderMap;

use crate::access::OwnAccount;
use crate::common::session_cookie::SessionView;

/// Shows the session that the cookie stands for, with its CSRF token.
#[utoipa::path(
    get,
    path = "/v2/sessions",
    tag = "accounts",
    responses((status = 200, description = "The session.", body = SessionView))
)]
pub(crate) async fn get_session(
    Account(account): Account<OwnAccount>,
    Extract(state): Extract<State>,
    headers: HeaderMap,
) -> Result<Data<SessionView>, ApiError> {
    let token = session_token(&headers, state.config().secure_cookies)
        .ok_or_else(api::authorize::bad_credentials)?;
    let store = state.store();
    let session = store
        .find_session(token.hashed())
        .await?
        .ok_or_else(api::authorize::bad_credentials)?;
    let account = store
        .get_account(account)
        .await?
        .ok_or_else(api::authorize::bad_credentials)?;
    let apps = store.list_apps(account.id).await?;
    Ok(Data {
        data: SessionView::of(account, apps, &session, &token),
    })
}
