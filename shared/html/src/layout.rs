//! The frame of a page: head, policy, landmarks, brand and languages.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use model::time::Tz;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::brand::Brand;
use crate::language::{Language, Text};

/// The look of all pages, which stands in each of them: a request less before something can be seen.
pub const STYLE: &str = include_str!(concat!(env!("OUT_DIR"), "/style.css"));

/// What is said about a page, and what it may do.
#[derive(Clone, Debug)]
pub struct Head<'a> {
    /// The status that it is answered with.
    pub status: StatusCode,
    /// What it is written in.
    pub language: Language,
    /// Whose it is.
    pub brand: &'a Brand,
    /// What it is called, without the name of the business, which follows it.
    pub title: &'a str,
    /// What search engines and messengers show of it; nothing if empty.
    pub description: &'a str,
    /// Its own address, for those who show it elsewhere.
    pub address: Option<&'a str>,
    /// Whether search engines may list it.
    pub indexed: bool,
    /// Addresses of its scripts, on this host.
    pub scripts: &'a [String],
    /// The zone that its times are shown in, which its scripts compare with the visitor's.
    pub zone: Option<Tz>,
    /// Where its form leads in the end, beside this host: browsers hold a form to the policy until there.
    pub form_leads_to: Option<&'a Url>,
    /// Which pages may show it in a frame, as a source list of CSP: `'none'`, `'self'`, or origins.
    pub frame_ancestors: &'a str,
    /// The languages that it can be had in, each with its address; empty if it has no choice of them.
    pub languages: &'a [(Language, String)],
}

/// A page with `body` in its `main`, and with the headers that it needs.
pub fn page(head: &Head<'_>, body: &Markup) -> Response {
    let brand_style = head.brand.style();
    let policy = policy(head, &brand_style);
    let mut response = (
        head.status,
        Html(document(head, &brand_style, body).into_string()),
    )
        .into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Language"));
    headers.insert(
        header::CONTENT_LANGUAGE,
        HeaderValue::from_static(head.language.tag()),
    );
    if head.frame_ancestors == "'none'" {
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    if !head.indexed {
        let robots = HeaderName::from_static("x-robots-tag");
        headers.insert(robots, HeaderValue::from_static("noindex, nofollow"));
    }
    response
}

fn document(head: &Head<'_>, brand_style: &str, body: &Markup) -> Markup {
    let language = head.language;
    let title = if head.brand.name.is_empty() {
        head.title.to_owned()
    } else {
        format!("{} · {}", head.title, head.brand.name)
    };
    html! {
        (DOCTYPE)
        html lang=(language.tag()) dir=(language.dir()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                @if !head.indexed { meta name="robots" content="noindex, nofollow"; }
                (about(head))
                (icon(head.brand))
                style { (PreEscaped(STYLE)) }
                style { (PreEscaped(brand_style)) }
                @for script in head.scripts { script type="module" src=(script) {} }
            }
            body {
                a.skip href="#main" { (language.text(Text::Skip)) }
                @if !head.brand.name.is_empty() { header.top { (head.brand.markup()) } }
                (main(head, body))
                @if !head.languages.is_empty() { footer { (languages(head)) } }
            }
        }
    }
}

/// What the page is about, with what its scripts say and need to know.
fn main(head: &Head<'_>, body: &Markup) -> Markup {
    let said = |text| (!head.scripts.is_empty()).then(|| head.language.text(text));
    html! {
        main id="main" tabindex="-1" data-zone=[head.zone.map(Tz::name)]
            data-loading=[said(Text::Loading)] data-sending=[said(Text::Sending)]
            data-offline=[said(Text::OfflineText)] data-away=[said(Text::AwayText)]
            data-unknown=[said(Text::UnknownText)] { (body) }
    }
}

/// What others show of the page.
fn about(head: &Head<'_>) -> Markup {
    html! {
        @if !head.description.is_empty() {
            meta name="description" content=(head.description);
            meta property="og:description" content=(head.description);
        }
        @if let Some(address) = head.address {
            link rel="canonical" href=(address);
            meta property="og:url" content=(address);
        }
        @if head.indexed {
            @for (language, address) in head.languages {
                link rel="alternate" hreflang=(language.tag()) href=(address);
            }
            meta property="og:title" content=(head.title);
            meta property="og:type" content="website";
            @if !head.brand.name.is_empty() { meta property="og:site_name" content=(head.brand.name); }
            @if let Some(logo) = &head.brand.logo { meta property="og:image" content=(logo); }
        }
    }
}

/// The icon of the page: the brand's logo, or none. Browsers ask this host for one if nothing is said.
fn icon(brand: &Brand) -> Markup {
    let logo = brand.logo.as_ref().map_or("data:,", Url::as_str);
    html! { link rel="icon" href=(logo); }
}

fn languages(head: &Head<'_>) -> Markup {
    let own = head.language.without_region();
    html! {
        nav.languages aria-label=(head.language.text(Text::Language)) {
            ul {
                @for (language, address) in head.languages {
                    li {
                        a href=(address) lang=(language.tag()) hreflang=(language.tag())
                            aria-current=[(*language == own).then_some("true")] { (language.name()) }
                    }
                }
            }
        }
    }
}

fn policy(head: &Head<'_>, brand_style: &str) -> HeaderValue {
    let (sheet, brand_sheet) = (hash(STYLE), hash(brand_style));
    let logo = head.brand.logo.as_ref();
    // `data:` is for the icon of a page without a logo.
    let logo = logo.map_or_else(
        || " data:".to_owned(),
        |logo| match logo.scheme() {
            "data" => " data:".to_owned(),
            _ => format!(" {}", logo.origin().ascii_serialization()),
        },
    );
    let scripts = if head.scripts.is_empty() {
        ""
    } else {
        " script-src 'self'; connect-src 'self';"
    };
    let leads_to = head.form_leads_to.map_or_else(String::new, |leads_to| {
        format!(" {}", leads_to.origin().ascii_serialization())
    });
    let ancestors = head.frame_ancestors;
    let policy = format!(
        "default-src 'none';{scripts} style-src '{sheet}' '{brand_sheet}'; img-src 'self'{logo}; \
         form-action 'self'{leads_to}; base-uri 'none'; frame-ancestors {ancestors}"
    );
    let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    HeaderValue::from_str(&policy).unwrap_or(nothing)
}

/// What a policy calls a stylesheet that stands in the page.
fn hash(style: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(style)))
}

#[cfg(test)]
#[path = "tests/layout.rs"]
mod tests;
