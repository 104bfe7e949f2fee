//! A request to book, read and filled in.

use model::TimeSlot;
use model::booking::{Customer, NewBooking, Notice};
use model::duration::CalendarSpan;
use model::graph::Graph;
use model::ids::{BookingId, CalendarId, ProjectId, ReservationId, ResourceId};
use model::language::LanguageTag;
use model::occupancy::Buffers;
use model::reminder::Reminder;
use model::resource::Resource;
use model::time::Tz;
use serde_json::{Map, Value};

use crate::defaults::Texts;
use crate::error::SchedulingError;
use crate::owner::calendar_of;
use crate::plan::resources::check_lengths;

/// A request to book whose every field is valid, with its [`Defaults`](crate::Defaults) for what it leaves out. What it refers to has yet to
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
    /// The language that its customer reads, if the request says it.
    pub locale: Option<LanguageTag>,
    /// How long it waits for its payment.
    pub payment_time: CalendarSpan,
    /// How many seats a group has.
    pub max_seats: Option<u32>,
    /// Title, place and description.
    pub texts: Texts,
    /// Whom it is for.
    pub customer: Option<Customer>,
    /// What to send before or after its start.
    pub reminders: Vec<Reminder>,
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
    pub(crate) fn of_resources(
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
        check_lengths(resources, slot)?;
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
            locale: self.locale,
            payment_time: self.payment_time,
            max_seats: self.max_seats,
            owner_id,
            related: Vec::new(),
            timezone,
            event: self.texts.into_event(),
            customers: self.customer.into_iter().collect(),
            reminders: self.reminders,
            meta: self.meta,
        }
    }
}
