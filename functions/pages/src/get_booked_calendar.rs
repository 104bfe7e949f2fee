use api::caller::Public;
use api::{ApiError, Path, State};
use axum::extract::State as Extract;
use axum::http::header;
use axum::response::IntoResponse;
use views::ical::{Document, Entry, MEDIA_TYPE};

use crate::access::JustBooked;
use crate::page::booked::{NotShown, read};

/// Returns a booking as an iCalendar document, by the signed address on the page that is shown after booking.
#[utoipa::path(
    get,
    path = "/book/calendar/{token}",
    tag = "pages",
    params(("token" = String, Path, description = "As in the address of the page that shows the booking.")),
    responses(
        (status = 200, description = "A calendar with one event.", content_type = "text/calendar", body = String),
        (status = 404, description = "It was not signed for this, or it has expired."),
    )
)]
pub(crate) async fn get_booked_calendar(
    _: Public<JustBooked>,
    Extract(state): Extract<State>,
    Path(token): Path<String>,
) -> Result<impl IntoResponse, ApiError> {
    let shown = read(&state, &token).await.map_err(|error| match error {
        NotShown::Invalid | NotShown::Expired => ApiError::NotFound("Booking"),
        NotShown::Other(error) => error,
    })?;
    if !shown.is_customer {
        return Err(ApiError::NotFound("Booking"));
    }
    let document = Document::of([Entry::of(shown.booking, state.now())]);
    let headers = [
        (header::CONTENT_TYPE, MEDIA_TYPE),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"booking.ics\"",
        ),
    ];
    Ok((headers, document.to_string()))
}
