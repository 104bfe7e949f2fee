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

use api::{ApiError, ErrorPages, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use html::Brand;
use model::booking::Booking;
use views::failure;

use act::Link;
pub(crate) use act::Opening;
use found::find;
use outcome::{LinkError, Outcome};
use shown::Shown;
use signed::Signed;
pub(crate) use visit::Visit;

/// What browsers are shown on the paths of links where these have no page, e.g. because what they ask for cannot be, or a handler
/// panicked.
pub(crate) const ERROR_PAGES: ErrorPages = ErrorPages {
    covers: |path| path.contains("/external_action/"),
    show: |error, query, headers| {
        failure::nobodys_failure_page(error, failure::Visit::ByLink, (query, headers))
    },
};

/// Follows a link to do `action` to the booking `id`, and shows what came of it, or what is wrong with more than the link, e.g. a
/// store that does not answer.
pub(crate) async fn follow(
    state: &State,
    (id, action): (&str, &str),
    visit: &Visit,
    opening: Opening,
) -> Response {
    let signed = match Signed::read(state, (id, action), visit.query()).await {
        Ok(signed) => signed,
        Err(LinkError::Other(error)) => return page::failure(error, &Brand::default(), visit),
        Err(_) => return page::invalid(visit),
    };
    let shown = follow_signed(state, &signed, (action, visit), opening).await;
    shown.unwrap_or_else(|error| page::failure(error, &Brand::of(&signed.app), visit))
}

async fn follow_signed(
    state: &State,
    signed: &Signed,
    (action, visit): (&str, &Visit),
    opening: Opening,
) -> Result<Response, ApiError> {
    let outcome = async {
        let link = Link::of(signed, action, visit.query(), state.now())?;
        link.follow(state, visit, opening).await
    };
    match outcome.await {
        Ok(Outcome::Redirect(to)) => Ok(Redirect::to(to.as_str()).into_response()),
        Ok(outcome) => {
            let shown = Shown::read(state, signed, visit, outcome.booking()).await?;
            Ok(page::of(&outcome, &shown, visit))
        }
        Err(LinkError::Other(error)) => Err(error),
        Err(error) => {
            let booking = match error {
                LinkError::Refused(_) => latest(state, signed).await?,
                _ => None,
            };
            let shown = Shown::read(state, signed, visit, booking.as_ref()).await?;
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
