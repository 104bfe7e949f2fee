//! An event as it is shown.

use std::net::IpAddr;

use model::outbox::ToldEvent;
use model::time::{Tz, format_instant};
use serde::Serialize;
use utoipa::ToSchema;
use views::webhook::{AuthorView, EventDataView};

/// An event of the log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookEventView {
    /// Names the event. The same event always has the same id.
    #[schema(format = Uuid)]
    id: String,
    /// What happened, e.g. `booking.confirmed`. Newer versions know more types, so accept those that you do not know.
    #[serde(rename = "type")]
    #[schema(example = "booking.confirmed")]
    kind: String,
    /// When the change was written.
    #[schema(format = DateTime)]
    timestamp: String,
    /// What changed.
    data: EventDataView,
    /// Who made the change. Only shown to callers with the scope `audit.read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<AuthorView>,
    /// The address that the request came from. Only shown to callers with the scope `audit.read`, and if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    from: Option<IpAddr>,
}

impl WebhookEventView {
    /// Shows an event; who made the change only if `with_author`.
    pub(crate) fn of(told: ToldEvent, with_author: bool, zone: Tz) -> Self {
        let is_automatic = told.event.automatic_at.is_some();
        Self {
            id: told.id.to_string(),
            timestamp: format_instant(told.at, zone),
            by: with_author.then(|| AuthorView::of(&told, true)),
            from: told.from.filter(|_| with_author && !is_automatic),
            data: EventDataView::of(&told.event, zone),
            kind: told.event.kind,
        }
    }
}
