//! Who is calling, once that is known.

use chrono::{DateTime, Utc};
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
        /// Whether it is bound to some addresses.
        bound_to_addresses: bool,
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

    /// Whether the caller's secret stands in public pages: it sees its own doing only.
    pub fn is_public(&self) -> bool {
        match self.who {
            Who::Key { kind, .. } => kind == KeyKind::Widget,
            Who::Resource { token_type, .. } => token_type == TokenType::ClientToken,
            Who::Session { .. } => false,
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
