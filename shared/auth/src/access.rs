//! Who may call an operation. Every operation states one of these; there is no other way in.

use chrono::TimeDelta;
use model::scope::Scope;
use store::Window;

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// What a key, or a session that acts for an app, must be allowed; none means any of them will do.
    pub scope: Option<Scope>,
    /// What it must be allowed besides, if anything.
    pub second_scope: Option<Scope>,
    /// Whether secret keys and sessions that act for an app may call it at all.
    pub app: bool,
    /// Whether an app's public widget key may.
    pub widget_key: bool,
    /// Whether a resource's server-token may, for that resource.
    pub server_token: bool,
    /// Whether a resource's client-token may, for that resource.
    pub client_token: bool,
    /// Whether a session may that names no app.
    pub account: bool,
    /// Whether anybody may who brings a search that the app has signed, and sees what it finds only.
    pub signed_search: bool,
    /// Whether nobody is asked who they are.
    pub anonymous: bool,
    /// For callers that nobody knows: how often one address may call it in a minute. None where what is answered was
    /// built into the program, so that counting would cost more than answering.
    pub anonymous_limit: Option<usize>,
}

/// How often one address may call an anonymous operation in a minute, unless the operation says otherwise.
const ANONYMOUS_LIMIT: usize = 60;

impl Access {
    const NOBODY: Self = Self {
        scope: None,
        second_scope: None,
        app: false,
        widget_key: false,
        server_token: false,
        client_token: false,
        account: false,
        signed_search: false,
        anonymous: false,
        anonymous_limit: Some(ANONYMOUS_LIMIT),
    };

    /// Secret keys with this scope, and sessions that act for an app.
    pub const fn scope(scope: Scope) -> Self {
        Self {
            scope: Some(scope),
            app: true,
            ..Self::NOBODY
        }
    }

    /// Secret keys, whatever their scopes, and sessions that act for an app.
    pub const fn any_key() -> Self {
        Self {
            app: true,
            ..Self::NOBODY
        }
    }

    /// Every caller that acts for an app, whatever it may do there.
    pub const fn any_caller() -> Self {
        Self {
            app: true,
            widget_key: true,
            server_token: true,
            client_token: true,
            ..Self::NOBODY
        }
    }

    /// A resource's server-token, for that resource, and nobody else.
    pub const fn server_token() -> Self {
        Self {
            server_token: true,
            ..Self::NOBODY
        }
    }

    /// Sessions, whether or not they name an app.
    pub const fn account() -> Self {
        Self {
            account: true,
            ..Self::NOBODY
        }
    }

    /// Anybody. What such an operation allows is limited per address.
    pub const fn anonymous() -> Self {
        Self {
            anonymous: true,
            ..Self::NOBODY
        }
    }

    /// Anybody, but each address only so often in a minute.
    pub const fn anonymous_at_most(anonymous_limit: usize) -> Self {
        Self {
            anonymous_limit: Some(anonymous_limit),
            ..Self::anonymous()
        }
    }

    /// Anybody, as often as they like. Only for answers that were built into the program: they read no store and cost
    /// less than counting them would.
    pub const fn built_in() -> Self {
        Self {
            anonymous_limit: None,
            ..Self::anonymous()
        }
    }

    /// What an anonymous operation allows one address, if that is limited.
    pub fn anonymous_window(self) -> Option<Window> {
        self.anonymous_limit.map(|limit| Window {
            limit,
            length: TimeDelta::minutes(1),
        })
    }

    /// Only secret keys that have this scope too.
    #[must_use]
    pub const fn and_scope(self, scope: Scope) -> Self {
        Self {
            second_scope: Some(scope),
            ..self
        }
    }

    /// The scopes that a secret key must have, all of them.
    pub fn scopes(self) -> impl Iterator<Item = Scope> {
        [self.scope, self.second_scope].into_iter().flatten()
    }

    /// Widget keys too.
    #[must_use]
    pub const fn and_widget_key(self) -> Self {
        Self {
            widget_key: true,
            ..self
        }
    }

    /// A resource's server-token too, for that resource.
    #[must_use]
    pub const fn and_server_token(self) -> Self {
        Self {
            server_token: true,
            ..self
        }
    }

    /// A resource's client-token too, for that resource.
    #[must_use]
    pub const fn and_client_token(self) -> Self {
        Self {
            client_token: true,
            ..self
        }
    }

    /// Anybody too who brings a search that the app has signed. That is limited per address.
    #[must_use]
    pub const fn and_signed_search(self) -> Self {
        Self {
            signed_search: true,
            ..self
        }
    }

    /// Sessions that name no app too.
    #[must_use]
    pub const fn and_account(self) -> Self {
        Self {
            account: true,
            ..self
        }
    }
}
