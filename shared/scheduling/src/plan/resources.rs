//! The resources that a plan takes time of.

use chrono::{DateTime, Utc};
use model::TimeSlot;
use model::booking::check_length;
use model::ids::{BookingId, ResourceId};
use model::resource::Resource;
use store::{Decision, Store, Tenant};

use crate::error::{Noun, SchedulingError};
use crate::offer::{Offer, Offered, Placed, in_order};

/// The resources that a plan takes time of, each with what remains to be checked of its offer in the decision.
#[derive(Clone, Debug)]
pub(crate) struct ResourceSet(Vec<Planned>);

#[derive(Clone, Debug)]
struct Planned {
    id: ResourceId,
    capacity: u32,
    offered: Option<Offered>,
}

impl ResourceSet {
    /// The set of resources any of whose time may be booked.
    pub(crate) fn unchecked(resources: &[Resource]) -> Self {
        let planned = resources.iter().map(|resource| Planned {
            id: resource.id,
            capacity: resource.capacity,
            offered: None,
        });
        Self(planned.collect())
    }

    /// The set of resources of which `slot` is offered, each by `offer`. What `moving` takes, a booking that is rescheduled,
    /// is left out.
    ///
    /// # Errors
    ///
    /// [`SchedulingError::NotOffered`] names the resource.
    pub(crate) async fn offered(
        at: (&Store, Tenant),
        offer: &Offer<'_>,
        resources: &[Resource],
        (slot, moving): (TimeSlot, Option<BookingId>),
        now: DateTime<Utc>,
    ) -> Result<Self, SchedulingError> {
        let ids: Vec<ResourceId> = resources.iter().map(|resource| resource.id).collect();
        offer.check_resources(at, &ids).await?;
        let mut set = Self::unchecked(resources);
        for (planned, resource) in set.0.iter_mut().zip(resources) {
            let offered = offer.check(at, resource, slot, moving, now).await?;
            planned.offered = Some(offered);
        }
        Ok(set)
    }

    /// Makes what remains to be checked of `placed`, which takes `slot` of every one of them, part of `decision`.
    pub(crate) fn require(&self, decision: &mut Decision<'_>, slot: TimeSlot, placed: Placed) {
        for planned in &self.0 {
            decision.capacity(planned.id, planned.capacity);
            if let Some(offered) = &planned.offered {
                offered.require(decision, slot, planned.id, placed);
            }
        }
    }
}

/// Reads every one of the resources, in this order.
///
/// # Errors
///
/// [`SchedulingError::NotFound`] names the first that is not within reach.
pub(crate) async fn read(
    store: &Store,
    tenant: Tenant,
    ids: &[ResourceId],
) -> Result<Vec<Resource>, SchedulingError> {
    let found = match ids {
        [id] => Vec::from_iter(store.get_resource(tenant, *id).await?),
        ids => in_order(store, tenant, ids).await?,
    };
    let is_there = |id: &ResourceId| found.iter().any(|resource| resource.id == *id);
    match ids.iter().find(|id| !is_there(id)) {
        Some(id) => Err(SchedulingError::NotFound(Noun::Resource(*id))),
        None => Ok(found),
    }
}

/// Checks that a booking of all of `resources` may be as long as `slot`, by the calendar of each.
///
/// # Errors
///
/// [`SchedulingError::TooLong`] if it may not.
pub(crate) fn check_lengths(resources: &[Resource], slot: TimeSlot) -> Result<(), SchedulingError> {
    for resource in resources {
        check_length(slot, resource.timezone)?;
    }
    Ok(())
}
