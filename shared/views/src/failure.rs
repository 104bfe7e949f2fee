//! What a page for customers says when its operation fails for a reason that has nothing to do with what was asked for.

use api::{ApiError, Query};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use html::{Brand, Count, Head, Language, Text};
use maud::{Markup, html};

/// What went wrong, in the visitor's language: what it is, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What it is.
    pub title: String,
    /// What to do.
    pub text: String,
}

/// What a visitor wants of the page that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visit {
    /// To book or to look what can be booked.
    ToBook,
    /// To follow a link that is about a booking.
    ByLink,
}

impl Failure {
    /// What a visitor is told of `error`.
    pub fn of(error: &ApiError, language: Language, visit: Visit) -> Self {
        let said = |title, text: Text| (title, language.text(text).to_owned());
        let (title, text) = match (error, visit) {
            (ApiError::TooMany { retry_after_s }, Visit::ToBook) => {
                let seconds = u32::try_from(*retry_after_s).unwrap_or(u32::MAX);
                (Text::BusyTitle, language.count(Count::WaitSeconds, seconds))
            }
            (ApiError::TooMany { .. }, Visit::ByLink) => said(Text::BusyTitle, Text::LinkAwayText),
            (ApiError::OutcomeUnknown, Visit::ToBook) => {
                said(Text::UnknownTitle, Text::UnknownText)
            }
            (ApiError::OutcomeUnknown, Visit::ByLink) => {
                said(Text::LinkUnknownTitle, Text::LinkUnknownText)
            }
            (
                ApiError::NotFound(_) | ApiError::NoSuchPath | ApiError::MethodNotAllowed,
                Visit::ToBook,
            ) => said(Text::PageGoneTitle, Text::PageGoneText),
            (ApiError::Invalid(_) | ApiError::TooLarge, Visit::ToBook) => {
                said(Text::ProblemTitle, Text::BadValue)
            }
            (_, Visit::ToBook) => said(Text::AwayTitle, Text::AwayText),
            (error, Visit::ByLink) if error.status().is_client_error() => {
                said(Text::LinkBadTitle, Text::LinkBadText)
            }
            (_, Visit::ByLink) => said(Text::AwayTitle, Text::LinkAwayText),
        };
        Self {
            title: language.text(title).to_owned(),
            text,
        }
    }

    /// The body of the page that says so, and leads on to `again`, if that may help.
    pub fn markup(&self, language: Language, again: Option<&str>) -> Markup {
        html! {
            h1 { (self.title) }
            p { (self.text) }
            @if let Some(again) = again {
                p.actions { a.button href=(again) { (language.text(Text::TryAgain)) } }
            }
        }
    }
}

/// The page that tells a visitor of `error`, in the look of `brand`, and leads on to `again`.
pub fn failure_page(
    error: &ApiError,
    visit: Visit,
    (language, brand): (Language, &Brand),
    again: Option<&str>,
) -> Response {
    let failure = Failure::of(error, language, visit);
    let head = Head {
        status: error.status(),
        language,
        brand,
        title: &failure.title,
        description: "",
        address: None,
        indexed: false,
        scripts: &[],
        zone: None,
        form_leads_to: None,
        frame_ancestors: "'none'",
        languages: &[],
    };
    let again = again.filter(|_| {
        !matches!(
            error.status(),
            StatusCode::NOT_FOUND | StatusCode::UNPROCESSABLE_ENTITY
        )
    });
    html::page(&head, &failure.markup(language, again))
}

/// As [`failure_page`], where it is not known whose page it was to be: in the language of the visitor, who sent
/// `query` and `headers`.
pub fn nobodys_failure_page(
    error: &ApiError,
    visit: Visit,
    (query, headers): (&Query, &HeaderMap),
) -> Response {
    let accepted = headers.get(header::ACCEPT_LANGUAGE);
    let accepted = accepted.and_then(|value| value.to_str().ok());
    let language = Language::negotiate(query.get("lang"), None, accepted);
    failure_page(error, visit, (language, &Brand::default()), None)
}
