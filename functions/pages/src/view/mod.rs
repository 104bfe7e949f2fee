//! What the pages look like, in HTML. Values are escaped by the templates.

pub(crate) mod booked;
pub(crate) mod calendar;
pub(crate) mod form;
pub(crate) mod menu;
pub(crate) mod who;
pub(crate) mod zone;

use api::ApiError;
use api::acting::ActedAs;
use assets::{gzip, takes_gzip};
use auth::Principal;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use html::{Brand, Head, Language, Text};
use maud::{Markup, html};
use model::time::Tz;

use crate::page::ask::Ask;
use crate::page::problem::Problem;
use crate::page::site::{NoSite, Site};

/// The most of a page that is compressed, in bytes; none is larger.
const MAX_PAGE: usize = 8 * 1024 * 1024;

/// Which language a visitor reads.
pub(crate) fn language(ask: &Ask, headers: &HeaderMap) -> Language {
    let accepted = headers.get(header::ACCEPT_LANGUAGE);
    let accepted = accepted.and_then(|value| value.to_str().ok());
    Language::negotiate(ask.lang.as_deref(), None, accepted)
}

/// What frames the body of a page.
#[derive(Clone, Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) status: StatusCode,
    pub(crate) language: Language,
    pub(crate) brand: Brand,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) zone: Option<Tz>,
    pub(crate) indexed: bool,
    pub(crate) frame_ancestors: &'a str,
    pub(crate) languages: Vec<(Language, String)>,
}

impl<'a> Frame<'a> {
    /// A page of `site` called `title`.
    pub(crate) fn of(site: &'a Site, language: Language, title: &str) -> Self {
        Self {
            frame_ancestors: &site.frame_ancestors,
            ..Frame::alone(language, site.brand(), title)
        }
    }

    /// A page that may only be shown by itself.
    pub(crate) fn alone(language: Language, brand: Brand, title: &str) -> Frame<'static> {
        Frame {
            status: StatusCode::OK,
            language,
            brand,
            title: title.to_owned(),
            description: String::new(),
            zone: None,
            indexed: false,
            frame_ancestors: "'none'",
            languages: Vec::new(),
        }
    }

    /// The page with `body`.
    pub(crate) fn page(&self, body: &Markup) -> Response {
        let scripts: Vec<String> = crate::common::script().into_iter().collect();
        html::page(
            &Head {
                status: self.status,
                language: self.language,
                brand: &self.brand,
                title: &self.title,
                description: &self.description,
                address: None,
                indexed: self.indexed,
                scripts: &scripts,
                zone: self.zone,
                form_leads_to: None,
                frame_ancestors: self.frame_ancestors,
                languages: &self.languages,
            },
            body,
        )
    }
}

/// The alert at the top of a page.
pub(crate) fn alert(problem: &Problem) -> Markup {
    html! {
        div id="problem" role="alert" tabindex="-1" {
            h2 { (problem.title) }
            p { (problem.text) }
        }
    }
}

/// The page that says why there is no page.
pub(crate) fn no_site(none: NoSite, language: Language, again: Option<&str>) -> Response {
    let NoSite {
        error,
        brand,
        is_closed,
        principal,
    } = none;
    let problem = match is_closed {
        true => Problem::closed(language, &brand.name),
        false => Problem::of(&error, language, &brand.name),
    };
    let again = again.filter(|_| error.status() != StatusCode::NOT_FOUND);
    let page = notice(language, brand, &problem, again);
    acting_as(error.shown_as(page), principal)
}

/// A page that says what went wrong, and leads on to `again`, if that may help.
pub(crate) fn notice(
    language: Language,
    brand: Brand,
    problem: &Problem,
    again: Option<&str>,
) -> Response {
    let body = html! {
        h1 { (problem.title) }
        p { (problem.text) }
        @if let Some(again) = again {
            p.actions { a.button href=(again) { (language.text(Text::TryAgain)) } }
        }
    };
    Frame::alone(language, brand, &problem.title).page(&body)
}

/// The response of a page that has acted as `principal`.
pub(crate) fn acting_as(mut response: Response, principal: Option<Principal>) -> Response {
    if let Some(principal) = principal {
        response.extensions_mut().insert(ActedAs(principal));
    }
    response
}

/// The same response, compressed where the visitor takes that: the first sight of the page is most of what it costs.
pub(crate) async fn compressed(response: Response, request: &HeaderMap) -> Response {
    if !takes_gzip(request) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, MAX_PAGE).await else {
        return ApiError::Internal("a page that cannot be read".into()).into_response();
    };
    if body.is_empty() {
        return Response::from_parts(parts, Body::empty());
    }
    match gzip(&body) {
        Ok(smaller) => {
            let gzip = HeaderValue::from_static("gzip");
            parts.headers.insert(header::CONTENT_ENCODING, gzip);
            parts.headers.remove(header::CONTENT_LENGTH);
            let vary = HeaderValue::from_static("Accept-Encoding");
            parts.headers.append(header::VARY, vary);
            Response::from_parts(parts, Body::from(smaller))
        }
        Err(_) => Response::from_parts(parts, Body::from(body)),
    }
}
