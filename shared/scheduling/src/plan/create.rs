//! The plan to create a booking, by itself or as one of many.

use chrono::{DateTime, Utc};
use model::TimeSlot;
use model::booking::{Booking, CannotAct, Customer, NewBooking, Notice};
use model::duration::CalendarSpan;
use model::graph::Graph;
use model::ids::{BookingId, CalendarId, ProjectId, ReservationId, ResourceId};
use model::occupancy::Buffers;
use model::resource::Resource;
use model::time::Tz;
use serde_json::{Map, Value};
use store::{Decision, Store};

use crate::actor::Actor;
use crate::defaults::{Defaults, Texts};
use crate::error::{Noun, SchedulingError};
use crate::offer::Placed;
use crate::owner::calendar_of;
use crate::plan::resources::{self, ResourceSet};
use crate::plan::seat::SeatPlan;

/// A request to book whose every field is valid, with its [`Defaults`] for what it leaves out. What it refers to has yet to
/// be read.
#[derive(Clone, Debug)]
pub struct BookingRequest {
    /// How the booking comes about.
    pub graph: Graph,
    /// What of whose time it takes, or which seat.
    pub place: Place,
    /// The project it belongs to.
    pub project_id: Option<ProjectId>,
    /// The calendar it goes to, if the request names one.
    pub calendar_id: Option<CalendarId>,
    /// The calendar that the reservation was made for, which may be gone by now.
    pub reserved_calendar_id: Option<CalendarId>,
    /// Free time it needs around it.
    pub buffers: Buffers,
    /// Whether it may overlap other bookings, and events.
    pub allow_double_bookings: bool,
    /// Whether events that last whole days are no obstacle.
    pub ignore_all_day_events: bool,
    /// Whether its time must be one that is offered.
    pub only_offered: bool,
    /// Whether that was checked when its time was reserved.
    pub is_checked: bool,
    /// How long before its start it may be booked and cancelled.
    pub notice: Notice,
    /// How long it waits for its payment.
    pub payment_time: CalendarSpan,
    /// How many seats a group has.
    pub max_seats: Option<u32>,
    /// Title, place and description.
    pub texts: Texts,
    /// Whom it is for.
    pub customer: Option<Customer>,
    /// Whatever the caller wants to keep with it.
    pub meta: Map<String, Value>,
}

/// What a booking takes.
#[derive(Clone, Debug)]
pub enum Place {
    /// Time of its resources.
    Time {
        /// The resources, its own first: at least one.
        resource_ids: Vec<ResourceId>,
        /// When.
        slot: TimeSlot,
        /// What has held the time until now.
        reservation_id: Option<ReservationId>,
    },
    /// A seat of a group. Resource and time, where they are sent, must be the group's.
    Seat {
        /// The group's own booking.
        owner_id: BookingId,
        /// The resource, if the request names one.
        resource_id: Option<ResourceId>,
        /// When, if the request says it.
        slot: Option<TimeSlot>,
    },
}

impl BookingRequest {
    /// The booking of all of `resources`, the first of which has its calendar.
    fn of_resources(
        self,
        resources: &[Resource],
        slot: TimeSlot,
    ) -> Result<NewBooking, SchedulingError> {
        let [resource, further @ ..] = resources else {
            return Err(SchedulingError::NoResources);
        };
        // A calendar that is gone has left its bookings to the default one, and its reservations too.
        let reserved = self
            .reserved_calendar_id
            .filter(|id| resource.calendar(Some(*id)).is_some());
        let calendar = calendar_of(resource, self.calendar_id.or(reserved))?;
        resources::check_lengths(resources, slot)?;
        let place = (resource.id, calendar.id, resource.timezone);
        let further_resources = further.iter().map(|resource| resource.id).collect();
        Ok(NewBooking {
            further_resources,
            ..self.at(place, slot, None)
        })
    }

    /// The booking at this place.
    pub(crate) fn at(
        self,
        (resource_id, calendar_id, timezone): (ResourceId, CalendarId, Tz),
        slot: TimeSlot,
        owner_id: Option<BookingId>,
    ) -> NewBooking {
        NewBooking {
            resource_id,
            further_resources: Vec::new(),
            calendar_id,
            project_id: self.project_id,
            graph: self.graph,
            slot,
            buffers: self.buffers,
            allow_double_bookings: self.allow_double_bookings,
            ignore_all_day_events: self.ignore_all_day_events,
            only_offered: self.only_offered,
            notice: self.notice,
            payment_time: self.payment_time,
            max_seats: self.max_seats,
            owner_id,
            related: Vec::new(),
            timezone,
            event: self.texts.into_event(),
            customers: self.customer.into_iter().collect(),
            meta: self.meta,
        }
    }
}

/// A booking to create.
#[derive(Clone, Debug)]
pub struct BookingPlan {
    id: BookingId,
    by: String,
    related: Vec<BookingId>,
    place: PlannedPlace,
}

#[derive(Clone, Debug)]
enum PlannedPlace {
    Time(Box<TimePlan>),
    Seat(Box<SeatPlan>),
}

/// A booking that takes time of its resources.
#[derive(Clone, Debug)]
struct TimePlan {
    new: NewBooking,
    resources: ResourceSet,
    reservation_id: Option<ReservationId>,
}

impl BookingPlan {
    /// Reads what `request` refers to: its resources and what is offered of them. `id` is the booking's.
    ///
    /// # Errors
    ///
    /// [`SchedulingError`] says what cannot be booked, and of which resource.
    pub async fn read(
        store: &Store,
        actor: &Actor,
        request: BookingRequest,
        defaults: &Defaults<'_>,
        id: BookingId,
        now: DateTime<Utc>,
    ) -> Result<Self, SchedulingError> {
        let place = match request.place.clone() {
            Place::Seat { owner_id, .. } => PlannedPlace::Seat(Box::new(SeatPlan {
                request,
                owner_id,
                is_public: actor.is_public,
            })),
            Place::Time {
                resource_ids,
                slot,
                reservation_id,
            } => {
                let at = (store, actor.tenant);
                let resources = resources::read(store, actor.tenant, &resource_ids).await?;
                let must_be_offered =
                    actor.is_public || (request.only_offered && !request.is_checked);
                let set = if must_be_offered {
                    let offer = defaults.offer();
                    ResourceSet::offered(at, offer, &resources, (slot, None), now).await?
                } else {
                    ResourceSet::unchecked(&resources)
                };
                PlannedPlace::Time(Box::new(TimePlan {
                    new: request.of_resources(&resources, slot)?,
                    resources: set,
                    reservation_id,
                }))
            }
        };
        Ok(Self {
            id,
            by: actor.name.clone(),
            related: Vec::new(),
            place,
        })
    }

    /// The same, as one of bookings that are changed together.
    #[must_use]
    pub fn related_to(self, related: Vec<BookingId>) -> Self {
        Self { related, ..self }
    }

    /// Makes it part of `decision`, and returns the booking.
    ///
    /// # Errors
    ///
    /// [`SchedulingError`] says what cannot be booked. Time and seats that are taken are found when the decision is committed.
    pub async fn decide(
        &self,
        decision: &mut Decision<'_>,
        now: DateTime<Utc>,
    ) -> Result<Booking, SchedulingError> {
        let new = match &self.place {
            PlannedPlace::Time(plan) => plan.decide(self.id, decision, now).await?,
            PlannedPlace::Seat(plan) => plan.decide(decision, now).await?,
        };
        let new = NewBooking {
            related: self.related.clone(),
            ..new
        };
        let booking = Booking::create(new, self.id, &self.by, now);
        Ok(decision.put(booking))
    }
}

impl TimePlan {
    async fn decide(
        &self,
        id: BookingId,
        decision: &mut Decision<'_>,
        now: DateTime<Utc>,
    ) -> Result<NewBooking, SchedulingError> {
        let new = &self.new;
        if let Some(id) = self.reservation_id {
            let reservation = decision.reservation(id).await?;
            let reservation = reservation.ok_or(SchedulingError::NotFound(Noun::Reservation))?;
            decision.delete_reservation(reservation.valid_at(now)?.id);
        }
        let placed = Placed {
            id: id.uuid(),
            buffers: new.buffers,
            tolerance: new.tolerance(),
        };
        self.resources.require(decision, new.slot, placed);
        // A group's own notice is for its customers.
        if new.graph != Graph::GroupOwner {
            let (start, zone) = (new.slot.start(), new.timezone);
            let in_time = new.notice.check_booking(start, zone, now);
            in_time.map_err(CannotAct::from)?;
        }
        Ok(new.clone())
    }
}
