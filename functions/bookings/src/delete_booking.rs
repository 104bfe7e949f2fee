use api::caller::App;
use api::{ApiError, NoContent, Path, State};
use axum::extract::State as Extract;

/// Not over yet.
#[derive(Debug, thiserror::Error)]
#[error("the booking is not final")]
struct NotFinal;

impl From<NotFinal> for ApiError {
    fn from(_: NotFinal) -> Self {
        Self::Conflict(
            "Only a booking to which nothing more can happen can be deleted. Decline or cancel it first.",
        )
    }
}

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
    Extract(state): Extract<State>,
    App(principal): App,
    Path(id): Path<String>,
) -> Result<NoContent, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Booking"))?;
    let now = state.now();
    let may_go = |booking: &model::booking::Booking| {
        if booking.clone().settled(now).completed() {
            Ok(())
        } else {
            Err(NotFinal)
        }
    };
    state
        .store()
        .delete_booking(principal.tenant(), id, now, may_go)
        .await?;
    Ok(NoContent)
}
