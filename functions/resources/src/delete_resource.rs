use api::caller::App;
use api::{ApiError, Faults, IfMatch, NoContent, Path, Query, State};
use axum::extract::State as Extract;
use store::{BookingsToCome, ResourceDeletion};

use crate::access::Write;

/// Deletes a resource, its calendars with their events, and its credentials. Its bookings stay readable.
///
/// If it has bookings to come, say what becomes of them: with `cancel` they are called off, tentative ones declined, and
/// groups with everybody in them; with `keep` they hold their time and can be cancelled, declined and completed, and
/// nothing else. From the first moment on the resource is gone and takes no more bookings. If more are to be called off
/// than one request can, that is 503, and deleting it again with the same parameter goes on.
#[utoipa::path(
    delete,
    path = "/v2/resources/{id}",
    tag = "resources",
    params(
        ("id" = String, Path, description = "The resource's id."),
        ("bookings" = Option<String>, Query, pattern = "^(cancel|keep)$", description = "`cancel` or `keep`: what becomes of bookings to come. Required if there are any."),
    ),
    responses(
        (status = 204, description = "It is gone, and its tokens are refused."),
        (status = 404, description = "There is none, or it is not yours."),
        (status = 409, description = "It has bookings to come: `has_bookings`, with their `count`."),
        (status = 422, description = "`bookings` is neither `cancel` nor `keep`."),
    )
)]
pub(crate) async fn delete_resource(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    query: Query,
    IfMatch(expected): IfMatch,
) -> Result<NoContent, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Resource"))?;
    let deletion = ResourceDeletion {
        bookings: bookings_to_come(&query)?,
        by: &principal.actor(),
        now: state.now(),
    };
    state
        .writer()
        .delete_resource(principal.tenant(), id, &expected, deletion)
        .await?;
    Ok(NoContent)
}

fn bookings_to_come(query: &Query) -> Result<BookingsToCome, ApiError> {
    match query.get("bookings") {
        None => Ok(BookingsToCome::Refuse),
        Some("cancel") => Ok(BookingsToCome::Cancel),
        Some("keep") => Ok(BookingsToCome::Keep),
        Some(_) => Err(ApiError::Invalid(Faults::one(
            "bookings",
            "must be cancel or keep, e.g. ?bookings=cancel",
        ))),
    }
}
