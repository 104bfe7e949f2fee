//! The menu of an app's projects.

use chrono::TimeDelta;
use html::{Language, Text, times};
use maud::{Markup, html};
use model::project::Project;

use crate::page::ask::Ask;

/// The projects of the menu, each a link to its page.
pub(crate) fn menu(projects: &[Project], ask: &Ask, language: Language, business: &str) -> Markup {
    html! {
        header id="who" { h1 { (language.fill(Text::MenuTitle, &[("business", business)])) } }
        @if projects.is_empty() {
            p.notice { (language.text(Text::MenuEmpty)) }
        } @else {
            h2 { (language.text(Text::MenuLead)) }
            ul id="menu" {
                @for project in projects {
                    li {
                        a href=(ask.link(&project.slug, &[])) { bdi { (project.name) } }
                        (about(project, language))
                    }
                }
            }
        }
    }
}

/// How long it takes, and what it costs.
fn about(project: &Project, language: Language) -> Markup {
    let length = project.rules().ok().and_then(|rules| rules.settings.length);
    let length = length.map(|length| TimeDelta::seconds(length.on_clock_s()));
    html! {
        p.muted {
            @if let Some(length) = length { (times::length(language, length)) }
            @if let Some(price) = &project.price { " · " bdi { (price) } }
        }
    }
}
