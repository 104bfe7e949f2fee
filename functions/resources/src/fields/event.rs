//! What a client may say of an event.

use api::{ApiError, Faults, Field};
use model::booking::EventText;
use model::event::{Event, EventTime, WrongEventTime, event_slot, event_slot_somewhere};
use model::ids::CalendarId;
use model::resource::Resource;
use scheduling::owner::calendar_of;
use serde::Deserialize;
use store::DecisionError;
use utoipa::ToSchema;

use crate::update_calendar::CLOSING;

/// An event's fields. Fields that are not listed are ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct EventRequest {
    /// When it begins: RFC 3339 with an offset, or with `all_day` a date. Required at creation.
    #[serde(default)]
    #[schema(value_type = String, format = DateTime)]
    pub(crate) start: Field<String>,
    /// When it ends, at most 90 days later. With `all_day` a date, which itself does not count unless it is the start's.
    #[serde(default)]
    #[schema(value_type = String, format = DateTime)]
    pub(crate) end: Field<String>,
    /// Whether it lasts whole days of its resource's clock.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    pub(crate) all_day: Field<bool>,
    /// The same as `all_day`.
    #[serde(default, rename = "allDay")]
    #[schema(value_type = Option<bool>)]
    pub(crate) all_day_in_camel_case: Field<bool>,
    /// Title. Required at creation.
    #[serde(default)]
    #[schema(value_type = String, min_length = 1, max_length = 1000, pattern = r"\S")]
    pub(crate) what: Field<String>,
    /// Place. Required at creation.
    #[serde(default, rename = "where")]
    #[schema(value_type = String, min_length = 1, max_length = 1000, pattern = r"\S")]
    pub(crate) place: Field<String>,
    /// More about it.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 20000)]
    pub(crate) description: Field<String>,
    /// The calendar it is in: its resource's default one unless said. Required at creation without `resource_id`, unless a
    /// resource's own token is used.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Uuid)]
    pub(crate) calendar_id: Field<String>,
    /// Whose it is. Cannot be changed.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Uuid)]
    pub(crate) resource_id: Field<String>,
    /// E-mail addresses of others who take part. Nothing is sent to them.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    pub(crate) participants: Field<Vec<String>>,
    /// Whether the resource takes part, e.g. `accepted`, `needsAction`, `declined` or `tentative`. Kept as sent and answered as
    /// `rsvp`; it has no effect.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^(accepted|needsAction|declined|tentative)$")]
    pub(crate) my_rsvp: Field<String>,
}

api::required!(CreateEventRequest: EventRequest { ["start", "end", "what", "where"] });

/// What was said; `None` stands for nothing said.
pub(crate) struct EventFields {
    pub(crate) start: Option<EventTime>,
    pub(crate) end: Option<EventTime>,
    pub(crate) is_all_day: Option<bool>,
    pub(crate) what: Option<String>,
    pub(crate) place: Option<String>,
    pub(crate) calendar_id: Option<CalendarId>,
    description: Option<String>,
    participants: Option<Vec<String>>,
    rsvp: Option<String>,
}

/// The most bytes of a list of participants as JSON.
const MAX_PARTICIPANTS: usize = 16 * 1024;

impl EventFields {
    /// Reads the request but for its resource; what is wrong with it goes to `faults`.
    pub(crate) fn read(request: EventRequest, faults: &mut Faults) -> Self {
        let mut time = |name: &str, field: Field<String>| {
            let text = faults.optional(name, field);
            faults.parsed(name, text.as_deref(), EventTime::parse)
        };
        let (start, end) = (time("start", request.start), time("end", request.end));
        let all_day = faults.optional("all_day", request.all_day);
        let all_day = all_day.or(faults.optional("allDay", request.all_day_in_camel_case));
        let mut text = |name: &str, field: Field<String>, range| {
            let text = faults.optional(name, field);
            faults.text(name, text, range)
        };
        let what = text("what", request.what, 1..=1_000);
        let place = text("where", request.place, 0..=1_000);
        let description = text("description", request.description, 0..=20_000);
        let calendar_id = faults.optional("calendar_id", request.calendar_id);
        let participants = faults.optional("participants", request.participants);
        faults.size("participants", &participants, MAX_PARTICIPANTS);
        let rsvp = faults.optional("my_rsvp", request.my_rsvp);
        let rsvp = faults.text("my_rsvp", rsvp, 0..=200);
        Self {
            start,
            end,
            is_all_day: all_day,
            what,
            place,
            calendar_id: faults.parsed_id("calendar_id", calendar_id.as_deref()),
            description,
            participants,
            rsvp,
        }
    }

    /// Refuses what is wrong with the time in every zone, so that it is told with everything else.
    pub(crate) fn check_time(&self, faults: &mut Faults) {
        if let (Some(start), Some(end)) = (self.start, self.end)
            && let Err(error) = event_slot_somewhere(start, end, self.is_all_day == Some(true))
        {
            add(faults, error);
        }
    }

    /// The event with everything that was said, as one of `resource`.
    ///
    /// # Errors
    ///
    /// What cannot be said of it: a calendar that is not the resource's or is being deleted, or a time that cannot be.
    pub(crate) fn apply(&self, event: Event, resource: &Resource) -> Result<Event, ApiError> {
        let mut event = event;
        if let Some(id) = self.calendar_id.filter(|id| *id != event.calendar_id) {
            let calendar = calendar_of(resource, Some(id))?;
            if calendar.is_closing {
                return Err(CLOSING);
            }
            event.calendar_id = id;
        }
        if self.start.is_some() || self.end.is_some() || self.is_all_day.is_some() {
            let is_all_day = self.is_all_day.unwrap_or(event.is_all_day);
            let (old_start, old_end) = event.times(is_all_day);
            let start = self.start.unwrap_or(old_start);
            let end = self.end.unwrap_or(old_end);
            event.is_all_day = is_all_day;
            event.timezone = resource.timezone;
            let slot = event_slot(start, end, event.is_all_day, event.timezone);
            event.slot = slot.map_err(|error| {
                let mut faults = Faults::none();
                add(&mut faults, error);
                ApiError::Invalid(faults)
            })?;
        }
        let said = |new: &Option<String>, old: String| new.clone().unwrap_or(old);
        event.text = EventText {
            what: said(&self.what, event.text.what),
            place: said(&self.place, event.text.place),
            description: said(&self.description, event.text.description),
            participants: self.participants.clone().unwrap_or(event.text.participants),
        };
        event.rsvp = self.rsvp.clone().or(event.rsvp);
        Ok(event)
    }
}

fn add(faults: &mut Faults, error: WrongEventTime) {
    let field = if error.is_about_start() {
        "start"
    } else {
        "end"
    };
    faults.add(field, error.to_string());
}

/// Why a change of an event's time cannot be carried out.
pub(crate) fn refused(error: DecisionError) -> ApiError {
    match error {
        DecisionError::TooManyAtOnce { .. } => ApiError::Invalid(Faults::one(
            "end",
            "the days of the old and the new time, or what stands on them, are too much for one change; make another \
             event and delete this one, or make it shorter",
        )),
        other => other.into(),
    }
}
