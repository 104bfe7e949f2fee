//! What a caller may do. This is the one list of permissions; documents, answers and tests derive from it.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! scopes {
    ($($variant:ident = $name:literal, $allows:literal;)+) => {
        /// A permission: `resource.action`, or `*` for all of them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Scope {$(
            #[doc = $allows]
            #[serde(rename = $name)]
            $variant,
        )+}

        impl Scope {
            /// Every permission there is.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name on the wire.
            pub const fn name(self) -> &'static str {
                match self {$(Self::$variant => $name),+}
            }

            /// What it allows, in a few words.
            pub const fn allows(self) -> &'static str {
                match self {$(Self::$variant => $allows),+}
            }
        }
    };
}

scopes! {
    Everything = "*", "Everything in the app, signing secrets included.";
    AppRead = "app.read", "Read the app's own record.";
    AppWrite = "app.write", "Change or delete the app.";
    AuditRead = "audit.read", "Read the audit log.";
    AvailabilityRead = "availability.read", "Search for free time.";
    BookingsRead = "bookings.read", "Read bookings.";
    BookingsWrite = "bookings.write", "Make, change and delete bookings.";
    CredentialsRead = "credentials.read", "Read resource credentials.";
    CredentialsWrite = "credentials.write", "Make and delete resource credentials.";
    KeysRead = "keys.read", "Read the list of API keys, never a secret one.";
    KeysWrite = "keys.write", "Make, change and revoke API keys.";
    ProjectsRead = "projects.read", "Read projects, locations, services and mail templates.";
    ProjectsWrite = "projects.write", "Make, change and delete projects, locations and services; change mail templates.";
    ResourcesRead = "resources.read", "Read resources, calendars and events.";
    ResourcesWrite = "resources.write", "Make, change and delete resources, calendars and events.";
    WebhooksRead = "webhooks.read", "Read the event log, each event with the scope of what it is about.";
}

/// A name that no permission has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown scope {0:?}; the known ones are {known}", known = known_names())]
pub struct UnknownScope(pub String);

fn known_names() -> String {
    Scope::ALL
        .iter()
        .map(|scope| scope.name())
        .collect::<Vec<_>>()
        .join(", ")
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|scope| scope.name() == name)
            // Enough of it to be recognised.
            .ok_or_else(|| UnknownScope(name.chars().take(60).collect()))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of permissions. The empty set allows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Everything.
    pub fn everything() -> Self {
        [Scope::Everything].into_iter().collect()
    }

    /// Whether a caller with this set may do what needs `scope`.
    pub fn allows(&self, scope: Scope) -> bool {
        self.0.contains(&Scope::Everything) || self.0.contains(&scope)
    }

    /// Whether a caller with this set could do all that one with `other` could.
    pub fn covers(&self, other: &Self) -> bool {
        other.0.iter().all(|scope| self.allows(*scope))
    }

    /// The permissions, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = Scope> + '_ {
        self.0.iter().copied()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_set_allows_nothing_and_the_star_everything() {
        for scope in Scope::ALL {
            assert!(!Scopes::default().allows(*scope));
            assert!(Scopes::everything().allows(*scope));
        }
    }

    #[test]
    fn only_the_star_covers_the_star() {
        let all_but_star: Scopes = Scope::ALL.iter().copied().skip(1).collect();
        assert!(!all_but_star.covers(&Scopes::everything()));
        assert!(Scopes::everything().covers(&all_but_star));
    }

    #[test]
    fn names_and_scopes_go_both_ways() {
        for scope in Scope::ALL {
            assert_eq!(scope.name().parse(), Ok(*scope));
        }
        let message = "bookings.admin"
            .parse::<Scope>()
            .expect_err("unknown")
            .to_string();
        assert!(message.contains("bookings.read"), "{message}");
    }
}
