//! Bookings as items, one by one and in lists. How they change is decided in [`decision`](crate::decision).

use chrono::{DateTime, Utc};
use model::booking::Booking;
use model::ids::{BookingId, ProjectId, ResourceId};

use crate::item::{BY_CUSTOMER, BY_PROJECT, BY_RESOURCE, Item, Key, RawItem, record, text};
use crate::list::{self, Chunk, MonthlyIndex, Partition, Walk, sort_key};
use crate::{Store, StoreError, Table, Tenant};

/// Which run of bookings to list, and with it the order: by start for a resource's, by creation for the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BookingList {
    /// All of the tenant's, by creation; `since` is when the app was made.
    All {
        /// No booking is older.
        since: DateTime<Utc>,
    },
    /// One resource's, by start.
    OfResource(ResourceId),
    /// One customer's, by creation.
    OfCustomer(String),
    /// One project's, by creation; `since` is when the app was made.
    OfProject {
        /// The project.
        project: ProjectId,
        /// No booking is older.
        since: DateTime<Utc>,
    },
}

pub(crate) fn key(tenant: Tenant, id: BookingId) -> Key {
    Key::new(format!("app#{}#booking#{id}", tenant.app), "booking")
}

fn resource_partition(tenant: Tenant, resource: ResourceId) -> String {
    format!("app#{}#bookings#{resource}", tenant.app)
}

fn customer_partition(tenant: Tenant, email: &str) -> String {
    format!("app#{}#bookings#{}", tenant.app, email.to_lowercase())
}

fn month_prefix(tenant: Tenant) -> String {
    format!("app#{}#bookings#", tenant.app)
}

fn project_prefix(tenant: Tenant, project: ProjectId) -> String {
    format!("app#{}#bookings#{project}#", tenant.app)
}

pub(crate) fn item(tenant: Tenant, booking: &Booking) -> Result<Item, StoreError> {
    let month = list::month(booking.created_at);
    let mut item = Item::new(&key(tenant, booking.id), booking)?
        .with("version", &booking.version)
        .with("created_sk", sort_key(booking.created_at, booking.id))
        .with("start_sk", sort_key(booking.slot.start(), booking.id))
        .with("month_pk", month_prefix(tenant) + &month)
        .with(
            "resource_pk",
            resource_partition(tenant, booking.resource_id),
        );
    if let Some(email) = booking
        .customers
        .iter()
        .find_map(|customer| customer.email.as_deref())
    {
        item = item.with("customer_pk", customer_partition(tenant, email));
    }
    if let Some(project) = booking.project_id {
        item = item.with("project_pk", project_prefix(tenant, project) + &month);
    }
    Ok(item)
}

/// A booking with the version it was written with.
fn read(item: RawItem) -> Result<Booking, StoreError> {
    let version = text(&item, "version")
        .ok_or_else(|| StoreError::broken("read", "a booking without version"))?;
    let booking: Booking = record(item)?;
    Ok(Booking { version, ..booking })
}

impl Store {
    /// Reads a booking as it was last written, strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails; a booking outside the tenant is `None`.
    pub async fn get_booking(
        &self,
        tenant: Tenant,
        id: BookingId,
    ) -> Result<Option<Booking>, StoreError> {
        let found = self.get(Table::Data, &key(tenant, id)).await?;
        let booking = found.map(read).transpose()?;
        Ok(booking.filter(|booking| tenant.includes(booking.resource_id)))
    }

    /// As [`Store::get_booking`], of many, in no order. Those that are not there are left out.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn get_bookings(
        &self,
        tenant: Tenant,
        ids: &[BookingId],
    ) -> Result<Vec<Booking>, StoreError> {
        let keys: Vec<_> = ids.iter().map(|id| key(tenant, *id)).collect();
        let items = self.get_many(Table::Data, &keys).await?;
        let mut bookings = items.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        bookings.retain(|booking| tenant.includes(booking.resource_id));
        Ok(bookings)
    }

    /// The next bookings of a list.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn list_bookings(
        &self,
        tenant: Tenant,
        list: &BookingList,
        walk: &Walk<'_>,
        now: DateTime<Utc>,
    ) -> Result<Chunk<Booking>, StoreError> {
        // A tenant that is one resource has one list, whichever was asked for.
        let of_resource = tenant.only_resource.or(match list {
            BookingList::OfResource(resource) => Some(*resource),
            BookingList::All { .. }
            | BookingList::OfCustomer(_)
            | BookingList::OfProject { .. } => None,
        });
        let partition = |index, name| Partition {
            table: Table::Data,
            index,
            name,
        };
        if let Some(resource) = of_resource {
            let partition = partition(&BY_RESOURCE, resource_partition(tenant, resource));
            return self.chunk_of_partition(&partition, walk, read).await;
        }
        match list {
            BookingList::OfResource(_) => unreachable!("taken above"),
            BookingList::OfCustomer(email) => {
                let partition = partition(&BY_CUSTOMER, customer_partition(tenant, email));
                self.chunk_of_partition(&partition, walk, read).await
            }
            BookingList::All { since } => {
                let months = list::by_month(Table::Data, month_prefix(tenant), *since, now);
                self.chunk_by_month(&months, walk, read).await
            }
            BookingList::OfProject { project, since } => {
                let prefix = project_prefix(tenant, *project);
                let months = MonthlyIndex {
                    table: Table::Data,
                    index: &BY_PROJECT,
                    prefix,
                    since: *since,
                    now,
                };
                self.chunk_by_month(&months, walk, read).await
            }
        }
    }
}
