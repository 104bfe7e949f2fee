//! The form that books: the time, whom, the customer's fields, and what is wrong with them.

use html::{Language, Text, times};
use maud::{Markup, html};
use model::booking::Booking;
use model::graph::{BookingState, Graph};
use model::time::Tz;

use super::calendar::Shown;
use crate::page::ask::CUSTOMER;
use crate::page::form::{Field, Form, Kind, MAX_TEXT, id};
use crate::page::times::Free;

/// The time that a form books.
#[derive(Clone, Copy)]
pub(crate) enum Chosen<'a> {
    /// This one.
    One(&'a Free),
    /// One of these, each a button that sends the form: the one that was chosen is not free.
    Nearest(&'a [Free]),
}

/// A form to book, or to move a booking.
pub(crate) struct BookForm<'a> {
    pub(crate) shown: Shown<'a>,
    pub(crate) form: &'a Form,
    pub(crate) chosen: Chosen<'a>,
    pub(crate) moving: Option<&'a Booking>,
    /// The one-time value.
    pub(crate) once: String,
}

impl BookForm<'_> {
    pub(crate) fn markup(&self) -> Markup {
        let (shown, language) = (&self.shown, self.shown.language);
        let slug = &shown.offering.site.project.slug;
        html! {
            (self.your_time())
            form id="book" method="post" action=(format!("/book/{slug}")) {
                input type="hidden" name="once" value=(self.once);
                @for (name, value) in shown.ask.kept() {
                    @if name != "resource" || !shown.offering.has_choice() {
                        input type="hidden" name=(name) value=(value);
                    }
                }
                (self.whom())
                @if self.moving.is_none() { (self.details()) }
                @match &self.chosen {
                    Chosen::One(free) => {
                        input type="hidden" name="start" value=(free.pick().text());
                        div.actions { button { (self.button()) } }
                    }
                    Chosen::Nearest(nearest) => { (self.nearest(nearest)) }
                }
            }
            @if let Chosen::One(_) = &self.chosen {
                p { a href=(shown.ask.link(slug, &[])) { (language.text(Text::ChangeTime)) } }
            }
        }
    }

    fn your_time(&self) -> Markup {
        let (shown, language) = (&self.shown, self.shown.language);
        html! {
            section id="time" {
                @if let Some(booking) = self.moving {
                    p { (language.fill(Text::MoveNow, &[("time", &times::span(language, booking.slot, shown.zone))])) }
                }
                @if let Chosen::One(free) = &self.chosen {
                    h2 { (language.text(Text::YourTime)) }
                    (both_clocks(language, free.slot, shown.zone, self.place_of(free)))
                }
            }
        }
    }

    fn place_of(&self, free: &Free) -> Tz {
        let first = free.resources.first();
        let resource = first.and_then(|id| self.shown.offering.resource(*id));
        resource.map_or(self.shown.offering.zone(), |resource| resource.timezone)
    }

    fn button(&self) -> &'static str {
        let text = match (self.moving, self.graph()) {
            (Some(_), _) => Text::MoveButton,
            (None, Some(Graph::ConfirmDecline)) => Text::Request,
            (None, Some(graph)) if graph.takes_a_seat() => Text::BookSeat,
            (None, _) => Text::Book,
        };
        self.shown.language.text(text)
    }

    fn graph(&self) -> Option<Graph> {
        self.shown.offering.site.rules().ok()?.booking.graph
    }

    /// The times nearest to the one that is not free.
    fn nearest(&self, nearest: &[Free]) -> Markup {
        let (language, zone) = (self.shown.language, self.shown.zone);
        html! {
            section id="nearest" aria-label=(language.text(Text::ChooseTime)) {
                ul.times {
                    @for free in nearest {
                        li { button name="start" value=(free.pick().text()) {
                            (times::short_day(language, times::wall(free.slot.start(), zone).date())) " "
                            (times::time(language, free.slot.start(), zone))
                        } }
                    }
                }
            }
        }
    }

    /// Whom to book, of those who are free.
    fn whom(&self) -> Markup {
        let offering = self.shown.offering;
        let language = self.shown.language;
        if !offering.has_choice() {
            return html! {};
        }
        let is_free = |id| match &self.chosen {
            Chosen::One(free) => free.resources.contains(&id),
            Chosen::Nearest(_) => true,
        };
        let error = self.form.resource_error.as_deref();
        html! {
            fieldset id="whom" aria-describedby="whom-error" {
                legend { (language.text(Text::ChooseWhom)) " *" }
                @for resource in offering.resources.iter().filter(|resource| is_free(resource.id)) {
                    label {
                        input type="radio" name="resource" value=(resource.id) required
                            checked[self.shown.ask.resource == Some(resource.id)];
                        bdi { (resource.name) }
                    }
                }
                p.error id="whom-error" hidden[error.is_none()] { (error.unwrap_or_default()) }
            }
        }
    }

    fn details(&self) -> Markup {
        let language = self.shown.language;
        let fields = || self.form.fields.iter().enumerate();
        html! {
            h2 { (language.text(Text::YourDetails)) }
            @if fields().any(|(_, field)| field.field.is_required) {
                p.muted { (language.text(Text::RequiredHint)) }
            }
            @for (at, field) in fields() {
                @if field.field.is_hidden {
                    input type="hidden" name=(name(field)) value=(field.value);
                } @else { (self.field(at, field)) }
            }
        }
    }

    fn field(&self, at: usize, field: &Field) -> Markup {
        let language = self.shown.language;
        let (id, error) = (id(at), format!("{}-error", id(at)));
        let is_required = field.field.is_required && !field.field.is_readonly;
        let label = html! {
            bdi { (field.label) }
            @if is_required { " *" } @else if field.kind != Kind::Tick {
                " " span.muted { "(" (language.text(Text::Optional)) ")" }
            }
        };
        html! {
            div.field {
                @if field.kind == Kind::Tick {
                    label for=(id) { (self.control(&id, field)) span { (label) } }
                } @else {
                    label for=(id) { (label) }
                    (self.control(&id, field))
                }
                p.error id=(error) hidden[field.error.is_none()] { (field.error.as_deref().unwrap_or_default()) }
            }
        }
    }

    fn control(&self, id: &str, field: &Field) -> Markup {
        let language = self.shown.language;
        let name = name(field);
        let error = format!("{id}-error");
        let (missing, bad) = (field.lacking(language), field.bad(language));
        let is_required = field.field.is_required && !field.field.is_readonly;
        let is_wrong = field.error.is_some().then_some("true");
        let (input, autocomplete) = (input_type(field.kind), autocomplete(&field.field.name));
        html! {
            @match field.kind {
                Kind::Long => {
                    textarea id=(id) name=(name) rows="4" maxlength=(MAX_TEXT) required[is_required]
                        readonly[field.field.is_readonly] aria-describedby=(error) aria-invalid=[is_wrong]
                        data-missing=(missing) data-bad=(bad) { (field.value) }
                }
                Kind::Choice => {
                    select id=(id) name=(name) required[is_required] aria-describedby=(error) aria-invalid=[is_wrong]
                        data-missing=(missing) data-bad=(bad) {
                        option value="" { (language.text(Text::Choose)) }
                        @for option in &field.field.options {
                            option value=(option) selected[*option == field.value] { (option) }
                        }
                    }
                }
                Kind::Tick => {
                    input type="checkbox" id=(id) name=(name) value="true" required[is_required]
                        checked[!field.value.is_empty()] aria-describedby=(error) aria-invalid=[is_wrong]
                        data-missing=(missing) data-bad=(bad);
                }
                _ => {
                    input type=(input) id=(id) name=(name) value=(field.value) maxlength=(MAX_TEXT) required[is_required]
                        readonly[field.field.is_readonly] autocomplete=[autocomplete] aria-describedby=(error)
                        aria-invalid=[is_wrong] data-missing=(missing) data-bad=(bad);
                }
            }
        }
    }
}

/// A time by the visitor's clock and, where that differs, by the place's.
pub(crate) fn both_clocks(
    language: Language,
    slot: model::TimeSlot,
    zone: Tz,
    place: Tz,
) -> Markup {
    let at = slot.start();
    let differs = zone.offset_s(at.timestamp()) != place.offset_s(at.timestamp());
    let shown = |zone: Tz| {
        let time = times::span(language, slot, zone);
        let zone = times::zone_name(language, zone, at);
        language.fill(Text::TimeInZone, &[("time", &time), ("zone", &zone)])
    };
    html! {
        p { time datetime=(at.to_rfc3339()) { (shown(zone)) } }
        @if differs { p.muted { (language.fill(Text::PlaceTime, &[("time", &shown(place))])) } }
    }
}

/// Whether a booking is only asked for so far.
pub(crate) fn is_request(booking: &Booking) -> bool {
    booking.graph == Graph::ConfirmDecline && booking.state == BookingState::Tentative
}

fn name(field: &Field) -> String {
    format!("{CUSTOMER}{}", field.field.name)
}

const fn input_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Email => "email",
        Kind::Phone => "tel",
        Kind::Number => "number",
        Kind::Text | Kind::Long | Kind::Tick | Kind::Choice => "text",
    }
}

/// What browsers know of the visitor, by the names of WCAG 2.2 (1.3.5).
fn autocomplete(name: &str) -> Option<&'static str> {
    match name {
        "name" => Some("name"),
        "first_name" => Some("given-name"),
        "last_name" => Some("family-name"),
        "email" => Some("email"),
        "phone" => Some("tel"),
        "company" => Some("organization"),
        _ => None,
    }
}
