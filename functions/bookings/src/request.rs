//! What a request to make a booking says, and everything that can be wrong with it.

use api::body::MAX_FREE_FORM;
use api::{ApiError, Faults, Field, Object, PublicTexts};
use auth::Principal;
use chrono::{DateTime, TimeDelta, Utc};
use model::TimeSlot;
use model::booking::{
    Booking, BookingTooLong, Customer, EventText, MAX_BOOKING_DAYS, NewBooking, Notice,
    check_length,
};
use model::duration::{CalendarSpan, InvalidDuration, parse_exact};
use model::graph::{Action, Graph};
use model::ids::{BookingId, CalendarId, CustomerId, ProjectId, ReservationId, ResourceId};
use model::occupancy::{Buffers, MAX_BUFFER_HOURS};
use model::project::{BookingDefaults, Project, Rules, fill_template};
use model::reservation::Reservation;
use model::resource::Resource;
use model::seats::MAX_SEATS;
use model::time::{Tz, parse_instant};
use scheduling::Offer;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::payment::payment_time;

/// A booking to make. Fields that are not listed are ignored: booking pages send their whole configuration.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateBookingRequest {
    /// Who or what is booked. Required unless a resource's own token is used.
    #[serde(default)]
    #[schema(value_type = String, format = Uuid)]
    resource_id: Field<String>,
    /// How the booking comes about: `instant`, `confirm_decline`, `instant_payment`, `group_owner`, `group_customer` or
    /// `group_customer_payment`. Required without a project or reservation that says it.
    #[serde(default)]
    #[schema(value_type = Option<api::schemas::Graph>, example = "confirm_decline")]
    graph: Field<String>,
    /// The graph's own first action. Needs not be sent.
    #[serde(default)]
    #[schema(value_type = Option<api::schemas::Action>)]
    action: Field<String>,
    /// When it begins: RFC 3339 with an offset. Required, but for a seat in a group and with a reservation.
    #[serde(default)]
    #[schema(value_type = String, format = DateTime)]
    start: Field<String>,
    /// When it ends. At most 31 days after the start. Required as `start` is.
    #[serde(default)]
    #[schema(value_type = String, format = DateTime)]
    end: Field<String>,
    /// Title. Required without a project or reservation that says it.
    #[serde(default)]
    #[schema(value_type = String, min_length = 1, max_length = 1000, pattern = r"\S")]
    what: Field<String>,
    /// Place. Required without a project or reservation that says it.
    #[serde(default, rename = "where")]
    #[schema(value_type = String, min_length = 1, max_length = 1000, pattern = r"\S")]
    place: Field<String>,
    /// More about it.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 20000)]
    description: Field<String>,
    /// Whom it is for, required but for a `group_owner`. In it `name` is required; `email`, `phone`, `voip`, `timezone` and any other field are kept.
    #[serde(default)]
    #[schema(value_type = Object)]
    customer: Field<Map<String, Value>>,
    /// The calendar it goes to; the resource's first unless said.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Uuid)]
    calendar_id: Field<String>,
    /// The project it belongs to, kept for searching.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Uuid)]
    project_id: Field<String>,
    /// E-mail addresses of others who take part.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    participants: Field<Vec<String>>,
    /// Whatever you want to keep with it; searchable by `meta.<key>`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    meta: Field<Map<String, Value>>,
    /// `allow_double_bookings` (boolean). `ignore_all_day_events` (boolean): events that last all day are no obstacle; the
    /// project's `availability` says so unless sent. `buffer`, or `buffer_before` and `buffer_after` (like `15 minutes`): free time
    /// it needs around it. `min_booking_time`, `max_booking_time`, `min_cancel_time` (like `2 hours`): how long before
    /// its start it can be booked at the latest, at the earliest, and called off by its customer. `only_offered` (boolean):
    /// whether its time must be one that availability offers a page, by hours, notice, caps and length, also when it is
    /// rescheduled; the project's `booking.only_offered` says so unless sent. For a `group_owner`:
    /// `max_seats`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    settings: Field<Object<BookingSettings>>,
    /// How long a booking that waits for its payment does so, like `{"time": 25, "unit": "min"}`: at most 24 hours, in `sec`,
    /// `min`, `hour` or `day`. Defaults to its reservation's, or else its project's `booking.timeout`, or else to 5 minutes.
    /// A public key or token can only shorten that.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    timeout: Field<Value>,
    /// For a seat in a group: `owner_booking_id`. Time and resource are the group's.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    related: Field<Object<Related>>,
    /// A reservation that becomes this booking. What the booking leaves out is taken from there.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Uuid)]
    reservation_id: Field<String>,
    /// The older form: `start`, `end`, `what`, `where`, `description` and `calendar_id` in here.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    event: Field<Object<LegacyEvent>>,
}

/// Rules for one booking.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub(crate) struct BookingSettings {
    allow_double_bookings: Field<bool>,
    ignore_all_day_events: Field<bool>,
    only_offered: Field<bool>,
    buffer: Field<String>,
    buffer_before: Field<String>,
    buffer_after: Field<String>,
    min_booking_time: Field<String>,
    max_booking_time: Field<String>,
    min_cancel_time: Field<String>,
    max_seats: Field<i64>,
}

/// Which group a seat is in.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub(crate) struct Related {
    owner_booking_id: Field<String>,
}

/// The older form of a booking's what, where and when.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub(crate) struct LegacyEvent {
    start: Field<String>,
    end: Field<String>,
    what: Field<String>,
    #[serde(rename = "where")]
    place: Field<String>,
    description: Field<String>,
    calendar_id: Field<String>,
    participants: Field<Vec<String>>,
}

/// A request whose every field is sound. What is left to ask is what it refers to.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) graph: Graph,
    pub(crate) place: Place,
    pub(crate) project_id: Option<ProjectId>,
    calendar_id: Option<CalendarId>,
    /// The calendar that the reservation was made for, which may be gone by now.
    held_in: Option<CalendarId>,
    buffers: Buffers,
    allow_double_bookings: bool,
    ignore_all_day_events: bool,
    /// Whether its time must be one that is offered.
    pub(crate) only_offered: bool,
    /// Whether that was checked when its time was reserved.
    pub(crate) is_checked: bool,
    notice: Notice,
    payment_time: CalendarSpan,
    max_seats: Option<u32>,
    event: Text,
    customer: Option<Customer>,
    meta: Map<String, Value>,
}

/// Where and when a booking is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// At a time of its own.
    Own {
        resource_id: ResourceId,
        slot: TimeSlot,
        /// What has held the time until now.
        reservation_id: Option<ReservationId>,
    },
    /// On a seat of a group. Resource and time, where they are sent, must be the group's.
    Seat {
        owner_id: BookingId,
        resource_id: Option<ResourceId>,
        slot: Option<TimeSlot>,
    },
}

#[derive(Clone, Debug)]
struct Text {
    what: Option<String>,
    place: Option<String>,
    description: Option<String>,
    participants: Vec<String>,
}

impl Text {
    /// With a project's words for what was left out, and the customer's in their place where the words leave room.
    fn for_project(
        self,
        project: Option<(&Project, &BookingDefaults)>,
        customer: Option<&Customer>,
    ) -> Self {
        let Some((project, texts)) = project else {
            return self;
        };
        let filled = |sent: Option<String>, template: &Option<String>, otherwise: Option<&str>| {
            let template = template.as_deref();
            match (sent, template, customer) {
                // Booking pages send the project's own words back as they got them.
                (sent, Some(template), Some(customer))
                    if sent.as_deref().is_none_or(|sent| sent == template) =>
                {
                    Some(fill_template(template, customer))
                }
                (sent, template, _) => sent
                    .or_else(|| template.map(str::to_owned))
                    .or_else(|| otherwise.map(str::to_owned)),
            }
        };
        let description = self.description.filter(|text| !text.is_empty());
        Self {
            what: filled(self.what, &texts.what, Some(&project.name)),
            place: filled(self.place, &texts.place, None),
            description: filled(description, &texts.description, None),
            participants: self.participants,
        }
    }

    fn into_event(self) -> EventText {
        EventText {
            what: self.what.unwrap_or_default(),
            place: self.place.unwrap_or_default(),
            description: self.description.unwrap_or_default(),
            participants: self.participants,
        }
    }
}

impl Wanted {
    /// Refuses secrets in a group's words, which pages show to everybody.
    pub(crate) fn refuse_secrets(&self, public: &PublicTexts) -> Result<(), ApiError> {
        let mut faults = Faults::none();
        public.check_text(&mut faults, "what", self.event.what.as_deref());
        public.check_text(&mut faults, "where", self.event.place.as_deref());
        let description = self.event.description.as_deref();
        public.check_text(&mut faults, "description", description);
        Ok(faults.check()?)
    }

    /// The booking of `resource` that is wanted.
    pub(crate) fn of_resource(
        self,
        resource: &Resource,
        slot: TimeSlot,
    ) -> Result<NewBooking, ApiError> {
        // A calendar that is gone has left its bookings to the default one, and its reservations too.
        let held_in = self
            .held_in
            .filter(|id| resource.calendar(Some(*id)).is_some());
        let calendar = resource
            .calendar(self.calendar_id.or(held_in))
            .ok_or_else(no_calendar)?;
        refuse_too_long(slot, resource.timezone)?;
        let place = (resource.id, calendar.id, resource.timezone);
        Ok(self.at(place, slot, None))
    }

    /// The seat of `group` that is wanted.
    pub(crate) fn of_group(self, group: &Booking) -> Result<NewBooking, ApiError> {
        let mut faults = Faults::none();
        if let Place::Seat {
            resource_id, slot, ..
        } = self.place
        {
            if resource_id.is_some_and(|id| id != group.resource_id) {
                faults.add("resource_id", "is not the group's; leave it out");
            }
            if slot.is_some_and(|slot| slot != group.slot) {
                faults.add("start", "is not the group's; leave start and end out");
            }
        }
        if self.project_id.is_some() && self.project_id != group.project_id {
            faults.add("project_id", "is not the group's");
        }
        faults.check()?;
        let place = (group.resource_id, group.calendar_id, group.timezone);
        let new = Self {
            project_id: group.project_id,
            notice: group.notice,
            event: Text {
                what: self.event.what.or_else(|| Some(group.event.what.clone())),
                place: self.event.place.or_else(|| Some(group.event.place.clone())),
                ..self.event
            },
            ..self
        };
        Ok(new.at(place, group.slot, Some(group.id)))
    }

    fn at(
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
            event: self.event.into_event(),
            customers: self.customer.into_iter().collect(),
            meta: self.meta,
        }
    }
}

/// What a request may leave out because something it refers to says it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Defaults<'a> {
    pub(crate) reservation: Option<Reservation>,
    pub(crate) project: Option<&'a Project>,
    /// The project's own, which its [`Project::rules`] are.
    pub(crate) rules: Option<&'a Rules>,
}

impl CreateBookingRequest {
    /// The project that it names, if that can be read; what is wrong with it is told with everything else.
    pub(crate) fn project_id(&self) -> Option<ProjectId> {
        self.project_id.clone().value()?.parse().ok()
    }

    /// The reservation that it names. What is left out is taken from there, so nothing else can be told without it.
    pub(crate) fn reservation_id(&self) -> Result<Option<ReservationId>, ApiError> {
        let mut faults = Faults::none();
        let id = id(&mut faults, "reservation_id", self.reservation_id.clone());
        faults.check()?;
        Ok(id)
    }
}

/// Reads a request, with `defaults` for what it leaves out.
pub(crate) fn parse(
    request: CreateBookingRequest,
    defaults: Defaults<'_>,
    principal: &Principal,
    random: &dyn model::Random,
) -> Result<Wanted, ApiError> {
    let mut faults = Faults::none();
    let held = defaults.reservation;
    let Object(old) = faults.optional("event", request.event).unwrap_or_default();
    let project = defaults.project;
    let of_project = defaults.rules.map(|rules| &rules.booking);
    let graph = graph(
        &mut faults,
        request.graph,
        held.as_ref(),
        of_project,
        principal,
    );
    let takes_a_seat = graph.is_some_and(Graph::takes_a_seat);
    refuse_other_start(&mut faults, request.action, graph);
    let (start, end) = (request.start.or(old.start), request.end.or(old.end));
    if takes_a_seat && held.is_some() {
        let sentence = "holds time, which a seat in a group does not need; leave it out";
        faults.add("reservation_id", sentence);
    }
    let place = if takes_a_seat {
        let Object(related) = faults
            .optional("related", request.related)
            .unwrap_or_default();
        seat(&mut faults, related, request.resource_id, start, end)
    } else {
        own_time(
            &mut faults,
            held.as_ref(),
            principal,
            request.resource_id,
            start,
            end,
        )
    };
    let event = text(
        &mut faults,
        Sent {
            what: request.what.or(old.what),
            place: request.place.or(old.place),
            description: request.description.or(old.description),
            participants: request.participants.or(old.participants),
        },
        held.as_ref().map(|held| &held.event),
        takes_a_seat || project.is_some(),
    );
    let customer = match held.as_ref().and_then(|held| held.customer.clone()) {
        Some(customer) if !request.customer.is_present() => Some(customer),
        // A group is for everybody who takes a seat in it.
        _ if graph == Some(Graph::GroupOwner) && !request.customer.is_present() => None,
        _ => {
            let customer = faults.required("customer", request.customer);
            customer.and_then(|customer| parse_customer(&mut faults, customer, random))
        }
    };
    let event = event.map(|event| event.for_project(project.zip(of_project), customer.as_ref()));
    let calendar_id = id(
        &mut faults,
        "calendar_id",
        request.calendar_id.or(old.calendar_id),
    );
    let held_in = held.as_ref().map(|held| held.calendar_id);
    let project_id = id(&mut faults, "project_id", request.project_id)
        .or(held.as_ref().and_then(|held| held.project_id));
    let meta = faults.optional("meta", request.meta).unwrap_or_default();
    faults.size("meta", &meta, MAX_FREE_FORM);
    if request.settings.is_present() && principal.is_public() {
        faults.add("settings", "cannot be set with a public key or token");
    }
    let Object(settings) = faults
        .optional("settings", request.settings)
        .unwrap_or_default();
    let allow_double_bookings = faults
        .optional(
            "settings.allow_double_bookings",
            settings.allow_double_bookings.clone(),
        )
        .unwrap_or(project.is_some_and(|project| project.allow_double_bookings));
    let ignore_all_day_events =
        ignores_all_day_events(&mut faults, &settings, held.as_ref(), project)?;
    let buffers = match (&held, project) {
        (Some(held), _) if !settings.has_buffers() => Some(held.buffers),
        (_, Some(project)) if !settings.has_buffers() => Some(Offer::of(Some(project))?.buffers()),
        _ => buffers(&mut faults, &settings),
    };
    let sent = faults.optional("settings.only_offered", settings.only_offered.clone());
    let was_checked = held
        .as_ref()
        .is_some_and(|held| held.only_offered && held.project_id == project_id);
    let only_offered =
        sent.unwrap_or(was_checked || of_project.is_some_and(|project| project.only_offered));
    let is_checked = was_checked && sent.is_none();
    let notice = notice(&mut faults, &settings);
    let max_seats = max_seats(&mut faults, &settings.max_seats, graph);
    let payment_time = payment_time(
        &mut faults,
        request.timeout,
        graph,
        held.as_ref(),
        of_project,
        principal,
    );

    let wanted = (|| {
        Some(Wanted {
            graph: graph?,
            place: place?,
            project_id,
            calendar_id,
            held_in,
            buffers: buffers?,
            allow_double_bookings,
            ignore_all_day_events,
            only_offered,
            is_checked,
            notice: notice?,
            payment_time,
            max_seats,
            event: event?,
            customer,
            meta,
        })
    })();
    Ok(faults.finish(wanted)?)
}

/// The calendar that is named is another resource's, or nobody's.
pub(crate) fn no_calendar() -> ApiError {
    ApiError::Invalid(Faults::one(
        "calendar_id",
        "is no calendar of this resource",
    ))
}

/// What a request to hold a slot says of the booking to come.
pub(crate) struct Reserved {
    pub(crate) resource_id: Field<String>,
    pub(crate) start: Field<String>,
    pub(crate) end: Field<String>,
    pub(crate) what: Field<String>,
    pub(crate) place: Field<String>,
    pub(crate) description: Field<String>,
    pub(crate) customer: Field<Map<String, Value>>,
    pub(crate) settings: Field<Object<BookingSettings>>,
}

/// A slot to hold, every field of it sound.
pub(crate) struct Held {
    pub(crate) resource_id: ResourceId,
    pub(crate) slot: TimeSlot,
    pub(crate) buffers: Buffers,
    /// Whether events that last all day are no obstacle, if the request says so.
    pub(crate) ignore_all_day_events: Option<bool>,
    /// Whether its time must be one that is offered, if the request says so.
    pub(crate) only_offered: Option<bool>,
    pub(crate) event: EventText,
    pub(crate) customer: Option<Customer>,
}

/// Reads what a request to hold a slot says of the booking to come.
pub(crate) fn reserved(
    faults: &mut Faults,
    principal: &Principal,
    random: &dyn model::Random,
    sent: Reserved,
) -> Option<Held> {
    let resource_id = resource_id(faults, sent.resource_id, principal);
    let slot = slot(faults, sent.start, sent.end);
    let text = text(
        faults,
        Sent {
            what: sent.what,
            place: sent.place,
            description: sent.description,
            participants: Field::Absent,
        },
        None,
        false,
    );
    let customer = faults.optional("customer", sent.customer);
    let customer = customer.map(|customer| parse_customer(faults, customer, random));
    let Object(settings) = faults
        .optional("settings", sent.settings)
        .unwrap_or_default();
    let buffers = buffers(faults, &settings);
    let name = "settings.ignore_all_day_events";
    let ignore_all_day_events = faults.optional(name, settings.ignore_all_day_events);
    let only_offered = faults.optional("settings.only_offered", settings.only_offered);
    Some(Held {
        resource_id: resource_id?,
        slot: slot?,
        buffers: buffers?,
        ignore_all_day_events,
        only_offered,
        event: text?.into_event(),
        customer: match customer {
            None => None,
            Some(customer) => Some(customer?),
        },
    })
}

fn seat(
    faults: &mut Faults,
    related: Related,
    resource_id: Field<String>,
    start: Field<String>,
    end: Field<String>,
) -> Option<Place> {
    let owner_id = faults.required("related.owner_booking_id", related.owner_booking_id);
    let owner_id = id(
        faults,
        "related.owner_booking_id",
        owner_id.map_or(Field::Absent, Field::Value),
    );
    let slot = if start.is_present() || end.is_present() {
        slot(faults, start, end)
    } else {
        None
    };
    Some(Place::Seat {
        resource_id: id(faults, "resource_id", resource_id),
        owner_id: owner_id?,
        slot,
    })
}

fn own_time(
    faults: &mut Faults,
    held: Option<&Reservation>,
    principal: &Principal,
    sent_resource: Field<String>,
    start: Field<String>,
    end: Field<String>,
) -> Option<Place> {
    let Some(held) = held else {
        let resource_id = resource_id(faults, sent_resource, principal);
        let slot = slot(faults, start, end);
        return Some(Place::Own {
            resource_id: resource_id?,
            slot: slot?,
            reservation_id: None,
        });
    };
    let other = "is not the reservation's; leave it out";
    if id(faults, "resource_id", sent_resource).is_some_and(|id: ResourceId| id != held.resource_id)
    {
        faults.add("resource_id", other);
    }
    if (start.is_present() || end.is_present())
        && slot(faults, start, end).is_some_and(|slot| slot != held.slot)
    {
        faults.add("start", other);
    }
    Some(Place::Own {
        resource_id: held.resource_id,
        slot: held.slot,
        reservation_id: Some(held.id),
    })
}

/// A booking's words as they were sent.
struct Sent {
    what: Field<String>,
    place: Field<String>,
    description: Field<String>,
    participants: Field<Vec<String>>,
}

fn text(
    faults: &mut Faults,
    sent: Sent,
    held: Option<&EventText>,
    is_optional: bool,
) -> Option<Text> {
    let mut line = |name: &str, field: Field<String>, held: Option<&String>| {
        let text = match held {
            Some(text) if !field.is_present() => Some(text.clone()),
            _ if is_optional => faults.optional(name, field),
            _ => faults.required(name, field),
        };
        faults.text(name, text, 1..=1_000)
    };
    let what = line("what", sent.what, held.map(|held| &held.what));
    let place = line("where", sent.place, held.map(|held| &held.place));
    let description = match held {
        Some(held) if !sent.description.is_present() => Some(held.description.clone()),
        _ => faults.optional("description", sent.description),
    };
    let description = faults.text("description", description, 0..=20_000);
    let participants = match held {
        Some(held) if !sent.participants.is_present() => held.participants.clone(),
        _ => faults
            .optional("participants", sent.participants)
            .unwrap_or_default(),
    };
    faults.size("participants", &participants, MAX_PARTICIPANTS);
    Some(Text {
        what,
        place,
        description,
        participants,
    })
}

/// The most bytes of a list of participants as JSON.
const MAX_PARTICIPANTS: usize = 16 * 1024;

/// An id that may be left out.
pub(crate) fn id<T: std::str::FromStr>(
    faults: &mut Faults,
    name: &str,
    field: Field<String>,
) -> Option<T> {
    let text = faults.optional(name, field);
    faults.parsed(name, text.as_deref(), |id| {
        id.parse().map_err(|_| "must be a valid UUID")
    })
}

/// A resource's token books that resource, whether or not the request says so.
pub(crate) fn resource_id(
    faults: &mut Faults,
    field: Field<String>,
    principal: &Principal,
) -> Option<ResourceId> {
    let text = match principal.tenant().only_resource {
        Some(own) if !field.is_present() => return Some(own),
        _ => faults.required("resource_id", field),
    };
    id(
        faults,
        "resource_id",
        text.map_or(Field::Absent, Field::Value),
    )
}

/// Each graph has its own start: naming it is allowed, naming another is not.
fn refuse_other_start(faults: &mut Faults, action: Field<String>, graph: Option<Graph>) {
    let action = faults.optional("action", action);
    let action = faults.parsed("action", action.as_deref(), str::parse::<Action>);
    if let (Some(action), Some(graph)) = (action, graph)
        && !graph.rules().start_actions.contains(&action)
    {
        faults.add(
            "action",
            format!("{action} does not begin a booking of graph {graph}; leave it out"),
        );
    }
}

/// The slot from `start` to `end`, both required.
pub(crate) fn slot(
    faults: &mut Faults,
    start: Field<String>,
    end: Field<String>,
) -> Option<TimeSlot> {
    let start = instant(faults, "start", start);
    let end = instant(faults, "end", end);
    match TimeSlot::new(start?, end?) {
        // Too long in every zone; days are counted by the resource's calendar once that is read.
        Ok(slot) if slot.length() > TimeDelta::days(i64::from(MAX_BOOKING_DAYS) + 1) => {
            faults.add("end", BookingTooLong.to_string());
            None
        }
        Ok(slot) => Some(slot),
        Err(error) => {
            faults.add("end", error.to_string());
            None
        }
    }
}

/// Refuses a slot that is too long for a booking of a resource in `zone`.
pub(crate) fn refuse_too_long(slot: TimeSlot, zone: Tz) -> Result<(), ApiError> {
    let too_long = |error: BookingTooLong| Faults::one("end", error.to_string());
    check_length(slot, zone).map_err(|error| ApiError::Invalid(too_long(error)))
}

fn instant(faults: &mut Faults, name: &str, field: Field<String>) -> Option<DateTime<Utc>> {
    let text = faults.required(name, field);
    faults.parsed(name, text.as_deref(), parse_instant)
}

fn buffers(faults: &mut Faults, settings: &BookingSettings) -> Option<Buffers> {
    let mut buffer = |name: &str, field: &Field<String>| {
        let most = (MAX_BUFFER_HOURS * 3_600, "24 hours");
        // Free time is exact: a day of it is 24 hours.
        let buffer = length(
            faults,
            name,
            field,
            parse_exact,
            TimeDelta::num_seconds,
            most,
        );
        buffer.map(|buffer| buffer.and_then(|buffer| u32::try_from(buffer.num_seconds()).ok()))
    };
    let both = buffer("settings.buffer", &settings.buffer);
    let before = buffer("settings.buffer_before", &settings.buffer_before);
    let after = buffer("settings.buffer_after", &settings.buffer_after);
    let (both, before, after) = (both?, before?, after?);
    let or_both = |side: Option<u32>| side.or(both).unwrap_or(0);
    Some(Buffers {
        before_s: or_both(before),
        after_s: or_both(after),
    })
}

/// The longest notice, in days.
const MAX_NOTICE_DAYS: u32 = 3_660;

fn notice(faults: &mut Faults, settings: &BookingSettings) -> Option<Notice> {
    let most_s = CalendarSpan::new(MAX_NOTICE_DAYS, 0).on_clock_s();
    let mut notice = |name: &str, field: &Field<String>| {
        let (read, most) = (str::parse::<CalendarSpan>, (most_s, "3660 days"));
        length(faults, name, field, read, |span| span.on_clock_s(), most)
    };
    let min_booking = notice("settings.min_booking_time", &settings.min_booking_time);
    let max_booking = notice("settings.max_booking_time", &settings.max_booking_time);
    let min_cancel = notice("settings.min_cancel_time", &settings.min_cancel_time);
    Some(Notice {
        min_booking: min_booking?,
        max_booking: max_booking?,
        min_cancel: min_cancel?,
    })
}

impl BookingSettings {
    fn has_buffers(&self) -> bool {
        [&self.buffer, &self.buffer_before, &self.buffer_after]
            .iter()
            .any(|field| field.is_present())
    }
}

/// Whether events that last all day are no obstacle: as the request says, or else its reservation, or else its project.
fn ignores_all_day_events(
    faults: &mut Faults,
    settings: &BookingSettings,
    held: Option<&Reservation>,
    project: Option<&Project>,
) -> Result<bool, ApiError> {
    let name = "settings.ignore_all_day_events";
    let sent = faults.optional(name, settings.ignore_all_day_events.clone());
    let said = sent.or(held.map(|held| held.ignore_all_day_events));
    Ok(match (said, project) {
        (Some(said), _) => said,
        (None, Some(project)) => Offer::of(Some(project))?.ignores_all_day_events(),
        (None, None) => false,
    })
}

/// How the booking comes about: as the request says, or else its reservation, or else its project. Public callers do not
/// choose: who could would choose not to pay.
fn graph(
    faults: &mut Faults,
    sent: Field<String>,
    held: Option<&Reservation>,
    project: Option<&BookingDefaults>,
    principal: &Principal,
) -> Option<Graph> {
    let of_project = project.and_then(|project| project.graph);
    let otherwise = held.and_then(|held| held.graph).or(of_project);
    if !sent.is_present() && otherwise.is_some() {
        return otherwise;
    }
    let name = faults.required("graph", sent);
    let graph = faults.parsed("graph", name.as_deref(), str::parse::<Graph>)?;
    if principal.is_public() {
        match of_project {
            Some(of_project) if of_project != graph => {
                faults.add(
                    "graph",
                    format!("must be the project's, {of_project}; or leave it out"),
                );
            }
            None if graph == Graph::GroupOwner => {
                faults.add("graph", "cannot be group_owner with a public key or token");
            }
            _ => {}
        }
    }
    Some(graph)
}

/// A duration of at most so many seconds; `None` if the field is faulty, `Some(None)` if it was not sent.
fn length<T: Copy>(
    faults: &mut Faults,
    name: &str,
    field: &Field<String>,
    read: impl FnOnce(&str) -> Result<T, InvalidDuration>,
    seconds: impl FnOnce(&T) -> i64,
    (most_s, most): (i64, &str),
) -> Option<Option<T>> {
    let was_sent = field.is_present();
    let text = faults.optional(name, field.clone());
    match faults.parsed(name, text.as_deref(), read) {
        None if was_sent && text.is_some() => None,
        None => Some(None),
        Some(length) if seconds(&length) > most_s => {
            faults.add(name, format!("is at most {most}"));
            None
        }
        Some(length) => Some(Some(length)),
    }
}

/// How many seats a group has; only a group has any.
fn max_seats(faults: &mut Faults, field: &Field<i64>, graph: Option<Graph>) -> Option<u32> {
    let name = "settings.max_seats";
    if graph != Some(Graph::GroupOwner) {
        return None;
    }
    if matches!(field, Field::Absent | Field::Null) {
        faults.missing(name);
    }
    faults.whole(name, field.clone(), 1..=MAX_SEATS)
}

/// Whom a booking is for, from the fields of a booking form.
pub(crate) fn parse_customer(
    faults: &mut Faults,
    mut fields: Map<String, Value>,
    random: &dyn model::Random,
) -> Option<Customer> {
    // Fields of the form's own stay in its order.
    let mut take = |name: &str| match fields.shift_remove(name) {
        None | Some(Value::Null) => Field::<String>::Absent,
        Some(value) => Field::read(value),
    };
    let (name, email) = (take("name"), take("email"));
    let (phone, voip) = (stored(&mut fields, "phone"), stored(&mut fields, "voip"));
    let timezone = stored(&mut fields, "timezone").filter(|zone| !zone.trim().is_empty());
    // An id is ours to give.
    fields.shift_remove("id");

    let spelled_out = joined_name(&fields);
    faults.size("customer", &fields, MAX_FREE_FORM);
    let name = match faults
        .optional("customer.name", name)
        .filter(|name| !name.trim().is_empty())
        .or(spelled_out)
    {
        Some(name) => faults.text("customer.name", Some(name), 1..=1_000),
        None => {
            faults.missing("customer.name");
            None
        }
    };
    let email = faults
        .optional("customer.email", email)
        .filter(|email| !email.trim().is_empty());
    let email = faults.parsed("customer.email", email.as_deref(), api::body::parse_email);
    Some(Customer {
        id: CustomerId::random(random),
        name: name?,
        email,
        phone,
        voip,
        timezone,
        fields,
    })
}

/// Takes a field that is only kept and shown again, so that whatever a form sends there is no reason to refuse a booking: text
/// as it is, e.g. `Etc/Unknown` for a zone, and anything else as JSON. More than 1,000 characters are cut off.
fn stored(fields: &mut Map<String, Value>, name: &str) -> Option<String> {
    let text = match fields.shift_remove(name)? {
        Value::Null => return None,
        Value::String(text) => text,
        other => other.to_string(),
    };
    Some(text.chars().take(1_000).collect())
}

/// Forms that ask for given and family name send them apart.
fn joined_name(fields: &Map<String, Value>) -> Option<String> {
    let parts: Vec<&str> = ["first_name", "last_name"]
        .iter()
        .filter_map(|name| fields.get(*name)?.as_str())
        .filter(|part| !part.trim().is_empty())
        .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}
