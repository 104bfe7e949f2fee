//! Who: what a request presents, and whose it is.

use std::net::IpAddr;

use auth::key_cache::Freshness;
use auth::token::PlainToken;
use auth::{
    Access, AuthError, Authenticated, Caller, Denied, KeyCache, KeyStatus, Principal, Proof,
    Request as AuthRequest, authenticate,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use model::ids::AppId;
use model::key::ApiKey;
use model::origin::Origin;

use crate::address::{base_url, caller_address, is_own_origin};
use crate::error::ApiError;
use crate::limits;
use crate::operation::Operation;
use crate::signed_search::SignedSearch;
use crate::state::State;

/// The session cookie's name: with the prefix that browsers guard where cookies are for HTTPS only.
pub const fn cookie_name(secure: bool) -> &'static str {
    if secure {
        "__Host-latchkey_session"
    } else {
        "latchkey_session"
    }
}

/// What is known of a request's caller.
pub(super) struct Identified {
    pub(super) caller: Result<Caller, ApiError>,
    pub(super) key: Option<ApiKey>,
    pub(super) freshness: Freshness,
    told: Option<KeyStatus>,
    denied: Option<Denied>,
}

impl Identified {
    /// A caller who was told by something else than a credential.
    fn without_credential(caller: Result<Caller, ApiError>) -> Self {
        Self {
            caller,
            key: None,
            freshness: Freshness::Current,
            told: None,
            denied: None,
        }
    }

    /// What headers may tell of the caller's credential: of one that was accepted, and of one that holds and may not do
    /// what was asked.
    pub(super) fn told(&self) -> Option<KeyStatus> {
        match &self.caller {
            // A signed search has no credential, but an app.
            Ok(Caller::App(principal)) => Some(self.told.unwrap_or(KeyStatus {
                mode: principal.mode,
                expires_at: None,
            })),
            Err(ApiError::Forbidden(_)) => self.told,
            Ok(Caller::Account(_) | Caller::Anonymous) | Err(_) => None,
        }
    }

    pub(super) fn principal(&self) -> Option<Principal> {
        match &self.caller {
            Ok(Caller::App(principal)) => Some(principal.clone()),
            Ok(Caller::Account(_) | Caller::Anonymous) | Err(_) => None,
        }
    }

    /// The app that the caller acts for, or would if it were let in.
    pub(super) fn app(&self) -> Option<AppId> {
        let principal = self.principal().map(|principal| principal.app);
        principal.or_else(|| self.key.as_ref().map(|key| key.app))
    }

    /// How the caller is named in logs.
    pub(super) fn actor(&self) -> Option<String> {
        match &self.caller {
            Ok(Caller::App(principal)) => Some(principal.actor()),
            Ok(Caller::Account(account)) => Some(format!("account:{account}")),
            Ok(Caller::Anonymous) | Err(_) => None,
        }
    }
}

pub(super) fn address_of(state: &State, parts: &Parts) -> Option<IpAddr> {
    caller_address(
        &parts.extensions,
        &parts.headers,
        &state.config().trusted_proxies,
    )
}

/// What of a request shows who sent it.
enum Evidence {
    /// Nothing: nobody is asked.
    NotAsked,
    /// A search that an app is said to have signed.
    SignedSearch(SignedSearch),
    /// A key, a token or a session, or nothing where one of them is needed.
    Credential,
}

impl Evidence {
    fn of(access: Access, parts: &Parts) -> Self {
        if access.is_anonymous() {
            return Self::NotAsked;
        }
        let signed = access.is_open_to(Proof::SignedSearch);
        match signed.then(|| SignedSearch::of(parts)).flatten() {
            Some(signed) => Self::SignedSearch(signed),
            None => Self::Credential,
        }
    }
}

pub(super) async fn identify(
    state: &State,
    operation: &Operation,
    parts: &Parts,
    keys: Option<&KeyCache>,
) -> Identified {
    let address = address_of(state, parts);
    let known = match Evidence::of(operation.access, parts) {
        Evidence::NotAsked => {
            let caller = count_anonymous(state, operation, address).await;
            Identified::without_credential(caller.map(|()| Caller::Anonymous))
        }
        Evidence::SignedSearch(signed) => {
            let caller = match count_anonymous(state, operation, address).await {
                Ok(()) => signed.caller(state).await,
                Err(error) => Err(error),
            };
            Identified::without_credential(caller)
        }
        Evidence::Credential => look_up(state, operation.access, parts, keys).await,
    };
    if let (Some(denied), Some(key)) = (known.denied, &known.key) {
        let source = address.map(|address| address.to_string());
        state
            .refusals()
            .count(state.counters(), key, denied, source, state.now())
            .await;
    }
    known
}

/// Finds out whose the credential is that a request presents, and whether `access` is open to it. A refusal is not
/// counted here. It is one function because it gathers everything that a request presents.
pub(super) async fn look_up(
    state: &State,
    access: Access,
    parts: &Parts,
    keys: Option<&KeyCache>,
) -> Identified {
    let headers = &parts.headers;
    let origin = headers.get(header::ORIGIN);
    let origin = origin.map(|origin| {
        origin
            .to_str()
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or_else(Origin::opaque)
    });
    let own = base_url(state, &parts.extensions);
    let is_own_origin = origin
        .as_ref()
        .is_some_and(|origin| is_own_origin(origin, &own, headers));
    let presented = AuthRequest {
        authorization: headers
            .get_all(header::AUTHORIZATION)
            .iter()
            .map(HeaderValue::as_bytes)
            .collect(),
        session: session_token(headers, state.config().secure_cookies),
        app: text(headers, &HeaderName::from_static("timekit-app")),
        csrf: text(headers, &HeaderName::from_static("x-csrf-token")),
        is_safe: parts.method.is_safe(),
        origin,
        is_own_origin,
        address: address_of(state, parts),
    };
    let (policy, now) = (state.config().policy, state.now());
    let Authenticated {
        caller,
        key,
        told,
        freshness,
    } = authenticate(state.store(), keys, policy, &presented, access, now).await;
    let denied = match &caller {
        Err(AuthError::Denied(denied)) => Some(*denied),
        Ok(_) | Err(AuthError::Unavailable(_)) => None,
    };
    Identified {
        caller: caller.map_err(ApiError::from),
        key,
        freshness,
        told,
        denied,
    }
}

async fn count_anonymous(
    state: &State,
    operation: &Operation,
    address: Option<IpAddr>,
) -> Result<(), ApiError> {
    let Some(window) = operation.access.address_window() else {
        return Ok(());
    };
    let who = limits::disguised_address(state, address).await?;
    limits::count(state, &operation.id, &who, window)
        .await
        .map(|_| ())
}

/// The session cookie's value.
pub fn session_token(headers: &HeaderMap, secure: bool) -> Option<PlainToken> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == cookie_name(secure))
        .map(|(_, value)| PlainToken::presented(value))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
