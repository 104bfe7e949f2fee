//! The plan to take a seat in a group.

use chrono::{DateTime, Utc};
use model::booking::{Booking, CannotAct, NewBooking};
use model::graph::BookingState;
use model::ids::BookingId;
use store::Decision;

use crate::defaults::Texts;
use crate::error::{GroupPart, Noun, SchedulingError};
use crate::plan::request::{BookingRequest, Place};

/// A seat to take in a group.
#[derive(Clone, Debug)]
pub(crate) struct SeatPlan {
    pub(crate) request: BookingRequest,
    pub(crate) owner_id: BookingId,
    pub(crate) is_public: bool,
}

impl SeatPlan {
    pub(crate) async fn decide(
        &self,
        decision: &mut Decision<'_>,
        now: DateTime<Utc>,
    ) -> Result<NewBooking, SchedulingError> {
        let group = decision.group(self.owner_id).await?;
        let group = open_group(group, now)?;
        if !decision.has_resource(group.resource_id).await? {
            let noun = Noun::Resource(group.resource_id);
            return Err(SchedulingError::NotFound(noun));
        }
        // The project says how its seats are booked, so callers who may not choose that must name it.
        if self.is_public && self.request.project_id != group.project_id {
            return Err(SchedulingError::GroupProjectRequired);
        }
        of_group(self.request.clone(), &group)
    }
}

/// A group that has seats to book at `now`.
fn open_group(group: Option<Booking>, now: DateTime<Utc>) -> Result<Booking, SchedulingError> {
    let group = group
        .filter(|group| group.seats.is_some())
        .ok_or(SchedulingError::NotFound(Noun::Group))?;
    let state = group.clone().settled(now).state;
    if state != BookingState::Tentative {
        return Err(SchedulingError::GroupClosed(state));
    }
    group.check_booking(now).map_err(CannotAct::from)?;
    Ok(group)
}

/// The seat of `group` that is asked for.
fn of_group(request: BookingRequest, group: &Booking) -> Result<NewBooking, SchedulingError> {
    let mut others = Vec::new();
    if let Place::Seat {
        resource_id, slot, ..
    } = request.place
    {
        if resource_id.is_some_and(|id| id != group.resource_id) {
            others.push(GroupPart::Resource);
        }
        if slot.is_some_and(|slot| slot != group.slot) {
            others.push(GroupPart::Time);
        }
    }
    if request.project_id.is_some() && request.project_id != group.project_id {
        others.push(GroupPart::Project);
    }
    if !others.is_empty() {
        return Err(SchedulingError::NotOfGroup { parts: others });
    }
    let place = (group.resource_id, group.calendar_id, group.timezone);
    let (what, place_name) = (&group.event.what, &group.event.place);
    let texts = Texts {
        what: request.texts.what.or_else(|| Some(what.clone())),
        place: request.texts.place.or_else(|| Some(place_name.clone())),
        ..request.texts
    };
    let seat = BookingRequest {
        project_id: group.project_id,
        notice: group.notice,
        texts,
        ..request
    };
    Ok(seat.at(place, group.slot, Some(group.id)))
}
