//! What one request may take, over all its searches: so much that the largest project can be searched, and so little that
//! a function with 256 MB can do it. All but what is taken is known before a search is made, and refused then.

use std::fmt;

use model::availability::{MAX_STARTS, Terms};
use model::time::Tz;
use model::wall::WEEK_S;

/// The most pieces that constraints and filters cut time into, over all resources.
pub const MAX_OPENINGS: usize = 1_000_000;

/// The most bookings and events that are read.
pub const MAX_CLAIMS: usize = 500_000;

/// Weeks that are looked at beside those of the range: openings are whole, and caps count whole weeks.
const WEEKS_AROUND: usize = 6;

/// What is left of a request's budget.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    starts: usize,
    openings: usize,
    claims: usize,
}

/// A search takes more than its request has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the search has more than {most} {counted} to look at")]
pub struct TooLarge {
    /// What there is too much of.
    pub counted: Counted,
    /// The most that a request may look at.
    pub most: usize,
}

/// What a budget counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Instants at which a slot may start.
    Slots,
    /// Pieces that constraints and filters cut time into.
    Openings,
    /// Bookings and events.
    Claims,
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Slots => "slots",
            Self::Openings => "openings",
            Self::Claims => "bookings and events",
        })
    }
}

impl Budget {
    /// That of a request which has looked at nothing yet.
    pub const fn new() -> Self {
        Self {
            starts: MAX_STARTS,
            openings: MAX_OPENINGS,
            claims: MAX_CLAIMS,
        }
    }

    /// Takes what a search needs of so many resources; `pieces` says into how many pieces so many weeks are cut, over all
    /// of them.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] if that is no longer there.
    pub fn take_search(
        &mut self,
        terms: &Terms,
        resources: usize,
        pieces: impl FnOnce(usize) -> usize,
    ) -> Result<(), TooLarge> {
        // A zone moves the range by hours only.
        let range = terms.range(Tz::UTC);
        let length_s = range.end.saturating_sub(range.start).max(0);
        let whole = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
        let starts = terms.starts(resources);
        let openings = pieces(whole(length_s / WEEK_S) + WEEKS_AROUND);
        self.starts = left(self.starts, starts, MAX_STARTS, Counted::Slots)?;
        self.openings = left(self.openings, openings, MAX_OPENINGS, Counted::Openings)?;
        Ok(())
    }

    /// Takes what was read of bookings and events; none if it was too much.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] if that is no longer there.
    pub fn take_claims<T>(&mut self, read: Option<Vec<Vec<T>>>) -> Result<Vec<Vec<T>>, TooLarge> {
        let claims = read
            .as_ref()
            .map_or(usize::MAX, |read| read.iter().map(Vec::len).sum());
        self.claims = left(self.claims, claims, MAX_CLAIMS, Counted::Claims)?;
        Ok(read.unwrap_or_default())
    }

    /// How many bookings and events may still be read.
    pub const fn claims(&self) -> usize {
        self.claims
    }

    /// How much has been taken, in steps of about the same length.
    pub const fn steps(&self) -> usize {
        (MAX_STARTS - self.starts) + (MAX_OPENINGS - self.openings) + (MAX_CLAIMS - self.claims)
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new()
    }
}

fn left(left: usize, taken: usize, most: usize, counted: Counted) -> Result<usize, TooLarge> {
    let left = left.checked_sub(taken);
    left.ok_or(TooLarge { counted, most })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use model::availability::Settings;
    use model::project::MAX_RESOURCES;
    use model::time::Tz;
    use serde_json::json;

    use super::*;

    fn terms(to: &str, length: &str) -> Terms {
        let settings = json!({ "mode": "exclusive", "to": to, "length": length });
        let settings = Settings::parse(settings.as_object().expect("an object"), "");
        let now = DateTime::from_timestamp(1_795_262_400, 0).expect("an instant");
        let terms = settings.expect("settings").terms(now, Tz::UTC);
        terms.expect("terms")
    }

    fn is_refused(resources: usize, to: &str, length: &str) -> bool {
        let mut budget = Budget::new();
        let taken = budget.take_search(&terms(to, length), resources, |weeks| {
            28 * weeks * resources
        });
        taken.is_err()
    }

    #[test]
    fn the_largest_project_can_be_searched_for_12_weeks_and_not_by_the_minute() {
        assert!(!is_refused(MAX_RESOURCES, "12 weeks", "30 minutes"));
        assert!(!is_refused(MAX_RESOURCES, "6 months", "1 hour"));
        assert!(is_refused(MAX_RESOURCES, "1 week", "1 minute"));
    }

    #[test]
    fn searches_share_one_budget_of_starts_of_openings_and_of_claims() {
        let by_the_minute = terms("6 months", "1 minute");
        let mut budget = Budget::new();
        let starts = (0..100).find(|_| budget.take_search(&by_the_minute, 1, |_| 0).is_err());
        assert_eq!(starts, Some(9));

        let short = terms("1 week", "1 hour");
        let mut budget = Budget::new();
        let openings = (0..100).find(|_| budget.take_search(&short, 1, |_| 300_000).is_err());
        assert_eq!(openings, Some(3));

        let mut budget = Budget::new();
        let claims = || Some(vec![vec![(); 200_000]]);
        let read = (0..100).find(|_| budget.take_claims(claims()).is_err());
        assert_eq!(read, Some(2));
        assert!(budget.take_claims(None::<Vec<Vec<()>>>).is_err());
    }
}
