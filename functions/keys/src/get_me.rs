use api::authorize::{EXPIRY_NOTICE, Standings};
use api::caller::App;
use api::{ApiError, Data, State};
use auth::limiter::LimitStatus;
use auth::{Principal, Who};
use axum::Extension;
use axum::extract::State as Extract;
use chrono::{DateTime, Utc};
use model::key::Mode;
use model::scope::Scope;
use model::time::{Tz, format_instant};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::AnyCaller;

/// Who is calling.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    /// The app.
    app: MyApp,
    /// `live` or `test`.
    mode: &'static str,
    /// `api`, `widget`, `named`, `client-token`, `server-token` or `session`.
    kind: &'static str,
    /// The key's, credential's or account's id.
    #[schema(format = Uuid)]
    id: String,
    /// What people call the key.
    name: Option<String>,
    /// The resource that a token acts as.
    resource_id: Option<String>,
    /// What you may do.
    scopes: Vec<&'static str>,
    /// From when on the key is refused; `null` means never.
    expires_at: Option<String>,
    /// Whether that is within seven days.
    expires_soon: bool,
    /// Your rate limits and what is left of them. A session has none.
    limits: Vec<MyLimit>,
}

/// A rate limit of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MyLimit {
    /// `key`, `address` or `test-app`, as in the `RateLimit-Policy` header.
    policy: &'static str,
    /// The most requests.
    limit: u32,
    /// In this time.
    window: String,
    /// What is left, as last seen a few seconds ago at most.
    remaining: u32,
}

/// The app that a caller acts for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MyApp {
    /// Names it.
    #[schema(format = Uuid)]
    id: String,
    /// Its readable name in `Timekit-App`.
    slug: String,
    /// What people call it.
    name: String,
}

/// Tells who is calling: the cheapest way to try a key. Never shows the key.
#[utoipa::path(
    get,
    path = "/v2/me",
    tag = "keys",
    responses((status = 200, description = "The caller.", body = Me))
)]
pub(crate) async fn get_me(
    App(principal): App<AnyCaller>,
    Extract(state): Extract<State>,
    Extension(Standings(standings)): Extension<Standings>,
) -> Result<Data<Me>, ApiError> {
    let app = state
        .store()
        .get_app(principal.app)
        .await?
        .ok_or(ApiError::NotFound("App"))?;
    let credential = Credential::of(&principal)?;
    let expires_at = credential.expires_at;
    Ok(Data {
        data: Me {
            app: MyApp {
                id: app.id.to_string(),
                slug: app.slug,
                name: app.name,
            },
            mode: Mode::name(principal.mode),
            kind: credential.kind,
            id: credential.id,
            name: credential.name,
            resource_id: credential.resource,
            scopes: principal.scopes.iter().map(Scope::name).collect(),
            expires_at: expires_at.map(|at| format_instant(at, Tz::UTC)),
            expires_soon: expires_at.is_some_and(|at| at - state.now() <= EXPIRY_NOTICE),
            limits: standings.into_iter().map(limit).collect(),
        },
    })
}

/// What a caller proves itself with.
struct Credential {
    kind: &'static str,
    id: String,
    name: Option<String>,
    resource: Option<String>,
    expires_at: Option<DateTime<Utc>>,
}

impl Credential {
    fn of(principal: &Principal) -> Result<Self, ApiError> {
        Ok(match &principal.who {
            Who::Key {
                id,
                kind,
                name,
                expires_at,
                ..
            } => Self {
                kind: kind.name(),
                id: id.to_string(),
                name: Some(name.clone()),
                resource: None,
                expires_at: *expires_at,
            },
            Who::Resource {
                id,
                credential,
                token_type,
                expires_at,
                ..
            } => Self {
                kind: token_type.name(),
                id: credential.to_string(),
                name: None,
                resource: Some(id.to_string()),
                expires_at: *expires_at,
            },
            Who::Session { account } => Self {
                kind: "session",
                id: account.to_string(),
                name: None,
                resource: None,
                expires_at: None,
            },
            // It may only search, and this operation is not open to it.
            Who::SignedSearch => return Err(ApiError::NotFound("Key")),
        })
    }
}

fn limit(standing: LimitStatus) -> MyLimit {
    MyLimit {
        policy: standing.policy,
        limit: standing.rate.limit,
        window: format!("{} seconds", standing.rate.window_s),
        remaining: standing.remaining,
    }
}
