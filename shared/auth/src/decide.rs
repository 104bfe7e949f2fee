//! The decision: what was found, what the operation asks for, and the circumstances. No store, no clock.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use model::account::Session;
use model::key::{ApiKey, Credential, KeyKind, Mode};
use model::origin::Origin;
use model::scope::Scopes;
use model::text::email_key;
use store::AppIdentity;

use crate::access::{Access, Proof};
use crate::denied::Denied;
use crate::development::is_development_key;
use crate::principal::{Caller, Principal, Who, token_scopes};

/// What was found for what the caller presented.
#[derive(Clone, Debug)]
pub enum AuthRecord {
    /// A key.
    Key(ApiKey),
    /// A resource's credential, and what the app named with it stands for.
    Credential {
        /// The credential.
        credential: Credential,
        /// The user part that came with the token.
        user: String,
        /// The app named; none if none was, or there is none of that name.
        app: Option<AppIdentity>,
    },
    /// A session, and the app that it wants to act for.
    Session {
        /// The session.
        session: Session,
        /// Whether the request carries the session's CSRF token and comes from the console's own pages, or changes nothing.
        same_site: bool,
        /// The app.
        app: NamedApp,
    },
}

/// Which app a session wants to act for.
#[derive(Clone, Copy, Debug)]
pub enum NamedApp {
    /// It named none.
    None,
    /// It named one that does not exist.
    Unknown,
    /// It named this one.
    Known(AppIdentity),
}

/// What answers tell a caller about its own credential in their headers, whether or not it may do what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyStatus {
    /// The mode of its app.
    pub mode: Mode,
    /// From when on it is refused; none means never.
    pub expires_at: Option<DateTime<Utc>>,
}

impl KeyStatus {
    /// What may be told about what was found; nothing about a session without an app of its own account.
    pub(crate) fn of(found: &AuthRecord) -> Option<Self> {
        match found {
            AuthRecord::Key(key) => Some(Self {
                mode: key.mode,
                expires_at: key.expires_at,
            }),
            AuthRecord::Credential { credential, .. } => Some(Self {
                mode: credential.mode,
                expires_at: credential.expires_at,
            }),
            AuthRecord::Session { session, app, .. } => match app {
                NamedApp::Known(app) if app.account == session.account => Some(Self {
                    mode: app.mode,
                    expires_at: None,
                }),
                NamedApp::Known(_) | NamedApp::Unknown | NamedApp::None => None,
            },
        }
    }
}

/// What else bears on the decision.
#[derive(Clone, Debug)]
pub struct Circumstances {
    /// The present.
    pub now: DateTime<Utc>,
    /// Where the request comes from.
    pub address: Option<IpAddr>,
    /// The page it comes from, if a browser said so.
    pub origin: Option<Origin>,
    /// Whether this is a development server, which alone accepts the published key.
    pub is_development: bool,
}

/// Decides whether the caller may do what `access` asks for.
///
/// # Errors
///
/// [`Denied`], with the reason: first whether the credential holds, then whether it is allowed here.
pub fn decide(
    found: Option<AuthRecord>,
    access: Access,
    at: &Circumstances,
) -> Result<Caller, Denied> {
    match found.ok_or(Denied::Unknown)? {
        AuthRecord::Key(key) => decide_key(key, access, at).map(Caller::App),
        AuthRecord::Credential {
            credential,
            user,
            app,
        } => decide_credential(credential, &user, app, access, at).map(Caller::App),
        AuthRecord::Session {
            session,
            same_site,
            app,
        } => decide_session(&session, same_site, app, access, at),
    }
}

fn decide_key(key: ApiKey, access: Access, at: &Circumstances) -> Result<Principal, Denied> {
    if is_development_key(key.hash) && !at.is_development {
        return Err(Denied::DevelopmentKey);
    }
    if key.revoked_at.is_some() {
        return Err(Denied::Revoked);
    }
    refuse_expired(key.expires_at, at)?;
    let address_allowed = key.allowed_cidrs.is_empty()
        || at.address.is_some_and(|address| {
            key.allowed_cidrs
                .iter()
                .any(|cidr| cidr.contains(&address.to_canonical()))
        });
    if !address_allowed {
        return Err(Denied::AddressNotAllowed);
    }
    if key.kind == KeyKind::Widget {
        refuse_other_origins(&key.allowed_origins, at)?;
    }
    require_proof(Proof::of_key(key.kind), access)?;
    if key.kind != KeyKind::Widget {
        require_scope(&key.scopes, access)?;
    }
    Ok(Principal::of_key(key))
}

fn decide_credential(
    credential: Credential,
    user: &str,
    app: Option<AppIdentity>,
    access: Access,
    at: &Circumstances,
) -> Result<Principal, Denied> {
    // A token is tied to its resource and its app: with another's name beside it, it is nobody's.
    if email_key(&credential.user) != user || app.is_none_or(|app| app.app != credential.app) {
        return Err(Denied::Unknown);
    }
    refuse_expired(credential.expires_at, at)?;
    refuse_other_origins(&credential.referrer, at)?;
    require_proof(Proof::of_token(credential.token_type), access)?;
    Ok(Principal {
        app: credential.app,
        app_created_at: credential.app_created_at,
        mode: credential.mode,
        who: Who::Resource {
            id: credential.resource,
            credential: credential.id,
            token_type: credential.token_type,
            expires_at: credential.expires_at,
            origins: credential.referrer,
        },
        scopes: token_scopes(credential.token_type),
    })
}

fn decide_session(
    session: &Session,
    same_site: bool,
    app: NamedApp,
    access: Access,
    at: &Circumstances,
) -> Result<Caller, Denied> {
    refuse_expired(Some(session.expires_at), at)?;
    if !same_site {
        return Err(Denied::CrossSite);
    }
    let for_account = access.is_open_to(Proof::AccountSession);
    if !for_account {
        require_proof(Proof::AppSession, access)?;
    }
    match app {
        NamedApp::None if for_account => Ok(Caller::Account(session.account)),
        NamedApp::None => Err(Denied::AppNotNamed),
        NamedApp::Unknown => Err(Denied::AppNotFound),
        NamedApp::Known(app) if app.account != session.account => Err(Denied::AppNotFound),
        // What is the account's own, such as the session itself, is done for the account whatever app is named.
        NamedApp::Known(_) if !access.is_open_to(Proof::AppSession) => {
            Ok(Caller::Account(session.account))
        }
        NamedApp::Known(app) => Ok(Caller::App(Principal {
            app: app.app,
            app_created_at: app.created_at,
            mode: app.mode,
            who: Who::Session {
                account: session.account,
            },
            scopes: Scopes::everything(),
        })),
    }
}

fn refuse_expired(expires_at: Option<DateTime<Utc>>, at: &Circumstances) -> Result<(), Denied> {
    if expires_at.is_some_and(|expires_at| expires_at <= at.now) {
        Err(Denied::Expired)
    } else {
        Ok(())
    }
}

/// A request without an origin is no browser's, or not from another site: the list is about pages.
fn refuse_other_origins(allowed: &[Origin], at: &Circumstances) -> Result<(), Denied> {
    match &at.origin {
        Some(origin) if !allowed.is_empty() && !allowed.contains(origin) => {
            Err(Denied::OriginNotAllowed)
        }
        _ => Ok(()),
    }
}

fn require_proof(proof: Proof, access: Access) -> Result<(), Denied> {
    if access.is_open_to(proof) {
        Ok(())
    } else {
        Err(Denied::KindNotAllowed)
    }
}

fn require_scope(scopes: &Scopes, access: Access) -> Result<(), Denied> {
    let missing = access.scopes().find(|scope| !scopes.allows(*scope));
    missing.map_or(Ok(()), |scope| Err(Denied::InsufficientScope(scope)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::AccessFor;
    use chrono::TimeDelta;
    use model::ids::{AppId, KeyId};
    use model::key::HashedKey;
    use model::scope::Scope;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn key(kind: KeyKind) -> ApiKey {
        ApiKey {
            id: KeyId::new(uuid::Uuid::nil()),
            app: AppId::new(uuid::Uuid::nil()),
            app_created_at: NOW,
            mode: Mode::Live,
            kind,
            name: "key".to_owned(),
            hash: HashedKey::new([0; 32]),
            start: String::new(),
            scopes: [Scope::BookingsRead].into_iter().collect(),
            allowed_cidrs: Vec::new(),
            allowed_origins: Vec::new(),
            rate_limit: None,
            address_rate_limit: None,
            imported: false,
            created_at: NOW,
            created_by: String::new(),
            expires_at: None,
            revoked_at: None,
            replaced_by: None,
        }
    }

    fn at() -> Circumstances {
        Circumstances {
            now: NOW,
            address: "203.0.113.7".parse().ok(),
            origin: None,
            is_development: false,
        }
    }

    fn denied(key: ApiKey, access: AccessFor<Principal>, at: &Circumstances) -> Option<Denied> {
        decide(Some(AuthRecord::Key(key)), access.access(), at).err()
    }

    const READ: AccessFor<Principal> = Access::scope(Scope::BookingsRead);

    #[test]
    fn a_key_is_refused_from_the_very_second_it_expires() {
        let expiring = ApiKey {
            expires_at: Some(NOW),
            ..key(KeyKind::Named)
        };
        assert_eq!(denied(expiring.clone(), READ, &at()), Some(Denied::Expired));
        let before = Circumstances {
            now: NOW - TimeDelta::seconds(1),
            ..at()
        };
        assert_eq!(denied(expiring, READ, &before), None);
    }

    #[test]
    fn a_revoked_key_is_refused_whatever_else_holds() {
        let revoked = ApiKey {
            revoked_at: Some(NOW),
            scopes: Scopes::everything(),
            ..key(KeyKind::Api)
        };
        assert_eq!(denied(revoked, READ, &at()), Some(Denied::Revoked));
    }

    #[test]
    fn a_key_does_only_what_its_scopes_say() {
        assert_eq!(denied(key(KeyKind::Named), READ, &at()), None);
        let write = Access::scope(Scope::BookingsWrite);
        assert_eq!(
            denied(key(KeyKind::Named), write, &at()),
            Some(Denied::InsufficientScope(Scope::BookingsWrite))
        );
    }

    #[test]
    fn a_widget_key_does_only_what_an_operation_opens_to_it() {
        let everything = ApiKey {
            scopes: Scopes::everything(),
            ..key(KeyKind::Widget)
        };
        assert_eq!(
            denied(everything.clone(), READ, &at()),
            Some(Denied::KindNotAllowed)
        );
        assert_eq!(denied(everything, READ.and_widget_key(), &at()), None);
    }

    #[test]
    fn an_address_outside_the_list_is_refused_and_so_is_an_unknown_one() {
        let inside = "203.0.113.0/24".parse().expect("a network");
        let outside = "198.51.100.0/24".parse().expect("a network");
        let bound = |cidr| ApiKey {
            allowed_cidrs: vec![cidr],
            ..key(KeyKind::Named)
        };
        assert_eq!(denied(bound(inside), READ, &at()), None);
        assert_eq!(
            denied(bound(outside), READ, &at()),
            Some(Denied::AddressNotAllowed)
        );
        let nowhere = Circumstances {
            address: None,
            ..at()
        };
        assert_eq!(
            denied(bound(inside), READ, &nowhere),
            Some(Denied::AddressNotAllowed)
        );
    }

    #[test]
    fn a_widget_key_bound_to_an_origin_is_refused_from_another_page() {
        let bound = ApiKey {
            allowed_origins: vec!["https://clinic.example".parse().expect("an origin")],
            ..key(KeyKind::Widget)
        };
        let from = |origin: &str| Circumstances {
            origin: origin.parse().ok(),
            ..at()
        };
        let access = READ.and_widget_key();
        assert_eq!(
            denied(bound.clone(), access, &from("https://clinic.example")),
            None
        );
        assert_eq!(
            denied(bound, access, &from("https://evil.example")),
            Some(Denied::OriginNotAllowed)
        );
    }

    #[test]
    fn the_published_key_is_refused_wherever_the_store_is_real() {
        let hash = crate::plain_key::hash_secret(crate::development::DEVELOPMENT_KEY);
        let published = ApiKey {
            hash,
            ..key(KeyKind::Api)
        };
        assert_eq!(
            denied(published.clone(), READ, &at()),
            Some(Denied::DevelopmentKey)
        );
        let development = Circumstances {
            is_development: true,
            ..at()
        };
        assert_eq!(denied(published, READ, &development), None);
    }
}
