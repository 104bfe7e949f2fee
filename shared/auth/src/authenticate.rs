//! From a request's credential to its caller: read what is presented, look it up once, decide.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use model::key::ApiKey;
use model::origin::Origin;
use store::{Store, StoreError};

use crate::access::Access;
use crate::decide::{AuthRecord, Circumstances, KeyStatus, NamedApp, decide};
use crate::denied::{AuthError, Denied};
use crate::key_cache::{Freshness, KeyCache};
use crate::presented::{self, Presented};
use crate::principal::Caller;
use crate::token::PlainToken;

/// What a deployment allows.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Whether secrets of foreign shapes are looked up: keys brought along by their hash.
    pub allow_imported_keys: bool,
    /// Whether this is a development server, which alone accepts the published key.
    pub is_development: bool,
}

/// What a request says about its caller.
#[derive(Debug)]
pub struct Request<'a> {
    /// Every value of the `Authorization` header.
    pub authorization: Vec<&'a [u8]>,
    /// The session cookie.
    pub session: Option<PlainToken>,
    /// The `Timekit-App` header: an app's slug.
    pub app: Option<&'a str>,
    /// The `X-CSRF-Token` header.
    pub csrf: Option<&'a str>,
    /// Whether the request changes nothing by its method.
    pub is_safe: bool,
    /// The `Origin` header.
    pub origin: Option<Origin>,
    /// Whether that origin is this API's own.
    pub is_own_origin: bool,
    /// Where the request comes from.
    pub address: Option<IpAddr>,
}

/// What was found out about a request's caller.
#[derive(Debug)]
pub struct Authenticated {
    /// Who is calling, or why they are turned away.
    pub caller: Result<Caller, AuthError>,
    /// The key presented, if it is known, whether or not it opens anything.
    pub key: Option<ApiKey>,
    /// What may be told about the credential beside the answer, once it is known that it holds.
    pub told: Option<KeyStatus>,
    /// What is known of the key is good for.
    pub freshness: Freshness,
}

/// Finds out who is calling, and whether they may do what `access` asks for. It is one function because each kind of credential
/// is one arm of a match.
///
/// The caller is [`AuthError::Denied`] if not, and [`AuthError::Unavailable`] if it could not be found out.
pub async fn authenticate(
    store: &Store,
    keys: Option<&KeyCache>,
    policy: Policy,
    request: &Request<'_>,
    access: Access,
    now: DateTime<Utc>,
) -> Authenticated {
    let at = Circumstances {
        now,
        address: request.address,
        origin: request.origin.clone(),
        is_development: policy.is_development,
    };
    let mut known = Authenticated {
        caller: Err(Denied::Missing.into()),
        key: None,
        told: None,
        freshness: Freshness::Current,
    };
    let mut was_read = false;
    known.caller = async {
        let found = match presented::read(&request.authorization, policy.allow_imported_keys)? {
            Some(Presented::Key(hash)) => {
                let cached = keys.and_then(|keys| keys.get(hash, now));
                known.key = match cached {
                    Some(cached) => {
                        known.freshness = cached.freshness;
                        Some(cached.key)
                    }
                    None => {
                        was_read = true;
                        store.find_key(hash).await?
                    }
                };
                known.key.clone().map(AuthRecord::Key)
            }
            Some(Presented::ResourceToken { user, token }) => {
                // The two reads need nothing of each other.
                let (credential, app) =
                    tokio::join!(store.find_credential(token), named_app(store, request.app));
                let app = app?;
                credential?.map(|credential| AuthRecord::Credential {
                    credential,
                    user,
                    app,
                })
            }
            None => {
                let token = request.session.as_ref().ok_or(Denied::Missing)?;
                find_session(store, token, request).await?
            }
        };
        known.told = found.as_ref().and_then(KeyStatus::of);
        Ok(decide(found, access, &at)?)
    }
    .await;
    if let (Some(keys), Some(key), Ok(_)) = (keys, &known.key, &known.caller)
        // One from the cache is not kept anew: it would never be read again while it is in use.
        && was_read
    {
        keys.keep(key, now);
    }
    known
}

async fn named_app(
    store: &Store,
    slug: Option<&str>,
) -> Result<Option<store::AppIdentity>, StoreError> {
    match slug {
        Some(slug) if !slug.is_empty() => store.find_app(slug).await,
        _ => Ok(None),
    }
}

async fn find_session(
    store: &Store,
    token: &PlainToken,
    request: &Request<'_>,
) -> Result<Option<AuthRecord>, StoreError> {
    let (session, app) = tokio::join!(
        store.find_session(token.hashed()),
        named_app(store, request.app)
    );
    let app = match (request.app, app?) {
        (None | Some(""), _) => NamedApp::None,
        (Some(_), None) => NamedApp::Unknown,
        (Some(_), Some(app)) => NamedApp::Known(app),
    };
    let same_site =
        request.is_safe || (request.is_own_origin && request.csrf == Some(token.csrf().as_str()));
    Ok(session?.map(|session| AuthRecord::Session {
        session,
        same_site,
        app,
    }))
}
