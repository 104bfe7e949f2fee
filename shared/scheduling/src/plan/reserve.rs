//! The plans to reserve a slot, and to hold it for longer.

use chrono::{DateTime, Utc};
use model::TimeSlot;
use model::booking::{Customer, EventText};
use model::duration::CalendarSpan;
use model::graph::Graph;
use model::ids::{CalendarId, ProjectId, ReservationId, ResourceId};
use model::occupancy::Buffers;
use model::reservation::Reservation;
use store::{Decision, Store};

use crate::actor::Actor;
use crate::defaults::{lapses_at, project_of};
use crate::error::{Noun, SchedulingError};
use crate::offer::{Offer, Placed};
use crate::owner::calendar_of;
use crate::plan::resources::{self, ResourceSet};

/// A request to reserve a slot, every field of it valid. What it refers to has yet to be read.
#[derive(Clone, Debug)]
pub struct ReservationRequest {
    /// The resources, its own first: at least one.
    pub resource_ids: Vec<ResourceId>,
    /// When.
    pub slot: TimeSlot,
    /// The calendar the booking goes to, if the request names one.
    pub calendar_id: Option<CalendarId>,
    /// The project the booking belongs to.
    pub project_id: Option<ProjectId>,
    /// How the booking is to come about.
    pub graph: Option<Graph>,
    /// Free time around it.
    pub buffers: Buffers,
    /// Whether events that last all day are no obstacle, if the request says so.
    pub ignore_all_day_events: Option<bool>,
    /// Whether its time must be one that is offered, if the request says so.
    pub only_offered: Option<bool>,
    /// Title, place and description of the booking.
    pub event: EventText,
    /// Whom the booking is for.
    pub customer: Option<Customer>,
    /// How long the booking waits for its payment.
    pub payment_time: Option<CalendarSpan>,
    /// For how long, if the request says it.
    pub hold: Option<CalendarSpan>,
}

/// A slot to reserve.
#[derive(Clone, Debug)]
pub struct ReservationPlan {
    reservation: Reservation,
    resources: ResourceSet,
}

impl ReservationPlan {
    /// Reads what `request` refers to: its resources, its project and what is offered. `id` is the reservation's.
    ///
    /// # Errors
    ///
    /// [`SchedulingError`] says what cannot be reserved, and of which resource.
    pub async fn read(
        store: &Store,
        actor: &Actor,
        request: ReservationRequest,
        id: ReservationId,
        now: DateTime<Utc>,
    ) -> Result<Self, SchedulingError> {
        let (tenant, slot) = (actor.tenant, request.slot);
        let resources = resources::read(store, tenant, &request.resource_ids).await?;
        let [resource, further @ ..] = resources.as_slice() else {
            return Err(SchedulingError::NoResources);
        };
        resources::check_lengths(&resources, slot)?;
        let project = project_of(store, tenant, request.project_id).await?;
        let offer = Offer::of(project.as_ref())?;
        let only_offered = request.only_offered.unwrap_or(offer.is_required());
        let set = if only_offered {
            let at = (store, tenant);
            ResourceSet::offered(at, &offer, &resources, (slot, None), now).await?
        } else {
            ResourceSet::unchecked(&resources)
        };
        let of_project = offer.ignores_all_day_events();
        let reservation = Reservation {
            id,
            resource_id: resource.id,
            further_resources: further.iter().map(|resource| resource.id).collect(),
            calendar_id: calendar_of(resource, request.calendar_id)?.id,
            project_id: request.project_id,
            graph: request.graph,
            slot,
            timezone: resource.timezone,
            buffers: request.buffers,
            ignore_all_day_events: request.ignore_all_day_events.unwrap_or(of_project),
            only_offered,
            event: request.event,
            customer: request.customer,
            payment_time: request.payment_time,
            until: lapses_at(now, resource.timezone, request.hold, Some(&offer)),
            expired: false,
            created_at: now,
            version: String::new(),
        };
        Ok(Self {
            reservation,
            resources: set,
        })
    }

    /// Makes it part of `decision`, and returns the reservation. Time that is taken is found when the decision is committed.
    pub fn decide(&self, decision: &mut Decision<'_>) -> Reservation {
        let reservation = &self.reservation;
        let placed = Placed {
            id: reservation.id.uuid(),
            buffers: reservation.buffers,
            tolerance: reservation.tolerance(),
        };
        self.resources.require(decision, reservation.slot, placed);
        decision.put_reservation(reservation.clone())
    }
}

/// A reservation to hold for longer.
#[derive(Clone, Copy, Debug)]
pub struct ExtensionPlan {
    /// The reservation.
    pub id: ReservationId,
    /// For how long from now on, if the request says it.
    pub hold: Option<CalendarSpan>,
}

impl ExtensionPlan {
    /// Makes it part of `decision` for `actor`, and returns the reservation.
    ///
    /// # Errors
    ///
    /// [`SchedulingError`] if it has lapsed, or if no booking can be made of it because a resource or its project is gone.
    pub async fn decide(
        &self,
        store: &Store,
        actor: &Actor,
        decision: &mut Decision<'_>,
        now: DateTime<Utc>,
    ) -> Result<Reservation, SchedulingError> {
        let reservation = decision.reservation(self.id).await?;
        let reservation = reservation.ok_or(SchedulingError::NotFound(Noun::Reservation))?;
        let reservation = reservation.valid_at(now)?;
        for resource in reservation.resources() {
            if !decision.has_resource(resource).await? {
                return Err(SchedulingError::NotFound(Noun::Resource(resource)));
            }
        }
        project_of(store, actor.tenant, reservation.project_id).await?;
        let until = lapses_at(now, reservation.timezone, self.hold, None);
        if until == reservation.until {
            return Ok(reservation);
        }
        Ok(decision.put_reservation(Reservation {
            until,
            ..reservation
        }))
    }
}
