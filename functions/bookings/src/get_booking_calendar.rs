use api::caller::App;
use api::{ApiError, Path, State};
use axum::extract::State as Extract;
use axum::http::header;
use axum::response::IntoResponse;

use crate::access::Read;
use views::ical::{Document, Entry, MEDIA_TYPE};

/// Shows one booking as an iCalendar document, for a calendar program to take in.
#[utoipa::path(
    get,
    path = "/v2/bookings/{id}/calendar.ics",
    tag = "bookings",
    params(("id" = String, Path, description = "The booking's id.")),
    responses(
        (status = 200, description = "A calendar with one event. Its UID stays the same when the booking is rescheduled, and its SEQUENCE grows with every change.", content_type = "text/calendar", body = String),
        (status = 404, description = "There is none, or it is not yours."),
    )
)]
pub(crate) async fn get_booking_calendar(
    App(principal): App<Read>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Booking"))?;
    let booking = state
        .store()
        .get_booking(principal.tenant(), id)
        .await?
        .ok_or(ApiError::NotFound("Booking"))?;
    let document = Document::of([Entry::of(booking, state.now())]);
    let headers = [
        (header::CONTENT_TYPE, MEDIA_TYPE),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"booking.ics\"",
        ),
    ];
    Ok((headers, document.to_string()))
}
