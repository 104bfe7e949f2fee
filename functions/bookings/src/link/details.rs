//! What a booking is, with whom, when, and where, as its page says it.

use html::{Language, Text, times};
use maud::{Markup, html};
use model::booking::Booking;
use model::time::Tz;

use super::shown::About;
use super::visit::Visit;

/// What the booking is. Times are in the visitor's zone, and in the place's where that one's clock shows another time.
pub(super) fn details(about: &About<'_>, language: Language, visit: &Visit) -> Markup {
    let booking = about.booking;
    let text = |text| language.text(text);
    let customers: Vec<&str> = booking.customers.iter().map(|who| &*who.name).collect();
    html! {
        dl {
            dt { (text(Text::What)) } dd { bdi { (booking.event.what) } }
            @if !about.resources.is_empty() {
                dt { (text(Text::Who)) } dd { (names(about.resources.iter().map(|name| &**name))) }
            }
            dt { (text(Text::When)) } dd { (when(about, language, visit)) }
            @if !booking.event.place.is_empty() {
                dt { (text(Text::Where)) } dd { bdi { (booking.event.place) } }
            }
            @if !customers.is_empty() {
                dt { (text(Text::ForWhom)) } dd { (names(customers.into_iter())) }
            }
        }
        @if visit.chooses_zone() { (zones(about.zone, language, visit)) }
    }
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> Markup {
    html! {
        @for (index, name) in names.enumerate() {
            @if index > 0 { ", " }
            bdi { (name) }
        }
    }
}

fn when(about: &About<'_>, language: Language, visit: &Visit) -> Markup {
    let (booking, zone) = (about.booking, about.zone);
    html! {
        strong { (times::span(language, booking.slot, zone)) }
        div.muted {
            (times::zone_name(language, zone, booking.slot.start())) " "
            @if !visit.chooses_zone() {
                a href=(visit.choosing_zone()) {
                    (language.text(Text::Change))
                    span.visually-hidden { ": " (language.text(Text::TimeZone)) }
                }
            }
        }
        @if let Some(there) = at_the_place(booking, zone, language) { div { (there) } }
    }
}

/// The time at the place, if its clock shows another one than the clock of `zone`.
fn at_the_place(booking: &Booking, zone: Tz, language: Language) -> Option<String> {
    let (place, slot) = (booking.timezone, booking.slot);
    let differs = |at| times::wall(at, place) != times::wall(at, zone);
    (differs(slot.start()) || differs(slot.end())).then(|| {
        let span = times::span(language, slot, place);
        let name = times::zone_name(language, place, slot.start());
        let values = [("time", &*span), ("zone", &*name)];
        let time = language.fill(Text::TimeInZone, &values);
        language.fill(Text::PlaceTime, &[("time", &time)])
    })
}

/// A form to choose another zone, which leads back to the page.
fn zones(zone: Tz, language: Language, visit: &Visit) -> Markup {
    html! {
        form #zones method="get" {
            @for (name, value) in visit.kept(&[("zone", "")]) {
                input type="hidden" name=(name) value=(value);
            }
            div.field {
                label for="zone" { (language.text(Text::TimeZone)) }
                select id="zone" name="zone" { (times::zone_options(zone)) }
            }
            button { (language.text(Text::Show)) }
        }
    }
}
