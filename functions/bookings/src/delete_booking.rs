use api::caller::App;
use api::concurrency::IfMatch;
use api::{ApiError, NoContent, Path, State};
use axum::extract::State as Extract;

use crate::access::Write;
use crate::view::version;

/// Deletes a booking to which nothing more can happen.
#[utoipa::path(
    delete,
    path = "/v2/bookings/{id}",
    tag = "bookings",
    params(("id" = String, Path, description = "The booking's id.")),
    responses(
        (status = 204, description = "It is gone."),
        (status = 404, description = "There is none, or it is not yours."),
        (status = 409, description = "It is not in a final state."),
    )
)]
pub(crate) async fn delete_booking(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    IfMatch(expected): IfMatch,
) -> Result<NoContent, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Booking"))?;
    let now = state.now();
    let (writer, tenant) = (state.writer(), principal.tenant());
    writer
        .until_decided(|| async {
            let mut decision = writer.decision(tenant, now);
            let booking = decision.booking(id).await?;
            let booking = booking.ok_or(ApiError::NotFound("Booking"))?.settled(now);
            expected.check(&version(&booking))?;
            if !booking.completed() {
                return Err(ApiError::Conflict(
                    "Only a booking to which nothing more can happen can be deleted. Decline or cancel it first.",
                ));
            }
            decision.delete(id);
            Ok(decision.commit(()).await?)
        })
        .await?;
    Ok(NoContent)
}
