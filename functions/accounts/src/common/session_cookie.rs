//! The session cookie, and what a session shows of itself.

use api::authorize::cookie_name;
use auth::token::{PlainToken, SESSION_HOURS};
use model::account::{Account, Session};
use model::app::App;
use model::key::Mode;
use model::time::{Tz, format_instant};
use serde::Serialize;
use utoipa::ToSchema;

/// Sets the cookie for as long as the session holds.
pub(crate) fn set(token: &PlainToken, secure: bool) -> String {
    cookie(token.expose(), SESSION_HOURS * 60 * 60, secure)
}

/// Takes the cookie back.
pub(crate) fn clear(secure: bool) -> String {
    cookie("", 0, secure)
}

fn cookie(value: &str, max_age_s: i64, secure: bool) -> String {
    let secure_attribute = if secure { "; Secure" } else { "" };
    let name = cookie_name(secure);
    format!(
        "{name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure_attribute}"
    )
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    /// Who is signed in.
    account: AccountView,
    /// The apps that the session can act for.
    apps: Vec<SessionAppView>,
    /// Goes into `X-CSRF-Token` on every request that is not a GET.
    csrf_token: String,
    /// From when on the session is refused.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountView {
    /// Names the account.
    #[schema(format = Uuid)]
    id: String,
    /// What to call them.
    name: String,
    /// Where they sign in.
    email: String,
}

/// An app that a session can act for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionAppView {
    /// Names it.
    #[schema(format = Uuid)]
    id: String,
    /// Goes into `Timekit-App`.
    slug: String,
    /// What people call it.
    name: String,
    /// Whether it is for trying things out.
    test_mode: bool,
}

impl SessionView {
    /// The session.
    pub(crate) fn of(
        account: Account,
        apps: Vec<App>,
        session: &Session,
        token: &PlainToken,
    ) -> Self {
        Self {
            account: AccountView {
                id: account.id.to_string(),
                name: account.name,
                email: account.email,
            },
            apps: apps
                .into_iter()
                .map(|app| SessionAppView {
                    id: app.id.to_string(),
                    slug: app.slug,
                    name: app.name,
                    test_mode: app.mode == Mode::Test,
                })
                .collect(),
            csrf_token: token.csrf(),
            expires_at: format_instant(session.expires_at, Tz::UTC),
        }
    }
}
