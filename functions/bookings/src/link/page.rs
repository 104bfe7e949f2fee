//! The pages that people see who open a link: no script, nothing loaded but the logo. Values are escaped by the template.

use api::ApiError;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use html::{Brand, Count, Head, Language, Text, times};
use maud::{Markup, html};
use model::booking::Booking;
use model::graph::Action;
use url::Url;
use views::failure;

use super::details::details;
use super::outcome::{LinkError, Outcome, Why};
use super::shown::Shown;
use super::visit::Visit;
use super::words::{now, words};

/// Shows what a link leads to.
pub(super) fn of(outcome: &Outcome, shown: &Shown<'_>, visit: &Visit) -> Response {
    let language = shown.language;
    let mut leads_to = None;
    let (title, body) = match outcome {
        Outcome::Question {
            action,
            found,
            redirect,
        } => {
            leads_to = redirect.as_ref();
            let body = question(*action, found.was_moved, shown, visit);
            (words(*action).question, body)
        }
        Outcome::Done { action, booking } => {
            let again = *action == Action::CancelByCustomer;
            (now(booking.state), ended(shown, visit, again))
        }
        Outcome::Kept(_) | Outcome::Redirect(_) => (Text::KeptTitle, ended(shown, visit, false)),
    };
    let page = Page {
        status: StatusCode::OK,
        title: language.text(title),
        leads_to,
        languages: visit.languages(),
    };
    page.show(language, &shown.brand, &body)
}

/// Asks whether to take the action. The button posts to the page's own address.
fn question(action: Action, was_moved: bool, shown: &Shown<'_>, visit: &Visit) -> Markup {
    let (language, words) = (shown.language, words(action));
    let about = shown.about.as_ref();
    let others = about.map_or(0, |about| about.booking.related_ids().count());
    let others = u32::try_from(others).unwrap_or(u32::MAX);
    let moving = about.filter(|_| action == Action::CancelByCustomer);
    let moving = moving.and_then(|about| about.moving.as_deref());
    html! {
        @if was_moved { p.notice { (language.text(Text::WasMoved)) } }
        @if let Some(about) = about { (details(about, language, visit)) }
        @if others > 0 { p { (language.count(Count::BookedTogether, others)) } }
        div.actions {
            form method="post" { button { (language.text(words.act)) } }
            a.button href=(visit.keeping()) { (language.text(words.keep)) }
            @if let Some(moving) = moving {
                a.button href=(moving) { (language.text(Text::MoveInstead)) }
            }
        }
    }
}

/// Says what the booking is now, and where to go on.
fn ended(shown: &Shown<'_>, visit: &Visit, again: bool) -> Markup {
    let language = shown.language;
    let about = shown.about.as_ref();
    let again = about
        .filter(|_| again)
        .and_then(|about| about.booking_again.as_deref());
    html! {
        @if let Some(about) = about { (details(about, language, visit)) }
        @if let Some(again) = again {
            div.actions { a.button.main href=(again) { (language.text(Text::BookAgain)) } }
        }
    }
}

/// What everybody sees whose link was not signed for this: it must not tell what came close.
pub(super) fn invalid(visit: &Visit) -> Response {
    let language = visit.language(None);
    let page = Page {
        status: StatusCode::FORBIDDEN,
        title: language.text(Text::LinkBadTitle),
        leads_to: None,
        // The same for everybody, so it has no address in it.
        languages: Vec::new(),
    };
    let body = html! { p { (language.text(Text::LinkBadText)) } };
    page.show(language, &Brand::default(), &body)
}

/// Says that it could not be done for a reason that is not the link's. What is wrong with the request is told its author, and to
/// browsers by [`ERROR_PAGES`](super::ERROR_PAGES).
pub(super) fn failure(error: ApiError, brand: &Brand, visit: &Visit) -> Response {
    if matches!(error, ApiError::Invalid(_) | ApiError::NotFound(_)) {
        return error.into_response();
    }
    let (language, again) = (visit.language(None), visit.again());
    let by_link = failure::Visit::ByLink;
    let page = failure::failure_page(&error, by_link, (language, brand), Some(&again));
    error.shown_as(page)
}

/// Says why nothing is done, what became of the booking, and what to do now.
pub(super) fn refusal(error: &LinkError, shown: &Shown<'_>, visit: &Visit) -> Response {
    let language = shown.language;
    let business = [("business", &*shown.brand.name)];
    let booking = shown.about.as_ref().map(|about| about.booking);
    let (status, title, sentence) = match error {
        LinkError::Invalid | LinkError::Other(_) => return invalid(visit),
        LinkError::Expired => (
            StatusCode::GONE,
            Text::LinkExpiredTitle,
            language.fill(Text::LinkExpiredText, &business),
        ),
        LinkError::Gone => (
            StatusCode::GONE,
            Text::LinkOldTitle,
            language.text(Text::BookingGoneText).to_owned(),
        ),
        LinkError::Refused(why) => {
            let (title, sentence) = refused(*why, shown, booking);
            let status = match why {
                Why::Changed => StatusCode::GONE,
                _ => StatusCode::CONFLICT,
            };
            (status, title, sentence)
        }
    };
    let about = shown.about.as_ref();
    let is_over = booking.is_some_and(Booking::completed);
    let moving = about.and_then(|about| about.moving.as_deref());
    let again = about
        .filter(|_| is_over)
        .and_then(|about| about.booking_again.as_deref());
    let body = html! {
        p { (sentence) }
        @if let Some(about) = about { (details(about, language, visit)) }
        @if moving.is_some() || again.is_some() {
            div.actions {
                @if let Some(moving) = moving { a.button.main href=(moving) { (language.text(Text::Move)) } }
                @if let Some(again) = again { a.button.main href=(again) { (language.text(Text::BookAgain)) } }
            }
        }
    };
    let page = Page {
        status,
        title: language.text(title),
        leads_to: None,
        languages: visit.languages(),
    };
    page.show(language, &shown.brand, &body)
}

/// Why the booking does not allow it: a title and a sentence.
fn refused(why: Why, shown: &Shown<'_>, booking: Option<&Booking>) -> (Text, String) {
    let language = shown.language;
    let text = |text| language.text(text).to_owned();
    let state = booking.map_or(Text::LinkOldTitle, |booking| now(booking.state));
    match why {
        Why::Changed | Why::NotAllowed => {
            let values = [("business", &*shown.brand.name)];
            (state, language.fill(Text::LinkUsedText, &values))
        }
        Why::TooLate(since) => {
            let time = shown.about.as_ref().map(|about| {
                let time = times::date_and_time(language, since, about.zone);
                let zone = times::zone_name(language, about.zone, since);
                language.fill(Text::TimeInZone, &[("time", &time), ("zone", &zone)])
            });
            let time = time.unwrap_or_default();
            let values = [("time", &*time), ("business", &*shown.brand.name)];
            (
                Text::TooLateTitle,
                language.fill(Text::TooLateText, &values),
            )
        }
        Why::ResourceGone => (Text::ImpossibleTitle, text(Text::NoLongerOfferedText)),
        Why::Taken => (Text::ImpossibleTitle, text(Text::TimeTakenText)),
    }
}

/// A page of a link.
struct Page<'a> {
    status: StatusCode,
    title: &'a str,
    /// Where its form leads in the end.
    leads_to: Option<&'a Url>,
    /// Its addresses in other languages.
    languages: Vec<(Language, String)>,
}

impl Page<'_> {
    fn show(&self, language: Language, brand: &Brand, body: &Markup) -> Response {
        let head = Head {
            status: self.status,
            language,
            brand,
            title: self.title,
            description: "",
            address: None,
            indexed: false,
            scripts: &[],
            zone: None,
            form_leads_to: self.leads_to,
            frame_ancestors: "'none'",
            languages: &self.languages,
        };
        html::page(&head, &html! { h1 { (self.title) } (body) })
    }
}
