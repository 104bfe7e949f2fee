//! How callers say what a search for free time is made of, so that a refusal names a field that the request has.

use model::fault::Faults;
use scheduling::SchedulingError;
use scheduling::search::TooLarge;

use crate::error::ApiError;

/// How callers say what a search is made of.
#[derive(Clone, Copy, Debug)]
pub struct SearchWords {
    end: &'static str,
    advice: &'static str,
}

impl SearchWords {
    /// Those of `POST /v2/availability` and of what else takes its request.
    pub const AVAILABILITY: Self = Self {
        end: "to",
        advice: "choose an earlier to, longer timeslot_increments or fewer resources",
    };
    /// Those of the older searches.
    pub const FIND_TIME: Self = Self {
        end: "future",
        advice: "choose an earlier future, a longer length or fewer resources",
    };

    /// That a search takes more than its request may, in these words.
    pub fn too_large(self, too_large: TooLarge) -> ApiError {
        let TooLarge { counted, most } = too_large;
        self.makes(&format!(
            "the search too large: it has more than {most} {counted} to look at"
        ))
    }

    /// An error of scheduling in these words.
    pub fn refusal(self, error: SchedulingError) -> ApiError {
        match error {
            SchedulingError::SearchTooLarge(too_large) => self.too_large(too_large),
            other => other.into(),
        }
    }

    /// The same error in these words, if it is that the answer is too large.
    pub fn of(self, error: ApiError) -> ApiError {
        match error {
            ApiError::AnswerTooLarge => self.makes("the answer too large"),
            other => other,
        }
    }

    fn makes(self, what: &str) -> ApiError {
        let sentence = format!("makes {what}; {}", self.advice);
        ApiError::Invalid(Faults::one(self.end, sentence))
    }
}
