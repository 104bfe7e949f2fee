//! What showing bookings reads beside them.

pub(crate) mod reservation;

use std::collections::{BTreeSet, HashMap};

use api::{ApiError, OutputZone};
use auth::Principal;
use chrono::{DateTime, Utc};
use model::booking::Booking;
use model::ids::{BookingId, ProjectId, ResourceId};
use model::project::Project;
use model::resource::Resource;
use store::{Decision, Store};
pub(crate) use views::booking::{BookingView, Included, version};

use crate::includes::Includes;

/// For whom bookings are shown, and how.
#[derive(Clone, Copy)]
pub(crate) struct Presenter<'a> {
    pub(crate) principal: &'a Principal,
    pub(crate) store: &'a Store,
    pub(crate) include: &'a Includes,
    pub(crate) zone: OutputZone,
    pub(crate) now: DateTime<Utc>,
}

impl<'a> Presenter<'a> {
    /// Reads what the includes need beside the bookings themselves: their resources, their projects, and the bookings
    /// they belong to, in a batch each.
    pub(crate) async fn load(&self, bookings: &[Booking]) -> Result<Included<'a>, ApiError> {
        let is_public = self.principal.is_public();
        Ok(Included {
            include: self.include.names(),
            links: self.include.links(),
            zone: self.zone,
            now: self.now,
            is_public,
            shows_actions: !is_public,
            resources: self.resources(bookings).await?,
            projects: self.projects(bookings).await?,
            related: self.related(bookings).await?,
        })
    }

    async fn resources(
        &self,
        bookings: &[Booking],
    ) -> Result<HashMap<ResourceId, Resource>, ApiError> {
        let is_needed = ["user", "resource", "calendar", "available_actions"]
            .iter()
            .any(|name| self.include.has(name))
            || self.include.links().is_some();
        if !is_needed {
            return Ok(HashMap::new());
        }
        let ids: BTreeSet<ResourceId> =
            bookings.iter().map(|booking| booking.resource_id).collect();
        let ids: Vec<ResourceId> = ids.into_iter().collect();
        let tenant = self.principal.tenant();
        let found = self.store.get_resources(tenant, &ids).await?;
        Ok(found.into_iter().map(|one| (one.id, one)).collect())
    }

    async fn projects(
        &self,
        bookings: &[Booking],
    ) -> Result<HashMap<ProjectId, Project>, ApiError> {
        let shows_project = self.include.has("project") && !self.principal.is_public();
        if !shows_project && self.include.links().is_none() {
            return Ok(HashMap::new());
        }
        let ids: BTreeSet<ProjectId> = bookings
            .iter()
            .filter_map(|booking| booking.project_id)
            .collect();
        let ids: Vec<ProjectId> = ids.into_iter().collect();
        let tenant = self.principal.tenant();
        let found = self.store.get_projects(tenant, &ids).await?;
        Ok(found.into_iter().map(|one| (one.id, one)).collect())
    }

    async fn related(&self, bookings: &[Booking]) -> Result<HashMap<BookingId, Booking>, ApiError> {
        let wants = |name: &str| self.include.has(name) && !self.principal.is_public();
        let (wants_owner, wants_bulked) = (wants("owner_booking"), wants("bulked_bookings"));
        let mut ids = BTreeSet::new();
        for booking in bookings {
            ids.extend(booking.owner_id.filter(|_| wants_owner));
            ids.extend(booking.related_ids().filter(|_| wants_bulked));
        }
        let ids: Vec<BookingId> = ids.into_iter().collect();
        let tenant = self.principal.tenant();
        let found = self.store.get_bookings(tenant, &ids).await?;
        Ok(found.into_iter().map(|one| (one.id, one)).collect())
    }

    /// One booking, with what its includes need.
    pub(crate) async fn one(&self, booking: Booking) -> Result<BookingView, ApiError> {
        let included = self.load(std::slice::from_ref(&booking)).await?;
        Ok(included.show(booking))
    }

    /// As [`Presenter::one`], of a booking that `decision` changes.
    pub(crate) async fn decided(
        &self,
        booking: Booking,
        decision: &mut Decision<'_>,
    ) -> Result<BookingView, ApiError> {
        let included = self.load(std::slice::from_ref(&booking)).await?;
        let changed = decision.changed().await?;
        Ok(included.with_changed(changed).show(booking))
    }
}
