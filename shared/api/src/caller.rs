//! The caller as handlers receive it, and who may be one. A handler's first argument says who may call its operation: it is
//! one of [`App`], [`Account`], [`Anyone`] and [`Public`], each of an [`OperationAccess`].
//!
//! ```
//! use api::caller::App;
//! use api::{ApiError, Data, Operations, State, access, routes};
//! use auth::{Access, Principal};
//! use axum::extract::State as Extract;
//! use model::scope::Scope;
//!
//! access! {
//!     /// Reads things.
//!     enum ReadThings: Principal = Access::scope(Scope::BookingsRead).and_server_token();
//! }
//!
//! mod list_things {
//!     use super::*;
//!
//!     #[utoipa::path(get, path = "/v2/things", responses((status = 200)))]
//!     pub async fn list_things(
//!         App(principal): App<ReadThings>,
//!         Extract(_): Extract<State>,
//!     ) -> Result<Data<String>, ApiError> {
//!         Ok(Data { data: principal.app.to_string() })
//!     }
//! }
//!
//! fn main() {
//!     let operations = Operations::new().add(routes!(list_things::list_things));
//!     assert_eq!(operations.list()[0].access, Access::scope(Scope::BookingsRead).and_server_token().access());
//! }
//! ```
//!
//! So no handler gets a caller whom its operation does not admit. Where everybody is admitted there is no app:
//!
//! ```compile_fail,E0271
//! use api::caller::App;
//! use auth::{Access, Anonymous};
//!
//! api::access! {
//!     /// Everybody.
//!     enum Anybody: Anonymous = Access::anonymous();
//! }
//!
//! async fn list_things(App(principal): App<Anybody>) {}
//! ```
//!
//! An access is of the callers that it admits:
//!
//! ```compile_fail,E0308
//! use auth::{Access, Principal};
//!
//! api::access! {
//!     /// Everybody, as if they were an app.
//!     enum Anybody: Principal = Access::anonymous();
//! }
//! ```
//!
//! And a handler that does not say who may call it is none:
//!
//! ```compile_fail,E0277
//! use api::{Operations, routes};
//!
//! mod list_things {
//!     #[utoipa::path(get, path = "/v2/things", responses((status = 200)))]
//!     pub async fn list_things() {}
//! }
//!
//! fn main() {
//!     let _ = Operations::new().add(routes!(list_things::list_things));
//! }
//! ```

use std::marker::PhantomData;
use std::net::IpAddr;

use auth::{Access, AccessFor, Anonymous, Caller, Principal};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use model::ids::AccountId;

use crate::error::ApiError;
use crate::state::State;

/// Who may call an operation, as a type for its handler to name. [`access!`](crate::access) makes one.
pub trait OperationAccess: Send + Sync + 'static {
    /// What the handler learns about its caller.
    type Caller;

    /// Who may call.
    const ACCESS: AccessFor<Self::Caller>;
}

/// The first argument of a handler.
pub trait FirstArgument {
    /// Who may call its operation.
    const ACCESS: Access;
}

/// A function that handles an operation: its first argument says who may call it.
#[diagnostic::on_unimplemented(
    message = "a handler says who may call it",
    note = "its first argument must be one of App<_>, Account<_>, Anyone<_> and Public<_>"
)]
pub trait OperationHandler<Arguments> {
    /// Who may call its operation.
    const ACCESS: Access;
}

macro_rules! operation_handler {
    ($($argument:ident)*) => {
        impl<F, Output, First, $($argument),*> OperationHandler<(First, $($argument,)*)> for F
        where
            F: Fn(First, $($argument),*) -> Output,
            First: FirstArgument,
        {
            const ACCESS: Access = First::ACCESS;
        }
    };
}

operation_handler!();
operation_handler!(A);
operation_handler!(A B);
operation_handler!(A B C);
operation_handler!(A B C D);
operation_handler!(A B C D E);
operation_handler!(A B C D E G);
operation_handler!(A B C D E G H);
operation_handler!(A B C D E G H I);

/// Who may call the operation of `handler`.
#[doc(hidden)]
pub const fn access_of<Arguments, H: OperationHandler<Arguments>>(_: &H) -> Access {
    H::ACCESS
}

/// Makes the types by which handlers name who may call them: the name, the type of callers and the access of each.
///
/// ```text
/// api::access! {
///     /// Reads bookings.
///     pub(crate) enum Read: Principal = Access::scope(Scope::BookingsRead).and_server_token();
/// }
/// ```
#[macro_export]
macro_rules! access {
    ($($(#[$doc:meta])* $visible:vis enum $name:ident: $caller:ty = $access:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        $visible enum $name {}

        impl $crate::caller::OperationAccess for $name {
            type Caller = $caller;

            const ACCESS: ::auth::AccessFor<$caller> = $access;
        }
    )+};
}

/// The caller of the request, whom [`authorize`](crate::authorize) has let through; without it these extractors answer an
/// internal error rather than let anybody in.
fn caller(parts: &Parts) -> Result<&Caller, ApiError> {
    parts
        .extensions
        .get::<Caller>()
        .ok_or_else(|| ApiError::Internal("an operation without authorization".into()))
}

/// The caller of a request who acts for an app, for what is read of a request beside its handler's first argument.
///
/// # Errors
///
/// [`ApiError::Internal`] if the caller does not act for an app: the operation admits others.
pub fn principal(parts: &Parts) -> Result<&Principal, ApiError> {
    match caller(parts)? {
        Caller::App(principal) => Ok(principal),
        Caller::Account(_) | Caller::Anonymous => Err(ApiError::Internal(
            "what is for apps was reached by another caller".into(),
        )),
    }
}

/// A caller who acts for an app.
#[derive(Clone, Debug)]
pub struct App<A: OperationAccess<Caller = Principal>>(pub A::Caller);

impl<A: OperationAccess<Caller = Principal>> FirstArgument for App<A> {
    const ACCESS: Access = A::ACCESS.access();
}

impl<A: OperationAccess<Caller = Principal>> FromRequestParts<State> for App<A> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Self::Rejection> {
        principal(parts).cloned().map(Self)
    }
}

/// A person at the console, for whichever of the account's apps.
#[derive(Clone, Copy, Debug)]
pub struct Account<A: OperationAccess<Caller = AccountId>>(pub A::Caller);

impl<A: OperationAccess<Caller = AccountId>> FirstArgument for Account<A> {
    const ACCESS: Access = A::ACCESS.access();
}

impl<A: OperationAccess<Caller = AccountId>> FromRequestParts<State> for Account<A> {
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

/// A caller who acts for an app or for an account.
#[derive(Clone, Debug)]
pub struct Anyone<A: OperationAccess<Caller = Caller>>(pub A::Caller);

impl<A: OperationAccess<Caller = Caller>> FirstArgument for Anyone<A> {
    const ACCESS: Access = A::ACCESS.access();
}

impl<A: OperationAccess<Caller = Caller>> FromRequestParts<State> for Anyone<A> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Self::Rejection> {
        caller(parts).cloned().map(Self)
    }
}

/// Nobody is asked who they are.
#[derive(Clone, Copy, Debug)]
pub struct Public<A: OperationAccess<Caller = Anonymous>>(PhantomData<A>);

impl<A: OperationAccess<Caller = Anonymous>> FirstArgument for Public<A> {
    const ACCESS: Access = A::ACCESS.access();
}

impl<A: OperationAccess<Caller = Anonymous>, S: Sync> FromRequestParts<S> for Public<A> {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(PhantomData))
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

impl BaseUrl {
    /// As the extractor finds it.
    pub fn of(state: &State, parts: &Parts) -> Self {
        Self(crate::address::base_url(state, &parts.extensions))
    }
}

impl FromRequestParts<State> for BaseUrl {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Self::Rejection> {
        Ok(Self::of(state, parts))
    }
}
