//! Who may call an operation: by which proofs of who is calling, with which scopes, and how often somebody unknown may.
//! Every operation has one; there is no other way in.

use std::marker::PhantomData;

use chrono::TimeDelta;
use model::ids::AccountId;
use model::key::{KeyKind, TokenType};
use model::scope::Scope;
use store::Window;

use crate::principal::{Caller, Principal};

/// How a caller proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// An app's secret key.
    SecretKey,
    /// An app's public widget key.
    WidgetKey,
    /// A resource's server-token: for that resource.
    ServerToken,
    /// A resource's client-token: for that resource.
    ClientToken,
    /// A session of the console that acts for an app of its account.
    AppSession,
    /// A session of the console that acts for its account, whether or not it names an app.
    AccountSession,
    /// A search that the app has signed: its bearer sees what that search finds, and nothing else.
    SignedSearch,
}

impl Proof {
    /// What a key of this kind proves.
    pub const fn of_key(kind: KeyKind) -> Self {
        match kind {
            KeyKind::Api | KeyKind::Named => Self::SecretKey,
            KeyKind::Widget => Self::WidgetKey,
        }
    }

    /// What a resource's token of this type proves.
    pub const fn of_token(token_type: TokenType) -> Self {
        match token_type {
            TokenType::ServerToken => Self::ServerToken,
            TokenType::ClientToken => Self::ClientToken,
        }
    }
}

/// Some of the proofs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Proofs(u8);

impl Proofs {
    const NONE: Self = Self(0);

    const fn with(self, proof: Proof) -> Self {
        Self(self.0 | (1 << proof as u8))
    }

    const fn contains(self, proof: Proof) -> bool {
        self.0 & (1 << proof as u8) != 0
    }
}

/// How often one address may call without a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressLimit {
    /// So often in a minute.
    PerMinute(usize),
    /// As often as it likes. Only for responses that were built into the program: they read no store, so counting them
    /// would cost more than answering.
    Unlimited,
    /// As often as a widget key of the app whose page it is: the handler takes that key's permits once it knows the app, so
    /// that a refusal is a page too.
    OfPage,
}

/// How often one address may call without a credential, by default.
const ADDRESS_LIMIT: AddressLimit = AddressLimit::PerMinute(60);

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Any of these will do; none means that nobody is asked who they are.
    proofs: Proofs,
    /// What a secret key must be allowed, all of it.
    scopes: [Option<Scope>; 2],
    address_limit: AddressLimit,
}

/// An [`Access`] whose callers reach the operation's handler as a `C`: a [`Principal`] that acts for an app, an
/// [`AccountId`], either of them as a [`Caller`], or as [`Anonymous`].
#[derive(Debug)]
pub struct AccessFor<C> {
    access: Access,
    caller: PhantomData<fn() -> C>,
}

/// A caller whom nobody has asked who it is.
#[derive(Clone, Copy, Debug)]
pub struct Anonymous;

impl<C> Clone for AccessFor<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for AccessFor<C> {}

impl Access {
    const NOBODY: Self = Self {
        proofs: Proofs::NONE,
        scopes: [None, None],
        address_limit: ADDRESS_LIMIT,
    };

    const fn with(self, proof: Proof) -> Self {
        Self {
            proofs: self.proofs.with(proof),
            ..self
        }
    }

    /// Secret keys with this scope, and sessions that act for an app.
    pub const fn scope(scope: Scope) -> AccessFor<Principal> {
        Self {
            scopes: [Some(scope), None],
            ..Self::any_key().access
        }
        .reached_as()
    }

    /// Secret keys, whatever their scopes, and sessions that act for an app.
    pub const fn any_key() -> AccessFor<Principal> {
        Self::NOBODY
            .with(Proof::SecretKey)
            .with(Proof::AppSession)
            .reached_as()
    }

    /// Every caller with a credential of an app, whatever it may do there.
    pub const fn any_caller() -> AccessFor<Principal> {
        Self::any_key()
            .and_widget_key()
            .and_server_token()
            .and_client_token()
    }

    /// A resource's server-token, for that resource, and nobody else.
    pub const fn server_token() -> AccessFor<Principal> {
        Self::NOBODY.with(Proof::ServerToken).reached_as()
    }

    /// Sessions, whether or not they name an app.
    pub const fn account() -> AccessFor<AccountId> {
        Self::NOBODY.with(Proof::AccountSession).reached_as()
    }

    /// Anybody. How often is limited per address.
    pub const fn anonymous() -> AccessFor<Anonymous> {
        Self::NOBODY.reached_as()
    }

    /// Anybody, but each address only so often in a minute.
    pub const fn anonymous_at_most(limit: usize) -> AccessFor<Anonymous> {
        Self {
            address_limit: AddressLimit::PerMinute(limit),
            ..Self::NOBODY
        }
        .reached_as()
    }

    /// Anybody, as often as they like: see [`AddressLimit::Unlimited`].
    pub const fn built_in() -> AccessFor<Anonymous> {
        Self {
            address_limit: AddressLimit::Unlimited,
            ..Self::NOBODY
        }
        .reached_as()
    }

    /// Anybody, as often as the app's widget key allows: see [`AddressLimit::OfPage`].
    pub const fn page() -> AccessFor<Anonymous> {
        Self {
            address_limit: AddressLimit::OfPage,
            ..Self::NOBODY
        }
        .reached_as()
    }

    const fn reached_as<C>(self) -> AccessFor<C> {
        AccessFor {
            access: self,
            caller: PhantomData,
        }
    }

    /// Whether this proof opens the operation, scopes aside.
    pub const fn is_open_to(self, proof: Proof) -> bool {
        self.proofs.contains(proof)
    }

    /// Whether nobody is asked who they are.
    pub const fn is_anonymous(self) -> bool {
        self.proofs.0 == Proofs::NONE.0
    }

    /// The scopes that a secret key must have, all of them.
    pub fn scopes(self) -> impl Iterator<Item = Scope> {
        self.scopes.into_iter().flatten()
    }

    /// How often one address may call without a credential.
    pub const fn address_limit(self) -> AddressLimit {
        self.address_limit
    }

    /// The same as a window to count in, if it is limited.
    pub fn address_window(self) -> Option<Window> {
        match self.address_limit {
            AddressLimit::PerMinute(limit) => Some(Window {
                limit,
                length: TimeDelta::minutes(1),
            }),
            AddressLimit::Unlimited | AddressLimit::OfPage => None,
        }
    }
}

impl<C> AccessFor<C> {
    /// The access, without the type of its callers.
    pub const fn access(self) -> Access {
        self.access
    }
}

impl AccessFor<Principal> {
    /// Only secret keys that have this scope too.
    #[must_use]
    pub const fn and_scope(self, scope: Scope) -> Self {
        let [first, _] = self.access.scopes;
        Access {
            scopes: [first, Some(scope)],
            ..self.access
        }
        .reached_as()
    }

    /// Widget keys too.
    #[must_use]
    pub const fn and_widget_key(self) -> Self {
        self.access.with(Proof::WidgetKey).reached_as()
    }

    /// A resource's server-token too, for that resource.
    #[must_use]
    pub const fn and_server_token(self) -> Self {
        self.access.with(Proof::ServerToken).reached_as()
    }

    /// A resource's client-token too, for that resource.
    #[must_use]
    pub const fn and_client_token(self) -> Self {
        self.access.with(Proof::ClientToken).reached_as()
    }

    /// Anybody too who has a search that the app has signed. How often is limited per address.
    #[must_use]
    pub const fn and_signed_search(self) -> Self {
        self.access.with(Proof::SignedSearch).reached_as()
    }

    /// Sessions that name no app too.
    pub const fn and_account(self) -> AccessFor<Caller> {
        self.access.with(Proof::AccountSession).reached_as()
    }
}
