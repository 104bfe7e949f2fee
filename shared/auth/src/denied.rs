//! Why a caller was turned away. The reason is for the operator; callers with a bad credential all hear the same.

use store::StoreError;

/// A refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Nothing was presented.
    #[error("no credential was presented")]
    Missing,
    /// What was presented is no credential of ours; it was not looked up.
    #[error("the credential is malformed")]
    Malformed,
    /// A key stood where the user name belongs. Worth a hint, and tells an attacker nothing.
    #[error("a key was presented as user name")]
    KeyAsUser,
    /// The scheme was written `Bearer:`. Worth a hint: a published guide has it so.
    #[error("the scheme was followed by a colon")]
    BearerColon,
    /// The scheme was written `Basic:`. Worth a hint, as [`Denied::BearerColon`].
    #[error("the scheme was followed by a colon")]
    BasicColon,
    /// A credential was sent without a scheme, or behind a scheme that is not taken. Worth a hint: a source document shows
    /// the value without its scheme.
    #[error("a credential was presented without its scheme")]
    NoScheme,
    /// Behind `Basic` a credential stood as it is, and not in base64. Worth a hint.
    #[error("a credential was presented to Basic without base64")]
    NotEncoded,
    /// Behind `Bearer` a key stood with a colon or in base64, as Basic takes it. Worth a hint.
    #[error("a key was presented to Bearer as Basic takes it")]
    EncodedForBasic,
    /// It was looked up and not found.
    #[error("the credential is unknown")]
    Unknown,
    /// It had its time.
    #[error("the credential has expired")]
    Expired,
    /// It was revoked.
    #[error("the credential is revoked")]
    Revoked,
    /// It may not be used from this address.
    #[error("the address is not among those allowed")]
    AddressNotAllowed,
    /// It is the published development key, and this is no development server.
    #[error("the development key is refused here")]
    DevelopmentKey,
    /// It may not be used from this page.
    #[error("the origin is not among those allowed")]
    OriginNotAllowed,
    /// Callers of this kind may not do this.
    #[error("callers of this kind may not do this")]
    KindNotAllowed,
    /// The caller lacks the scope for this.
    #[error("the caller lacks the scope {0}")]
    InsufficientScope(model::scope::Scope),
    /// A search was not signed by the app that it names, or its time is over.
    #[error("the signature of the search does not hold")]
    SearchForged,
    /// A search leaves out, or changes, what was signed.
    #[error("the search is not the one that was signed")]
    SearchNotSigned,
    /// A session's unsafe request came without its CSRF token, or from another site.
    #[error("the request does not come from the console's own pages")]
    CrossSite,
    /// A session did not say which app it acts for.
    #[error("the session names no app")]
    AppNotNamed,
    /// A session named an app that is not its account's, or none at all.
    #[error("the session's account has no such app")]
    AppNotFound,
}

/// A caller was turned away, or could not be checked. The two are never mixed up.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// Turned away.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Not checked: the fault is ours.
    #[error("the caller could not be checked")]
    Unavailable(#[from] StoreError),
}
