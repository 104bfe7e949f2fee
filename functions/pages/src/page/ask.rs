//! What a visitor asks of a page: by its address or, where a form was sent, by the form's own fields first.

use chrono::{DateTime, Datelike as _, NaiveDate, SecondsFormat, Utc};
use html::Language;
use model::ids::{BookingId, ResourceId};
use model::text::composed;
use model::time::{Tz, parse_instant, parse_zone};
use url::form_urlencoded;

/// What a visitor asks for. What cannot be read counts as not asked for: an address may be cut short.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ask {
    fields: Vec<(String, String)>,
    /// The language, as the address names it.
    pub(crate) lang: Option<String>,
    /// The zone that times are to be shown in.
    pub(crate) zone: Option<Tz>,
    /// The first day of the month to show.
    pub(crate) month: Option<NaiveDate>,
    /// The day to show the times of.
    pub(crate) date: Option<NaiveDate>,
    /// The time that was chosen.
    pub(crate) start: Option<Pick>,
    /// Whom to book.
    pub(crate) resource: Option<ResourceId>,
    /// The booking that is to be moved.
    pub(crate) moving: Option<BookingId>,
    /// What shows that the visitor is the customer of the booking that is to be moved: the signature of its link.
    pub(crate) signature: Option<String>,
    /// Whether to choose among all time zones.
    pub(crate) chooses_zone: bool,
}

/// A time that was chosen: when it starts and, of a group, which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pick {
    pub(crate) start: DateTime<Utc>,
    pub(crate) group: Option<BookingId>,
}

impl Pick {
    fn parse(text: &str) -> Option<Self> {
        let (start, group) = match text.split_once(',') {
            Some((start, group)) => (start, Some(group.parse().ok()?)),
            None => (text, None),
        };
        // A plus that came as a blank is the plus of the offset.
        let start = parse_instant(&start.replace(' ', "+")).ok()?;
        Some(Self { start, group })
    }

    /// As an address has it, without a plus.
    pub(crate) fn text(self) -> String {
        let start = self.start.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        match self.group {
            Some(group) => format!("{start},{group}"),
            None => start,
        }
    }
}

/// The prefix of what customers fill in, so that no field of theirs takes the place of one of ours.
pub(crate) const CUSTOMER: &str = "customer.";

impl Ask {
    /// Reads an address's query and, after it, the form that was sent.
    pub(crate) fn parse(query: &str, form: &str) -> Self {
        let pairs = |text: &str| -> Vec<(String, String)> {
            form_urlencoded::parse(text.as_bytes())
                .map(|(name, value)| (name.into_owned(), composed(&value).into_owned()))
                .collect()
        };
        let mut fields = pairs(form);
        fields.extend(pairs(query));
        let mut ask = Self {
            fields,
            ..Self::default()
        };
        let is_move = ask.get("action") == Some("reschedule");
        ask.lang = ask.get("lang").map(str::to_owned);
        ask.zone = ask.get("zone").and_then(|zone| parse_zone(zone).ok());
        ask.month = ask.get("month").and_then(parse_month);
        ask.date = ask.get("date").and_then(parse_date);
        ask.start = ask.get("start").and_then(Pick::parse);
        ask.resource = ask.get("resource").and_then(|id| id.parse().ok());
        ask.moving = ask
            .get("uuid")
            .filter(|_| is_move)
            .and_then(|id| id.parse().ok());
        ask.signature = ask
            .get("signature")
            .filter(|_| ask.moving.is_some())
            .map(str::to_owned);
        ask.chooses_zone = ask.get("choose") == Some("zone");
        ask
    }

    /// The first value of a field that is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.fields.iter().filter(|(other, _)| other == name);
        found.find_map(|(_, value)| (!value.trim().is_empty()).then_some(value.as_str()))
    }

    /// What was filled into a field of the customer's, or came with the address.
    pub(crate) fn customer(&self, name: &str) -> Option<&str> {
        self.get(&format!("{CUSTOMER}{name}"))
    }

    /// Whether a move is asked for with a booking's id that cannot be read.
    pub(crate) fn is_bad_move(&self) -> bool {
        self.get("action") == Some("reschedule") && self.moving.is_none()
    }

    /// How the visitor reads the page, as far as they said so, which every page it leads to keeps.
    pub(crate) fn reading(&self) -> Vec<(&'static str, String)> {
        let lang = self.lang.clone().map(|lang| ("lang", lang));
        let zone = self.zone.map(|zone| ("zone", zone.name().to_owned()));
        lang.into_iter().chain(zone).collect()
    }

    /// What every link of the page keeps.
    pub(crate) fn kept(&self) -> Vec<(&'static str, String)> {
        let mut kept = self.reading();
        kept.extend(self.resource.map(|id| ("resource", id.to_string())));
        if let Some(moving) = self.moving {
            kept.push(("uuid", moving.to_string()));
            kept.push(("action", "reschedule".to_owned()));
            kept.extend(self.signature.clone().map(|token| ("signature", token)));
        }
        kept
    }

    /// The address of the page with what it keeps, and `others` instead of what it has of the same name.
    pub(crate) fn link(&self, slug: &str, others: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.kept() {
            if !others.iter().any(|(other, _)| *other == name) {
                query.append_pair(name, &value);
            }
        }
        for (name, value) in others.iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        let query = query.finish();
        let path = format!("/book/{slug}");
        if query.is_empty() {
            path
        } else {
            format!("{path}?{query}")
        }
    }

    /// The languages of the pages, each with this page's address in it.
    pub(crate) fn languages(&self, slug: &str) -> Vec<(Language, String)> {
        let mut others: Vec<(&str, String)> = Vec::new();
        others.extend(self.start.map(|start| ("start", start.text())));
        others.extend(self.date.map(|date| ("date", date.to_string())));
        others.extend(self.month.map(|month| ("month", month_text(month))));
        let link = |language: Language| {
            let mut all: Vec<(&str, &str)> = others
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            all.push(("lang", language.tag()));
            (language, self.link(slug, &all))
        };
        Language::all().map(link).collect()
    }
}

fn parse_date(text: &str) -> Option<NaiveDate> {
    let date: NaiveDate = text.parse().ok()?;
    (1970..=9_999).contains(&date.year()).then_some(date)
}

fn parse_month(text: &str) -> Option<NaiveDate> {
    parse_date(&format!("{text}-01"))
}

/// A month as an address has it, e.g. `2026-12`.
pub(crate) fn month_text(month: NaiveDate) -> String {
    month.format("%Y-%m").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_counts_before_the_address_and_what_cannot_be_read_is_not_asked_for() {
        let ask = Ask::parse(
            "start=2026-12-01T10:00:00%2B01:00&zone=Nowhere&month=2026-13&date=x&resource=1",
            "start=2026-12-02T10%3A00%3A00Z",
        );
        assert_eq!(
            ask.start.map(Pick::text).as_deref(),
            Some("2026-12-02T10:00:00Z")
        );
        assert!(ask.zone.is_none() && ask.month.is_none() && ask.date.is_none());
        assert!(ask.resource.is_none() && ask.moving.is_none());
    }

    #[test]
    fn a_time_in_an_address_may_have_an_offset_whose_plus_became_a_blank() {
        for start in ["2026-12-01T10:00:00%2B01:00", "2026-12-01T10:00:00+01:00"] {
            let ask = Ask::parse(&format!("start={start}"), "");
            assert_eq!(
                ask.start.map(Pick::text).as_deref(),
                Some("2026-12-01T09:00:00Z")
            );
        }
    }

    #[test]
    fn links_keep_language_zone_and_person_and_escape_what_they_keep() {
        let ask = Ask::parse("lang=%22%3E&zone=Europe/Berlin&date=2026-12-01", "");
        let link = ask.link("demo", &[("month", "2026-12")]);
        assert_eq!(
            link,
            "/book/demo?lang=%22%3E&zone=Europe%2FBerlin&month=2026-12"
        );
    }
}
