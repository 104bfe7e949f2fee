//! Bookings, and the one transaction in which a booking and its time are taken together.

use chrono::{DateTime, Utc};
use model::booking::Booking;
use model::ids::{BookingId, ProjectId, ResourceId};
use model::occupancy::CannotPlace;

use crate::item::{BY_CUSTOMER, BY_PROJECT, BY_RESOURCE, Item, Key, RawItem, record, text};
use crate::list::{self, Chunk, MonthlyIndex, Partition, Walk, sort_key};
use crate::transaction::{Condition, Outcome, Transaction};
use crate::{Store, StoreError, Table, Tenant, sheets};

/// A booking could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CreateBookingError {
    /// Its time cannot be taken.
    #[error(transparent)]
    CannotPlace(#[from] CannotPlace),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A booking could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeBookingError<E: std::error::Error + 'static> {
    /// There is no such booking for this tenant.
    #[error("there is no such booking")]
    NotFound,
    /// The change is not allowed on the booking as it stands.
    #[error("the booking does not allow it")]
    Refused(#[source] E),
    /// The change needs time that cannot be taken.
    #[error(transparent)]
    CannotPlace(#[from] CannotPlace),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

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

/// What a condition of a booking's transaction is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Booking,
    Sheet,
}

fn key(tenant: Tenant, id: BookingId) -> Key {
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

fn item(store: &Store, tenant: Tenant, booking: &Booking) -> Result<Item, StoreError> {
    let month = list::month(booking.created_at);
    let mut item = Item::new(&key(tenant, booking.id), booking)?
        .with("version", store.new_version())
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

impl Store {
    /// Keeps a new booking, and takes its time if its state holds time, in one transaction.
    ///
    /// Time that is taken is refused even for a booking whose state does not hold any yet: it could not
    /// be confirmed. Two such bookings may both wait for the same free time.
    ///
    /// # Errors
    ///
    /// [`CreateBookingError::CannotPlace`] only if a sheet shows the time taken or full.
    pub async fn create_booking(
        &self,
        tenant: Tenant,
        booking: &Booking,
        now: DateTime<Utc>,
    ) -> Result<(), CreateBookingError> {
        self.until_decided(|| async {
            let _turn = self.turn(booking.resource_id).await?;
            let wanted = booking.wanted_claim();
            let mut occupancy = self
                .occupancy(tenant.app, booking.resource_id, &[wanted], now)
                .await?;
            if !booking.allow_double_bookings {
                occupancy.check_free(&wanted)?;
            }
            if let Some(claim) = booking.claim() {
                occupancy.place(claim)?;
            }
            let mut transaction = Transaction::new(self);
            transaction.put(
                Of::Booking,
                Table::Data,
                item(self, tenant, booking)?,
                &Condition::Absent,
            )?;
            sheets::add_to(
                &mut transaction,
                self,
                &Of::Sheet,
                tenant.app,
                booking.resource_id,
                occupancy,
            )?;
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(())),
                Outcome::Refused(of) if of.contains(&Of::Booking) => Err(StoreError::broken(
                    "TransactWriteItems",
                    "a new booking's id exists already",
                )
                .into()),
                Outcome::Refused(_) | Outcome::Conflict => Ok(None),
            }
        })
        .await
    }

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
        let booking: Option<Booking> = self.get_record(Table::Data, &key(tenant, id)).await?;
        Ok(booking.filter(|booking| tenant.includes(booking.resource_id)))
    }

    /// Applies `change` to a booking and moves its time accordingly, in one transaction, on condition that
    /// neither the booking nor a sheet moved meanwhile; if one did, `change` is asked again on what is there now.
    ///
    /// # Errors
    ///
    /// As [`ChangeBookingError`] says; nothing is changed then.
    pub async fn change_booking<E: std::error::Error + 'static>(
        &self,
        tenant: Tenant,
        id: BookingId,
        now: DateTime<Utc>,
        change: impl Fn(Booking) -> Result<Booking, E>,
    ) -> Result<Booking, ChangeBookingError<E>> {
        self.until_decided(|| async {
            let (before, version) = self
                .booking_and_version(tenant, id)
                .await?
                .ok_or(ChangeBookingError::NotFound)?;
            let after = change(before.clone()).map_err(ChangeBookingError::Refused)?;
            let (held, holds) = (before.claim(), after.claim());
            let mut transaction = Transaction::new(self);
            transaction.put(
                Of::Booking,
                Table::Data,
                item(self, tenant, &after)?,
                &Condition::Version(version),
            )?;
            let _turn;
            if held != holds {
                _turn = self.turn(after.resource_id).await?;
                let touched: Vec<_> = held.into_iter().chain(holds).collect();
                let mut occupancy = self
                    .occupancy(tenant.app, after.resource_id, &touched, now)
                    .await?;
                if let Some(held) = held {
                    occupancy.release(&held);
                }
                if let Some(holds) = holds {
                    if !after.allow_double_bookings {
                        occupancy.check_free(&holds)?;
                    }
                    occupancy.place(holds)?;
                }
                sheets::add_to(
                    &mut transaction,
                    self,
                    &Of::Sheet,
                    tenant.app,
                    after.resource_id,
                    occupancy,
                )?;
            }
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(after)),
                Outcome::Refused(_) | Outcome::Conflict => Ok(None),
            }
        })
        .await
    }

    /// Deletes a booking that `may_go` agrees to, and gives back the time it held.
    ///
    /// # Errors
    ///
    /// As [`ChangeBookingError`] says; nothing is changed then.
    pub async fn delete_booking<E: std::error::Error + 'static>(
        &self,
        tenant: Tenant,
        id: BookingId,
        now: DateTime<Utc>,
        may_go: impl Fn(&Booking) -> Result<(), E>,
    ) -> Result<(), ChangeBookingError<E>> {
        self.until_decided(|| async {
            let (booking, version) = self
                .booking_and_version(tenant, id)
                .await?
                .ok_or(ChangeBookingError::NotFound)?;
            may_go(&booking).map_err(ChangeBookingError::Refused)?;
            let mut transaction = Transaction::new(self);
            transaction.delete(
                Of::Booking,
                Table::Data,
                &key(tenant, id),
                Some(&Condition::Version(version)),
            )?;
            let _turn;
            if let Some(held) = booking.claim() {
                _turn = self.turn(booking.resource_id).await?;
                let mut occupancy = self
                    .occupancy(tenant.app, booking.resource_id, &[held], now)
                    .await?;
                occupancy.release(&held);
                sheets::add_to(
                    &mut transaction,
                    self,
                    &Of::Sheet,
                    tenant.app,
                    booking.resource_id,
                    occupancy,
                )?;
            }
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(())),
                Outcome::Refused(_) | Outcome::Conflict => Ok(None),
            }
        })
        .await
    }

    async fn booking_and_version(
        &self,
        tenant: Tenant,
        id: BookingId,
    ) -> Result<Option<(Booking, String)>, StoreError> {
        let Some(item) = self.get(Table::Data, &key(tenant, id)).await? else {
            return Ok(None);
        };
        let version = text(&item, "version")
            .ok_or_else(|| StoreError::broken("GetItem", "a booking without version"))?;
        let booking: Booking = record(item)?;
        Ok(tenant
            .includes(booking.resource_id)
            .then_some((booking, version)))
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
        let read = |item: RawItem| record(item);
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
