//! What went wrong, as a visitor is told: what it is, and what to do.

use api::ApiError;
use html::{Language, Text};
use model::availability::Refusal;
use model::booking::WrongMoment;
use views::Failure;
use views::failure::Visit;

/// What went wrong, in the visitor's language.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    /// What it is.
    pub(crate) title: String,
    /// What to do.
    pub(crate) text: String,
    /// Whether another time may do, so that times are offered.
    pub(crate) offers_times: bool,
}

impl Problem {
    fn new(language: Language, title: Text, text: Text, offers_times: bool) -> Self {
        Self {
            title: language.text(title).to_owned(),
            text: language.text(text).to_owned(),
            offers_times,
        }
    }

    /// What a visitor is told of `error`.
    pub(crate) fn of(error: &ApiError, language: Language, business: &str) -> Self {
        let taken = |title| Self::new(language, title, Text::TakenText, true);
        match error {
            ApiError::SlotTaken | ApiError::NotOffered(Refusal::Taken | Refusal::Cap) => {
                taken(Text::TakenTitle)
            }
            ApiError::GroupFull(_) | ApiError::GroupClosed(_) => taken(Text::FullTitle),
            ApiError::WrongMoment(WrongMoment::TooLateToCancel(_)) => Self {
                text: language.fill(Text::LinkExpiredText, &[("business", business)]),
                ..Self::new(language, Text::TooLateTitle, Text::LinkExpiredText, false)
            },
            ApiError::NotOffered(Refusal::Notice) | ApiError::WrongMoment(_) => {
                Self::new(language, Text::ClosedTitle, Text::ClosedText, true)
            }
            ApiError::NotOffered(Refusal::Range) => {
                Self::new(language, Text::EarlyTitle, Text::EarlyText, true)
            }
            ApiError::NotOffered(_) => {
                Self::new(language, Text::ClosedTitle, Text::TakenText, true)
            }
            ApiError::IllegalAction(_) | ApiError::Conflict(_) => Self::new(
                language,
                Text::NotMovableTitle,
                Text::NoLongerOfferedText,
                false,
            ),
            error => {
                let Failure { title, text } = Failure::of(error, language, Visit::ToBook);
                Self {
                    title,
                    text,
                    offers_times: false,
                }
            }
        }
    }

    /// That nobody can book on the page at the moment. Its owner is told why, and not its customers.
    pub(crate) fn closed(language: Language, business: &str) -> Self {
        Self {
            title: language.text(Text::PageClosedTitle).to_owned(),
            text: language.fill(Text::PageClosedText, &[("business", business)]),
            offers_times: false,
        }
    }
}
