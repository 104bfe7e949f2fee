//! Deliveries: from what a transaction told to what each endpoint was sent. Each delivery is an item of its own, in order of
//! its event's time within its endpoint's partition, and beside them is the endpoint's health.
//!
//! Workers write here and nowhere else, but for the mark of what was told that it is due. A claim is a put on the version
//! seen, as any other change is, so of two workers one is refused.
//! It is one file because a delivery, its place in the index and its endpoint's health are written together.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use model::delivery::{Delivery, DeliveryId, Health, KEPT_FOR};
use model::ids::{AppId, WebhookId};
use model::outbox::{ChangeEvent, ToldEvent, ToldId};
use uuid::Uuid;

use crate::dynamo::tables::BY_DUE;
use crate::dynamo::{
    Attempt, Between, Chunk, Condition, IndexPartition, Item, Outcome, Place, RawItem, Seen, Store,
    StoreError, Table, Transaction, Version, Walk, Writer, record, text,
};
use crate::{due, outbox, places};

/// How many deliveries are put in one transaction.
const AT_ONCE: usize = 90;

/// A delivery as it is kept.
#[derive(Clone, Debug)]
pub struct KeptDelivery {
    app: AppId,
    seen: Seen<Delivery>,
}

impl KeptDelivery {
    /// The delivery.
    pub const fn delivery(&self) -> &Delivery {
        &self.seen.record
    }

    /// The app that it belongs to.
    pub const fn app(&self) -> AppId {
        self.app
    }
}

/// An endpoint's health as it is kept. An endpoint that has none kept is a new one.
#[derive(Clone, Debug)]
pub struct KeptHealth {
    app: AppId,
    webhook: WebhookId,
    seen: Option<Seen<Health>>,
    health: Health,
}

impl KeptHealth {
    /// The health.
    pub const fn health(&self) -> &Health {
        &self.health
    }
}

/// How a change of a delivery ended.
#[derive(Debug)]
pub enum DeliveryChange {
    /// It was changed, and is so now.
    Done(Box<KeptDelivery>),
    /// Somebody else was faster, and nothing was changed.
    LostRace,
}

/// The conditions under which deliveries are created.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Guard {
    /// There is none of this event to this endpoint.
    Absent,
    /// What was told is still to be handed on.
    StillDue,
}

fn shard_of(id: DeliveryId) -> u8 {
    let webhook = id.webhook.uuid().as_bytes()[15];
    (due::shard(id.event) + webhook % due::SHARDS) % due::SHARDS
}

/// The item of a delivery in a new version.
fn item_of(app: AppId, delivery: &Delivery, version: &Version) -> Result<Item, StoreError> {
    let place = places::delivery(app, delivery.webhook, delivery.event);
    let item = Item::new(&place, delivery)?
        .with("version", version.as_str())
        .expiring((delivery.created_at + KEPT_FOR).timestamp());
    Ok(match delivery.wakes_at() {
        None => item,
        Some(at) => {
            let listing = places::due_deliveries(shard_of(delivery.id()));
            due::listed(item, listing, at, delivery.event)
        }
    })
}

impl Store {
    /// What a transaction told and nobody has handed on to the endpoints yet; none if that is done, or it is gone. Read
    /// strongly consistent.
    ///
    /// # Errors
    ///
    /// If the store fails, or the item cannot be read.
    pub async fn get_due_told(
        &self,
        app: AppId,
        id: ToldId,
    ) -> Result<Option<Vec<ToldEvent>>, StoreError> {
        let Some(item) = self.get(&places::told(app, id.at(), id.uuid())).await? else {
            return Ok(None);
        };
        if !item.contains_key(BY_DUE.partition) {
            return Ok(None);
        }
        let events = outbox::events_of(&item)?;
        Ok(Some(events.into_iter().map(|(_, event)| event).collect()))
    }

    /// A delivery, strongly consistent.
    ///
    /// # Errors
    ///
    /// If the store fails, or the item cannot be read.
    pub async fn get_delivery(
        &self,
        app: AppId,
        id: DeliveryId,
    ) -> Result<Option<KeptDelivery>, StoreError> {
        let place = places::delivery(app, id.webhook, id.event);
        let seen = self.see(&place).await?;
        Ok(seen.map(|seen| KeptDelivery { app, seen }))
    }

    /// The deliveries of these events to an endpoint, strongly consistent, in no order; those that do not exist are left out.
    ///
    /// # Errors
    ///
    /// If the store fails, or an item cannot be read.
    pub async fn get_deliveries(
        &self,
        app: AppId,
        webhook: WebhookId,
        events: &[Uuid],
    ) -> Result<Vec<KeptDelivery>, StoreError> {
        let place = |event: &Uuid| places::delivery(app, webhook, *event);
        let places: Vec<Place> = events.iter().map(place).collect();
        let items = self.get_many(&places).await?.into_iter();
        let kept = items.map(|item| {
            let seen = Seen::read(item)?;
            Ok(KeptDelivery { app, seen })
        });
        kept.collect()
    }

    /// The next deliveries to an endpoint, in the order of their events, strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn list_deliveries(
        &self,
        app: AppId,
        webhook: WebhookId,
        walk: &Walk<'_>,
    ) -> Result<Chunk<KeptDelivery>, StoreError> {
        let [first, last] = places::DELIVERIES.map(|key| Some(key.to_owned()));
        let partition = IndexPartition {
            listing: places::deliveries_of(app, webhook),
            between: Between { first, last },
        };
        let read = |item: &RawItem| {
            let seen = Seen::read(item.clone())?;
            Ok(KeptDelivery { app, seen })
        };
        self.chunk_of_partition(&partition, walk, read).await
    }

    /// The health of an endpoint, strongly consistent.
    ///
    /// # Errors
    ///
    /// If the store fails, or the item cannot be read.
    pub async fn get_health(
        &self,
        app: AppId,
        webhook: WebhookId,
    ) -> Result<KeptHealth, StoreError> {
        let seen: Option<Seen<Health>> = self.see(&places::health(app, webhook)).await?;
        let health = seen.as_ref().map(|seen| seen.record.clone());
        Ok(KeptHealth {
            app,
            webhook,
            seen,
            health: health.unwrap_or_default(),
        })
    }

    /// The health of endpoints of an app, strongly consistent; of an endpoint that has none kept there is none.
    ///
    /// # Errors
    ///
    /// If the store fails, or an item cannot be read.
    pub async fn get_health_of(
        &self,
        app: AppId,
        webhooks: &[WebhookId],
    ) -> Result<HashMap<WebhookId, Health>, StoreError> {
        let of_pk = |id: &WebhookId| (places::health(app, *id).pk, *id);
        let ids: HashMap<String, WebhookId> = webhooks.iter().map(of_pk).collect();
        let places: Vec<Place> = webhooks.iter().map(|id| places::health(app, *id)).collect();
        let mut found = HashMap::new();
        for item in self.get_many(&places).await? {
            let pk = text(&item, "pk").unwrap_or_default();
            if let Some(id) = ids.get(&pk) {
                found.insert(*id, record(&item)?);
            }
        }
        Ok(found)
    }
}

impl Writer {
    /// Hands on what was told: creates these deliveries, but for those that there are, and then takes what was told off the
    /// list of what is due. Whoever does it again, or at the same time, creates nothing twice. Answers those it created.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn hand_on(
        &self,
        app: AppId,
        told: ToldId,
        deliveries: &[Delivery],
    ) -> Result<Vec<DeliveryId>, StoreError> {
        let mut created = Vec::new();
        let mut left = deliveries;
        while left.len() > AT_ONCE {
            let (next, rest) = left.split_at(AT_ONCE);
            created.extend(self.create_deliveries(app, None, next).await?);
            left = rest;
        }
        created.extend(self.create_deliveries(app, Some(told), left).await?);
        Ok(created)
    }

    /// Creates those of these deliveries that there are not, together with the mark that what was told is done.
    async fn create_deliveries(
        &self,
        app: AppId,
        told: Option<ToldId>,
        deliveries: &[Delivery],
    ) -> Result<Vec<DeliveryId>, StoreError> {
        let all = deliveries.iter().collect();
        if let Attempt::Decided(created) = self.try_to_create(app, told, all).await? {
            return Ok(created);
        }
        // Another worker is at it, or was and died.
        self.until_decided(|| async {
            let missing = self.missing(app, deliveries).await?;
            self.try_to_create(app, told, missing).await
        })
        .await
    }

    async fn try_to_create(
        &self,
        app: AppId,
        told: Option<ToldId>,
        deliveries: Vec<&Delivery>,
    ) -> Result<Attempt<Vec<DeliveryId>>, StoreError> {
        let mut transaction = Transaction::new(self);
        for delivery in &deliveries {
            let item = item_of(app, delivery, &Version::random(&*self.random))?;
            transaction.put(Guard::Absent, item, &Condition::Absent)?;
        }
        if let Some(told) = told {
            let place = places::told(app, told.at(), told.uuid());
            transaction.take_out_of(Guard::StillDue, &place, &BY_DUE, &Condition::Due)?;
        }
        let created = deliveries.iter().map(|one| one.id()).collect();
        if transaction.is_empty() {
            return Ok(Attempt::Decided(created));
        }
        transaction
            .decide_or(created, |refused| {
                // Whoever took it off the list has created all of them.
                let is_done = refused.contains(&Guard::StillDue);
                Ok(if is_done {
                    Attempt::Decided(Vec::new())
                } else {
                    Attempt::LostRace
                })
            })
            .await
    }

    /// Those of these deliveries that there are not, strongly consistent.
    async fn missing<'a>(
        &self,
        app: AppId,
        deliveries: &'a [Delivery],
    ) -> Result<Vec<&'a Delivery>, StoreError> {
        let place = |one: &Delivery| places::delivery(app, one.webhook, one.event);
        let places: Vec<Place> = deliveries.iter().map(place).collect();
        let there = self.get_many(&places).await?;
        let there: Result<HashSet<Place>, _> = there
            .iter()
            .map(|item| Place::of(Table::Deliveries, item))
            .collect();
        let there = there?;
        let missing = deliveries.iter().filter(|one| !there.contains(&place(one)));
        Ok(missing.collect())
    }

    /// Creates a delivery that no transaction has told of, e.g. of an example; nothing if there is one of this event.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn create_delivery(&self, app: AppId, delivery: &Delivery) -> Result<(), StoreError> {
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            let item = item_of(app, delivery, &Version::random(&*self.random))?;
            transaction.put((), item, &Condition::Absent)?;
            transaction.makes_due();
            transaction
                .decide_or((), |_| Ok::<_, StoreError>(Attempt::Decided(())))
                .await
        })
        .await
    }

    /// Puts a delivery off what is due, by what was told and cannot be read: it is looked at again at `until`.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn defer(&self, due: due::Due, until: DateTime<Utc>) -> Result<(), StoreError> {
        let (place, listing, id) = match due {
            due::Due::Told { app, id } => {
                let listing = places::due_told(due::shard(id.uuid()));
                let place = places::told(app, id.at(), id.uuid());
                (place, listing, id.uuid())
            }
            due::Due::Delivery { app, id } => {
                let listing = places::due_deliveries(shard_of(id));
                let place = places::delivery(app, id.webhook, id.event);
                (place, listing, id.event)
            }
        };
        let mut transaction = Transaction::new(self);
        let sort = places::by_time(until, id);
        transaction.move_in((), &place, &listing, sort, &Condition::Due)?;
        // Whoever else is at work on it knows better.
        transaction.commit().await?;
        Ok(())
    }

    /// Replaces a delivery by what has become of it, on condition that it still is as it was read.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn change_delivery(
        &self,
        kept: &KeptDelivery,
        delivery: Delivery,
    ) -> Result<DeliveryChange, StoreError> {
        let version = Version::random(&*self.random);
        let item = item_of(kept.app, &delivery, &version)?;
        let (item, condition) = Seen::rewrite(Some(&kept.seen), item)?;
        let attributes = item.clone().into_attributes();
        let mut transaction = Transaction::new(self);
        transaction.put((), item, &condition)?;
        if delivery.leased_until.is_none()
            && delivery.due_at.is_some_and(|due| due <= self.clock.now())
        {
            transaction.makes_due();
        }
        Ok(match transaction.commit().await? {
            Outcome::Committed => DeliveryChange::Done(Box::new(KeptDelivery {
                app: kept.app,
                seen: Seen::new(delivery, attributes),
            })),
            Outcome::Refused(_) | Outcome::Conflict => DeliveryChange::LostRace,
        })
    }

    /// Makes a delivery due at once, whatever became of it before. `keep` learns what it is then, before it is written.
    ///
    /// # Errors
    ///
    /// `keep`'s, and if the store fails; none if there is no such delivery.
    pub async fn retry_delivery<T, E: From<StoreError>>(
        &self,
        app: AppId,
        id: DeliveryId,
        now: DateTime<Utc>,
        keep: impl Fn(&Delivery) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        self.until_decided(|| async {
            let Some(kept) = self.get_delivery(app, id).await? else {
                return Ok(Attempt::Decided(None));
            };
            let retried = kept.delivery().clone().retried(now);
            let answer = keep(&retried)?;
            Ok(match self.change_delivery(&kept, retried).await? {
                DeliveryChange::Done(_) => Attempt::Decided(Some(answer)),
                DeliveryChange::LostRace => Attempt::LostRace,
            })
        })
        .await
    }

    /// Replaces an endpoint's health, on condition that it still is as it was read, and tells `events` of it, e.g. that the
    /// endpoint was disabled. Answers whether it did: of two workers whose attempts end at once, one does not.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn change_health(
        &self,
        kept: &KeptHealth,
        health: &Health,
        events: Vec<ChangeEvent>,
    ) -> Result<bool, StoreError> {
        let place = places::health(kept.app, kept.webhook);
        let version = Version::random(&*self.random);
        let item = Item::new(&place, health)?.with("version", version.as_str());
        let (item, condition) = Seen::rewrite(kept.seen.as_ref(), item)?;
        let mut transaction = Transaction::new(self);
        transaction.put((), item, &condition)?;
        outbox::tell_in(&mut transaction, (), kept.app, events)?;
        Ok(transaction.commit().await? == Outcome::Committed)
    }
}
