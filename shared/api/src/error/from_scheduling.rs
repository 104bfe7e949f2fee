//! What the rules of scheduling refuse.

use model::availability::Refusal;
use model::booking::CannotAct;
use model::fault::Faults;
use model::occupancy::CannotPlace;
use scheduling::SchedulingError;
use scheduling::error::{GroupPart, Noun};
use store::DecisionError;

use super::ApiError;
use crate::search_words::SearchWords;

impl From<CannotPlace> for ApiError {
    fn from(error: CannotPlace) -> Self {
        match error {
            CannotPlace::Taken => Self::SlotTaken,
            CannotPlace::Full { .. } => Self::Invalid(Faults::one("event", error.to_string())),
        }
    }
}

impl From<DecisionError> for ApiError {
    fn from(error: DecisionError) -> Self {
        match error {
            DecisionError::CannotPlace { error, .. } => error.into(),
            DecisionError::GroupFull { error, .. } => error.into(),
            DecisionError::NotOffered {
                refusal: Refusal::Taken,
                ..
            } => Self::SlotTaken,
            DecisionError::NotOffered { refusal, .. } => refusal.into(),
            DecisionError::TooManyParts { fits } => Self::Invalid(Faults::one(
                "bookings",
                format!(
                    "are too many for one transaction, in which the first {fits} fit; send fewer at a time"
                ),
            )),
            DecisionError::TooManyAtOnce { fits } => Self::Invalid(Faults::one(
                "bookings",
                format!(
                    "that change together are too many for one transaction, in which {fits} fit beside this one; call \
                     off some of a group's customers first, or act on related bookings one by one with \
                     apply_to_bulked_bookings set to false"
                ),
            )),
            DecisionError::Store(error) => error.into(),
        }
    }
}

impl From<SchedulingError> for ApiError {
    // It is one function because it is one match, an arm for each error.
    fn from(error: SchedulingError) -> Self {
        let is = |one: &'static str, many: &'static str, resources: &[_]| match resources {
            [_] => one,
            _ => many,
        };
        match error {
            SchedulingError::NotOffered { reason, .. } => reason.into(),
            SchedulingError::ProjectRequired { resources } => Self::Invalid(Faults::one(
                "project_id",
                is(
                    "is required: this resource is booked through its project",
                    "is required: these resources are booked through their projects",
                    &resources,
                ),
            )),
            SchedulingError::NotOfProject { .. } => {
                Self::Invalid(Faults::one("resources", "must be among the project's"))
            }
            SchedulingError::InvalidSettings { faults } => faults.into(),
            SchedulingError::UnreadableSettings { .. } => Self::Internal(error.into()),
            SchedulingError::NotFound(noun) => not_found(noun),
            SchedulingError::CannotAct(error) => error.into(),
            SchedulingError::Stale(stale) => stale.into(),
            SchedulingError::NeedsNewTime => Self::Invalid(Faults::one(
                "action",
                "needs a new time: POST to the booking's /reschedule",
            )),
            SchedulingError::ResourceGone { .. } => Self::RESOURCE_GONE,
            SchedulingError::NobodyToSearch => Self::Invalid(Faults::one(
                "resources",
                "is required, unless project_id says whom to search",
            )),
            SchedulingError::NotProjectOfMoved => Self::Invalid(Faults::one(
                "project_id",
                "must be the project of the booking that is moved; leave it out",
            )),
            SchedulingError::SearchTooLarge(too_large) => {
                SearchWords::AVAILABILITY.too_large(too_large)
            }
            SchedulingError::NoResources => {
                Self::Invalid(Faults::one("resource_id", "is required"))
            }
            SchedulingError::CalendarElsewhere { .. } => Self::Invalid(Faults::one(
                "calendar_id",
                "is no calendar of this resource",
            )),
            SchedulingError::TooLong(error) => Self::Invalid(Faults::one("end", error.to_string())),
            SchedulingError::GroupClosed(state) => Self::GroupClosed(state),
            SchedulingError::NotOfGroup { parts } => not_of_group(&parts),
            SchedulingError::GroupProjectRequired => {
                Self::Invalid(Faults::one("project_id", "must be the group's"))
            }
            SchedulingError::ReservationLapsed(lapsed) => lapsed.into(),
            SchedulingError::Decision(error) => error.into(),
            SchedulingError::Store(error) => error.into(),
        }
    }
}

fn not_found(noun: Noun) -> ApiError {
    match noun {
        Noun::Booking => ApiError::NotFound("Booking"),
        Noun::Reservation => ApiError::NotFound("Reservation"),
        Noun::Project => ApiError::NotFound("Project"),
        Noun::Resource(_) => ApiError::NotFound("Resource"),
        Noun::Calendar => ApiError::NotFound("Calendar"),
        Noun::Group => {
            let sentence = "is no group_owner booking of this app";
            let mut faults = Faults::one("related.owner_booking_id", sentence);
            // Booking pages show what stands under `event`.
            faults.add("event", "There is no such group. Choose another.");
            ApiError::Invalid(faults)
        }
    }
}

fn not_of_group(parts: &[GroupPart]) -> ApiError {
    let mut faults = Faults::none();
    for part in parts {
        let (field, sentence) = match part {
            GroupPart::Resource => ("resource_id", "is not the group's; leave it out"),
            GroupPart::Time => ("start", "is not the group's; leave start and end out"),
            GroupPart::Project => ("project_id", "is not the group's"),
        };
        faults.add(field, sentence);
    }
    ApiError::Invalid(faults)
}

impl From<CannotAct> for ApiError {
    fn from(error: CannotAct) -> Self {
        match error {
            CannotAct::Illegal(error) => error.into(),
            CannotAct::WrongMoment(error) => error.into(),
        }
    }
}
