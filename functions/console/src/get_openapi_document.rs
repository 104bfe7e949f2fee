use api::caller::Public;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::access::Anybody;

/// The document that a test compares with the code.
const DOCUMENT: &str = include_str!("../../../docs/openapi.json");

/// Gives the OpenAPI document of this API.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "pages",
    responses((status = 200, description = "The document.", content_type = "application/json", body = Object))
)]
pub(crate) async fn get_openapi_document(_: Public<Anybody>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, DOCUMENT).into_response()
}
