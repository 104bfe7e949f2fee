use api::caller::Public;
use api::{ApiError, Path};
use axum::http::HeaderMap;
use axum::response::Response;

use crate::access::Anybody;
use crate::files::FILES;
use crate::page::{Policy, not_built, page};

/// Shows a guide, or the reference, in which operations can be called.
#[utoipa::path(
    get,
    path = "/docs/{page}",
    tag = "pages",
    params(("page" = String, Path, description = "The page's name, like `authentication` or `reference`.")),
    responses(
        (status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 404, description = "There is none of this name."),
    )
)]
pub(crate) async fn show_docs_page(
    _: Public<Anybody>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if FILES.find("docs/start.html").is_none() {
        return Ok(not_built());
    }
    let name = format!("docs/{name}.html");
    if FILES.find(&name).is_none() {
        return Err(ApiError::NotFound("Page"));
    }
    page(&name, Policy::Docs, &headers)
}
