//! What a page says beside the booking itself: whose it is, with whom, and where it leads.

use api::{ApiError, State};
use html::{Brand, Language};
use model::booking::Booking;
use model::graph::Action;
use model::project::Project;
use model::time::Tz;
use views::CustomerLinks;

use super::signed::Signed;
use super::visit::Visit;

/// What a page shows.
pub(super) struct Shown<'a> {
    pub(super) language: Language,
    pub(super) brand: Brand,
    pub(super) about: Option<About<'a>>,
}

/// A booking, with what is read for its page.
pub(super) struct About<'a> {
    pub(super) booking: &'a Booking,
    /// The names of whom or what is booked.
    pub(super) resources: Vec<String>,
    /// The zone that its times are shown in.
    pub(super) zone: Tz,
    project: Option<Project>,
    move_link: Option<String>,
}

impl<'a> Shown<'a> {
    pub(super) async fn read(
        state: &State,
        signed: &Signed,
        visit: &Visit,
        booking: Option<&'a Booking>,
    ) -> Result<Self, ApiError> {
        let about = match booking {
            Some(booking) => Some(About::read(state, signed, visit, booking).await?),
            None => None,
        };
        Ok(Self {
            language: visit.language(booking),
            brand: Brand::of(&signed.app),
            about,
        })
    }
}

impl<'a> About<'a> {
    async fn read(
        state: &State,
        signed: &Signed,
        visit: &Visit,
        booking: &'a Booking,
    ) -> Result<Self, ApiError> {
        let (store, tenant) = (state.store(), signed.tenant());
        let ids: Vec<_> = booking.resources().collect();
        let found = store.get_resources(tenant, &ids).await?;
        let name = |id| found.iter().find(|resource| resource.id == id);
        let resources = ids.into_iter().filter_map(name);
        let project = match booking.project_id {
            Some(id) => store.get_project(tenant, id).await?,
            None => None,
        };
        let secret = state.master_secret().await?.signing_secret(signed.app.id)?;
        let links = CustomerLinks::new(String::new(), signed.app.slug.clone(), secret, None);
        let is_movable = booking.check_allows(Action::RescheduleByCustomer).is_ok();
        let movable = project.as_ref().filter(|_| is_movable);
        let move_link = movable.and_then(|project| links.move_link(booking, project, state.now()));
        Ok(Self {
            move_link,
            booking,
            resources: resources.map(|resource| resource.name.clone()).collect(),
            zone: visit.zone(booking),
            project,
        })
    }

    /// Where a customer chooses another time for it, if that is possible now.
    pub(super) fn moving(&self) -> Option<&str> {
        self.move_link.as_deref()
    }

    /// Where a customer books the same again.
    pub(super) fn booking_again(&self) -> Option<String> {
        let slug = &self.project.as_ref()?.slug;
        Some(format!("/book/{slug}"))
    }
}
