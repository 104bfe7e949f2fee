//! What a body is made of, and how the booking in it is shown.

use api::{Include, OutputZone};
use chrono::{DateTime, Utc};
use model::app::App;
use model::booking::Booking;
use model::event::Event;
use model::outbox::{ChangeEvent, Family, ToldEvent};
use model::project::Project;
use model::reservation::Reservation;
use model::resource::Resource;
use model::scope::Scope;
use model::time::TimeSlot;
use model::webhook::{Format, Payload, Webhook};
use serde_json::Map;

use crate::booking::Included;
use crate::{BookingView, CustomerLinks};

/// What happened, and the endpoint that is told.
#[derive(Clone, Copy, Debug)]
pub struct Delivered<'a> {
    /// Whose event it is.
    pub app: &'a App,
    /// The endpoint.
    pub webhook: &'a Webhook,
    /// The event.
    pub told: &'a ToldEvent,
}

/// What the event is about, as it is at the first delivery. Nothing is there any more of what was deleted since.
#[derive(Debug, Default)]
pub struct Subject {
    /// The booking, or for a `group` event the group's own one.
    pub booking: Option<Booking>,
    /// For a seat: the group's own booking.
    pub owner: Option<Booking>,
    /// The booking's resource.
    pub resource: Option<Resource>,
    /// The project that it came from.
    pub project: Option<Project>,
    /// The reservation.
    pub reservation: Option<Reservation>,
    /// The event of a calendar.
    pub event: Option<Event>,
    /// What makes customers' links, if the endpoint may have them: see [`Delivered::may_have_links`].
    pub links: Option<CustomerLinks>,
}

impl Delivered<'_> {
    /// Which family the event is of, if its subject is to be read: thin bodies do not say more than the event itself.
    pub fn needs_subject(&self) -> Option<Family> {
        let is_thin = self.webhook.format == Format::Standard && self.is_thin();
        Family::of(&self.told.event.kind).filter(|_| !is_thin)
    }

    /// Whether customers' links are shown: a link acts for whoever has it, so the endpoint's maker must have been allowed to act.
    pub fn may_have_links(&self) -> bool {
        self.webhook.scopes.allows(Scope::BookingsWrite)
    }

    pub(super) fn is_thin(&self) -> bool {
        self.webhook.payload == Payload::Thin
    }

    /// Whether it says by whom exactly and from where: those who may read the audit log see that.
    pub(super) fn shows_author(&self) -> bool {
        self.webhook.scopes.allows(Scope::AuditRead) && self.webhook.only_resource.is_none()
    }
}

/// A booking with the state and the time that it had when the event was told.
fn as_told(booking: Booking, event: &ChangeEvent) -> Booking {
    let state = event.state.as_deref().and_then(|name| name.parse().ok());
    let slot = event.start.zip(event.end);
    let slot = slot.and_then(|(start, end)| TimeSlot::new(start, end).ok());
    Booking {
        state: state.unwrap_or(booking.state),
        slot: slot.unwrap_or(booking.slot),
        ..booking
    }
}

/// Shows a booking as it was told of, with its links if they still work: each works only in the state that it was made for.
pub(super) fn show_booking(
    subject: Subject,
    event: &ChangeEvent,
    include: &Include,
    now: DateTime<Utc>,
) -> Option<BookingView> {
    let Subject {
        booking,
        owner,
        resource,
        project,
        links,
        ..
    } = subject;
    let current = booking?;
    let included = Included {
        include,
        links: links.as_ref(),
        zone: OutputZone(None),
        now,
        is_public: false,
        shows_actions: true,
        resources: resource.into_iter().map(|one| (one.id, one)).collect(),
        projects: project.into_iter().map(|one| (one.id, one)).collect(),
        related: owner.into_iter().map(|one| (one.id, one)).collect(),
    };
    let told = as_told(current.clone(), event);
    let settled = current.settled(now);
    let links = included.links(&settled);
    let links = links.map(|links| match settled.state == told.state {
        true => links,
        false => Map::new(),
    });
    Some(included.show_settled(&told).with_links(links))
}
