//! What a page says beside the booking itself: whose it is, with whom, and where it leads.

use api::{ApiError, State};
use html::{Brand, Language};
use model::booking::Booking;
use model::graph::Action;
use model::project::Project;
use model::time::Tz;
use url::form_urlencoded;
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
    /// Where a customer chooses another time for it, if that is possible now.
    pub(super) moving: Option<String>,
    /// Where a customer books the same again.
    pub(super) booking_again: Option<String>,
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
        let links = CustomerLinks::new(String::new(), signed.app.slug.clone(), secret, None)
            .read_as(visit.reading());
        let is_movable = booking.check_allows(Action::RescheduleByCustomer).is_ok();
        let movable = project.as_ref().filter(|_| is_movable);
        let moving = movable.and_then(|project| links.move_link(booking, project, state.now()));
        Ok(Self {
            moving,
            booking_again: project.map(|project| page_of(&project, visit)),
            booking,
            resources: resources.map(|resource| resource.name.clone()).collect(),
            zone: visit.zone(booking),
        })
    }
}

/// The page of a project, which is read as the visitor reads this one.
fn page_of(project: &Project, visit: &Visit) -> String {
    let page = format!("/book/{}?", project.slug);
    let from = page.len();
    let mut page = form_urlencoded::Serializer::for_suffix(page, from);
    let page = page.extend_pairs(visit.reading()).finish();
    page.trim_end_matches('?').to_owned()
}
