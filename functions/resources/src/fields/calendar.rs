//! What a client may say of a calendar.

use api::{Change, Faults, Field, cleared};
use model::resource::Calendar;
use serde::Deserialize;
use utoipa::ToSchema;

/// A calendar's fields. Fields that are not listed are ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CalendarRequest {
    /// What people call it. Required at creation.
    #[serde(default)]
    #[schema(value_type = String, min_length = 1, max_length = 200, pattern = r"\S")]
    pub(crate) name: Field<String>,
    /// What it is for.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) description: Field<String>,
    /// Whose it is. Required at creation, unless a resource's own token is used; cannot be changed.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Uuid)]
    pub(crate) resource_id: Field<String>,
    /// The colour of what is written in it: any text of at most 32 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "#1d1d1d", max_length = 32)]
    pub(crate) foregroundcolor: Field<String>,
    /// The colour of its entries.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "#fbe983", max_length = 32)]
    pub(crate) backgroundcolor: Field<String>,
    /// `true` makes it the one that bookings go to unless they name another.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    pub(crate) primary: Field<bool>,
}

api::required!(CreateCalendarRequest: CalendarRequest { ["name"] });

/// What was sent; `None` for what was not.
pub(crate) struct CalendarFields {
    pub(crate) name: Option<String>,
    description: Option<String>,
    foreground_color: Change<String>,
    background_color: Change<String>,
    pub(crate) is_primary: bool,
}

impl CalendarFields {
    /// Reads the request; what is wrong with it goes to `faults`.
    pub(crate) fn read(request: CalendarRequest, faults: &mut Faults) -> Self {
        let name = faults.optional("name", request.name);
        let description = cleared(faults, "description", request.description);
        let mut colour = |name: &str, field| Change::text(faults, name, field, 32);
        let foreground_color = colour("foregroundcolor", request.foregroundcolor);
        let background_color = colour("backgroundcolor", request.backgroundcolor);
        Self {
            description: faults.text("description", description, 0..=1_000),
            foreground_color,
            background_color,
            name: faults.text("name", name, 1..=200),
            is_primary: faults.optional("primary", request.primary) == Some(true),
        }
    }

    /// The calendar with everything that was said.
    pub(crate) fn apply(&self, calendar: Calendar) -> Calendar {
        let given = self;
        Calendar {
            name: given.name.clone().unwrap_or(calendar.name),
            description: given.description.clone().unwrap_or(calendar.description),
            foreground_color: given.foreground_color.of(calendar.foreground_color),
            background_color: given.background_color.of(calendar.background_color),
            ..calendar
        }
    }
}
