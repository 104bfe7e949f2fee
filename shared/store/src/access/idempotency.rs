//! Idempotency records: what a request was answered, for whoever sends it again with the same key. A record is put
//! in the very transaction that makes its answer true, on condition that there is none, so of requests with one key
//! exactly one does anything, and there is no state in between.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use model::Random;
use model::ids::{AccountId, AppId};
use model::key::HashedKey;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::dynamo::writer::Companion;
use crate::dynamo::{
    Attempt, Condition, Item, Outcome, Place, RawItem, Store, StoreError, Transaction, Writer,
    number, record,
};
use crate::places;

/// How long a record holds.
pub const KEPT_FOR: TimeDelta = TimeDelta::hours(24);

/// The most bytes of a body that are kept: what the largest request can be answered with, and well below the 400 KB
/// that an item may have.
pub const MAX_KEPT_BODY: usize = 320 * 1024;

/// How much later than its end a record is tidied away, in seconds.
const TIDIED_AFTER_S: i64 = 60 * 60;

/// For whom a record is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordOwner {
    /// Somebody who acts for this app.
    App(AppId),
    /// A person who acts for none.
    Account(AccountId),
}

/// Where the record of a request is: the same for a request that is sent again, and for no other caller or route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(Place);

impl IdempotencyKey {
    /// The place for `hash`, which is the SHA-256 of the key that was sent, to `route` by the credential or account
    /// `caller`.
    pub fn new(owner: RecordOwner, caller: Uuid, route: &str, hash: HashedKey) -> Self {
        Self(match owner {
            RecordOwner::App(app) => places::request_of_app(app, caller, route, hash),
            RecordOwner::Account(account) => {
                places::request_of_account(account, caller, route, hash)
            }
        })
    }
}

/// What a record's ids are derived from, so that a request which is sent again makes the same things and no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seed(Uuid);

impl Seed {
    /// A new one.
    pub fn random(random: &dyn Random) -> Self {
        Self(Uuid::from_bytes(random.bytes()))
    }

    /// Its bytes.
    pub const fn bytes(self) -> [u8; 16] {
        self.0.into_bytes()
    }

    /// The id of the thing that is made as number `index`: the same whenever the request is sent again.
    pub fn id(self, index: u16) -> Uuid {
        let mut bytes = self.bytes();
        let [high, low] = index.to_be_bytes();
        bytes[14] ^= high;
        bytes[15] ^= low;
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    fn version(self) -> String {
        self.0.to_string()
    }
}

/// An answer as it went over the wire, without what only its first reader may see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptAnswer {
    /// Its status.
    pub status: u16,
    /// The headers that belong to it, such as `etag`.
    pub headers: BTreeMap<String, String>,
    /// Its body; empty if it has none.
    pub body: String,
}

/// What is known of a request with an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyRecord {
    /// A code of what was asked for. Whoever asks for something else with the same key has made a mistake.
    pub request: String,
    /// What the ids of what it makes are derived from.
    pub seed: Seed,
    /// How it was answered; none if it was only begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<KeptAnswer>,
}

impl IdempotencyRecord {
    fn item(
        &self,
        key: &IdempotencyKey,
        version: String,
        expires_s: i64,
    ) -> Result<Item, StoreError> {
        Ok(Item::new(&key.0, self)?
            .with("version", version)
            .with_number("expires_s", expires_s)
            .expiring(expires_s + TIDIED_AFTER_S))
    }
}

fn expires_s(now: DateTime<Utc>) -> i64 {
    (now + KEPT_FOR).timestamp()
}

/// A request with an idempotency key, and the answer it will get, on their way into the transaction that makes the
/// answer true. Cheap to clone; clones are the same.
#[derive(Clone)]
pub struct PendingAnswer(Arc<Inner>);

struct Inner {
    key: IdempotencyKey,
    request: String,
    seed: Seed,
    now: DateTime<Utc>,
    answer: Mutex<Option<KeptAnswer>>,
    is_committed: AtomicBool,
}

impl PendingAnswer {
    /// A request that begins `now`.
    pub fn new(key: IdempotencyKey, request: String, seed: Seed, now: DateTime<Utc>) -> Self {
        Self(Arc::new(Inner {
            key,
            request,
            seed,
            now,
            answer: Mutex::default(),
            is_committed: AtomicBool::default(),
        }))
    }

    /// Says what the request will be answered. A decision that is made again says it again.
    pub fn set(&self, answer: KeptAnswer) {
        *self.0.answer() = Some(answer);
    }

    /// Whether `record` is of the same request.
    pub fn is_same_request(&self, record: &IdempotencyRecord) -> bool {
        self.0.request == record.request
    }

    /// Whether the answer has become true, and is kept.
    pub fn is_committed(&self) -> bool {
        self.0.is_committed.load(Ordering::Acquire)
    }
}

impl Inner {
    fn answer(&self) -> std::sync::MutexGuard<'_, Option<KeptAnswer>> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Companion for Inner {
    fn item(&self, version: String) -> Result<(Item, Condition), StoreError> {
        let Some(answer) = self.answer().clone() else {
            let mistake = "a request with an idempotency key writes before its answer is kept";
            return Err(StoreError::broken("TransactWriteItems", mistake));
        };
        let record = IdempotencyRecord {
            request: self.request.clone(),
            seed: self.seed,
            answer: Some(answer),
        };
        let item = record.item(&self.key, version, expires_s(self.now))?;
        let condition = Condition::AbsentOrExpired(self.now.timestamp());
        Ok((item, condition))
    }

    fn bytes(&self) -> usize {
        const REST: usize = 1_000;
        REST + self.answer().as_ref().map_or(0, |answer| answer.body.len())
    }

    fn committed(&self) {
        self.is_committed.store(true, Ordering::Release);
    }
}

impl Store {
    /// A writer whose transaction also keeps the answer that a request will get. One operation writes one transaction
    /// with it: a second one is refused with [`StoreError::Replayed`], as a second request is.
    pub fn writer_keeping(&self, pending: &PendingAnswer) -> Writer {
        Writer::with(self, pending.0.clone())
    }

    /// What is known of a request, strongly consistent; none if nothing is, or only what has expired.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn find_idempotency_record(
        &self,
        key: &IdempotencyKey,
        now: DateTime<Utc>,
    ) -> Result<Option<IdempotencyRecord>, StoreError> {
        let item = self.get(&key.0).await?;
        let holds = |item: &RawItem| number(item, "expires_s") > Some(now.timestamp());
        item.filter(holds).as_ref().map(record).transpose()
    }
}

impl Writer {
    /// Notes that a request has begun which makes many things, each in a transaction of its own, with ids that are
    /// derived from its seed. If it has begun before, answers what is known since then.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn begin_idempotent(
        &self,
        pending: &PendingAnswer,
        now: DateTime<Utc>,
    ) -> Result<IdempotencyRecord, StoreError> {
        let Inner {
            key, request, seed, ..
        } = &*pending.0;
        let begun = IdempotencyRecord {
            request: request.clone(),
            seed: *seed,
            answer: None,
        };
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            let item = begun.item(key, seed.version(), expires_s(pending.0.now))?;
            let condition = Condition::AbsentOrExpired(now.timestamp());
            transaction.put((), item, &condition)?;
            if transaction.commit().await? == Outcome::Committed {
                return Ok(Attempt::Decided(begun.clone()));
            }
            let known = self.find_idempotency_record(key, now).await?;
            Ok(known.map_or(Attempt::LostRace, Attempt::Decided))
        })
        .await
    }

    /// Keeps the answer of a request that was begun with the seed of `begun`. It holds from `now` on.
    ///
    /// # Errors
    ///
    /// [`StoreError::Replayed`] if it has been answered meanwhile, or has expired.
    pub async fn finish_idempotent(
        &self,
        pending: &PendingAnswer,
        begun: &IdempotencyRecord,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let finished = IdempotencyRecord {
            answer: pending.0.answer().clone(),
            ..begun.clone()
        };
        // The version changes with the answer, so that of two who finish it only one does.
        let condition = Condition::Version(begun.seed.version());
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            let item = finished.item(&pending.0.key, self.new_version(), expires_s(now))?;
            transaction.put((), item, &condition)?;
            let refused = |_: &[()]| Err(StoreError::Replayed);
            transaction.decide_or((), refused).await
        })
        .await?;
        pending.0.committed();
        Ok(())
    }
}
