use api::caller::Public;
use api::{ApiError, Path};
use assets::CachePolicy;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::access::Anybody;
use crate::files::FILES;

/// Gives a file of the booking widget, as its npm package has it: `booking.min.js`, `booking.min.css`; and `booking.own.css`, which asks no other host for fonts.
#[utoipa::path(
    get,
    path = "/widget/{file}",
    tag = "pages",
    params(("file" = String, Path, description = "The file's name.")),
    responses(
        (status = 200, description = "The file.", content_type = "text/javascript", body = String),
        (status = 304, description = "It is as `If-None-Match` says."),
        (status = 404, description = "There is none of this name, or this server was built without its pages."),
    )
)]
pub(crate) async fn get_widget_file(
    _: Public<Anybody>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    FILES
        .find(&format!("widget/{file}"))
        .ok_or(ApiError::NotFound("File"))?
        .answer(&headers, CachePolicy::Minutes)
}
