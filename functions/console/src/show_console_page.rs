use api::ApiError;
use api::caller::Public;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::access::Anybody;
use crate::page::{Policy, page};

/// Shows a page of the console. Which there are, the console itself knows.
#[utoipa::path(
    get,
    path = "/console/{*page}",
    tag = "pages",
    params(("page" = String, Path, description = "The page's path, like `settings/api`.")),
    responses((status = 200, description = "The console.", content_type = "text/html", body = String))
)]
pub(crate) async fn show_console_page(
    _: Public<Anybody>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    page("index.html", Policy::Console, &headers)
}
