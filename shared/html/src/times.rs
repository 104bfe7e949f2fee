//! Dates, times and time zones in a language.

use chrono::{
    DateTime, Datelike as _, NaiveDate, NaiveDateTime, TimeDelta, Timelike as _, Utc, Weekday,
};
use maud::{Markup, html};
use model::time::{TimeSlot, Tz};

use crate::language::{Count, Language, Text, fill};

/// Where the pieces of a language's dates are, as build/dates.rs lists them.
mod piece {
    pub(super) const DATE: usize = 0;
    pub(super) const DAY: usize = 1;
    pub(super) const SHORT_DAY: usize = 2;
    pub(super) const MONTH: usize = 3;
    pub(super) const TIME: usize = 4;
    pub(super) const BEFORE_NOON: usize = 5;
    pub(super) const AFTER_NOON: usize = 6;
    /// Three for each month: in a date, in a short one, and beside its year.
    pub(super) const MONTHS: usize = 7;
    /// Three for each day from Monday: in a date, in a short one, and above a column.
    pub(super) const WEEKDAYS: usize = MONTHS + 12 * 3;
}

/// Which of the three names a month or weekday has.
#[derive(Clone, Copy)]
enum Name {
    Long,
    Short,
    Alone,
}

/// What a clock in `zone` shows at `at`.
pub fn wall(at: DateTime<Utc>, zone: Tz) -> NaiveDateTime {
    at.with_timezone(&zone.offset_at(at)).naive_local()
}

/// A day in full, e.g. `Tuesday, December 1, 2026`.
pub fn date(language: Language, day: NaiveDate) -> String {
    of_day(language, piece::DATE, Name::Long, day)
}

/// A day of a year that is known, e.g. `Tuesday, December 1`.
pub fn day(language: Language, day: NaiveDate) -> String {
    of_day(language, piece::DAY, Name::Long, day)
}

/// The same, short: `Tue, Dec 1`.
pub fn short_day(language: Language, day: NaiveDate) -> String {
    of_day(language, piece::SHORT_DAY, Name::Short, day)
}

/// The month of a day, e.g. `December 2026`.
pub fn month(language: Language, day: NaiveDate) -> String {
    of_day(language, piece::MONTH, Name::Alone, day)
}

/// A time of day, e.g. `2:05 PM` or `14:05`.
pub fn time(language: Language, at: DateTime<Utc>, zone: Tz) -> String {
    let (at, dates) = (wall(at, zone), language.dates());
    let pattern = dates.piece(piece::TIME);
    let (is_afternoon, twelfth) = at.hour12();
    let hour = if pattern.contains("{period}") {
        twelfth
    } else {
        at.hour()
    };
    let period = if is_afternoon {
        piece::AFTER_NOON
    } else {
        piece::BEFORE_NOON
    };
    let values = [
        ("hour", hour.to_string()),
        ("hour_2", format!("{hour:02}")),
        ("minute", format!("{:02}", at.minute())),
        ("period", dates.piece(period).to_owned()),
    ];
    filled(pattern, &values)
}

/// A day and a time, e.g. `Tuesday, December 1, 2026, 2:05 PM`.
pub fn date_and_time(language: Language, at: DateTime<Utc>, zone: Tz) -> String {
    let date = date(language, wall(at, zone).date());
    let values = [("date", &*date), ("time", &*time(language, at, zone))];
    fill(language.text(Text::DateAndTime), &values, false)
}

/// From when to when, e.g. `Tuesday, December 1, 2026, 2:00 PM – 3:00 PM`; with both days where they differ.
pub fn span(language: Language, slot: TimeSlot, zone: Tz) -> String {
    let (start, end) = (slot.start(), slot.end());
    let start_text = date_and_time(language, start, zone);
    let end_text = if wall(start, zone).date() == wall(end, zone).date() {
        time(language, end, zone)
    } else {
        date_and_time(language, end, zone)
    };
    let values = [("start", &*start_text), ("end", &*end_text)];
    fill(language.text(Text::Span), &values, false)
}

/// The times of day of a slot, e.g. `2:00 PM – 3:00 PM`.
pub fn times(language: Language, slot: TimeSlot, zone: Tz) -> String {
    let start = time(language, slot.start(), zone);
    let end = time(language, slot.end(), zone);
    fill(
        language.text(Text::Span),
        &[("start", &start), ("end", &end)],
        false,
    )
}

/// How long something takes, e.g. `1 hour, 30 minutes`. Whole minutes; what is shorter counts as none.
pub fn length(language: Language, length: TimeDelta) -> String {
    let minutes = length.num_minutes().max(0);
    let part = |count: Count, n: i64| {
        let n = u32::try_from(n).unwrap_or(u32::MAX);
        (n > 0).then(|| language.count(count, n))
    };
    let parts = [
        part(Count::Days, minutes / (24 * 60)),
        part(Count::Hours, minutes / 60 % 24),
        part(Count::Minutes, minutes % 60),
    ];
    let joined = parts.into_iter().flatten().reduce(|one, other| {
        let values = [("one", &*one), ("other", &*other)];
        fill(language.text(Text::And), &values, false)
    });
    joined.unwrap_or_else(|| language.count(Count::Minutes, 0))
}

/// The day that a week begins with where the language is spoken.
pub fn first_weekday(language: Language) -> Weekday {
    Weekday::try_from(language.dates().first_weekday).unwrap_or(Weekday::Mon)
}

/// The days of a week in their order where the language is spoken: what stands above a column, e.g. `Tue`, and the whole
/// name for those who hear it, e.g. `Tuesday`.
pub fn weekdays(language: Language) -> [(&'static str, &'static str); 7] {
    let first = first_weekday(language).num_days_from_monday();
    std::array::from_fn(|column| {
        let day = (first as usize + column) % 7;
        (
            weekday(language, Name::Alone, day),
            weekday(language, Name::Long, day),
        )
    })
}

/// What a zone is called: its place and what its clock differs from UTC at `at`, e.g. `Los Angeles (UTC−8)`. UTC under all
/// its names is `UTC`.
pub fn zone_name(language: Language, zone: Tz, at: DateTime<Utc>) -> String {
    const MINUS: char = '\u{2212}';
    let name = zone.name();
    let place = name.rsplit('/').next().unwrap_or(name).replace('_', " ");
    let is_utc = [
        "UTC",
        "UCT",
        "GMT",
        "Universal",
        "Zulu",
        "Greenwich",
        "GMT0",
        "GMT+0",
        "GMT-0",
    ];
    if is_utc.contains(&&*place) {
        return "UTC".to_owned();
    }
    let minutes = zone.offset_s(at.timestamp()) / 60;
    let sign = if minutes < 0 { MINUS } else { '+' };
    let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
    let mut offset = format!("UTC{sign}{hours}");
    if rest > 0 {
        offset += &format!(":{rest:02}");
    }
    // `Etc/GMT+5` lies five hours behind UTC: its name says the contrary of what people read.
    if name.starts_with("Etc/") {
        return offset;
    }
    let values = [("place", &*place), ("offset", &*offset)];
    fill(
        language.text(Text::UtcOffset),
        &values,
        language.dir() == "rtl",
    )
}

/// The zones of the world as options of a `select`, by continent, with `chosen` selected. UTC comes first.
pub fn zone_options(chosen: Tz) -> Markup {
    const CONTINENTS: [&str; 9] = [
        "Africa",
        "America",
        "Antarctica",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    ];
    let zones: Vec<Tz> = Tz::all().collect();
    let of = |continent: &'static str| {
        let place = move |zone: &Tz| {
            let place = zone.name().strip_prefix(continent)?.strip_prefix('/')?;
            Some((*zone, place.replace('_', " ")))
        };
        zones.iter().filter_map(place)
    };
    let is_listed = |zone: Tz| {
        zone == Tz::UTC
            || CONTINENTS
                .iter()
                .any(|continent| zone.name().starts_with(continent))
    };
    html! {
        @if !is_listed(chosen) { option selected value=(chosen.name()) { (chosen.name()) } }
        option selected[chosen == Tz::UTC] value="UTC" { "UTC" }
        @for continent in CONTINENTS {
            optgroup label=(continent) {
                @for (zone, place) in of(continent) {
                    option selected[zone == chosen] value=(zone.name()) { (place) }
                }
            }
        }
    }
}

fn of_day(language: Language, pattern: usize, name: Name, day: NaiveDate) -> String {
    let dates = language.dates();
    let month = dates.piece(piece::MONTHS + day.month0() as usize * 3 + name as usize);
    let weekday = weekday(
        language,
        name,
        day.weekday().num_days_from_monday() as usize,
    );
    let values = [
        ("weekday", weekday.to_owned()),
        ("day", day.day().to_string()),
        ("day_2", format!("{:02}", day.day())),
        ("month", month.to_owned()),
        ("year", day.year().to_string()),
    ];
    filled(dates.piece(pattern), &values)
}

fn weekday(language: Language, name: Name, day: usize) -> &'static str {
    let dates = language.dates();
    dates.piece(piece::WEEKDAYS + day * 3 + name as usize)
}

fn filled(pattern: &str, values: &[(&str, String)]) -> String {
    let values: Vec<(&str, &str)> = values
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    fill(pattern, &values, false)
}

#[cfg(test)]
#[path = "tests/times.rs"]
mod tests;
