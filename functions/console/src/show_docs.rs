use api::ApiError;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::page::{Policy, page};

/// Shows where the documentation begins.
#[utoipa::path(
    get,
    path = "/docs",
    tag = "pages",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String))
)]
pub(crate) async fn show_docs(headers: HeaderMap) -> Result<Response, ApiError> {
    page("docs/start.html", Policy::Docs, &headers)
}
