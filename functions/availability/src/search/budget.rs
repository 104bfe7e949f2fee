//! What one request may take, over all its searches: so much that the largest project can be searched, and so little that
//! a function with 256 MB can do it. All but what is taken is known before a search is made, and refused then.

use api::{ApiError, Faults};
use model::availability::{MAX_STARTS, Terms};
use model::time::Tz;
use model::wall::WEEK_S;

/// The most pieces that constraints and filters cut time into, over all resources.
pub(crate) const MAX_OPENINGS: usize = 1_000_000;

/// The most bookings and events that are read.
pub(crate) const MAX_CLAIMS: usize = 500_000;

/// Weeks that are looked at beside those of the range: openings are whole, and caps count whole weeks.
const WEEKS_AROUND: usize = 6;

/// What is left of a request's budget.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    starts: usize,
    openings: usize,
    claims: usize,
    words: Words,
}

/// How callers say what a search is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words {
    end: &'static str,
    advice: &'static str,
}

impl Words {
    pub(crate) const AVAILABILITY: Self = Self {
        end: "to",
        advice: "choose an earlier to, longer timeslot_increments or fewer resources",
    };
    pub(crate) const FIND_TIME: Self = Self {
        end: "future",
        advice: "choose an earlier future, a longer length or fewer resources",
    };

    fn too_large(self, what: &str) -> ApiError {
        let sentence = format!("makes {what}; {}", self.advice);
        ApiError::Invalid(Faults::one(self.end, sentence))
    }

    /// The same error in these words, if it is that the answer is too large.
    pub(crate) fn of(self, error: ApiError) -> ApiError {
        match error {
            ApiError::AnswerTooLarge => self.too_large("the answer too large"),
            other => other,
        }
    }
}

impl Budget {
    /// That of a request which has looked at nothing yet.
    pub(crate) const fn new(words: Words) -> Self {
        Self {
            starts: MAX_STARTS,
            openings: MAX_OPENINGS,
            claims: MAX_CLAIMS,
            words,
        }
    }

    /// Takes what a search needs of so many resources; `pieces` says into how many pieces so many weeks are cut, over all
    /// of them.
    ///
    /// # Errors
    ///
    /// It is invalid if that is no longer there.
    pub(crate) fn take_search(
        &mut self,
        terms: &Terms,
        resources: usize,
        pieces: impl FnOnce(usize) -> usize,
    ) -> Result<(), ApiError> {
        // A zone moves the range by hours only.
        let range = terms.range(Tz::UTC);
        let length_s = range.end.saturating_sub(range.start).max(0);
        let whole = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
        let starts = terms.starts(resources);
        let openings = pieces(whole(length_s / WEEK_S) + WEEKS_AROUND);
        self.starts = self.left(self.starts, starts, MAX_STARTS, "slots")?;
        self.openings = self.left(self.openings, openings, MAX_OPENINGS, "openings")?;
        Ok(())
    }

    /// Takes what was read of bookings and events; none if it was too much.
    ///
    /// # Errors
    ///
    /// It is invalid if that is no longer there.
    pub(crate) fn take_claims<T>(
        &mut self,
        read: Option<Vec<Vec<T>>>,
    ) -> Result<Vec<Vec<T>>, ApiError> {
        let claims = read
            .as_ref()
            .map_or(usize::MAX, |read| read.iter().map(Vec::len).sum());
        self.claims = self.left(self.claims, claims, MAX_CLAIMS, "bookings and events")?;
        Ok(read.unwrap_or_default())
    }

    /// How many bookings and events may still be read.
    pub(crate) const fn claims(&self) -> usize {
        self.claims
    }

    /// How much has been taken, in steps of about the same length.
    pub(crate) const fn steps(&self) -> usize {
        (MAX_STARTS - self.starts) + (MAX_OPENINGS - self.openings) + (MAX_CLAIMS - self.claims)
    }

    fn left(&self, left: usize, taken: usize, most: usize, what: &str) -> Result<usize, ApiError> {
        left.checked_sub(taken).ok_or_else(|| {
            let what = format!("the search too large: it has more than {most} {what} to look at");
            self.words.too_large(&what)
        })
    }
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
        let mut budget = Budget::new(Words::AVAILABILITY);
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
        let mut budget = Budget::new(Words::FIND_TIME);
        let starts = (0..100).find(|_| budget.take_search(&by_the_minute, 1, |_| 0).is_err());
        assert_eq!(starts, Some(9));

        let short = terms("1 week", "1 hour");
        let mut budget = Budget::new(Words::FIND_TIME);
        let openings = (0..100).find(|_| budget.take_search(&short, 1, |_| 300_000).is_err());
        assert_eq!(openings, Some(3));

        let mut budget = Budget::new(Words::FIND_TIME);
        let claims = || Some(vec![vec![(); 200_000]]);
        let read = (0..100).find(|_| budget.take_claims(claims()).is_err());
        assert_eq!(read, Some(2));
        assert!(budget.take_claims(None::<Vec<Vec<()>>>).is_err());
    }
}
