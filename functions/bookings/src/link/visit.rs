//! What a visitor's browser says beside the link: in which language and zone to show the page.

use std::convert::Infallible;

use api::Query;
use axum::extract::FromRequestParts;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;
use html::Language;
use model::booking::Booking;
use model::time::{Tz, parse_zone};
use url::form_urlencoded;

/// What is asked of a link's page, beside the link itself.
pub(crate) struct Visit {
    query: Query,
    /// The query as it was sent, which links of the page to itself keep.
    raw_query: String,
    accept_language: Option<String>,
}

/// What links of the page to itself add, and do not keep of each other.
const KEEP: &str = "keep";
const CHOOSE: &str = "choose";

impl Visit {
    pub(super) const fn query(&self) -> &Query {
        &self.query
    }

    /// The language to answer in, of the booking's customer if there is one.
    pub(super) fn language(&self, booking: Option<&Booking>) -> Language {
        let kept = booking.and_then(|booking| booking.locale.as_ref());
        let kept = kept.map(model::language::LanguageTag::as_str);
        Language::negotiate(
            self.query.get("lang"),
            kept,
            self.accept_language.as_deref(),
        )
    }

    /// The zone that the visitor asks for or, because a page without a script knows no better, the customer's own; else the
    /// place's.
    pub(super) fn zone(&self, booking: &Booking) -> Tz {
        let customers = booking.customers.iter();
        let mut kept = customers.filter_map(|customer| customer.timezone.as_deref());
        let asked = self.query.get("zone");
        let known = |name: &str| parse_zone(name).ok();
        let zone = asked.and_then(known).or_else(|| kept.find_map(known));
        zone.unwrap_or(booking.timezone)
    }

    /// Whether the visitor comes by a link of the page itself, which never acts.
    pub(super) fn is_on_the_page(&self) -> bool {
        self.keeps() || self.chooses_zone()
    }

    /// Whether the visitor has decided to leave everything as it is.
    pub(super) fn keeps(&self) -> bool {
        self.query.get(KEEP).is_some()
    }

    /// Whether the visitor wants to choose another zone.
    pub(super) fn chooses_zone(&self) -> bool {
        self.query.get(CHOOSE) == Some("zone")
    }

    /// How the visitor reads the page, as far as its address says so: parameters that the pages it leads to take too.
    pub(super) fn reading(&self) -> Vec<(&'static str, String)> {
        let asked = ["lang", "zone"].into_iter();
        let asked = asked.filter_map(|name| Some((name, self.query.get(name)?.to_owned())));
        asked.collect()
    }

    /// The page's own address, by which the visitor tries again.
    pub(super) fn again(&self) -> String {
        self.address(&[])
    }

    /// The page's own address, by which the visitor leaves everything as it is.
    pub(super) fn keeping(&self) -> String {
        self.address(&[(KEEP, "1")])
    }

    /// The page's own address with a choice of zones.
    pub(super) fn choosing_zone(&self) -> String {
        self.address(&[(CHOOSE, "zone")])
    }

    /// The languages of the page, each with its address.
    pub(super) fn languages(&self) -> Vec<(Language, String)> {
        let link = |language: Language| (language, self.address(&[("lang", language.tag())]));
        Language::all().map(link).collect()
    }

    /// What the page's own address says, but for `others` and what is asked once.
    pub(super) fn kept(&self, others: &[(&str, &str)]) -> Vec<(String, String)> {
        let pairs = form_urlencoded::parse(self.raw_query.as_bytes()).into_owned();
        let is_other = |name: &str| others.iter().any(|other| other.0 == name);
        pairs
            .filter(|(name, _)| !is_other(name) && name != KEEP && name != CHOOSE)
            .collect()
    }

    fn address(&self, others: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::for_suffix(String::from("?"), 1);
        query.extend_pairs(self.kept(others));
        query.extend_pairs(others);
        query.finish()
    }
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let raw_query = parts.uri.query().unwrap_or_default();
        let accepted = parts.headers.get(ACCEPT_LANGUAGE);
        Ok(Self {
            query: Query::parse(raw_query),
            raw_query: raw_query.to_owned(),
            accept_language: accepted
                .and_then(|accepted| accepted.to_str().ok())
                .map(str::to_owned),
        })
    }
}
