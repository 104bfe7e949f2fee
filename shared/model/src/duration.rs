//! Durations as people write them: `15 minutes`, `1 hour`, `3 days 2 weeks`.

use chrono::TimeDelta;

/// Text that is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a valid duration; write a number and a unit (seconds, minutes, hours, days, weeks), like 15 minutes"
)]
pub struct InvalidDuration;

/// Reads one or more terms of a number and a unit; they add up. Never negative.
///
/// # Errors
///
/// [`InvalidDuration`] for anything else.
pub fn parse_duration(text: &str) -> Result<TimeDelta, InvalidDuration> {
    let mut words = text.split_whitespace();
    let mut total = None;
    while let Some(number) = words.next() {
        let number: u32 = number.parse().map_err(|_| InvalidDuration)?;
        let seconds = match words.next().ok_or(InvalidDuration)? {
            "second" | "seconds" => 1,
            "minute" | "minutes" => 60,
            "hour" | "hours" => 60 * 60,
            "day" | "days" => 24 * 60 * 60,
            "week" | "weeks" => 7 * 24 * 60 * 60,
            _ => return Err(InvalidDuration),
        };
        let term = TimeDelta::seconds(i64::from(number) * seconds);
        let sum = total.unwrap_or_else(TimeDelta::zero).checked_add(&term);
        total = Some(sum.ok_or(InvalidDuration)?);
    }
    total.ok_or(InvalidDuration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_add_up() {
        assert_eq!(
            parse_duration("1 hour 30 minutes"),
            Ok(TimeDelta::minutes(90))
        );
        assert_eq!(parse_duration("3 days 2 weeks"), Ok(TimeDelta::days(17)));
        assert_eq!(parse_duration("0 minutes"), Ok(TimeDelta::zero()));
    }

    #[test]
    fn half_a_term_is_no_duration() {
        for text in [
            "",
            "hour",
            "1",
            "1 fortnight",
            "-1 hour",
            "1.5 hours",
            "1 hour 2",
        ] {
            assert_eq!(parse_duration(text), Err(InvalidDuration), "{text}");
        }
    }
}
