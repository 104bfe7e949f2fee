use api::body::MAX_FREE_FORM;
use api::caller::App;
use api::{ApiError, Body, Created, Faults, Field, Include, Object, OutputZone, State};
use auth::Principal;
use axum::extract::State as Extract;
use chrono::{DateTime, TimeDelta, Utc};
use model::TimeSlot;
use model::booking::{Booking, Customer, EventText, MAX_BOOKING_DAYS, NewBooking};
use model::duration::parse_duration;
use model::graph::{Action, Graph};
use model::ids::{BookingId, CalendarId, CustomerId, ProjectId, ResourceId};
use model::occupancy::{Buffers, MAX_BUFFER_HOURS};
use model::resource::Resource;
use model::time::{parse_instant, parse_zone};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::view::{BookingView, Viewer};

/// A booking to make. Fields that are not listed are ignored: booking pages send their whole configuration.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateBookingRequest {
    /// Who or what is booked. Required unless a resource's own token is used.
    #[serde(default)]
    #[schema(value_type = String, format = Uuid)]
    resource_id: Field<String>,
    /// How the booking comes about: `instant` or `confirm_decline`.
    #[serde(default)]
    #[schema(value_type = String, example = "confirm_decline")]
    graph: Field<String>,
    /// The graph's own first action. Needs not be sent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    action: Field<String>,
    /// When it begins: RFC 3339 with an offset.
    #[serde(default)]
    #[schema(value_type = String, format = DateTime)]
    start: Field<String>,
    /// When it ends. At most 31 days after the start.
    #[serde(default)]
    #[schema(value_type = String, format = DateTime)]
    end: Field<String>,
    /// Title.
    #[serde(default)]
    #[schema(value_type = String)]
    what: Field<String>,
    /// Place.
    #[serde(default, rename = "where")]
    #[schema(value_type = String)]
    place: Field<String>,
    /// More about it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Field<String>,
    /// Whom it is for: `name` is required; `email`, `phone`, `voip`, `timezone` and any other field are kept.
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
    /// `allow_double_bookings` (boolean), and `buffer`, or `buffer_before` and `buffer_after` (like `15 minutes`):
    /// free time it needs around it.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    settings: Field<Object<BookingSettings>>,
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
    buffer: Field<String>,
    buffer_before: Field<String>,
    buffer_after: Field<String>,
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

/// Makes a booking.
///
/// Time that is taken is refused with 409, also for a tentative booking, which does not take any itself.
#[utoipa::path(
    post,
    path = "/v2/bookings",
    tag = "bookings",
    params(("include" = Option<String>, Query, description = "What to show beside the base fields, separated by commas.")),
    request_body = CreateBookingRequest,
    responses(
        (status = 201, description = "The booking.", body = BookingView),
        (status = 404, description = "There is no such resource, or it is not yours."),
        (status = 409, description = "The time is taken: `errors.event`."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn create_booking(
    Extract(state): Extract<State>,
    App(principal): App,
    include: Include,
    zone: OutputZone,
    Body(request): Body<CreateBookingRequest>,
) -> Result<Created<BookingView>, ApiError> {
    let parsed = parse(request, &principal, state.random())?;
    let tenant = principal.tenant();
    let resource = state
        .store()
        .get_resource(tenant, parsed.resource_id)
        .await?
        .ok_or(ApiError::NotFound("Resource"))?;
    let new = parsed.for_resource(&resource)?;
    let now = state.now();
    let booking = Booking::create(
        new,
        BookingId::random(state.random()),
        &principal.actor(),
        now,
    );
    state.store().create_booking(tenant, &booking, now).await?;
    let viewer = Viewer::of(
        &principal,
        state.store(),
        &include,
        zone,
        std::slice::from_ref(&booking),
    )
    .await?;
    Ok(Created(viewer.show(booking, now)))
}

/// A request whose every field is sound; what is left to ask is the resource itself.
struct Parsed {
    resource_id: ResourceId,
    calendar_id: Option<CalendarId>,
    project_id: Option<ProjectId>,
    graph: Graph,
    slot: TimeSlot,
    buffers: Buffers,
    allow_double_bookings: bool,
    event: EventText,
    customer: Customer,
    meta: Map<String, Value>,
}

impl Parsed {
    fn for_resource(self, resource: &Resource) -> Result<NewBooking, ApiError> {
        let calendar = match self.calendar_id {
            None => resource.calendars.first(),
            Some(id) => resource.calendars.iter().find(|calendar| calendar.id == id),
        };
        let calendar = calendar.ok_or_else(|| {
            ApiError::Invalid(Faults::one(
                "calendar_id",
                "is no calendar of this resource",
            ))
        })?;
        Ok(NewBooking {
            resource_id: resource.id,
            calendar_id: calendar.id,
            project_id: self.project_id,
            graph: self.graph,
            slot: self.slot,
            buffers: self.buffers,
            allow_double_bookings: self.allow_double_bookings,
            timezone: resource.timezone,
            event: self.event,
            customers: vec![self.customer],
            meta: self.meta,
        })
    }
}

fn parse(
    request: CreateBookingRequest,
    principal: &Principal,
    random: &dyn model::Random,
) -> Result<Parsed, ApiError> {
    let mut faults = Faults::none();
    let Object(old) = faults.optional("event", request.event).unwrap_or_default();

    let resource_id = resource_id(&mut faults, request.resource_id, principal);
    let graph = faults.required("graph", request.graph);
    let graph = faults.parsed("graph", graph.as_deref(), str::parse::<Graph>);
    refuse_other_start(&mut faults, request.action, graph);
    let slot = slot(
        &mut faults,
        request.start.or(old.start),
        request.end.or(old.end),
    );
    let what = faults.required("what", request.what.or(old.what));
    let what = faults.text("what", what, 1..=1_000);
    let place = faults.required("where", request.place.or(old.place));
    let place = faults.text("where", place, 1..=1_000);
    let description = faults.optional("description", request.description.or(old.description));
    let description = faults.text(
        "description",
        Some(description.unwrap_or_default()),
        0..=20_000,
    );
    let customer = faults.required("customer", request.customer);
    let customer = customer.and_then(|customer| parse_customer(&mut faults, customer, random));
    let calendar_id = faults.optional("calendar_id", request.calendar_id.or(old.calendar_id));
    let calendar_id = faults.parsed("calendar_id", calendar_id.as_deref(), |id| {
        id.parse().map_err(|_| NOT_A_UUID)
    });
    let project_id = faults.optional("project_id", request.project_id);
    let project_id = faults.parsed("project_id", project_id.as_deref(), |id| {
        id.parse().map_err(|_| NOT_A_UUID)
    });
    let participants = faults
        .optional("participants", request.participants.or(old.participants))
        .unwrap_or_default();
    let meta = faults.optional("meta", request.meta).unwrap_or_default();
    faults.size("meta", &meta, MAX_FREE_FORM);
    faults.size("participants", &participants, MAX_PARTICIPANTS);
    let settings_sent = request.settings.is_present();
    let Object(settings) = faults
        .optional("settings", request.settings)
        .unwrap_or_default();
    let allow_double_bookings = faults
        .optional(
            "settings.allow_double_bookings",
            settings.allow_double_bookings.clone(),
        )
        .unwrap_or(false);
    let buffers = buffers(&mut faults, settings);
    if settings_sent && principal.is_public() {
        faults.add("settings", "cannot be set with a public key or token");
    }

    let parsed = (|| {
        Some(Parsed {
            resource_id: resource_id?,
            calendar_id,
            project_id,
            graph: graph?,
            slot: slot?,
            buffers: buffers?,
            allow_double_bookings,
            event: EventText {
                what: what?,
                place: place?,
                description: description?,
                participants,
            },
            customer: customer?,
            meta,
        })
    })();
    faults.finish(parsed)
}

/// The most bytes of a list of participants as JSON.
const MAX_PARTICIPANTS: usize = 16 * 1024;

const NOT_A_UUID: &str = "must be a valid UUID";

/// A resource's token books that resource, whether or not the request says so.
fn resource_id(
    faults: &mut Faults,
    field: Field<String>,
    principal: &Principal,
) -> Option<ResourceId> {
    let text = match principal.tenant().only_resource {
        Some(own) if !field.is_present() => return Some(own),
        _ => faults.required("resource_id", field),
    };
    faults.parsed("resource_id", text.as_deref(), |id| {
        id.parse().map_err(|_| NOT_A_UUID)
    })
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

fn slot(faults: &mut Faults, start: Field<String>, end: Field<String>) -> Option<TimeSlot> {
    let start = instant(faults, "start", start);
    let end = instant(faults, "end", end);
    match TimeSlot::new(start?, end?) {
        Ok(slot) if slot.length() > TimeDelta::days(MAX_BOOKING_DAYS) => {
            faults.add(
                "end",
                format!("a booking spans at most {MAX_BOOKING_DAYS} days"),
            );
            None
        }
        Ok(slot) => Some(slot),
        Err(error) => {
            faults.add("end", error.to_string());
            None
        }
    }
}

fn instant(faults: &mut Faults, name: &str, field: Field<String>) -> Option<DateTime<Utc>> {
    let text = faults.required(name, field);
    faults.parsed(name, text.as_deref(), parse_instant)
}

fn buffers(faults: &mut Faults, settings: BookingSettings) -> Option<Buffers> {
    let both = buffer(faults, "settings.buffer", settings.buffer);
    let before = buffer(faults, "settings.buffer_before", settings.buffer_before);
    let after = buffer(faults, "settings.buffer_after", settings.buffer_after);
    let (both, before, after) = (both?, before?, after?);
    let or_both = |side: Option<u32>| side.or(both).unwrap_or(0);
    Some(Buffers {
        before_s: or_both(before),
        after_s: or_both(after),
    })
}

/// `None` if the field is faulty, `Some(None)` if it was not sent.
fn buffer(faults: &mut Faults, name: &str, field: Field<String>) -> Option<Option<u32>> {
    let was_sent = field.is_present();
    let text = faults.optional(name, field);
    let length = faults.parsed(name, text.as_deref(), parse_duration);
    match length {
        None if was_sent && text.is_some() => None,
        None => Some(None),
        Some(length) if length > TimeDelta::hours(MAX_BUFFER_HOURS) => {
            faults.add(name, format!("is at most {MAX_BUFFER_HOURS} hours"));
            None
        }
        Some(length) => u32::try_from(length.num_seconds()).ok().map(Some),
    }
}

fn parse_customer(
    faults: &mut Faults,
    mut fields: Map<String, Value>,
    random: &dyn model::Random,
) -> Option<Customer> {
    let mut take = |name: &str| match fields.remove(name) {
        None | Some(Value::Null) => Field::Absent,
        Some(Value::String(text)) => Field::Value(text),
        Some(_) => Field::Wrong("must be a string".to_owned()),
    };
    let (name, email, phone, voip, timezone) = (
        take("name"),
        take("email"),
        take("phone"),
        take("voip"),
        take("timezone"),
    );
    // An id is ours to give.
    fields.remove("id");

    let spelled_out = joined_name(&fields);
    faults.size("customer", &fields, MAX_FREE_FORM);
    let name = match faults
        .optional("customer.name", name)
        .filter(|name| !name.trim().is_empty())
        .or(spelled_out)
    {
        Some(name) => faults.text("customer.name", Some(name), 1..=1_000),
        None => {
            faults.add("customer.name", "is required");
            None
        }
    };
    let email = faults
        .optional("customer.email", email)
        .filter(|email| !email.trim().is_empty());
    let email = faults.parsed("customer.email", email.as_deref(), api::body::parse_email);
    let timezone = faults
        .optional("customer.timezone", timezone)
        .filter(|zone| !zone.trim().is_empty());
    faults.parsed("customer.timezone", timezone.as_deref(), parse_zone);
    let phone = short(faults, "customer.phone", phone);
    let voip = short(faults, "customer.voip", voip);
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

fn short(faults: &mut Faults, name: &str, field: Field<String>) -> Option<String> {
    let text = faults.optional(name, field);
    faults.text(name, text, 0..=1_000)
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
