//! Who is calling, once that is known. It is one file because it is one type, and
//! what it may do follows from its parts here alone.

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use model::ids::{AccountId, AppId, CredentialId, KeyId, ResourceId};
use model::key::{ApiKey, Credential, KeyKind, Mode, TokenType};
use model::origin::Origin;
use model::rate::RateLimit;
use model::scope::{Scope, Scopes};
use store::{LedgerName, Tenant};
use uuid::Uuid;

use crate::limiter::Limit;

/// What a secret key may do in a minute unless it has a limit of its own: Timekit's figure.
pub const KEY_RATE: RateLimit = RateLimit::per_minute(600);

/// The most that any key may be given, unless the deployment says otherwise.
pub const MAX_RATE: RateLimit = RateLimit::per_minute(100_000);

/// What a public key may do in a minute, from all addresses together.
pub const WIDGET_RATE: RateLimit = RateLimit::per_minute(6_000);

/// What a public key may do in a minute from one address.
pub const WIDGET_RATE_OF_ADDRESS: RateLimit = RateLimit::per_minute(60);

/// What a test app may do in a day, besides: Timekit's figure.
pub const TEST_APP_RATE: RateLimit = RateLimit::per_day(3_000);

/// What the secret keys and tokens of a live app may do together in a minute, and its public ones as much, unless the
/// deployment says otherwise: ten times what one key may.
pub const APP_RATE: RateLimit = RateLimit::per_minute(10 * KEY_RATE.limit);

/// What a person may do at the console in a minute, over all their sessions.
pub const SESSION_RATE: RateLimit = RateLimit::per_minute(1_200);

/// The most keys of an app that work at the same time, unless the deployment says otherwise.
pub const MAX_KEYS: u32 = 200;

/// A public key's limit is for all its visitors together, this many times a secret key's. To compare the two, it is
/// divided by this: who has the usual limit may make public keys with the usual limit, and nobody else more.
pub const VISITORS: u32 = WIDGET_RATE.limit / KEY_RATE.limit;

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
        /// Its own rate limit; none means its kind's.
        rate_limit: Option<RateLimit>,
        /// A public key's own rate limit for one address; none means the usual one.
        address_rate_limit: Option<RateLimit>,
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
        /// Origins it may be used from; empty means any.
        origins: Vec<Origin>,
    },
    /// A person at the console.
    Session {
        /// Their account.
        account: AccountId,
    },
    /// Anybody, with a search that the app has signed.
    SignedSearch,
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
    /// Whoever calls with `key`, which must hold.
    pub fn of_key(key: ApiKey) -> Self {
        Self {
            app: key.app,
            app_created_at: key.app_created_at,
            mode: key.mode,
            who: Who::Key {
                id: key.id,
                kind: key.kind,
                name: key.name,
                expires_at: key.expires_at,
                allowed_cidrs: key.allowed_cidrs,
                rate_limit: key.rate_limit,
                address_rate_limit: key.address_rate_limit,
            },
            scopes: key.scopes,
        }
    }

    /// What the caller may see of its app.
    pub fn tenant(&self) -> Tenant {
        let only_resource = match self.who {
            Who::Resource { id, .. } => Some(id),
            Who::Key { .. } | Who::Session { .. } | Who::SignedSearch => None,
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
        let (expires_at, allowed_cidrs, origins) = match &self.who {
            Who::Key {
                expires_at,
                allowed_cidrs,
                ..
            } => (*expires_at, allowed_cidrs.clone(), Vec::new()),
            Who::Resource {
                expires_at,
                origins,
                ..
            } => (*expires_at, Vec::new(), origins.clone()),
            Who::Session { .. } | Who::SignedSearch => (None, Vec::new(), Vec::new()),
        };
        Reach {
            scopes: self.scopes.clone(),
            expires_at,
            allowed_cidrs,
            origins,
            rate: self.rate(),
        }
    }

    /// The rate limit of the caller's own secret; a person at the console and a signed search have none such.
    pub fn rate(&self) -> Option<RateLimit> {
        match self.who {
            Who::Key {
                kind: KeyKind::Widget,
                rate_limit,
                ..
            } => Some(rate_limit.unwrap_or(WIDGET_RATE)),
            Who::Key { rate_limit, .. } => Some(rate_limit.unwrap_or(KEY_RATE)),
            Who::Resource {
                token_type: TokenType::ClientToken,
                ..
            } => Some(WIDGET_RATE),
            Who::Resource {
                token_type: TokenType::ServerToken,
                ..
            } => Some(KEY_RATE),
            Who::Session { .. } | Who::SignedSearch => None,
        }
    }

    /// The rate limit that the caller's key was given, if it was given one.
    pub fn own_rate_limit(&self) -> Option<RateLimit> {
        match self.who {
            Who::Key { rate_limit, .. } => rate_limit,
            Who::Resource { .. } | Who::Session { .. } | Who::SignedSearch => None,
        }
    }

    /// What a public caller may do from one address.
    fn address_rate(&self) -> RateLimit {
        let own = match self.who {
            Who::Key {
                address_rate_limit, ..
            } => address_rate_limit,
            Who::Resource { .. } | Who::Session { .. } | Who::SignedSearch => None,
        };
        own.unwrap_or(WIDGET_RATE_OF_ADDRESS)
    }

    /// The limits that a request of this caller must keep to. `address` names its source by a hash; only public
    /// keys and tokens are limited by it. `app_rate` is what a live app may do.
    pub fn limits(&self, address: &str, app_rate: RateLimit) -> Vec<Limit> {
        if let Who::Session { account } = self.who {
            return vec![session_limit(account)];
        }
        let Some((id, rate)) = self.ledger_id().zip(self.rate()) else {
            return Vec::new();
        };
        let mut limits = Vec::with_capacity(3);
        if self.is_public() {
            limits.push(Limit {
                policy: "address",
                ledger: LedgerName::of_address(id, address),
                rate: self.address_rate(),
                is_passing: true,
                varies: false,
            });
        }
        limits.push(Limit {
            policy: "key",
            ledger: LedgerName::of_caller(id),
            rate,
            is_passing: false,
            varies: false,
        });
        limits.push(match self.mode {
            Mode::Test => Limit {
                policy: "test-app",
                ledger: LedgerName::of_app(self.app),
                rate: TEST_APP_RATE,
                is_passing: false,
                varies: false,
            },
            Mode::Live => self.live_app_limit(rate, app_rate),
        });
        limits
    }

    /// What the live app's callers of this kind may do together: never less than one of them alone. Public ones are
    /// counted apart, so that a crowd on a page keeps no program of the app out.
    fn live_app_limit(&self, own: RateLimit, app_rate: RateLimit) -> Limit {
        let ledger = if self.is_public() {
            LedgerName::of_live_pages(self.app)
        } else {
            LedgerName::of_live_app(self.app)
        };
        Limit {
            policy: "app",
            ledger,
            rate: RateLimit::per_minute(app_rate.limit.max(own.most_in_a_minute())),
            is_passing: false,
            varies: true,
        }
    }

    /// The ledger that the caller's usage is counted in.
    pub fn usage_ledger(&self) -> Option<LedgerName> {
        self.ledger_id().map(LedgerName::of_caller)
    }

    /// What the caller is told apart by: its key's id, its credential's, or its account's.
    pub fn caller_id(&self) -> Uuid {
        match &self.who {
            Who::Key { id, .. } => id.uuid(),
            Who::Resource { credential, .. } => credential.uuid(),
            Who::Session { account } => account.uuid(),
            // It only reads, and keeps nothing.
            Who::SignedSearch => Uuid::nil(),
        }
    }

    fn ledger_id(&self) -> Option<Uuid> {
        match self.who {
            Who::Key { .. } | Who::Resource { .. } => Some(self.caller_id()),
            Who::Session { .. } | Who::SignedSearch => None,
        }
    }

    /// Whether the caller's secret stands in public pages, or it has none: it never sees whom a booking is for.
    pub fn is_public(&self) -> bool {
        match self.who {
            Who::Key { kind, .. } => kind == KeyKind::Widget,
            Who::Resource { token_type, .. } => token_type == TokenType::ClientToken,
            Who::Session { .. } => false,
            Who::SignedSearch => true,
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
            Who::SignedSearch => "signed-search".to_owned(),
        }
    }
}

/// What a person at the console must keep to, whether or not they act for an app.
pub fn session_limit(account: AccountId) -> Limit {
    Limit {
        policy: "session",
        ledger: LedgerName::of_account(account),
        rate: SESSION_RATE,
        is_passing: true,
        varies: false,
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
    /// Origins it may be used from; empty means any.
    pub origins: Vec<Origin>,
    /// Its rate limit, a public one's divided by [`VISITORS`]; none means without limit.
    pub rate: Option<RateLimit>,
}

/// How far a token of this type reaches.
pub fn token_reach(
    token_type: TokenType,
    expires_at: Option<DateTime<Utc>>,
    origins: Vec<Origin>,
) -> Reach {
    let scopes = token_scopes(token_type);
    Reach {
        scopes,
        expires_at,
        allowed_cidrs: Vec::new(),
        origins,
        rate: Some(KEY_RATE),
    }
}

/// How far a credential's token reaches.
pub fn credential_reach(credential: &Credential) -> Reach {
    token_reach(
        credential.token_type,
        credential.expires_at,
        credential.referrer.clone(),
    )
}

/// How far a key reaches.
pub fn key_reach(key: &ApiKey) -> Reach {
    let (scopes, rate) = match key.kind {
        // What a widget key may do is what a client-token may, and to see pages: somebody without that must not make one.
        KeyKind::Widget => {
            let rate = key.rate_limit.unwrap_or(WIDGET_RATE);
            let scopes = token_scopes(TokenType::ClientToken);
            (
                scopes.iter().chain([Scope::ProjectsRead]).collect(),
                RateLimit {
                    limit: rate.limit.div_ceil(VISITORS),
                    ..rate
                },
            )
        }
        KeyKind::Api | KeyKind::Named => (key.scopes.clone(), key.rate_limit.unwrap_or(KEY_RATE)),
    };
    Reach {
        scopes,
        expires_at: key.expires_at,
        allowed_cidrs: key.allowed_cidrs.clone(),
        origins: key.allowed_origins.clone(),
        rate: Some(rate),
    }
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
    /// Usable in pages that the caller is not.
    #[error("Your own token is bound to origins. Give a referrer that lies within them.")]
    Origin,
    /// More requests than the caller has.
    #[error("Your own key has a lower rate limit. Give a rate_limit that is no higher.")]
    Rate,
}

impl Reach {
    /// How far a secret reaches that does everything, anywhere and for good, as often as a key usually may.
    pub fn unbound() -> Self {
        Self {
            scopes: Scopes::everything(),
            expires_at: None,
            allowed_cidrs: Vec::new(),
            origins: Vec::new(),
            rate: Some(KEY_RATE),
        }
    }

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
        if !bound {
            return Err(Wider::Address);
        }
        let listed = self.origins.is_empty()
            || (!other.origins.is_empty()
                && other
                    .origins
                    .iter()
                    .all(|origin| self.origins.contains(origin)));
        if !listed {
            return Err(Wider::Origin);
        }
        let keeps_to = match (self.rate, other.rate) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(others)) => own.covers(others),
        };
        if keeps_to { Ok(()) } else { Err(Wider::Rate) }
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
            origins: Vec::new(),
            rate: Some(KEY_RATE),
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
        let rate = Reach {
            rate: Some(RateLimit::per_minute(601)),
            ..within.clone()
        };
        assert_eq!(own.covers(&rate), Err(Wider::Rate));
        for cidrs in [&[][..], &["0.0.0.0/0"], &["10.1.0.0/16", "192.0.2.0/24"]] {
            let address = Reach {
                allowed_cidrs: reach(&[], None, cidrs).allowed_cidrs,
                ..within.clone()
            };
            assert_eq!(own.covers(&address), Err(Wider::Address), "{cidrs:?}");
        }
    }
}
