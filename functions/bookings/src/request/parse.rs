//! Reads a request to create a booking, field by field.

use api::body::MAX_FREE_FORM;
use api::{ApiError, Faults, Object};
use model::reminder::CheckUrl;
use scheduling::plan::BookingRequest;
use scheduling::{Actor, Defaults};

use super::body::{CreateBookingRequest, LegacyEvent};
use super::customer::customer;
use super::payment::payment_time;
use super::place::{SentPlace, place};
use super::reminders::reminders;
use super::settings::{self, settings};
use super::texts::{SentTexts, texts};

impl CreateBookingRequest {
    /// The request with what only the older form says.
    fn with_legacy(self, event: LegacyEvent) -> Self {
        Self {
            start: self.start.or(event.start),
            end: self.end.or(event.end),
            what: self.what.or(event.what),
            place: self.place.or(event.place),
            description: self.description.or(event.description),
            participants: self.participants.or(event.participants),
            calendar_id: self.calendar_id.or(event.calendar_id),
            ..self
        }
    }
}

/// Reads a request, with `defaults` for what it leaves out. It is one function because it has a statement for each field.
pub(super) fn parse(
    mut request: CreateBookingRequest,
    defaults: &Defaults<'_>,
    actor: &Actor,
    check_url: &CheckUrl<'_>,
    random: &dyn model::Random,
) -> Result<BookingRequest, ApiError> {
    let mut faults = Faults::none();
    let event = faults.optional("event", std::mem::take(&mut request.event));
    let request = match event {
        Some(Object(event)) => request.with_legacy(event),
        None => request,
    };
    let is_public = actor.is_public;
    let graph = settings::graph(&mut faults, request.graph, defaults, is_public);
    settings::refuse_other_start(&mut faults, request.action, graph);
    let sent = SentPlace {
        resource_id: request.resource_id,
        start: request.start,
        end: request.end,
    };
    let place = place(&mut faults, sent, request.related, graph, (defaults, actor));
    let customer = customer(&mut faults, request.customer, graph, defaults, random);
    let sent = SentTexts {
        what: request.what,
        place: request.place,
        description: request.description,
        participants: request.participants,
    };
    let texts = texts(&mut faults, sent, graph, defaults);
    let texts = defaults.texts(texts, customer.as_ref());
    let locale = faults.optional("locale", request.locale);
    let locale = faults.parsed("locale", locale.as_deref(), str::parse);
    let calendar_id = faults.id("calendar_id", request.calendar_id);
    let project_id = defaults.project_id(faults.id("project_id", request.project_id));
    let meta = faults.optional("meta", request.meta).unwrap_or_default();
    faults.size("meta", &meta, MAX_FREE_FORM);
    let rules = (graph, project_id);
    let settings = settings(&mut faults, request.settings, rules, defaults, is_public);
    let payment_time = payment_time(&mut faults, request.timeout, graph, defaults, is_public);
    let reminders = reminders(
        &mut faults,
        request.reminders,
        defaults,
        (is_public, check_url),
    );

    let read = graph.zip(place).zip(settings);
    let ((graph, place), settings) = faults.finish(read)?;
    Ok(BookingRequest {
        graph,
        place,
        project_id,
        calendar_id,
        reserved_calendar_id: defaults.calendar_id(),
        buffers: settings.buffers,
        allow_double_bookings: settings.allow_double_bookings,
        ignore_all_day_events: settings.ignore_all_day_events,
        only_offered: settings.only_offered.is_required,
        is_checked: settings.only_offered.is_checked,
        notice: settings.notice,
        locale,
        payment_time,
        max_seats: settings.max_seats,
        texts,
        customer,
        reminders,
        meta,
    })
}
