//! What a caller may do. This is the one list of permissions; documents, answers and tests derive from it.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! scopes {
    ($($variant:ident = $name:literal, $allows:literal;)+) => {
        /// A permission: `resource.action`, or `*` for all of them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Scope {$(
            #[doc = $allows]
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
    WebhooksRead = "webhooks.read", "Read the event log, each event with the scope of what it is about; read webhook endpoints and deliveries.";
    WebhooksWrite = "webhooks.write", "Make, change, test and delete webhook endpoints; send deliveries again.";
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
///
/// A stored set may name permissions of a newer version. They allow nothing here, and stay when the set is written again: else a
/// key that a newer version made could not be read by an older one that runs beside it, and would be refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    known: BTreeSet<Scope>,
    unknown: BTreeSet<String>,
}

impl Scopes {
    /// Everything.
    pub fn everything() -> Self {
        [Scope::Everything].into_iter().collect()
    }

    /// Whether a caller with this set may do what needs `scope`.
    pub fn allows(&self, scope: Scope) -> bool {
        self.known.contains(&Scope::Everything) || self.known.contains(&scope)
    }

    /// Whether a caller with this set could do all that one with `other` could, in this version and in newer ones.
    pub fn covers(&self, other: &Self) -> bool {
        let has_everything = self.known.contains(&Scope::Everything);
        other.known.iter().all(|scope| self.allows(*scope))
            && (has_everything || other.unknown.is_subset(&self.unknown))
    }

    /// The permissions, in a fixed order, without those that this version does not know.
    pub fn iter(&self) -> impl Iterator<Item = Scope> + '_ {
        self.known.iter().copied()
    }

    /// The names of all permissions, in a fixed order.
    pub fn names<'a>(&'a self) -> impl Iterator<Item = &'a str> {
        let unknown = self.unknown.iter().map(String::as_str);
        self.iter()
            .map(|scope| -> &'a str { scope.name() })
            .chain(unknown)
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names())
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ReadScopes)
    }
}

/// Reads a set without keeping the names that this version knows.
struct ReadScopes;

/// A stored name.
enum Name {
    Known(Scope),
    Unknown(String),
}

impl<'de> Visitor<'de> for ReadScopes {
    type Value = Scopes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of scopes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Scopes, A::Error> {
        let mut scopes = Scopes::default();
        while let Some(name) = names.next_element()? {
            match name {
                Name::Known(scope) => scopes.known.insert(scope),
                Name::Unknown(name) => scopes.unknown.insert(name),
            };
        }
        Ok(scopes)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(ReadName)
    }
}

struct ReadName;

impl Visitor<'_> for ReadName {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a scope")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Name, E> {
        let known = name.parse().map(Name::Known);
        Ok(known.unwrap_or_else(|_| Name::Unknown(name.to_owned())))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self {
            known: scopes.into_iter().collect(),
            unknown: BTreeSet::new(),
        }
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
    fn a_newer_version_s_permission_allows_nothing_and_is_kept_when_it_is_written_again() {
        let kept = r#"["bookings.read","rockets.launch"]"#;
        let scopes: Scopes = serde_json::from_str(kept).expect("scopes");
        for scope in Scope::ALL {
            assert_eq!(scopes.allows(*scope), *scope == Scope::BookingsRead);
        }
        let written = serde_json::to_string(&scopes).expect("scopes");
        assert_eq!(written, kept);
        // Nobody hands on what they have not.
        let known: Scopes = [Scope::BookingsRead].into_iter().collect();
        assert!(!known.covers(&scopes));
        assert!(scopes.covers(&known) && scopes.covers(&scopes));
        assert!(Scopes::everything().covers(&scopes));
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
