//! How far and how long searches and slots may reach.

use crate::wall::DAY_S;

/// How far ahead a search reaches, in months of the calendar.
pub const MAX_MONTHS_AHEAD: u32 = 6;

/// The most starts that the searches of one request look at: enough for the largest project, half an hour apart, over 12
/// weeks.
pub const MAX_STARTS: usize = 2_500_000;

/// The shortest length of a slot and the smallest step between slots, in seconds.
pub const MIN_LENGTH_S: i64 = 60;

/// A bound of a duration, in the largest unit that divides it.
pub fn in_words(seconds: i64) -> String {
    match seconds {
        0 => "0 minutes".to_owned(),
        60 => "1 minute".to_owned(),
        _ if seconds % DAY_S == 0 && seconds > DAY_S => format!("{} days", seconds / DAY_S),
        _ => format!("{} hours", seconds / 3_600),
    }
}
