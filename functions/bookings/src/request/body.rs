//! The body of a request to create a booking, as it is sent.

use api::{Field, Object};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A booking to make. Fields that are not listed are ignored: booking pages send their whole configuration.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateBookingRequest {
    /// Who or what is booked. Required unless a resource's own token is used.
    #[serde(default)]
    #[schema(value_type = String, format = Uuid)]
    pub(super) resource_id: Field<String>,
    /// How the booking comes about: `instant`, `confirm_decline`, `instant_payment`, `group_owner`, `group_customer` or
    /// `group_customer_payment`. Required without a project or reservation that says it.
    #[serde(default)]
    #[schema(value_type = Option<api::schemas::Graph>, example = "confirm_decline")]
    pub(super) graph: Field<String>,
    /// The graph's own first action. Needs not be sent.
    #[serde(default)]
    #[schema(value_type = Option<api::schemas::Action>)]
    pub(super) action: Field<String>,
    /// When it begins: RFC 3339 with an offset. Required, but for a seat in a group and with a reservation.
    #[serde(default)]
    #[schema(value_type = String, format = DateTime)]
    pub(super) start: Field<String>,
    /// When it ends. At most 31 days after the start. Required as `start` is.
    #[serde(default)]
    #[schema(value_type = String, format = DateTime)]
    pub(super) end: Field<String>,
    /// Title. Required without a project or reservation that says it.
    #[serde(default)]
    #[schema(value_type = String, min_length = 1, max_length = 1000, pattern = r"\S")]
    pub(super) what: Field<String>,
    /// Place. Required without a project or reservation that says it.
    #[serde(default, rename = "where")]
    #[schema(value_type = String, min_length = 1, max_length = 1000, pattern = r"\S")]
    pub(super) place: Field<String>,
    /// More about it.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 20000)]
    pub(super) description: Field<String>,
    /// Whom it is for, required but for a `group_owner`. In it `name` is required; `email`, `phone`, `voip`, `timezone` and any other field are kept.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub(super) customer: Field<Map<String, Value>>,
    /// The language that the customer reads, as a BCP 47 tag, e.g. `de` or `pt-BR`. Kept, also when the booking is
    /// rescheduled.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 64, example = "de")]
    pub(super) locale: Field<String>,
    /// The calendar it goes to. Defaults to the resource's first.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Uuid)]
    pub(super) calendar_id: Field<String>,
    /// The project it belongs to, kept for searching.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Uuid)]
    pub(super) project_id: Field<String>,
    /// E-mail addresses of others who take part.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    pub(super) participants: Field<Vec<String>>,
    /// Whatever you want to keep with it; searchable by `meta.<key>`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub(super) meta: Field<Map<String, Value>>,
    /// `allow_double_bookings` (boolean). `ignore_all_day_events` (boolean): events that last all day are no obstacle;
    /// defaults to the project's `availability.ignore_all_day_events`. `buffer`, or `buffer_before` and `buffer_after` (e.g.
    /// `15 minutes`): free time it needs around it. `min_booking_time`, `max_booking_time`, `min_cancel_time` (e.g.
    /// `2 hours`): how long before its start it can be booked at the latest, at the earliest, and cancelled by its customer.
    /// `only_offered` (boolean): whether its time must be one that availability offers a page, by hours, notice, caps and
    /// length, also when it is rescheduled; defaults to the project's `booking.only_offered`. For a `group_owner`:
    /// `max_seats`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub(super) settings: Field<Object<BookingSettings>>,
    /// How long a booking that waits for its payment does so, like `{"time": 25, "unit": "min"}`: at most 24 hours, in `sec`,
    /// `min`, `hour` or `day`. Defaults to its reservation's, or else its project's `booking.timeout`, or else to 5 minutes.
    /// A public key or token can only shorten that.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub(super) timeout: Field<Value>,
    /// What to send before or after the start: at most 10, of type `webhook`, e.g. `{"type": "webhook", "settings": {"url":
    /// "https://example.com/reminders"}, "when": {"type": "before", "unit": "hours", "time": 2}}`. Defaults to the project's
    /// `reminders`. Ignored with a public key or token.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Object>>)]
    pub(super) reminders: Field<Vec<Value>>,
    /// For a seat in a group: `owner_booking_id`. Time and resource are the group's.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub(super) related: Field<Object<Related>>,
    /// A reservation that becomes this booking. What the booking leaves out is taken from there.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Uuid)]
    pub(super) reservation_id: Field<String>,
    /// The older form: `start`, `end`, `what`, `where`, `description` and `calendar_id` in here.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub(super) event: Field<Object<LegacyEvent>>,
}

/// Rules for one booking.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub(crate) struct BookingSettings {
    pub(super) allow_double_bookings: Field<bool>,
    pub(crate) ignore_all_day_events: Field<bool>,
    pub(crate) only_offered: Field<bool>,
    pub(super) buffer: Field<String>,
    pub(super) buffer_before: Field<String>,
    pub(super) buffer_after: Field<String>,
    pub(super) min_booking_time: Field<String>,
    pub(super) max_booking_time: Field<String>,
    pub(super) min_cancel_time: Field<String>,
    pub(super) max_seats: Field<i64>,
}

/// Which group a seat is in.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub(crate) struct Related {
    pub(super) owner_booking_id: Field<String>,
}

/// The older form of a booking's what, where and when.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub(crate) struct LegacyEvent {
    pub(super) start: Field<String>,
    pub(super) end: Field<String>,
    pub(super) what: Field<String>,
    #[serde(rename = "where")]
    pub(super) place: Field<String>,
    pub(super) description: Field<String>,
    pub(super) calendar_id: Field<String>,
    pub(super) participants: Field<Vec<String>>,
}
