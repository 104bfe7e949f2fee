//! What is booked, with whom, where, how long and for how much: said before the first tap.

use std::borrow::Cow;

use chrono::TimeDelta;
use html::{Language, Text, times};
use maud::{Markup, html};
use model::availability::Mode;
use model::project::fill_template_with;

use crate::page::form::label;
use crate::page::site::Site;
use crate::page::times::Offering;

/// How many names are said of those who can be booked.
const MAX_NAMES: usize = 5;

/// The head of a project's page.
pub(crate) fn who(offering: &Offering<'_>, language: Language, title: &str) -> Markup {
    let site = offering.site;
    let names = names(offering);
    let length = TimeDelta::seconds(offering.length.on_clock_s());
    html! {
        header id="who" {
            h1 { bdi { (title) } }
            dl {
                @if let Some(names) = &names {
                    dt { (language.text(Text::Who)) } dd { bdi { (names) } }
                }
                @if let Some(place) = place(site, language) {
                    dt { (language.text(Text::Where)) } dd { bdi { (place) } }
                }
                @if !offering.is_group {
                    dt { (language.text(Text::HowLong)) } dd { (times::length(language, length)) }
                }
                @if let Some(price) = &site.project.price {
                    dt { (language.text(Text::Price)) } dd { bdi { (price) } }
                }
            }
        }
    }
}

/// Who can be booked, in names: the one who was chosen, or all.
fn names(offering: &Offering<'_>) -> Option<String> {
    if let Some(chosen) = offering.chosen() {
        return Some(chosen.name.clone());
    }
    let names: Vec<&str> = offering
        .resources
        .iter()
        .map(|resource| resource.name.as_str())
        .collect();
    let is_said = !names.is_empty() && (names.len() <= MAX_NAMES || offering.mode == Mode::Mutual);
    is_said.then(|| names.join(", "))
}

/// The place. What the customer is to say of it stands there as the label of its field, e.g. `[Address]`.
pub(crate) fn place(site: &Site, language: Language) -> Option<String> {
    let place = site.rules().ok()?.booking.place.as_deref()?;
    let fields = site.project.form().unwrap_or_default();
    let place = fill_template_with(place, |name| {
        let field = fields.iter().find(|field| field.name == name);
        field.map_or_else(Cow::default, |field| {
            Cow::from(format!("[{}]", label(field, language)))
        })
    });
    (!place.trim().is_empty()).then_some(place)
}
