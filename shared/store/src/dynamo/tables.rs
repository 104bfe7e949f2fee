//! The names of the tables, and of the indexes with their keys, as `template.yaml` has them.

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
    /// What changes have told.
    Outbox,
    /// What is told to endpoints, and how they are doing.
    Deliveries,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Keys,
        Self::Credentials,
        Self::Sessions,
        Self::Accounts,
        Self::Meters,
        Self::Audit,
        Self::Data,
        Self::Idempotency,
        Self::Outbox,
        Self::Deliveries,
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
            Self::Outbox => "outbox",
            Self::Deliveries => "deliveries",
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

/// A secondary index: its name and key attributes, as `template.yaml` has them.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) name: &'static str,
    pub(crate) partition: &'static str,
    pub(crate) sort: &'static str,
}

/// The table itself, where its own keys are what a list needs.
pub(crate) const TABLE: Index = Index {
    name: "",
    partition: "pk",
    sort: "sk",
};

macro_rules! indexes {
    ($($(#[$doc:meta])* $constant:ident: $name:literal $partition:literal $sort:literal;)*) => {
        $($(#[$doc])* pub(crate) const $constant: Index = Index {
            name: $name,
            partition: $partition,
            sort: $sort,
        };)*

        /// All secondary indexes.
        pub(crate) const INDEXES: &[Index] = &[$($constant),*];
    };
}

indexes! {
    /// By app, kind of thing and month of creation.
    BY_MONTH: "by_month" "month_pk" "created_sk";
    /// An app's bookings by month of start.
    BY_START: "by_start" "start_pk" "start_sk";
    /// An app's groups by month of start. Only groups are in it.
    BY_GROUP: "by_group" "group_pk" "start_sk";
    /// A resource's bookings by start.
    BY_RESOURCE: "by_resource" "resource_pk" "start_sk";
    /// A customer's bookings by creation.
    BY_CUSTOMER: "by_customer" "customer_pk" "created_sk";
    /// A project's bookings by month and creation.
    BY_PROJECT: "by_project" "project_pk" "created_sk";
    /// By the instant from when on time or a worker has something to do with it. Only what is still to be done is in it.
    BY_DUE: "by_due" "due_pk" "due_sk";
}
