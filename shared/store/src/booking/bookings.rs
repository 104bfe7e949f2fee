//! Bookings as items, one by one and in lists. How they change is decided in [`decision`](crate::unit::decision).

use chrono::{DateTime, Datelike, Months, TimeDelta, Utc};
use model::booking::{Booking, MAX_BOOKING_DAYS};
use model::graph::Graph;
use model::ids::{BookingId, ProjectId, ResourceId};
use model::text::email_key;
use model::time::TimeSlot;

use crate::dynamo::item::{
    BY_CUSTOMER, BY_GROUP, BY_PROJECT, BY_RESOURCE, BY_START, Index, Item, Key, RawItem, record,
    text,
};
use crate::dynamo::list::{
    self, Between, Chunk, MonthlyIndex, Partition, Position, Walk, merge, sort_key, time_key,
};
use crate::{Store, StoreError, Table, Tenant};

/// How many months before and behind the month it was made in a booking starts, to be listed under the month it starts in.
/// The few others are listed together, so that a list by start knows which months there can be.
const NEAR_MONTHS: (u32, u32) = (12, 24);

/// Which run of bookings to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BookingList {
    /// All of the tenant's, by creation; `since` is when the app was made.
    All {
        /// No booking was made before.
        since: DateTime<Utc>,
    },
    /// All of the tenant's that lie in a window, by start.
    ByStart {
        /// No booking was made before.
        since: DateTime<Utc>,
        /// Which of them.
        window: SlotWindow,
    },
    /// The tenant's groups that lie in a window, by start.
    Groups {
        /// No booking was made before.
        since: DateTime<Utc>,
        /// Which of them.
        window: SlotWindow,
    },
    /// One resource's that lie in a window, by start.
    OfResource {
        /// The resource.
        resource: ResourceId,
        /// Which of them.
        window: SlotWindow,
    },
    /// One customer's, by creation.
    OfCustomer(String),
    /// One project's, by creation; `since` is when the app was made.
    OfProject {
        /// The project.
        project: ProjectId,
        /// No booking was made before.
        since: DateTime<Utc>,
    },
}

/// Bookings that end after one instant and start before another; none means no bound. A list keeps to it as far as its
/// index can: a booking that is over just before may still be in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotWindow {
    /// They end after it.
    pub from: Option<DateTime<Utc>>,
    /// They start before it.
    pub to: Option<DateTime<Utc>>,
}

/// In which order a list of bookings is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookingOrder {
    /// As they were made.
    Creation,
    /// As they start.
    Start,
}

impl BookingList {
    /// Its order.
    pub const fn order(&self) -> BookingOrder {
        match self {
            Self::All { .. } | Self::OfCustomer(_) | Self::OfProject { .. } => {
                BookingOrder::Creation
            }
            Self::ByStart { .. } | Self::Groups { .. } | Self::OfResource { .. } => {
                BookingOrder::Start
            }
        }
    }
}

impl BookingOrder {
    /// Where a booking stands in every list of this order. It stays there as long as it exists.
    pub fn position(self, booking: &Booking) -> Position {
        match self {
            Self::Creation => Position::of(booking.created_at, booking.id),
            Self::Start => Position::of(booking.slot.start(), booking.id),
        }
    }
}

impl SlotWindow {
    /// Whether a booking of this time lies in it, at least in part.
    pub fn includes(&self, slot: TimeSlot) -> bool {
        self.from.is_none_or(|from| slot.end() > from) && self.to.is_none_or(|to| slot.start() < to)
    }

    /// Whether it has no bound.
    pub fn is_open(&self) -> bool {
        *self == Self::default()
    }

    /// The earliest start of a booking that ends after `from`: none is longer than [`MAX_BOOKING_DAYS`], which by a clock
    /// that is put back, or leaves a date out, are up to a day longer than as many times 24 hours.
    fn first_start(&self) -> Option<DateTime<Utc>> {
        let days = i64::from(MAX_BOOKING_DAYS) + 1;
        self.from.map(|from| from - TimeDelta::days(days))
    }

    fn between(&self) -> Between {
        Between {
            first: self.first_start().map(time_key),
            last: self.to.map(time_key),
        }
    }
}

pub(crate) fn key(tenant: Tenant, id: BookingId) -> Key {
    Key::new(format!("app#{}#booking#{id}", tenant.app), "booking")
}

fn resource_partition(tenant: Tenant, resource: ResourceId) -> String {
    format!("app#{}#bookings#{resource}", tenant.app)
}

fn customer_partition(tenant: Tenant, email: &str) -> String {
    format!("app#{}#bookings#{}", tenant.app, email_key(email))
}

fn month_prefix(tenant: Tenant) -> String {
    format!("app#{}#bookings#", tenant.app)
}

fn project_prefix(tenant: Tenant, project: ProjectId) -> String {
    format!("app#{}#bookings#{project}#", tenant.app)
}

fn start_prefix(tenant: Tenant) -> String {
    format!("app#{}#starts#", tenant.app)
}

fn group_prefix(tenant: Tenant) -> String {
    format!("app#{}#groups#", tenant.app)
}

/// Under what a booking stands in a list by start: its month, if that is near the one it was made in.
fn start_month(booking: &Booking) -> String {
    let number = |at: DateTime<Utc>| i64::from(at.year()) * 12 + i64::from(at.month0());
    let start = booking.slot.start();
    let months = number(start) - number(booking.created_at);
    let (before, behind) = NEAR_MONTHS;
    if (-i64::from(before)..=i64::from(behind)).contains(&months) {
        list::month(start)
    } else {
        FAR.to_owned()
    }
}

/// What stands in a month's place for bookings that are not near.
const FAR: &str = "far";

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
        )
        .with("start_pk", start_prefix(tenant) + &start_month(booking));
    if booking.graph == Graph::GroupOwner {
        item = item.with("group_pk", group_prefix(tenant) + &start_month(booking));
    }
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

/// The item that a booking is kept as in [`Table::Data`], for filling a table past this crate. Nothing is taken by it: no
/// time and no seat.
///
/// # Errors
///
/// Only if the booking cannot be written as an item.
#[doc(hidden)]
pub fn booking_item(tenant: Tenant, booking: &Booking) -> Result<RawItem, StoreError> {
    Ok(item(tenant, booking)?.into_attributes())
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
        let own = match (tenant.only_resource, list) {
            (None, _) => None,
            (Some(only), BookingList::OfResource { resource, .. }) if only == *resource => None,
            (Some(resource), _) => Some(BookingList::OfResource {
                resource,
                window: SlotWindow::default(),
            }),
        };
        match own.as_ref().unwrap_or(list) {
            BookingList::OfResource { resource, window } => {
                let partition = Partition {
                    table: Table::Data,
                    index: &BY_RESOURCE,
                    name: resource_partition(tenant, *resource),
                    between: window.between(),
                };
                self.chunk_of_partition(&partition, walk, read).await
            }
            BookingList::OfCustomer(email) => {
                let partition = Partition {
                    table: Table::Data,
                    index: &BY_CUSTOMER,
                    name: customer_partition(tenant, email),
                    between: Between::default(),
                };
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
                    until: now,
                    between: Between::default(),
                };
                self.chunk_by_month(&months, walk, read).await
            }
            BookingList::ByStart { since, window } => {
                let months = by_start(&BY_START, start_prefix(tenant), *since, window, now);
                self.chunk_by_start(&months, walk).await
            }
            BookingList::Groups { since, window } => {
                let months = by_start(&BY_GROUP, group_prefix(tenant), *since, window, now);
                self.chunk_by_start(&months, walk).await
            }
        }
    }

    /// The next bookings of a list by start: those near the month they were made in, and the others among them.
    async fn chunk_by_start(
        &self,
        months: &MonthlyIndex<'_>,
        walk: &Walk<'_>,
    ) -> Result<Chunk<Booking>, StoreError> {
        let far = months.partition(FAR);
        let (near, far) = tokio::try_join!(
            self.chunk_by_month(months, walk, read),
            self.chunk_of_partition(&far, walk, read)
        )?;
        Ok(merge(near, far, walk))
    }
}

/// The months of an index by start in which bookings of `window` can be, if the app was made at `since`.
fn by_start(
    index: &'static Index,
    prefix: String,
    since: DateTime<Utc>,
    window: &SlotWindow,
    now: DateTime<Utc>,
) -> MonthlyIndex<'static> {
    let (before, behind) = NEAR_MONTHS;
    let first = since
        .checked_sub_months(Months::new(before))
        .unwrap_or(since);
    let last = now.checked_add_months(Months::new(behind)).unwrap_or(now);
    MonthlyIndex {
        table: Table::Data,
        index,
        prefix,
        since: window.first_start().map_or(first, |start| start.max(first)),
        until: window.to.map_or(last, |to| to.min(last)),
        between: window.between(),
    }
}
