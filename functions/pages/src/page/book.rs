//! What becomes of a form: a booking, or a booking that is moved, each once.

use api::form_once::FormOnce;
use api::{ApiError, State};
use html::Language;
use model::booking::{Booking, Customer, Notice};
use model::graph::Graph;
use model::ids::BookingId;
use scheduling::defaults::Texts;
use scheduling::plan::{BookingPlan, BookingRequest, Place, ReschedulePlan};
use scheduling::{Actor, Defaults, References};
use serde_json::Map;
use store::Expected;

use super::site::Site;
use super::times::{Free, Offering};

/// What a form asks for.
pub(crate) struct Order<'a> {
    pub(crate) offering: &'a Offering<'a>,
    /// The time, with whom it is to be booked.
    pub(crate) free: &'a Free,
    /// Whom it is for.
    pub(crate) customer: Customer,
    /// The language to keep with it.
    pub(crate) language: Language,
}

/// Books what `order` asks for, as a widget key of the app would.
pub(crate) async fn book(
    state: &State,
    site: &Site,
    once: &FormOnce,
    order: Order<'_>,
) -> Result<BookingId, ApiError> {
    let (store, actor, now) = (state.store(), Actor::from(&site.principal), state.now());
    let references = References::of_project(site.project.clone());
    let defaults = references.defaults()?;
    let graph = site.rules()?.booking.graph;
    let graph = graph.ok_or(ApiError::NotFound("Project"))?;
    let request = request(&defaults, site, graph, order);
    let id = BookingId::random(state.random());
    let plan = BookingPlan::read(store, &actor, request, &defaults, id, now).await?;
    let writer = once.writer(state);
    let booked = writer.until_decided(|| async {
        let mut decision = writer.decision(actor.tenant, now);
        let booking = plan.decide(&mut decision, now).await?;
        once.keep(booking.id);
        Ok::<_, ApiError>(decision.commit(booking.id).await?)
    });
    or_before(state, once, booked.await).await
}

fn request(defaults: &Defaults<'_>, site: &Site, graph: Graph, order: Order<'_>) -> BookingRequest {
    let Order {
        offering,
        free,
        customer,
        language,
    } = order;
    let place = match free.group {
        Some((owner_id, _)) => Place::Seat {
            owner_id,
            resource_id: None,
            slot: None,
        },
        None => Place::Time {
            resource_ids: offering.booked_together(free),
            slot: free.slot,
            reservation_id: None,
        },
    };
    // A page chooses nothing but time and person: all else is the project's.
    BookingRequest {
        graph,
        place,
        project_id: Some(site.project.id),
        calendar_id: None,
        reserved_calendar_id: None,
        buffers: defaults.buffers(None),
        allow_double_bookings: defaults.allows_double_bookings(None),
        ignore_all_day_events: defaults.ignores_all_day_events(None),
        only_offered: defaults
            .only_offered(None, Some(site.project.id))
            .is_required,
        is_checked: false,
        notice: Notice::default(),
        payment_time: defaults.payment_time(None, true),
        max_seats: None,
        texts: defaults.texts(Texts::default(), Some(&customer)),
        customer: Some(customer),
        locale: language.tag().parse().ok(),
        reminders: defaults.reminders(None),
        meta: Map::new(),
    }
}

/// Moves `booking` to the time that is `free`.
pub(crate) async fn reschedule(
    state: &State,
    site: &Site,
    once: &FormOnce,
    (booking, free): (&Booking, &Free),
) -> Result<BookingId, ApiError> {
    let (actor, now) = (Actor::from(&site.principal), state.now());
    let stays = free.resources.contains(&booking.resource_id);
    let plan = ReschedulePlan {
        id: booking.id,
        new_id: BookingId::random(state.random()),
        expected: Expected::Any,
        slot: free.slot,
        resource_id: if stays {
            None
        } else {
            free.resources.first().copied()
        },
        only_offered: None,
        message: None,
    };
    let writer = once.writer(state);
    let moved = writer.until_decided(|| async {
        let mut decision = writer.decision(actor.tenant, now);
        let moved = plan.decide(&writer, &actor, &mut decision, now).await?;
        once.keep(moved.id);
        Ok::<_, ApiError>(decision.commit(moved.id).await?)
    });
    or_before(state, once, moved.await).await
}

/// What was done or, where it failed because a twin of the form was faster, what that has done.
async fn or_before(
    state: &State,
    once: &FormOnce,
    done: Result<BookingId, ApiError>,
) -> Result<BookingId, ApiError> {
    match done {
        Ok(id) => Ok(id),
        Err(error) => match once.before(state).await {
            Ok(Some(id)) => Ok(id),
            Ok(None) | Err(_) => Err(error),
        },
    }
}
