//! Links by which a customer, who has no key, acts on one booking.

use api::{ApiError, State};
use auth::{Principal, SigningSecret};
use chrono::{DateTime, TimeDelta, Utc};
use model::booking::Booking;
use model::graph::Action;
use model::ids::BookingId;
use model::scope::Scope;
use model::time::format_instant;
use serde::Serialize;
use serde_json::{Map, Value};
use url::Url;

/// The longest that a link holds, in days. It ends with its booking, if that is sooner.
pub(crate) const MAX_LINK_DAYS: i64 = 366;

/// What it takes to make an app's links.
pub(crate) struct CustomerLinks {
    base: String,
    app_slug: String,
    secret: SigningSecret,
}

/// What a link says.
#[derive(Serialize)]
struct LinkClaims<'a> {
    app_slug: &'a str,
    booking_id: BookingId,
    action: &'static str,
    /// The state it was made for, with which it dies.
    state: &'static str,
    /// In seconds.
    exp: i64,
}

impl CustomerLinks {
    /// For a caller that could take the actions itself; others get none, because a link acts for whoever has it.
    pub(crate) async fn for_caller(
        state: &State,
        principal: &Principal,
        base: String,
    ) -> Result<Option<Self>, ApiError> {
        if principal.is_public() || !principal.may(Scope::BookingsWrite) {
            return Ok(None);
        }
        let app = state.store().get_app(principal.app).await?;
        let app = app.ok_or(ApiError::NotFound("App"))?;
        let secret = state.master_secret().await?.signing_secret(app.id)?;
        Ok(Some(Self {
            base,
            app_slug: app.slug,
            secret,
        }))
    }

    /// The links to what a customer can do now with `booking`, which must be settled at `now`.
    pub(crate) fn of(&self, booking: &Booking, now: DateTime<Utc>) -> Map<String, Value> {
        let can = |action| {
            let mut actions = booking.graph.available_actions(booking.state);
            actions.any(|possible| possible == action)
        };
        let can_cancel = can(Action::CancelByCustomer)
            && (booking.notice.check_cancelling(booking.slot.start(), now)).is_ok();
        let cancel = can_cancel.then(|| self.cancel_link(booking, now)).flatten();
        let reschedule = rescheduling_url(booking)
            .filter(|_| can(Action::RescheduleByCustomer))
            .map(|page| reschedule_link(page, booking).into());
        let links: [(_, Option<String>); 2] = [
            (Action::CancelByCustomer, cancel),
            (Action::RescheduleByCustomer, reschedule),
        ];
        links
            .into_iter()
            .filter_map(|(action, link)| Some((action.name().to_owned(), link?.into())))
            .collect()
    }

    fn cancel_link(&self, booking: &Booking, now: DateTime<Utc>) -> Option<String> {
        let action = Action::CancelByCustomer.name();
        let expires_at = (booking.slot.end()).min(now + TimeDelta::days(MAX_LINK_DAYS));
        if expires_at <= now {
            return None;
        }
        let claims = LinkClaims {
            app_slug: &self.app_slug,
            booking_id: booking.id,
            action,
            state: booking.state.name(),
            exp: expires_at.timestamp(),
        };
        // These claims are an object, so signing them cannot fail.
        let token = self.secret.sign(&claims).ok()?;
        let (base, id) = (&self.base, booking.id);
        Some(format!(
            "{base}/v2/bookings/{id}/external_action/{action}?signature={token}"
        ))
    }
}

/// The page on which a customer chooses another time: the `booking.rescheduling_url` of the booking's project.
// Projects are not kept here yet. When they are, this reads the booking's.
fn rescheduling_url(_booking: &Booking) -> Option<Url> {
    None
}

/// A link to `page` that says which booking it is about, in the words that booking pages read.
fn reschedule_link(page: Url, booking: &Booking) -> Url {
    let time = |at| format_instant(at, booking.timezone);
    let (start, end) = (time(booking.slot.start()), time(booking.slot.end()));
    with_rescheduling(page, &booking.id.to_string(), &start, &end)
}

fn with_rescheduling(mut page: Url, id: &str, start: &str, end: &str) -> Url {
    page.query_pairs_mut()
        .append_pair("uuid", id)
        .append_pair("action", "reschedule")
        .append_pair("event.start", start)
        .append_pair("event.end", end);
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_reschedule_escapes_its_times_and_keeps_what_the_page_asks_for() {
        let page = Url::parse("https://book.example/hosted?lang=da#top").expect("an address");
        let link = with_rescheduling(
            page,
            "1",
            "2026-12-01T10:00:00+01:00",
            "2026-12-01T11:00:00+01:00",
        );
        assert_eq!(
            link.as_str(),
            "https://book.example/hosted?lang=da&uuid=1&action=reschedule\
             &event.start=2026-12-01T10%3A00%3A00%2B01%3A00&event.end=2026-12-01T11%3A00%3A00%2B01%3A00#top"
        );
    }
}
