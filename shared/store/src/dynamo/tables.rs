//! The tables' names. What they hold, and their keys and indexes, is written in `template.yaml`.

/// One table per trust domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Table {
    /// Keys by hash, and each app's public record.
    Keys,
    /// Resource tokens by hash.
    Credentials,
    /// Console sessions by hash.
    Sessions,
    /// People, their apps and settings.
    Accounts,
    /// Counters.
    Meters,
    /// Append-only events.
    Audit,
    /// Resources, bookings, sheets.
    Data,
    /// Answers to requests that may be sent again.
    Idempotency,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Keys,
        Self::Credentials,
        Self::Sessions,
        Self::Accounts,
        Self::Meters,
        Self::Audit,
        Self::Data,
        Self::Idempotency,
    ];

    /// The name behind the prefix.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Credentials => "credentials",
            Self::Sessions => "sessions",
            Self::Accounts => "accounts",
            Self::Meters => "meters",
            Self::Audit => "audit",
            Self::Data => "data",
            Self::Idempotency => "idempotency",
        }
    }
}

/// The tables of one deployment: they share a prefix.
#[derive(Clone, Debug)]
pub struct Tables {
    prefix: String,
}

impl Tables {
    /// The tables whose names begin with `prefix`.
    pub fn with_prefix(prefix: impl Into<String>) -> Self {
        Self {
            prefix: prefix.into(),
        }
    }

    /// A table's full name.
    pub fn name(&self, table: Table) -> String {
        format!("{}{}", self.prefix, table.suffix())
    }
}
