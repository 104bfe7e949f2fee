//! The caller as handlers receive it. It is put there by [`authorize`](crate::authorize), which every
//! operation passes; without it these extractors answer an internal error rather than let anybody in.

use std::net::IpAddr;

use auth::{Caller, Principal};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use model::ids::AccountId;

use crate::error::ApiError;
use crate::state::State;

fn caller(parts: &Parts) -> Result<&Caller, ApiError> {
    parts
        .extensions
        .get::<Caller>()
        .ok_or_else(|| ApiError::Internal("an operation without authorization".into()))
}

/// Somebody who acts for an app.
#[derive(Clone, Debug)]
pub struct App(pub Principal);

impl FromRequestParts<State> for App {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Self::Rejection> {
        match caller(parts)? {
            Caller::App(principal) => Ok(Self(principal.clone())),
            Caller::Account(_) | Caller::Anonymous => Err(ApiError::Internal(
                "a handler for apps was reached by another caller".into(),
            )),
        }
    }
}

/// A person at the console, whichever app they act for.
#[derive(Clone, Copy, Debug)]
pub struct Account(pub AccountId);

impl FromRequestParts<State> for Account {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Self::Rejection> {
        match caller(parts)? {
            Caller::Account(account) => Ok(Self(*account)),
            Caller::App(_) | Caller::Anonymous => Err(ApiError::Internal(
                "a handler for accounts was reached by another caller".into(),
            )),
        }
    }
}

/// Whoever it is.
#[derive(Clone, Debug)]
pub struct Anyone(pub Caller);

impl FromRequestParts<State> for Anyone {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Self::Rejection> {
        caller(parts).cloned().map(Self)
    }
}

/// Where the request comes from, if that is known.
#[derive(Clone, Copy, Debug)]
pub struct Address(pub Option<IpAddr>);

impl FromRequestParts<State> for Address {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Self::Rejection> {
        let trusted = &state.config().trusted_proxies;
        Ok(Self(crate::address::caller_address(
            &parts.extensions,
            &parts.headers,
            trusted,
        )))
    }
}

/// Where the API is reached, without a slash at the end.
#[derive(Clone, Debug)]
pub struct BaseUrl(pub String);

impl FromRequestParts<State> for BaseUrl {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Self::Rejection> {
        Ok(Self(crate::address::base_url(state, &parts.extensions)))
    }
}
