use super::*;
use model::time::{parse_instant, parse_zone};

fn in_language(tag: &str) -> Language {
    Language::of(tag).expect("one of ours")
}

fn slot(start: &str, end: &str) -> TimeSlot {
    let at = |text| parse_instant(text).expect("an instant");
    TimeSlot::new(at(start), at(end)).expect("a slot")
}

#[test]
fn dates_and_times_are_written_as_the_language_and_region_do() {
    let zone = parse_zone("Europe/Berlin").expect("a zone");
    let slot = slot("2026-12-01T13:05:00Z", "2026-12-01T14:00:00Z");
    for (tag, expected) in [
        (
            "en",
            "Tuesday, December 1, 2026, 2:05\u{202f}PM – 3:00\u{202f}PM",
        ),
        ("en-GB", "Tuesday, 1 December 2026, 14:05 – 15:00"),
        ("de", "Dienstag, 1. Dezember 2026, 14:05 – 15:00"),
        ("fr", "mardi 1 décembre 2026, 14:05 – 15:00"),
        ("es", "martes, 1 de diciembre de 2026, 14:05 – 15:00"),
        ("it", "martedì 1 dicembre 2026, 14:05 – 15:00"),
        ("nl", "dinsdag 1 december 2026, 14:05 – 15:00"),
        ("da", "tirsdag 1. december 2026 kl. 14.05 – 15.00"),
        ("pl", "wtorek, 1 grudnia 2026, 14:05 – 15:00"),
        ("ja", "2026年12月1日火曜日 14:05～15:00"),
        ("ar", "الثلاثاء، 1 ديسمبر 2026، 2:05 م – 3:00 م"),
        ("ar-LB", "الثلاثاء، 1 كانون الأول 2026، 2:05 م – 3:00 م"),
    ] {
        assert_eq!(span(in_language(tag), slot, zone), expected);
    }
}

#[test]
fn a_month_beside_its_year_stands_in_the_case_that_it_has_alone() {
    let december = NaiveDate::from_ymd_opt(2026, 12, 1).expect("a day");
    assert_eq!(month(in_language("pl"), december), "grudzień 2026");
    assert_eq!(day(in_language("pl"), december), "wtorek, 1 grudnia");
    assert_eq!(short_day(in_language("ja"), december), "12月1日(火)");
}

#[test]
fn a_span_over_midnight_names_both_days() {
    let slot = slot("2026-12-01T22:30:00Z", "2026-12-01T23:30:00Z");
    let zone = parse_zone("Europe/Berlin").expect("a zone");
    let said = span(in_language("de"), slot, zone);
    assert_eq!(
        said,
        "Dienstag, 1. Dezember 2026, 23:30 – Mittwoch, 2. Dezember 2026, 00:30"
    );
}

#[test]
fn a_week_begins_on_the_day_of_the_region() {
    for (tag, first) in [("en", "Sun"), ("en-GB", "Mon"), ("de", "Mo")] {
        assert_eq!(weekdays(in_language(tag))[0].0, first, "{tag}");
    }
    assert_eq!(first_weekday(in_language("ar")), Weekday::Sat);
}

#[test]
fn a_zone_is_called_by_its_place_and_utc_is_called_utc() {
    let at = parse_instant("2026-12-01T12:00:00Z").expect("an instant");
    for (zone, expected) in [
        ("America/Los_Angeles", "Los Angeles (UTC−8)"),
        ("Asia/Kolkata", "Kolkata (UTC+5:30)"),
        ("Europe/London", "London (UTC+0)"),
        ("UTC", "UTC"),
        ("Etc/UTC", "UTC"),
        ("Etc/GMT+5", "UTC−5"),
    ] {
        let zone = parse_zone(zone).expect("a zone");
        assert_eq!(zone_name(Language::fallback(), zone, at), expected);
    }
    // The sign stays between its neighbours where the text runs from right to left.
    let berlin = parse_zone("Europe/Berlin").expect("a zone");
    let expected = "\u{2068}Berlin\u{2069} (\u{2068}UTC+1\u{2069})";
    assert_eq!(zone_name(in_language("ar"), berlin, at), expected);
}

#[test]
fn a_length_is_said_in_days_hours_and_minutes() {
    let said = |minutes| length(Language::fallback(), TimeDelta::minutes(minutes));
    assert_eq!(said(45), "45 minutes");
    assert_eq!(said(90), "1 hour, 30 minutes");
    assert_eq!(said(2 * 24 * 60), "2 days");
}
