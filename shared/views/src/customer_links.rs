//! Links by which a customer, who has no key, acts on one booking.

use auth::SigningSecret;
use chrono::{DateTime, TimeDelta, Utc};
use model::booking::Booking;
use model::graph::Action;
use model::ids::BookingId;
use model::project::{BookingDefaults, Project};
use model::time::format_instant;
use serde::Serialize;
use serde_json::{Map, Value};
use url::{Url, form_urlencoded};

/// The longest that a link holds, in days. It ends with its booking, or with the key that made it, if that is sooner.
pub const MAX_LINK_DAYS: i64 = 366;

/// The name of customers' links, as an include and in what is shown.
pub const CUSTOMER_ACTION_LINKS: &str = "customer_action_links";

/// What it takes to make an app's links.
#[derive(Clone, Debug)]
pub struct CustomerLinks {
    base: String,
    app_slug: String,
    secret: SigningSecret,
    /// When whoever makes the links can no longer act; no link holds for longer.
    ends_at: Option<DateTime<Utc>>,
    /// How the customer reads the page that has the links, e.g. `lang`: their pages are read alike.
    reading: Vec<(&'static str, String)>,
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
    /// The links of the app with this slug and signing secret, on a deployment that is reached at `base`, without a slash at
    /// its end. None holds for longer than until `ends_at`.
    pub const fn new(
        base: String,
        app_slug: String,
        secret: SigningSecret,
        ends_at: Option<DateTime<Utc>>,
    ) -> Self {
        Self {
            base,
            app_slug,
            secret,
            ends_at,
            reading: Vec::new(),
        }
    }

    /// The same links, whose pages are shown as the parameters of `reading` say, e.g. `lang` and `zone`.
    #[must_use]
    pub fn read_as(self, reading: Vec<(&'static str, String)>) -> Self {
        Self { reading, ..self }
    }

    /// The links to what a customer can do now with `booking`, which must be settled at `now`.
    /// The page on which they choose another time is `project`'s, through which it was made.
    pub fn of(
        &self,
        booking: &Booking,
        project: Option<&Project>,
        now: DateTime<Utc>,
    ) -> Map<String, Value> {
        let can = |action| {
            let mut actions = booking.graph.available_actions(booking.state);
            actions.any(|possible| possible == action)
        };
        let can_cancel = can(Action::CancelByCustomer) && booking.check_cancelling(now).is_ok();
        let cancel = can_cancel.then(|| self.cancel_link(booking, now)).flatten();
        let reschedule = project
            .filter(|_| can(Action::RescheduleByCustomer))
            .and_then(|project| self.move_link(booking, project, now));
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
        let action = Action::CancelByCustomer;
        let token = self.token(booking, action, now)?;
        let (base, id, action) = (&self.base, booking.id, action.name());
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("signature", &token)
            .extend_pairs(&self.reading)
            .finish();
        Some(format!(
            "{base}/v2/bookings/{id}/external_action/{action}?{query}"
        ))
    }

    /// The link to the page on which the customer of `booking`, made through `project`, chooses another time: the project's own
    /// or else our booking page, in the words that booking pages read. To ours it is signed, so that the page knows the customer
    /// from others who know the booking's id. None if the project cannot be read, because its page could not book anything.
    pub fn move_link(
        &self,
        booking: &Booking,
        project: &Project,
        now: DateTime<Utc>,
    ) -> Option<String> {
        let rules = project.rules();
        let rules =
            rules.inspect_err(|error| tracing::error!(%error, "no link to reschedule a booking"));
        let own = rescheduling_url(&rules.ok()?.booking);
        let time = |at| format_instant(at, booking.timezone);
        let about = [
            ("uuid", booking.id.to_string()),
            ("action", "reschedule".to_owned()),
            ("event.start", time(booking.slot.start())),
            ("event.end", time(booking.slot.end())),
        ];
        Some(match own {
            Some(mut own) => {
                own.query_pairs_mut().extend_pairs(about);
                own.into()
            }
            None => {
                let token = self.token(booking, Action::RescheduleByCustomer, now)?;
                let about = form_urlencoded::Serializer::new(String::new())
                    .extend_pairs(about)
                    .append_pair("signature", &token)
                    .extend_pairs(&self.reading)
                    .finish();
                format!("{}/book/{}?{about}", self.base, project.slug)
            }
        })
    }

    /// The signature of a link to do `action` to `booking`; none if it would hold for no time.
    fn token(&self, booking: &Booking, action: Action, now: DateTime<Utc>) -> Option<String> {
        let longest = now + TimeDelta::days(MAX_LINK_DAYS);
        let expires_at = (booking.slot.end()).min(self.ends_at.unwrap_or(longest).min(longest));
        if expires_at <= now {
            return None;
        }
        let claims = LinkClaims {
            app_slug: &self.app_slug,
            booking_id: booking.id,
            action: action.name(),
            state: booking.state.name(),
            exp: expires_at.timestamp(),
        };
        // These claims are an object, so signing them cannot fail.
        self.secret.sign(&claims).ok()
    }
}

/// The page of the project's own on which its customers choose another time, if it has one.
fn rescheduling_url(project: &BookingDefaults) -> Option<Url> {
    let url = Url::parse(project.rescheduling_url.as_deref()?).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}
