//! The zone that times are shown in, and the place's where it differs.

use chrono::{DateTime, Utc};
use html::{Text, times};
use maud::{Markup, html};
use model::time::Tz;

use super::calendar::Shown;

/// Says in which zone times are shown, and leads to the choice of another. `first` is the first of the times: what a clock differs
/// from UTC by is said as of then, e.g. in summer for a month in summer.
pub(crate) fn line(shown: &Shown<'_>, first: DateTime<Utc>) -> Markup {
    let (language, zone) = (shown.language, shown.zone);
    let place = shown.offering.zone();
    let name = |zone: Tz| times::zone_name(language, zone, first);
    let slug = &shown.offering.site.project.slug;
    html! {
        p.muted {
            (language.fill(Text::ZoneShown, &[("zone", &name(zone))])) " "
            a href=(shown.ask.link(slug, &[("choose", "zone")])) { (language.text(Text::Change)) }
            @if zone.offset_s(first.timestamp()) != place.offset_s(first.timestamp()) {
                br; (language.fill(Text::ZoneOfPlace, &[("zone", &name(place))]))
            }
        }
    }
}

/// The choice among all zones: a form of its own, so that the page itself need not hold them.
pub(crate) fn choice(shown: &Shown<'_>) -> Markup {
    let (language, slug) = (shown.language, &shown.offering.site.project.slug);
    html! {
        form id="zone-form" method="get" action=(format!("/book/{slug}")) {
            @for (name, value) in shown.ask.kept() {
                @if name != "zone" { input type="hidden" name=(name) value=(value); }
            }
            div.field {
                label for="zone" { (language.text(Text::TimeZone)) }
                select id="zone" name="zone" { (times::zone_options(shown.zone)) }
            }
            div.actions { button { (language.text(Text::Show)) } }
        }
    }
}
