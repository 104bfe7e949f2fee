//! DynamoDB, and only DynamoDB. Every function here takes the [`Tenant`] or the app it acts for;
//! nothing can be read or written without saying for whom.
//!
//! Reads that a decision rests on are strongly consistent reads by primary key. Secondary indexes lag and
//! serve lists only.

mod access;
mod booking;
mod deliveries;
mod due;
mod dynamo;
mod outbox;
mod pages;
mod places;
mod tenant;
mod unit;
mod webhooks;

pub use access::accounts::{CreateAccountError, ResetError, SignInRecord};
pub use access::apps::{AppIdentity, CreateAppError, NewApp};
pub use access::attempts::{CountedAttempt, Window};
pub use access::credentials::CreateCredentialError;
pub use access::idempotency::{
    IdempotencyKey, IdempotencyRecord, KEPT_FOR, KeptAnswer, MAX_KEPT_BODY, PendingAnswer,
    RecordOwner, Seed,
};
pub use access::keys::{ChangeKeyError, CreateKeyError};
pub use access::ledger_record::{LedgerRecord, MOST_HOURS_WAITING, Renewal};
pub use access::ledgers::{LedgerName, Usage};
#[doc(hidden)]
pub use booking::bookings::booking_item;
pub use booking::bookings::{BookingList, BookingOrder, SlotWindow};
pub use booking::calendars::{CalendarRow, DeleteCalendarError};
pub use booking::due::{DueId, DueThing};
pub use booking::events::EventWindow;
pub use booking::resource_deletion::{BookingsToCome, DeleteResourceError, ResourceDeletion};
pub use booking::resources::{ChangeResourceError, CreateResourceError, ResourceSecret};
pub use deliveries::{DeliveryChange, KeptDelivery, KeptHealth};
pub use due::{Due, SHARDS};
pub use dynamo::author::in_the_name_of;
pub use dynamo::connection::{Connection, function_config, local_credentials, session_token};
pub use dynamo::contention::Attempt;
pub use dynamo::error::{DATABASE_DAMAGED, StoreError};
pub use dynamo::list::{Chunk, Direction, Position, Walk};
pub use dynamo::meter::{Cost, Meter};
pub use dynamo::store::Store;
pub use dynamo::tables::{Table, Tables};
pub use dynamo::version::{Expected, Stale, Version, Versioned};
pub use dynamo::writer::Writer;
pub use pages::entities::{Entity, EntityKind};
pub use pages::projects::{
    ChangeProjectError, CreateProjectError, MAX_MENU, MAX_MENU_READ, ProjectOffer,
};
pub use pages::widgets::KeepWidgetError;
pub use tenant::Tenant;
pub use unit::decision::{Decision, DecisionError};
pub use unit::sheets::sheet_items;
pub use webhooks::{ChangeWebhookError, CreateWebhookError};
