use api::ApiError;
use api::caller::Public;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::access::Anybody;
use crate::page::{Policy, page};

/// Shows where the documentation begins.
#[utoipa::path(
    get,
    path = "/docs",
    tag = "pages",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String))
)]
pub(crate) async fn show_docs(
    _: Public<Anybody>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    page("docs/start.html", Policy::Docs, &headers)
}
