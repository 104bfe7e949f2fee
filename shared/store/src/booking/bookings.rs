//! Bookings as items, one by one and in lists. How they change is decided in [`unit`](crate::unit).

use chrono::{DateTime, Datelike, Months, TimeDelta, Utc};
use model::booking::{Booking, MAX_BOOKING_DAYS};
use model::graph::{Graph, Holding};
use model::ids::{AppId, BookingId, ProjectId, ResourceId};
use model::outbox::{self, ChangeEvent};
use model::time::TimeSlot;
use uuid::Uuid;

use crate::dynamo::list::{merge, month};
use crate::dynamo::{
    Between, Chunk, IndexPartition, Item, Listing, MonthlyIndex, Place, Position, RawItem, Store,
    StoreError, Walk,
};
use crate::places::{self, CREATED, FAR, START};
use crate::tenant::Tenant;
use crate::unit::drafts::Drafted;
use crate::unit::step::Move;

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
            first: self.first_start().map(places::instant),
            last: self.to.map(places::instant),
        }
    }
}

/// The month that a booking is listed under by start: that of its start, if that is near the one it was created in.
fn start_month(booking: &Booking) -> String {
    let number = |at: DateTime<Utc>| i64::from(at.year()) * 12 + i64::from(at.month0());
    let start = booking.slot.start();
    let months = number(start) - number(booking.created_at);
    let (before, behind) = NEAR_MONTHS;
    if (-i64::from(before)..=i64::from(behind)).contains(&months) {
        month(start)
    } else {
        FAR.to_owned()
    }
}

pub(crate) fn item(app: AppId, booking: &Booking) -> Result<Item, StoreError> {
    let created = month(booking.created_at);
    let start = start_month(booking);
    let mut item = Item::new(&places::booking(app, booking.id), booking)?
        .with("version", &booking.version)
        .with(CREATED, places::by_time(booking.created_at, booking.id))
        .with(START, places::by_time(booking.slot.start(), booking.id))
        .listed(places::bookings_by_month(app).of(&created))
        .listed(places::bookings_of_resource(app, booking.resource_id))
        .listed(places::bookings_by_start(app).of(&start));
    if booking.graph == Graph::GroupOwner {
        item = item.listed(places::groups_by_start(app).of(&start));
    }
    let mut customers = booking.customers.iter();
    if let Some(email) = customers.find_map(|customer| customer.email.as_deref()) {
        item = item.listed(places::bookings_of_customer(app, email));
    }
    if let Some(project) = booking.project_id {
        item = item.listed(places::bookings_of_project(app, project).of(&created));
    }
    Ok(item.due(booking.id.uuid(), booking.next_due()))
}

/// The item that a booking is kept as in [`Table::Data`], for filling a table past this crate. Nothing is taken by it: no
/// time and no seat.
///
/// # Errors
///
/// Only if the booking cannot be written as an item.
#[doc(hidden)]
pub fn booking_item(tenant: Tenant, booking: &Booking) -> Result<RawItem, StoreError> {
    Ok(item(tenant.app, booking)?.into_attributes())
}

impl Drafted for Booking {
    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    fn place(app: AppId, id: Uuid) -> Place {
        places::booking(app, BookingId::new(id))
    }

    fn item(&self, app: AppId) -> Result<Item, StoreError> {
        item(app, self)
    }

    fn version(&mut self) -> &mut String {
        &mut self.version
    }

    fn resource(&self) -> ResourceId {
        self.resource_id
    }

    fn moves(before: Option<&Self>, after: Option<&Self>) -> Vec<(ResourceId, Move)> {
        let of_all = |booking: Option<&Self>| {
            let resources = booking.into_iter().flat_map(Self::resources);
            resources.collect::<Vec<_>>()
        };
        let (old, new) = (of_all(before), of_all(after));
        let mut moves = Vec::new();
        let claim_before = before.and_then(Self::claim);
        let claim_after = after.and_then(Self::claim);
        if let (Some(booking), None) = (after, before)
            && claim_after.is_none()
            && booking.graph.rules().holding == Holding::Time
            && !booking.completed()
            && !booking.allow_double_bookings
        {
            let want = || Move::Want(booking.wanted_claim(), booking.tolerance());
            moves.extend(new.iter().map(|resource| (*resource, want())));
        }
        if (claim_before, &old) == (claim_after, &new) {
            return moves;
        }
        if let Some(claim) = claim_before {
            moves.extend(old.iter().map(|resource| (*resource, Move::Go(claim))));
        }
        if let Some((booking, claim)) = after.zip(claim_after) {
            let come = || Move::Come(claim, booking.tolerance());
            moves.extend(new.iter().map(|resource| (*resource, come())));
        }
        moves
    }

    fn tells(before: Option<&Self>, after: Option<&Self>) -> Vec<ChangeEvent> {
        outbox::of_booking(before, after)
    }

    fn told(&mut self, sequence: u32) {
        self.event_sequence = Some(sequence);
    }

    /// A group has its seats.
    fn changes_with(before: Option<&Self>, after: Option<&Self>) -> Option<Uuid> {
        let (before, after) = (before.and_then(Self::seat), after.and_then(Self::seat));
        let (group, _) = before.or(after).filter(|_| before != after)?;
        Some(group.uuid())
    }
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
        let found = self.get(&places::booking(tenant.app, id)).await?;
        let booking = found.as_ref().map(Booking::read).transpose()?;
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
        let app = tenant.app;
        let places: Vec<Place> = ids.iter().map(|id| places::booking(app, *id)).collect();
        let items = self.get_many(&places).await?;
        let mut bookings = items
            .iter()
            .map(Booking::read)
            .collect::<Result<Vec<_>, _>>()?;
        bookings.retain(|booking| tenant.includes(booking.resource_id));
        Ok(bookings)
    }

    /// The next bookings of a list. It is one function because it is one match, an arm for each list.
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
        let app = tenant.app;
        match own.as_ref().unwrap_or(list) {
            BookingList::OfResource { resource, window } => {
                let partition = IndexPartition {
                    listing: places::bookings_of_resource(app, *resource),
                    between: window.between(),
                };
                self.chunk_of_partition(&partition, walk, Booking::read)
                    .await
            }
            BookingList::OfCustomer(email) => {
                let partition = IndexPartition {
                    listing: places::bookings_of_customer(app, email),
                    between: Between::default(),
                };
                self.chunk_of_partition(&partition, walk, Booking::read)
                    .await
            }
            BookingList::All { since } => {
                let months = MonthlyIndex::all(places::bookings_by_month(app), *since, now);
                self.chunk_by_month(&months, walk, Booking::read).await
            }
            BookingList::OfProject { project, since } => {
                let listing = places::bookings_of_project(app, *project);
                let months = MonthlyIndex::all(listing, *since, now);
                self.chunk_by_month(&months, walk, Booking::read).await
            }
            BookingList::ByStart { since, window } => {
                let months = by_start(places::bookings_by_start(app), *since, window, now);
                self.chunk_by_start(&months, walk).await
            }
            BookingList::Groups { since, window } => {
                let months = by_start(places::groups_by_start(app), *since, window, now);
                self.chunk_by_start(&months, walk).await
            }
        }
    }

    /// The next bookings of a list by start: those near the month they were made in, and the others among them.
    async fn chunk_by_start(
        &self,
        months: &MonthlyIndex,
        walk: &Walk<'_>,
    ) -> Result<Chunk<Booking>, StoreError> {
        let far = months.partition(FAR);
        let (near, far) = tokio::try_join!(
            self.chunk_by_month(months, walk, Booking::read),
            self.chunk_of_partition(&far, walk, Booking::read)
        )?;
        Ok(merge(near, far, walk))
    }
}

/// The months of an index by start in which bookings of `window` can be, if the app was created at `since`.
fn by_start(
    listing: Listing,
    since: DateTime<Utc>,
    window: &SlotWindow,
    now: DateTime<Utc>,
) -> MonthlyIndex {
    let (before, behind) = NEAR_MONTHS;
    let first = since
        .checked_sub_months(Months::new(before))
        .unwrap_or(since);
    let last = now.checked_add_months(Months::new(behind)).unwrap_or(now);
    MonthlyIndex {
        listing,
        since: window.first_start().map_or(first, |start| start.max(first)),
        until: window.to.map_or(last, |to| to.min(last)),
        between: window.between(),
    }
}
