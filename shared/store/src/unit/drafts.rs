//! What a decision reads and changes, alike for every kind of record.

use std::collections::BTreeMap;

use model::ids::{AppId, ResourceId};
use model::outbox::ChangeEvent;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::dynamo::{
    Condition, Item, Place, RawItem, Seen, Store, StoreError, Transaction, record, text,
};
use crate::tenant::Tenant;
use crate::unit::step::Move;
use crate::unit::touched::{Sizes, Touched};

/// What a condition of a decision's transaction is about. Whichever fails, the decision is made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    Record,
    Resource,
    Sheet,
    Outbox,
}

/// A kind of record that decisions read and change. What it takes of resources, and whatever else changes with it,
/// follows from what it was and is to be, so no operation can forget it.
pub(crate) trait Drafted: Clone + Serialize + DeserializeOwned {
    /// Its id.
    fn uuid(&self) -> Uuid;

    /// Where the one with this id is.
    fn place(app: AppId, id: Uuid) -> Place;

    /// Reads one with the version it was written with.
    fn read(item: &RawItem) -> Result<Self, StoreError> {
        let version = text(item, "version")
            .ok_or_else(|| StoreError::broken("read", "a record without version"))?;
        let mut read: Self = record(item)?;
        *read.version() = version;
        Ok(read)
    }

    /// The item that it is written as.
    fn item(&self, app: AppId) -> Result<Item, StoreError>;

    /// The version it was read with, or is written with.
    fn version(&mut self) -> &mut String;

    /// The resource it belongs to, which says whether a tenant may see it.
    fn resource(&self) -> ResourceId;

    /// By resource, which claims go and which come when `before` becomes `after`.
    fn moves(before: Option<&Self>, after: Option<&Self>) -> Vec<(ResourceId, Move)>;

    /// The record that has to change with it.
    fn changes_with(_before: Option<&Self>, _after: Option<&Self>) -> Option<Uuid> {
        None
    }

    /// What it tells that `before` becomes `after`.
    fn tells(before: Option<&Self>, after: Option<&Self>) -> Vec<ChangeEvent>;

    /// Notes the sequence of the last event that tells of it, if it has one.
    fn told(&mut self, _sequence: u32) {}

    /// Adds to the transaction what finds it by another name.
    fn point_in(
        _transaction: &mut Transaction<'_, Guard>,
        _app: AppId,
        _before: Option<&Self>,
        _after: Option<&Self>,
    ) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A record as it was read, and as it is to be.
pub(crate) struct Draft<T> {
    before: Option<Seen<T>>,
    after: Option<T>,
    is_changed: bool,
}

impl<T> Draft<T> {
    pub(super) fn before(&self) -> Option<&T> {
        self.before.as_ref().map(|seen| &seen.record)
    }

    pub(super) fn after(&self) -> Option<&T> {
        self.after.as_ref()
    }
}

/// A decision's records of one kind, by id.
pub(crate) struct Drafts<T>(BTreeMap<Uuid, Draft<T>>);

impl<T> Default for Drafts<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Drafted> Drafts<T> {
    /// The record as it is to be so far, or as it was last written. One outside the tenant is `None`.
    pub(super) async fn get(
        &mut self,
        store: &Store,
        tenant: Tenant,
        id: Uuid,
    ) -> Result<Option<T>, StoreError> {
        if !self.0.contains_key(&id) {
            let found = store.get(&T::place(tenant.app, id)).await?;
            self.add(id, tenant, found)?;
        }
        Ok(self.0[&id].after.clone())
    }

    /// As [`Drafts::get`], of many, in one batch. Those that are not there are left out.
    pub(super) async fn get_many(
        &mut self,
        store: &Store,
        tenant: Tenant,
        ids: &[Uuid],
    ) -> Result<Vec<T>, StoreError> {
        let unread = ids.iter().filter(|id| !self.0.contains_key(id));
        let places: Vec<Place> = unread.map(|id| T::place(tenant.app, *id)).collect();
        for item in store.get_many(&places).await? {
            let id = T::read(&item)?.uuid();
            self.add(id, tenant, Some(item))?;
        }
        let drafts = ids.iter().filter_map(|id| self.0.get(id));
        Ok(drafts.filter_map(|draft| draft.after.clone()).collect())
    }

    fn add(&mut self, id: Uuid, tenant: Tenant, item: Option<RawItem>) -> Result<(), StoreError> {
        let mut before = None;
        if let Some(item) = item {
            let record = T::read(&item)?;
            if tenant.includes(record.resource()) {
                before = Some(Seen::new(record, item));
            }
        }
        let draft = Draft {
            after: before.as_ref().map(|seen| seen.record.clone()),
            before,
            is_changed: false,
        };
        self.0.insert(id, draft);
        Ok(())
    }

    /// Says how a record is to be. Put twice it is written once, with the version that may have been told already.
    pub(super) fn put(&mut self, mut record: T, new_version: String) -> T {
        let draft = self.0.entry(record.uuid()).or_insert(Draft {
            before: None,
            after: None,
            is_changed: false,
        });
        let told = draft.after.as_mut().filter(|_| draft.is_changed);
        *record.version() = told.map_or(new_version, |told| told.version().clone());
        draft.after = Some(record.clone());
        draft.is_changed = true;
        record
    }

    /// Marks a record for deletion.
    pub(super) fn delete(&mut self, id: Uuid) {
        let draft = self.0.entry(id).or_insert(Draft {
            before: None,
            after: None,
            is_changed: false,
        });
        draft.after = None;
        draft.is_changed = true;
    }

    /// The draft of a record that is changed.
    pub(super) fn changed(&self, id: Uuid) -> Option<&Draft<T>> {
        self.0.get(&id).filter(|draft| draft.is_changed)
    }

    /// What every change tells, by record. Doing it again tells the same.
    pub(super) fn tell(&mut self, told: &mut BTreeMap<Uuid, Vec<ChangeEvent>>) {
        for (id, draft) in self.0.iter_mut().filter(|(_, draft)| draft.is_changed) {
            let before = draft.before.as_ref().map(|seen| &seen.record);
            let events = T::tells(before, draft.after.as_ref());
            let last = events.last().and_then(|event| event.sequence);
            if let Some((after, last)) = draft.after.as_mut().zip(last) {
                after.told(last);
            }
            if !events.is_empty() {
                told.insert(*id, events);
            }
        }
    }

    /// Every record that is changed, as it is to be.
    pub(super) fn all_changed(&self) -> impl Iterator<Item = &T> {
        let changed = self.0.values().filter(|draft| draft.is_changed);
        changed.filter_map(|draft| draft.after.as_ref())
    }
}

/// [`Drafts`] of whichever kind.
pub(crate) trait Kind: Send + Sync {
    /// By resource, which claims of a changed record go and which come.
    fn moves_of(&self, id: Uuid) -> Vec<(ResourceId, Move)>;

    /// The record that has to change with this one.
    fn changes_with(&self, id: Uuid) -> Option<Uuid>;

    /// Where everything is that was read, and the condition that it is as it was read.
    fn seen(&self, app: AppId) -> Vec<(Place, Condition)>;

    /// Adds every changed record to a transaction, and notes how large each is there.
    fn write_in(
        &self,
        transaction: &mut Transaction<'_, Guard>,
        app: AppId,
        sizes: &mut Sizes,
    ) -> Result<(), StoreError>;
}

impl<T: Drafted + Send + Sync> Kind for Drafts<T> {
    fn moves_of(&self, id: Uuid) -> Vec<(ResourceId, Move)> {
        match self.changed(id) {
            Some(draft) => T::moves(draft.before(), draft.after()),
            None => Vec::new(),
        }
    }

    fn changes_with(&self, id: Uuid) -> Option<Uuid> {
        let draft = self.changed(id)?;
        T::changes_with(draft.before(), draft.after())
    }

    fn seen(&self, app: AppId) -> Vec<(Place, Condition)> {
        let seen = |(id, draft): (&Uuid, &Draft<T>)| {
            let before = draft.before.as_ref()?;
            Some((T::place(app, *id), before.condition()))
        };
        self.0.iter().filter_map(seen).collect()
    }

    fn write_in(
        &self,
        transaction: &mut Transaction<'_, Guard>,
        app: AppId,
        sizes: &mut Sizes,
    ) -> Result<(), StoreError> {
        for (id, draft) in self.0.iter().filter(|(_, draft)| draft.is_changed) {
            let others = transaction.bytes();
            T::point_in(transaction, app, draft.before(), draft.after())?;
            match &draft.after {
                Some(after) => {
                    let (item, seen) = Seen::rewrite(draft.before.as_ref(), after.item(app)?)?;
                    transaction.put(Guard::Record, item, &seen)?;
                }
                None => {
                    let seen = draft.before.as_ref().map(Seen::condition);
                    let seen = seen.unwrap_or(Condition::Absent);
                    transaction.delete(Guard::Record, &T::place(app, *id), Some(&seen))?;
                }
            }
            sizes.insert(Touched::Record(*id), transaction.bytes() - others);
        }
        Ok(())
    }
}
