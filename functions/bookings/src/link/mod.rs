//! A customer's link: whether it is valid, what it does, and the page that says so.

mod act;
mod details;
mod found;
mod outcome;
mod page;
mod shown;
mod signed;
mod visit;
mod words;

use api::{ApiError, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use model::booking::Booking;

use act::Link;
pub(crate) use act::Opening;
use found::find;
use outcome::{LinkError, Outcome};
use shown::Shown;
use signed::Signed;
pub(crate) use visit::Visit;

/// Follows a link to do `action` to the booking `id`, and shows what came of it.
///
/// # Errors
///
/// Only what is wrong with more than the link, e.g. a store that does not answer.
pub(crate) async fn follow(
    state: &State,
    (id, action): (&str, &str),
    visit: &Visit,
    opening: Opening,
) -> Result<Response, ApiError> {
    let signed = match Signed::read(state, (id, action), visit.query()).await {
        Ok(signed) => signed,
        Err(LinkError::Other(error)) => return Err(error),
        Err(_) => return Ok(page::invalid(visit)),
    };
    let outcome = async {
        let link = Link::of(&signed, action, visit.query(), state.now())?;
        link.follow(state, visit, opening).await
    };
    match outcome.await {
        Ok(Outcome::Redirect(to)) => Ok(Redirect::to(to.as_str()).into_response()),
        Ok(outcome) => {
            let shown = Shown::read(state, &signed, visit, outcome.booking()).await?;
            Ok(page::of(&outcome, &shown, visit))
        }
        Err(LinkError::Other(error)) => Err(error),
        Err(error) => {
            let booking = match error {
                LinkError::Refused(_) => latest(state, &signed).await?,
                _ => None,
            };
            let shown = Shown::read(state, &signed, visit, booking.as_ref()).await?;
            Ok(page::refusal(&error, &shown, visit))
        }
    }
}

/// The booking that a refused link leads to, as it is now.
async fn latest(state: &State, signed: &Signed) -> Result<Option<Booking>, ApiError> {
    let now = state.now();
    let writer = state.writer();
    let mut decision = writer.decision(signed.tenant(), now);
    let found = find(&mut decision, signed.id, now).await?;
    Ok(found.map(|found| found.booking))
}
