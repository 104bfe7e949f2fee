//! Who is calling, once that is known.

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use model::ids::{AccountId, AppId, CredentialId, KeyId, ResourceId};
use model::key::{KeyKind, Mode, TokenType};
use model::scope::{Scope, Scopes};
use store::Tenant;

/// A caller that acts for an app. Handlers never learn how it proved itself.
#[derive(Clone, Debug)]
pub struct Principal {
    /// The app.
    pub app: AppId,
    /// When the app was made: no list reaches further back.
    pub app_created_at: DateTime<Utc>,
    /// The app's mode.
    pub mode: Mode,
    /// Who acts for it.
    pub who: Who,
    /// What it may do.
    pub scopes: Scopes,
}

/// Who acts for an app.
#[derive(Clone, Debug)]
pub enum Who {
    /// A key.
    Key {
        /// Its id.
        id: KeyId,
        /// Its family.
        kind: KeyKind,
        /// What people call it.
        name: String,
        /// From when on it is refused.
        expires_at: Option<DateTime<Utc>>,
        /// Addresses it is bound to; empty means none.
        allowed_cidrs: Vec<IpNet>,
    },
    /// A resource, by its token.
    Resource {
        /// The resource.
        id: ResourceId,
        /// The credential whose token it is.
        credential: CredentialId,
        /// The token's type.
        token_type: TokenType,
        /// From when on it is refused.
        expires_at: Option<DateTime<Utc>>,
    },
    /// A person at the console.
    Session {
        /// Their account.
        account: AccountId,
    },
}

/// Who is calling an operation.
#[derive(Clone, Debug)]
pub enum Caller {
    /// Somebody who acts for an app.
    App(Principal),
    /// A person at the console who named no app.
    Account(AccountId),
    /// Nobody was asked.
    Anonymous,
}

impl Principal {
    /// What the caller may see of its app.
    pub fn tenant(&self) -> Tenant {
        let only_resource = match self.who {
            Who::Resource { id, .. } => Some(id),
            Who::Key { .. } | Who::Session { .. } => None,
        };
        Tenant {
            app: self.app,
            only_resource,
        }
    }

    /// Whether the caller may do what needs `scope`.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.allows(scope)
    }

    /// How far the caller's own secret reaches.
    pub fn reach(&self) -> Reach {
        let (expires_at, allowed_cidrs) = match &self.who {
            Who::Key {
                expires_at,
                allowed_cidrs,
                ..
            } => (*expires_at, allowed_cidrs.clone()),
            Who::Resource { expires_at, .. } => (*expires_at, Vec::new()),
            Who::Session { .. } => (None, Vec::new()),
        };
        Reach {
            scopes: self.scopes.clone(),
            expires_at,
            allowed_cidrs,
        }
    }

    /// Whether the caller's secret stands in public pages: it sees its own doing only.
    pub fn is_public(&self) -> bool {
        match self.who {
            Who::Key { kind, .. } => kind == KeyKind::Widget,
            Who::Resource { token_type, .. } => token_type == TokenType::ClientToken,
            Who::Session { .. } => false,
        }
    }

    /// The caller, as the one who makes a secret for its app.
    pub fn issuer(&self) -> crate::Issuer {
        crate::Issuer {
            app: self.app,
            app_created_at: self.app_created_at,
            mode: self.mode,
            by: self.actor(),
        }
    }

    /// How the caller is named in logs and records.
    pub fn actor(&self) -> String {
        match &self.who {
            Who::Key { id, .. } => format!("key:{id}"),
            Who::Resource { id, .. } => format!("resource:{id}"),
            Who::Session { account } => format!("account:{account}"),
        }
    }
}

/// What a token of this type may do, as scopes: somebody who lacks one of them must not see the token.
pub fn token_scopes(token_type: TokenType) -> Scopes {
    match token_type {
        TokenType::ServerToken => Scopes::everything(),
        TokenType::ClientToken => [Scope::AvailabilityRead, Scope::BookingsWrite]
            .into_iter()
            .collect(),
    }
}

/// How far a secret reaches. Nobody makes, changes or is shown one that reaches further than their own.
#[derive(Clone, Debug)]
pub struct Reach {
    /// What it may do.
    pub scopes: Scopes,
    /// From when on it is refused; none means never.
    pub expires_at: Option<DateTime<Utc>>,
    /// Addresses it may be used from; empty means any.
    pub allowed_cidrs: Vec<IpNet>,
}

/// In what a secret would reach further than the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wider {
    /// A scope that the caller lacks.
    #[error("Your own key lacks one of these scopes. Leave it out, or use a key that has it.")]
    Scope,
    /// Living longer than the caller.
    #[error("Your own key expires. Give an expires_at that is no later than its own.")]
    Expiry,
    /// Usable from where the caller is not.
    #[error("Your own key is bound to addresses. Give allowed_cidrs that lie within them.")]
    Address,
}

impl Reach {
    /// Whether a caller that reaches this far may have one that reaches as far as `other`.
    ///
    /// # Errors
    ///
    /// [`Wider`], with the first thing that is.
    pub fn covers(&self, other: &Self) -> Result<(), Wider> {
        if !self.scopes.covers(&other.scopes) {
            return Err(Wider::Scope);
        }
        let outlives = match (self.expires_at, other.expires_at) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(own), Some(others)) => others > own,
        };
        if outlives {
            return Err(Wider::Expiry);
        }
        let within = |cidr: &IpNet| self.allowed_cidrs.iter().any(|own| own.contains(cidr));
        let bound = self.allowed_cidrs.is_empty()
            || (!other.allowed_cidrs.is_empty() && other.allowed_cidrs.iter().all(within));
        if bound { Ok(()) } else { Err(Wider::Address) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn reach(scopes: &[Scope], expires_s: Option<i64>, cidrs: &[&str]) -> Reach {
        Reach {
            scopes: scopes.iter().copied().collect(),
            expires_at: expires_s.map(|s| DateTime::UNIX_EPOCH + TimeDelta::seconds(s)),
            allowed_cidrs: cidrs
                .iter()
                .map(|cidr| cidr.parse().expect("a network"))
                .collect(),
        }
    }

    #[test]
    fn a_secret_that_reaches_further_in_anything_is_wider() {
        let own = reach(
            &[Scope::KeysWrite, Scope::BookingsRead],
            Some(100),
            &["10.0.0.0/8"],
        );
        let within = reach(&[Scope::BookingsRead], Some(100), &["10.1.0.0/16"]);
        assert_eq!(own.covers(&within), Ok(()));
        assert_eq!(own.covers(&own), Ok(()));
        let scope = Reach {
            scopes: [Scope::BookingsWrite].into_iter().collect(),
            ..within.clone()
        };
        assert_eq!(own.covers(&scope), Err(Wider::Scope));
        let expiry = Reach {
            expires_at: None,
            ..within.clone()
        };
        assert_eq!(own.covers(&expiry), Err(Wider::Expiry));
        for cidrs in [&[][..], &["0.0.0.0/0"], &["10.1.0.0/16", "192.0.2.0/24"]] {
            let address = Reach {
                allowed_cidrs: reach(&[], None, cidrs).allowed_cidrs,
                ..within.clone()
            };
            assert_eq!(own.covers(&address), Err(Wider::Address), "{cidrs:?}");
        }
    }
}
