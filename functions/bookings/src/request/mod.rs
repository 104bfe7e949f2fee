//! What a request to create a booking says: one file for each concern, and everything that is wrong with it told at once.

mod customer;
mod parse;
mod payment;
mod place;
mod settings;
mod texts;

use api::{ApiError, Faults, Field, Object, PublicTexts, State};
use auth::Principal;
use model::graph::Graph;
use model::ids::{BookingId, ProjectId, ReservationId};
use scheduling::plan::{BookingPlan, BookingRequest};
use scheduling::{Actor, References};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

pub(crate) use customer::parse_customer;
pub(crate) use payment::timeout;
pub(crate) use place::slot;
pub(crate) use settings::buffers;
pub(crate) use texts::{SentTexts, read_texts};

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
    pub(crate) ignore_all_day_events: Field<bool>,
    pub(crate) only_offered: Field<bool>,
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

impl CreateBookingRequest {
    /// The plan to create the booking `id`, with everything read that the request refers to.
    pub(crate) async fn plan(
        self,
        principal: &Principal,
        state: &State,
        id: BookingId,
    ) -> Result<BookingPlan, ApiError> {
        let (store, actor, now) = (state.store(), Actor::from(principal), state.now());
        let (reservation, project) = (self.reservation_id()?, self.project_id());
        let at = (store, actor.tenant);
        let references = References::read(at, reservation, project, now).await?;
        let defaults = references.defaults()?;
        let request = parse::parse(self, &defaults, &actor, state.random())?;
        if request.graph == Graph::GroupOwner {
            let public = PublicTexts::of(state, principal.app).await?;
            refuse_secrets(&request, &public)?;
        }
        let plan = BookingPlan::read(store, &actor, request, &defaults, id, now);
        Ok(plan.await?)
    }

    /// The project that it names, if that can be read; what is wrong with it is told with everything else.
    fn project_id(&self) -> Option<ProjectId> {
        self.project_id.clone().value()?.parse().ok()
    }

    /// The reservation that it names. What is left out is taken from there, so nothing else can be told without it.
    fn reservation_id(&self) -> Result<Option<ReservationId>, ApiError> {
        let mut faults = Faults::none();
        let id = faults.id("reservation_id", self.reservation_id.clone());
        faults.check()?;
        Ok(id)
    }
}

/// Refuses secrets in a group's texts, which pages show to everybody.
fn refuse_secrets(request: &BookingRequest, public: &PublicTexts) -> Result<(), ApiError> {
    let (mut faults, texts) = (Faults::none(), &request.texts);
    public.check_text(&mut faults, "what", texts.what.as_deref());
    public.check_text(&mut faults, "where", texts.place.as_deref());
    public.check_text(&mut faults, "description", texts.description.as_deref());
    Ok(faults.check()?)
}
