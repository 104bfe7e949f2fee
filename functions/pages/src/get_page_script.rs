use api::caller::Public;
use api::{ApiError, Path, Query};
use assets::CachePolicy;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::access::Anybody;
use crate::common::FILES;

/// Gives a script of the booking page: `page.js`, which makes it quicker, or `embed.js`, by which other pages embed it.
#[utoipa::path(
    get,
    path = "/book/assets/{file}",
    tag = "pages",
    params(
        ("file" = String, Path, description = "The script's name."),
        ("v" = Option<String>, Query, description = "Its content's version, with which it may be kept for good."),
    ),
    responses(
        (status = 200, description = "The script.", content_type = "text/javascript", body = String),
        (status = 304, description = "It is as `If-None-Match` says."),
        (status = 404, description = "There is none of this name, or this server was built without its pages."),
    )
)]
pub(crate) async fn get_page_script(
    _: Public<Anybody>,
    Path(file): Path<String>,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let asset = FILES.find(&format!("book/{file}"));
    let asset = asset.ok_or(ApiError::NotFound("File"))?;
    let is_version = |version: &str| version == asset.etag.trim_matches('"');
    let keep = match query.get("v") {
        Some(version) if is_version(version) => CachePolicy::Forever,
        _ => CachePolicy::Minutes,
    };
    asset.answer(&headers, keep)
}
