use api::ApiError;
use api::caller::Public;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::access::Anybody;
use crate::page::{Policy, page};

/// Shows the console, in which people manage their apps.
#[utoipa::path(
    get,
    path = "/console",
    tag = "pages",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String))
)]
pub(crate) async fn show_console(
    _: Public<Anybody>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    page("index.html", Policy::Console, &headers)
}
