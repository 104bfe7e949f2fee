//! The decision to make a booking, on its own or as one of many.

use api::{ApiError, Faults, PublicTexts, State};
use auth::Principal;
use chrono::{DateTime, Utc};
use model::booking::{Booking, NewBooking};
use model::graph::{BookingState, Graph};
use model::ids::{BookingId, ProjectId, ReservationId};
use model::project::Project;
use model::reservation::Reservation;
use model::resource::Resource;
use scheduling::offer::{Placed, check_in_no_project};
use scheduling::{Offer, Offered, SchedulingError};
use store::Decision;

use crate::request::{CreateBookingRequest, Defaults, Place, Wanted, parse};

/// A booking that is to be made, as far as it can be told before it is decided.
#[derive(Clone, Debug)]
pub(crate) struct Making {
    id: BookingId,
    by: String,
    related: Vec<BookingId>,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    OwnTime {
        new: NewBooking,
        resource: Box<Resource>,
        reservation_id: Option<ReservationId>,
        offered: Option<Offered>,
    },
    Seat {
        wanted: Wanted,
        owner_id: BookingId,
        is_public: bool,
    },
}

impl Making {
    /// Reads a request and what it refers to: its reservation and its resource.
    pub(crate) async fn read(
        request: CreateBookingRequest,
        principal: &Principal,
        state: &State,
        id: BookingId,
    ) -> Result<Self, ApiError> {
        let tenant = principal.tenant();
        let reservation = match request.reservation_id()? {
            None => None,
            Some(id) => Some(
                state
                    .store()
                    .get_reservation(tenant, id)
                    .await?
                    .ok_or(ApiError::NotFound("Reservation"))?
                    .standing(state.now())?,
            ),
        };
        let project = match request.project_id().or(reservation_project(&reservation)) {
            None => None,
            Some(id) => Some(
                state
                    .store()
                    .get_project(tenant, id)
                    .await?
                    .ok_or(ApiError::NotFound("Project"))?,
            ),
        };
        let rules = project.as_ref().map(Project::rules).transpose();
        let defaults = Defaults {
            reservation,
            project: project.as_ref(),
            rules: rules.map_err(SchedulingError::from)?,
        };
        let wanted = parse(request, defaults, principal, state.random())?;
        if wanted.graph == Graph::GroupOwner {
            let public = PublicTexts::of(state, principal.app).await?;
            wanted.refuse_secrets(&public)?;
        }
        let what = match wanted.place {
            Place::Seat { owner_id, .. } => What::Seat {
                wanted,
                owner_id,
                is_public: principal.is_public(),
            },
            Place::Own {
                resource_id,
                slot,
                reservation_id,
            } => {
                let resource = state
                    .store()
                    .get_resource(tenant, resource_id)
                    .await?
                    .ok_or(ApiError::NotFound("Resource"))?;
                let is_held = principal.is_public() || (wanted.only_offered && !wanted.is_checked);
                let offered = if is_held {
                    let (project, at) = (project.as_ref(), (state.store(), tenant));
                    // A resource's own token stands for the resource, not for a page.
                    if project.is_none() && tenant.only_resource.is_none() {
                        check_in_no_project(at, &[resource.id]).await?;
                    }
                    let offer = Offer::of(project)?;
                    Some(offer.check(at, &resource, slot, None, state.now()).await?)
                } else {
                    None
                };
                What::OwnTime {
                    new: wanted.of_resource(&resource, slot)?,
                    resource: Box::new(resource),
                    reservation_id,
                    offered,
                }
            }
        };
        Ok(Self {
            id,
            by: principal.actor(),
            related: Vec::new(),
            what,
        })
    }

    /// The same, as one of bookings that are changed together.
    pub(crate) fn related_to(self, related: Vec<BookingId>) -> Self {
        Self { related, ..self }
    }

    /// Makes it part of `decision`.
    pub(crate) async fn decide(
        &self,
        decision: &mut Decision<'_>,
        now: DateTime<Utc>,
    ) -> Result<Booking, ApiError> {
        let new = match &self.what {
            What::OwnTime {
                new,
                resource,
                reservation_id,
                offered,
            } => {
                if let Some(id) = reservation_id {
                    let held = decision.reservation(*id).await?;
                    let held = held.ok_or(ApiError::NotFound("Reservation"))?;
                    decision.delete_reservation(held.standing(now)?.id);
                }
                decision.capacity(resource.id, resource.capacity);
                if let Some(offered) = offered {
                    let placed = Placed {
                        id: self.id.uuid(),
                        buffers: new.buffers,
                        tolerance: new.tolerance(),
                    };
                    offered.require(decision, new.slot, resource.id, placed);
                }
                // A group's own rules are for those who take a seat in it.
                if new.graph != Graph::GroupOwner {
                    let (start, zone) = (new.slot.start(), new.timezone);
                    new.notice.check_booking(start, zone, now)?;
                }
                new.clone()
            }
            What::Seat {
                wanted,
                owner_id,
                is_public,
            } => {
                let group = decision.group(*owner_id).await?;
                let group = open_group(group, now)?;
                if !decision.has_resource(group.resource_id).await? {
                    return Err(ApiError::NotFound("Resource"));
                }
                // The project says how its seats are booked, so whoever may not choose that must name it.
                if *is_public && wanted.project_id != group.project_id {
                    return Err(ApiError::Invalid(Faults::one(
                        "project_id",
                        "must be the group's",
                    )));
                }
                wanted.clone().of_group(&group)?
            }
        };
        let new = NewBooking {
            related: self.related.clone(),
            ..new
        };
        let booking = Booking::create(new, self.id, &self.by, now);
        Ok(decision.put(booking))
    }
}

fn reservation_project(reservation: &Option<Reservation>) -> Option<ProjectId> {
    reservation.as_ref().and_then(|held| held.project_id)
}

/// A group that has seats to book at `now`.
fn open_group(group: Option<Booking>, now: DateTime<Utc>) -> Result<Booking, ApiError> {
    let unknown = || {
        let mut faults = Faults::one(
            "related.owner_booking_id",
            "is no group_owner booking of this app",
        );
        // Booking pages show what stands under `event`.
        faults.add("event", "There is no such group. Choose another.");
        ApiError::Invalid(faults)
    };
    let group = group
        .filter(|group| group.seats.is_some())
        .ok_or_else(unknown)?;
    let state = group.clone().settled(now).state;
    if state != BookingState::Tentative {
        return Err(ApiError::GroupClosed(state));
    }
    group.check_booking(now)?;
    Ok(group)
}
