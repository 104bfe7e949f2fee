//! The pages that people see who open a link: no script, no style, nothing loaded. Values are escaped by the template.

use axum::http::{HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use chrono::{DateTime, Utc};
use maud::{DOCTYPE, Markup, html};
use model::booking::Booking;
use model::graph::{Action, BookingState};
use model::time::Tz;
use url::Url;

use super::outcome::{LinkError, Outcome};

/// Shows what a link leads to.
pub(super) fn of(outcome: &Outcome) -> Response {
    match outcome {
        Outcome::Question {
            action,
            booking,
            redirect,
        } => question(*action, booking, redirect.as_ref()),
        Outcome::Done(booking) => done(booking),
        Outcome::Redirect(redirect) => Redirect::to(redirect.as_str()).into_response(),
    }
}

/// Asks whether `action` shall be done. The button posts to the page's own address.
fn question(action: Action, booking: &Booking, redirect: Option<&Url>) -> Response {
    let (question, button) = words(action);
    let related = booking.related.len().saturating_sub(1);
    let body = html! {
        (details(booking))
        @if related > 0 {
            p { "It was booked together with " (related) " more, and what is done to one is done to all of them." }
        }
        form method="post" { button { (button) } }
    };
    page(StatusCode::OK, question, &body, redirect)
}

/// Says that it is done.
fn done(booking: &Booking) -> Response {
    let title = format!("The booking is {}", state(booking.state));
    page(StatusCode::OK, &title, &details(booking), None)
}

/// Says why nothing is done.
pub(super) fn error(error: &LinkError) -> Response {
    let (status, title, sentence) = match error {
        // One page for everything that was not signed for this: it must not tell what came close.
        LinkError::Invalid | LinkError::Other(_) => (
            StatusCode::FORBIDDEN,
            "This link does not work",
            "It may have been cut short. Open it as it was given to you, or ask whoever you booked with.".to_owned(),
        ),
        LinkError::Expired => (
            StatusCode::GONE,
            "This link has expired",
            "Ask whoever you booked with.".to_owned(),
        ),
        LinkError::StateChanged(now) => (
            StatusCode::GONE,
            "This link is no longer valid",
            format!("The booking has changed since: it is {} now.", state(*now)),
        ),
        LinkError::Gone => (
            StatusCode::GONE,
            "This link is no longer valid",
            "The booking does not exist any more.".to_owned(),
        ),
        LinkError::TooLate(since, zone) => (
            StatusCode::CONFLICT,
            "It is too late for this",
            format!(
                "It was possible until {} ({}). Ask whoever you booked with.",
                time(*since, *zone, "%A, %-d %B %Y, %H:%M"),
                zone.name()
            ),
        ),
        LinkError::ResourceGone => not_possible("What was booked is not offered any more."),
        LinkError::NotAllowed(now) => not_possible(&format!("The booking is {}.", state(*now))),
        LinkError::Taken => not_possible("Its time has been taken meanwhile."),
    };
    page(status, title, &html! { p { (sentence) } }, None)
}

fn not_possible(sentence: &str) -> (StatusCode, &'static str, String) {
    (
        StatusCode::CONFLICT,
        "This is not possible",
        sentence.to_owned(),
    )
}

/// The question whether an action shall be taken, and the button that does.
const fn words(action: Action) -> (&'static str, &'static str) {
    match action {
        Action::Cancel | Action::CancelByCustomer | Action::CancelByOwner => {
            ("Cancel this booking?", "Cancel the booking")
        }
        Action::Confirm | Action::Create => ("Confirm this booking?", "Confirm the booking"),
        Action::Decline => ("Decline this booking?", "Decline the booking"),
        Action::Pay => ("Is this booking paid for?", "It is paid for"),
        Action::Timeout => (
            "Is this booking not paid for in time?",
            "It is not paid for",
        ),
        Action::Complete => ("Is this booking over?", "It is over"),
        Action::RescheduleByCustomer => ("Move this booking?", "Move the booking"),
    }
}

const fn state(state: BookingState) -> &'static str {
    match state {
        BookingState::Tentative => "waiting for an answer",
        BookingState::Confirmed => "confirmed",
        BookingState::Paid => "paid for",
        BookingState::Unpaid => "not paid for in time",
        BookingState::Declined => "declined",
        BookingState::Cancelled
        | BookingState::CancelledByCustomer
        | BookingState::CancelledByOwner => "cancelled",
        BookingState::RescheduledByCustomer => "moved to another time",
        BookingState::Completed => "over",
    }
}

fn details(booking: &Booking) -> Markup {
    let zone = booking.timezone;
    let (start, end) = (booking.slot.start(), booking.slot.end());
    let day = "%A, %-d %B %Y";
    let end_format = if time(start, zone, day) == time(end, zone, day) {
        "%H:%M".to_owned()
    } else {
        format!("{day}, %H:%M")
    };
    html! {
        dl {
            dt { "What" } dd { (booking.event.what) }
            dt { "When" }
            dd {
                (time(start, zone, &format!("{day}, %H:%M"))) " – " (time(end, zone, &end_format)) " (" (zone.name()) ")"
            }
            @if !booking.event.place.is_empty() { dt { "Where" } dd { (booking.event.place) } }
        }
    }
}

fn time(at: DateTime<Utc>, zone: Tz, format: &str) -> String {
    at.with_timezone(&zone.offset_at(at))
        .format(format)
        .to_string()
}

/// `redirect` is where the page's form leads in the end: browsers hold its form to the policy until there.
fn page(status: StatusCode, title: &str, body: &Markup, redirect: Option<&Url>) -> Response {
    let leads_to = redirect.map_or_else(String::new, |redirect| {
        format!(" {}", redirect.origin().ascii_serialization())
    });
    let policy = format!(
        "default-src 'none'; form-action 'self'{leads_to}; base-uri 'none'; frame-ancestors 'none'"
    );
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_FRAME_OPTIONS, "DENY".to_owned()),
        (
            HeaderName::from_static("x-robots-tag"),
            "noindex, nofollow".to_owned(),
        ),
    ];
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex, nofollow";
                title { (title) }
            }
            body {
                h1 { (title) }
                (body)
            }
        }
    };
    (status, headers, Html(markup.into_string())).into_response()
}
