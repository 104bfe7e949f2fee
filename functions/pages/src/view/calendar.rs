//! The times: the nearest, the month with the days that have some, and those of a day.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, Utc};
use html::{Count, Language, Text, times};
use maud::{Markup, PreEscaped, html};
use model::time::Tz;
use serde_json::{Value, json};

use crate::page::ask::{Ask, month_text};
use crate::page::times::{Calendar, Free, Offering};

/// How times are shown.
#[derive(Clone, Copy)]
pub(crate) struct Shown<'a> {
    pub(crate) offering: &'a Offering<'a>,
    pub(crate) ask: &'a Ask,
    pub(crate) language: Language,
    /// The visitor's zone.
    pub(crate) zone: Tz,
    pub(crate) now: DateTime<Utc>,
}

/// The times of each day, in order.
type ByDay<'a> = BTreeMap<NaiveDate, Vec<&'a Free>>;

impl Shown<'_> {
    fn link(&self, others: &[(&str, &str)]) -> String {
        self.ask.link(&self.offering.site.project.slug, others)
    }

    fn day_of(&self, free: &Free) -> NaiveDate {
        times::wall(free.slot.start(), self.zone).date()
    }

    fn note(&self, free: &Free) -> Option<String> {
        let (_, left) = free.group?;
        Some(self.language.count(Count::SeatsLeft, left))
    }

    fn time_link(&self, free: &Free) -> String {
        self.link(&[("start", &free.pick().text())])
    }

    /// Everything that there is to choose of time.
    pub(crate) fn times(&self, calendar: &Calendar) -> Markup {
        let mut days = ByDay::new();
        for free in &calendar.free {
            days.entry(self.day_of(free)).or_default().push(free);
        }
        let is_nothing = calendar.free.is_empty() && calendar.next.is_none();
        html! {
            @if is_nothing && calendar.nearest.is_empty() { (self.nothing(calendar)) }
            @if !calendar.nearest.is_empty() { (self.nearest(&calendar.nearest)) }
            (self.month(calendar, &days))
            (self.day(&days))
            script type="application/json" id="free" { (PreEscaped(self.free(&days))) }
        }
    }

    fn nothing(&self, calendar: &Calendar) -> Markup {
        let business = self.offering.site.app.business_name();
        let is_first = calendar.before.is_none();
        html! {
            @if is_first {
                p.notice { (self.language.fill(Text::NoTimes, &[("business", business)])) }
            } @else {
                p.actions { a.button href=(self.link(&[])) { (self.language.text(Text::NextTimes)) } }
            }
        }
    }

    fn nearest(&self, nearest: &[Free]) -> Markup {
        html! {
            section id="times" aria-labelledby="times-title" {
                h2 id="times-title" { (self.language.text(Text::NextTimes)) }
                ul.times {
                    @for free in nearest {
                        li {
                            a.time href=(self.time_link(free)) {
                                small { (times::short_day(self.language, self.day_of(free))) }
                                span { (times::time(self.language, free.slot.start(), self.zone)) }
                                @if let Some(note) = self.note(free) { small { (note) } }
                            }
                        }
                    }
                }
            }
        }
    }

    fn month(&self, calendar: &Calendar, days: &ByDay<'_>) -> Markup {
        let (language, month) = (self.language, calendar.month);
        let name = times::month(language, month);
        let to = |month: NaiveDate| self.link(&[("month", &month_text(month))]);
        html! {
            section id="month" aria-labelledby="month-title" {
                h2 { (language.text(Text::ChooseDay)) }
                div.month-head {
                    @match calendar.before {
                        Some(before) => {
                            a.prev href=(to(before)) rel="prev" aria-label=(language.text(Text::MonthBefore)) { "‹" }
                        }
                        None => { span {} }
                    }
                    h3 id="month-title" aria-live="polite" { (name) }
                    @match calendar.after {
                        Some(after) => {
                            a.next href=(to(after)) rel="next" aria-label=(language.text(Text::MonthAfter)) { "›" }
                        }
                        None => { span {} }
                    }
                }
                @if days.is_empty() {
                    p.notice {
                        (language.fill(Text::NoTimesIn, &[("month", &name)]))
                        @if let Some(next) = calendar.next {
                            " " (self.next_free(next))
                        }
                    }
                }
                table {
                    thead {
                        tr {
                            @for (short, long) in times::weekdays(language) {
                                th scope="col" abbr=(long) { (short) }
                            }
                        }
                    }
                    tbody { @for week in weeks(month, times::first_weekday(language)) { (self.week(week, month, days)) } }
                }
            }
        }
    }

    fn next_free(&self, next: DateTime<Utc>) -> Markup {
        let day = times::wall(next, self.zone).date();
        let text = times::date(self.language, day);
        let text = self.language.fill(Text::NextFree, &[("date", &text)]);
        let month = day.with_day(1).unwrap_or(day);
        let link = self.link(&[("month", &month_text(month)), ("date", &day.to_string())]);
        html! { a href=(link) { (text) } }
    }

    fn week(&self, week: [NaiveDate; 7], month: NaiveDate, days: &ByDay<'_>) -> Markup {
        html! {
            tr {
                @for day in week {
                    @match days.get(&day) {
                        _ if day.month() != month.month() => { td {} }
                        Some(free) => { td { (self.day_link(day, free.len())) } }
                        None => { td { (day.day()) } }
                    }
                }
            }
        }
    }

    fn day_link(&self, day: NaiveDate, count: usize) -> Markup {
        let language = self.language;
        let title = times::date(language, day);
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let values = [
            ("date", &*title),
            ("times", &*language.count(Count::Times, count)),
        ];
        let label = language.fill(Text::DayFree, &values);
        let link = self.link(&[("date", &day.to_string())]);
        let chosen = (self.ask.date == Some(day)).then_some("date");
        html! {
            a.day href=(link) data-day=(day) data-title=(self.day_title(day)) aria-label=(label) aria-current=[chosen] {
                (day.day())
            }
        }
    }

    fn day_title(&self, day: NaiveDate) -> String {
        let date = times::date(self.language, day);
        self.language.fill(Text::TimesOn, &[("date", &date)])
    }

    /// The times of the day that was chosen; an empty place for them if none was.
    fn day(&self, days: &ByDay<'_>) -> Markup {
        let chosen = self.ask.date;
        let free = chosen.and_then(|day| days.get(&day));
        html! {
            section id="day" aria-labelledby="day-title" hidden[chosen.is_none()] {
                h2 id="day-title" tabindex="-1" { @if let Some(day) = chosen { (self.day_title(day)) } }
                @if let (Some(day), None) = (chosen, free) {
                    p { (self.language.fill(Text::NoTimesOn, &[("date", &times::date(self.language, day))])) }
                }
                ul.times {
                    @for free in free.into_iter().flatten() {
                        li {
                            a.time href=(self.time_link(free)) {
                                (times::time(self.language, free.slot.start(), self.zone))
                                @if let Some(note) = self.note(free) { " " small { (note) } }
                            }
                        }
                    }
                }
            }
        }
    }

    /// All times of the month as JSON, for the script: nothing in it ends the element that it stands in.
    fn free(&self, days: &ByDay<'_>) -> String {
        let entry = |free: &&Free| {
            let label = times::time(self.language, free.slot.start(), self.zone);
            match self.note(free) {
                Some(note) => json!([label, free.pick().text(), note]),
                None => json!([label, free.pick().text()]),
            }
        };
        let days = days.iter().map(|(day, free)| {
            let times: Vec<Value> = free.iter().map(entry).collect();
            (day.to_string(), Value::from(times))
        });
        Value::Object(days.collect())
            .to_string()
            .replace('<', "\\u003c")
    }
}

/// The weeks of a month, each beginning with `first`.
fn weeks(month: NaiveDate, first: chrono::Weekday) -> Vec<[NaiveDate; 7]> {
    let begins = month.week(first).first_day();
    let week = |number: u64| {
        std::array::from_fn(|day| {
            let days = Days::new(number * 7 + day as u64);
            begins.checked_add_days(days).unwrap_or(begins)
        })
    };
    let weeks = (0..6).map(week);
    weeks
        .filter(|week: &[NaiveDate; 7]| week.iter().any(|day| day.month() == month.month()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_every_day_once_in_weeks_that_begin_as_the_language_says() {
        for first in [
            chrono::Weekday::Mon,
            chrono::Weekday::Sun,
            chrono::Weekday::Sat,
        ] {
            for number in 1..=12 {
                let month = NaiveDate::from_ymd_opt(2026, number, 1).expect("a date");
                let weeks = weeks(month, first);
                assert!(weeks.iter().all(|week| week[0].weekday() == first));
                let days = weeks.iter().flatten().filter(|day| day.month() == number);
                let days: Vec<u32> = days.map(|day| day.day()).collect();
                let last = u32::from(month.num_days_in_month());
                assert_eq!(days, (1..=last).collect::<Vec<_>>(), "{number}");
            }
        }
    }
}
