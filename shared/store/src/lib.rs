//! DynamoDB, and only DynamoDB. Every function here takes the [`Tenant`] or the app it acts for;
//! nothing can be read or written without saying for whom.
//!
//! Reads that a decision rests on are strongly consistent reads by primary key. Secondary indexes lag and
//! serve lists only.

mod access;
mod booking;
mod dynamo;
mod pages;
mod unit;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::Client;
use model::Random;
use model::ids::{AppId, ResourceId};

pub use access::accounts::{CreateAccountError, NewApp, ResetError, SignInRecord};
pub use access::apps::{AppIdentity, CreateAppError};
pub use access::attempts::{Attempt, Window};
pub use access::credentials::CreateCredentialError;
pub use access::idempotency::{
    IdempotencyKey, IdempotencyRecord, KEPT_FOR, Keep, KeptAnswer, MAX_KEPT_BODY, RecordOwner, Seed,
};
pub use access::keys::{ChangeKeyError, CreateKeyError};
pub use access::ledgers::{LedgerName, LedgerRecord, MOST_HOURS_WAITING, Renewal, Usage};
#[doc(hidden)]
pub use booking::bookings::booking_item;
pub use booking::bookings::{BookingList, BookingOrder, SlotWindow};
pub use booking::calendars::{CalendarRow, DeleteCalendarError};
pub use booking::events::EventWindow;
pub use booking::resource_deletion::{BookingsToCome, DeleteResourceError, ResourceDeletion};
pub use booking::resources::{ChangeResourceError, CreateResourceError, ResourceSecret};
pub use dynamo::connection::{Connection, function_config, local_credentials, session_token};
pub use dynamo::error::{DATABASE_DAMAGED, StoreError};
pub use dynamo::list::{Chunk, Direction, Position, Walk};
pub use dynamo::meter::{Cost, Meter};
pub use dynamo::tables::{Table, Tables};
pub use dynamo::version::{Expected, Stale, Version, Versioned};
pub use pages::entities::Entity;
pub use pages::projects::{ChangeProjectError, CreateProjectError, Tie};
pub use pages::widgets::KeepWidgetError;
pub use unit::decision::{Decision, DecisionError};
pub use unit::sheets::sheet_items;

/// For whom a store function acts: an app, or one resource of it. What lies outside does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// The app.
    pub app: AppId,
    /// The one resource the caller may act for; none means all of the app's.
    pub only_resource: Option<ResourceId>,
}

impl Tenant {
    /// All of one app.
    pub const fn app(app: AppId) -> Self {
        Self {
            app,
            only_resource: None,
        }
    }

    /// Whether `resource` lies inside.
    pub fn includes(&self, resource: ResourceId) -> bool {
        self.only_resource.is_none_or(|only| only == resource)
    }
}

/// The tables, and the way to them. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    client: Client,
    tables: Tables,
    random: Arc<dyn Random>,
    calls: Arc<AtomicU64>,
    rows_listed: Arc<AtomicU64>,
    turns: dynamo::turns::Turns,
    keep: Option<Keep>,
}

impl Store {
    /// The tables called `tables`, reached through `client`.
    pub fn new(client: Client, tables: Tables, random: Arc<dyn Random>) -> Self {
        Self {
            client,
            tables,
            random,
            calls: Arc::default(),
            rows_listed: Arc::default(),
            turns: dynamo::turns::Turns::default(),
            keep: None,
        }
    }

    /// How many calls have gone to DynamoDB so far, retries included.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// How many rows lists have read from DynamoDB so far.
    pub fn rows_listed(&self) -> u64 {
        self.rows_listed.load(Ordering::Relaxed)
    }

    fn table(&self, table: Table) -> String {
        self.tables.name(table)
    }
}
