//! How dates and times of day are written in each language and region: read off ICU4X's own dates, part by part.

use std::fmt;
use std::io;

use icu_calendar::Gregorian;
use icu_calendar::types::Weekday;
use icu_calendar::week::WeekInformation;
use icu_datetime::input::{Date, Time};
use icu_datetime::preferences::NumberingSystem;
use icu_datetime::{
    DateTimeFormatterPreferences, FixedCalendarDateTimeFormatter, NoCalendarFormatter, fieldsets,
    parts,
};
use icu_locale_core::Locale;
use writeable::{Part, PartsWrite, Writeable};

use crate::texts::{Language, parts_of};

/// The table `DATES`: each language, followed by its regions.
pub(crate) fn code(languages: &[Language]) -> io::Result<String> {
    let mut code = String::from("static DATES: &[Dates] = &[\n");
    for (index, language) in languages.iter().enumerate() {
        for tag in [language.tag.clone()].into_iter().chain(language.regions()) {
            let dates = dates(&tag).map_err(|error| io::Error::other(format!("{tag}: {error}")))?;
            let (parts, first_weekday) = dates;
            code += &format!(
                "    Dates {{ tag: {tag:?}, language: {index}, first_weekday: {first_weekday}, parts: {} }},\n",
                parts_of(parts.into_iter())?
            );
        }
    }
    code += "];\n";
    Ok(code)
}

/// The parts, in the order of `Piece` in src/dates.rs, and the first day of the week, 0 for Monday. It is one function because
/// it is the list of these parts.
fn dates(tag: &str) -> Result<(Vec<String>, u8), Box<dyn std::error::Error>> {
    let locale: Locale = tag.parse()?;
    let mut prefs = DateTimeFormatterPreferences::from(&locale);
    // The digits that the rest of the page has.
    prefs.numbering_system = Some(NumberingSystem::try_from(
        icu_locale_core::extensions::unicode::value!("latn"),
    )?);
    let first = WeekInformation::try_new((&locale).into())?.first_weekday;

    type Formatter<Fields> = FixedCalendarDateTimeFormatter<Gregorian, Fields>;
    let long = Formatter::try_new(prefs, fieldsets::YMDE::long())?;
    let day = Formatter::try_new(prefs, fieldsets::MDE::long())?;
    let short = Formatter::try_new(prefs, fieldsets::MDE::medium())?;
    let month = Formatter::try_new(prefs, fieldsets::YM::long())?;
    let head = Formatter::try_new(prefs, fieldsets::E::short())?;
    let time = NoCalendarFormatter::try_new(prefs, fieldsets::T::hm())?;

    // A Monday in March, so that every part is told from the others by its digits too.
    let sample = Date::try_new_gregorian(2026, 3, 2)?;
    let months = (1..=12).map(|month| Date::try_new_gregorian(2026, month, 2));
    let months = months.collect::<Result<Vec<_>, _>>()?;
    let week = (2..=8).map(|day| Date::try_new_gregorian(2026, 3, day));
    let week = week.collect::<Result<Vec<_>, _>>()?;
    let at = |hour| Time::try_new(hour, 5, 0, 0);

    let mut pieces = vec![
        pattern(&long.format(&sample))?,
        pattern(&day.format(&sample))?,
        pattern(&short.format(&sample))?,
        pattern(&month.format(&sample))?,
        pattern(&time.format(&at(9)?))?,
        part(&time.format(&at(9)?), parts::DAY_PERIOD),
        part(&time.format(&at(21)?), parts::DAY_PERIOD),
    ];
    let month_of = |date: &Date<Gregorian>| {
        [
            part(&long.format(date), parts::MONTH),
            part(&short.format(date), parts::MONTH),
            part(&month.format(date), parts::MONTH),
        ]
    };
    let weekday_of = |date: &Date<Gregorian>| {
        [
            part(&long.format(date), parts::WEEKDAY),
            part(&short.format(date), parts::WEEKDAY),
            part(&head.format(date), parts::WEEKDAY),
        ]
    };
    pieces.extend(months.iter().flat_map(month_of));
    pieces.extend(week.iter().flat_map(weekday_of));
    Ok((pieces, days_after_monday(first)))
}

fn days_after_monday(day: Weekday) -> u8 {
    match day {
        Weekday::Monday => 0,
        Weekday::Tuesday => 1,
        Weekday::Wednesday => 2,
        Weekday::Thursday => 3,
        Weekday::Friday => 4,
        Weekday::Saturday => 5,
        Weekday::Sunday => 6,
    }
}

/// What is formatted with a placeholder for each part, e.g. `{weekday}, {day}. {month} {year}`.
fn pattern(formatted: &impl Writeable) -> Result<String, fmt::Error> {
    let mut seen = Seen::default();
    formatted.write_to_parts(&mut seen)?;
    let name = |(text, part): &(String, Option<Part>)| match *part {
        Some(parts::WEEKDAY) => "{weekday}".to_owned(),
        Some(parts::MONTH) => "{month}".to_owned(),
        Some(parts::YEAR) => "{year}".to_owned(),
        Some(parts::DAY_PERIOD) => "{period}".to_owned(),
        Some(parts::MINUTE) => "{minute}".to_owned(),
        Some(parts::DAY) if text.len() == 2 => "{day_2}".to_owned(),
        Some(parts::DAY) => "{day}".to_owned(),
        Some(parts::HOUR) if text.len() == 2 => "{hour_2}".to_owned(),
        Some(parts::HOUR) => "{hour}".to_owned(),
        _ => text.clone(),
    };
    Ok(seen.runs.iter().map(name).collect())
}

/// The text of one part of what is formatted; empty if it has none.
fn part(formatted: &impl Writeable, part: Part) -> String {
    let mut seen = Seen::default();
    let written = formatted.write_to_parts(&mut seen);
    let runs = seen.runs.into_iter().filter(|run| run.1 == Some(part));
    written.map_or_else(|_| String::new(), |()| runs.map(|run| run.0).collect())
}

/// Text in runs, each with the date's part that it is.
#[derive(Default)]
struct Seen {
    runs: Vec<(String, Option<Part>)>,
    within: Option<Part>,
}

impl fmt::Write for Seen {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        match self.runs.last_mut() {
            Some(last) if last.1 == self.within => last.0.push_str(text),
            _ => self.runs.push((text.to_owned(), self.within)),
        }
        Ok(())
    }
}

impl PartsWrite for Seen {
    type SubPartsWrite = Self;

    fn with_part(
        &mut self,
        part: Part,
        mut write: impl FnMut(&mut Self) -> fmt::Result,
    ) -> fmt::Result {
        // Digits are parts of parts: the date's own are what counts.
        let outer = self.within;
        if part.category == "datetime" {
            self.within = Some(part);
        }
        let written = write(self);
        self.within = outer;
        written
    }
}
