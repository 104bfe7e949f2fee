use api::ApiError;
use api::caller::Public;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::access::Anybody;
use crate::page::{Policy, page};

/// Shows the booking page of a project, on which the booking widget runs.
///
/// Links to reschedule lead here: `?uuid=…&action=reschedule&event.start=…&event.end=…`.
#[utoipa::path(
    get,
    path = "/book/{slug}",
    tag = "pages",
    params(("slug" = String, Path, description = "The project's slug. The page itself says so if there is none.")),
    responses((status = 200, description = "The page.", content_type = "text/html", body = String))
)]
pub(crate) async fn show_booking_page(
    _: Public<Anybody>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    page("book.html", Policy::Booking, &headers)
}
