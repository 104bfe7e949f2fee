//! What a visitor is told who has just booked: that it is done, when, and what can be done with it now.

use chrono::{DateTime, Utc};
use html::{Language, Text, times};
use maud::{Markup, html};
use model::booking::Booking;
use model::graph::{Action, BookingState};
use model::time::Tz;
use serde_json::{Map, Value};
use url::Url;

use super::form::{both_clocks, is_request};

/// What is shown of a booking.
pub(crate) struct Booked<'a> {
    pub(crate) booking: &'a Booking,
    pub(crate) business: &'a str,
    pub(crate) language: Language,
    /// The visitor's zone.
    pub(crate) zone: Tz,
    /// The names of whom it is with.
    pub(crate) with: Vec<String>,
    /// What only its customer is shown. Of a booking that was moved by its id alone nothing of the customer's is shown.
    pub(crate) own: Option<Own>,
    /// What its project is called.
    pub(crate) project: Option<&'a str>,
    /// The page that it was booked on, if that is there.
    pub(crate) another: Option<String>,
}

/// What only the customer of a booking is shown.
pub(crate) struct Own {
    /// What the customer can do, by the action's name.
    pub(crate) links: Map<String, Value>,
    /// The address of the calendar file.
    pub(crate) calendar_file: String,
}

impl Booked<'_> {
    /// What has become of it.
    pub(crate) fn title(&self) -> &'static str {
        let booking = self.booking;
        self.language.text(match booking.state {
            BookingState::Tentative if is_request(booking) => Text::RequestedTitle,
            BookingState::Tentative if booking.payment_due().is_some() => Text::ToPayTitle,
            BookingState::Confirmed if booking.rescheduled_from.is_some() => Text::MovedTitle,
            BookingState::Confirmed | BookingState::Paid => Text::BookedTitle,
            BookingState::Tentative => Text::NowTentative,
            BookingState::Unpaid => Text::NowUnpaid,
            BookingState::Declined => Text::NowDeclined,
            BookingState::Cancelled
            | BookingState::CancelledByCustomer
            | BookingState::CancelledByOwner => Text::NowCancelled,
            BookingState::RescheduledByCustomer => Text::NowMoved,
            BookingState::Completed => Text::NowCompleted,
        })
    }

    fn is_over(&self) -> bool {
        self.booking.graph.is_final(self.booking.state)
    }

    pub(crate) fn markup(&self) -> Markup {
        let language = self.language;
        html! {
            section id="done" aria-labelledby="done-title" {
                h1 id="done-title" tabindex="-1" { (self.title()) }
                (self.next_step())
            }
            (self.details())
            @if let (false, Some(own)) = (self.is_over(), &self.own) {
                (self.calendars(own))
                (self.actions(own))
            }
            @if let Some(another) = &self.another {
                p { a href=(another) { (language.text(Text::BookAnother)) } }
            }
        }
    }

    fn next_step(&self) -> Markup {
        let language = self.language;
        html! {
            @if is_request(self.booking) {
                p { (language.fill(Text::RequestedText, &[("business", self.business)])) }
            } @else if let (BookingState::Tentative, Some(due)) = (self.booking.state, self.booking.payment_due()) {
                p { (language.fill(Text::ToPayText, &[("time", &times::date_and_time(language, due, self.zone))])) }
            }
            @if self.own.as_ref().is_some_and(|own| !own.links.is_empty()) { p { (language.text(Text::KeepPage)) } }
        }
    }

    fn details(&self) -> Markup {
        let (language, booking) = (self.language, self.booking);
        let what = match &self.own {
            Some(_) => booking.event.what.as_str(),
            None => self.project.unwrap_or_default(),
        };
        html! {
            dl {
                dt { (language.text(Text::What)) } dd { bdi { (what) } }
                @if !self.with.is_empty() {
                    dt { (language.text(Text::Who)) } dd { bdi { (self.with.join(", ")) } }
                }
                dt { (language.text(Text::When)) }
                dd { (both_clocks(language, booking.slot, self.zone, booking.timezone)) }
                @if self.own.is_some() && !booking.event.place.is_empty() {
                    dt { (language.text(Text::Where)) } dd { bdi { (booking.event.place) } }
                }
            }
        }
    }

    fn calendars(&self, own: &Own) -> Markup {
        let language = self.language;
        html! {
            h2 { (language.text(Text::AddToCalendar)) }
            ul.calendars {
                li { a.button href=(own.calendar_file) download="booking.ics" { (language.text(Text::CalendarFile)) } }
                li { a.button href=(google(self.booking)) rel="noreferrer" target="_blank" { (language.text(Text::GoogleCalendar)) } }
                li { a.button href=(outlook(self.booking)) rel="noreferrer" target="_blank" { (language.text(Text::OutlookCalendar)) } }
            }
        }
    }

    fn actions(&self, own: &Own) -> Markup {
        let link = |action: Action| own.links.get(action.name()).and_then(Value::as_str);
        html! {
            div.actions {
                @if let Some(move_link) = link(Action::RescheduleByCustomer) {
                    a.button href=(move_link) { (self.language.text(Text::Move)) }
                }
                @if let Some(cancel_link) = link(Action::CancelByCustomer) {
                    a.button href=(cancel_link) { (self.language.text(Text::Cancel)) }
                }
            }
        }
    }
}

fn compact(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

fn with_query(base: &str, pairs: &[(&str, &str)]) -> String {
    match Url::parse(base) {
        Ok(mut url) => {
            url.query_pairs_mut().extend_pairs(pairs);
            url.into()
        }
        Err(_) => base.to_owned(),
    }
}

/// The address at which Google Calendar asks whether to take the booking in.
fn google(booking: &Booking) -> String {
    let dates = format!(
        "{}/{}",
        compact(booking.slot.start()),
        compact(booking.slot.end())
    );
    with_query(
        "https://calendar.google.com/calendar/render",
        &[
            ("action", "TEMPLATE"),
            ("text", &booking.event.what),
            ("dates", &dates),
            ("location", &booking.event.place),
        ],
    )
}

/// The address at which Outlook asks whether to take the booking in.
fn outlook(booking: &Booking) -> String {
    with_query(
        "https://outlook.live.com/calendar/0/deeplink/compose",
        &[
            ("path", "/calendar/action/compose"),
            ("rru", "addevent"),
            ("subject", &booking.event.what),
            ("startdt", &booking.slot.start().to_rfc3339()),
            ("enddt", &booking.slot.end().to_rfc3339()),
            ("location", &booking.event.place),
        ],
    )
}
