use api::caller::Public;
use api::{ApiError, State};
use auth::development::DEMO_SLUG;
use axum::extract::State as Extract;
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse, Response};

use crate::access::Anybody;
use crate::files::FILES;
use crate::page::{Policy, not_built, page, policy_value};

/// Shows the page on which the demo's booking widget runs, or with `project=<slug>` another project's.
///
/// A deployed stack has no demo; there the page asks for a project.
#[utoipa::path(
    get,
    path = "/widget",
    tag = "pages",
    params(("project" = Option<String>, Query, description = "A project's slug.")),
    responses((status = 200, description = "The page.", content_type = "text/html", body = String))
)]
pub(crate) async fn show_widget_page(
    _: Public<Anybody>,
    Extract(state): Extract<State>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if !state.config().policy.is_development {
        return page("book.html", Policy::Booking, &headers);
    }
    let Some(asset) = FILES.find("book.html") else {
        return Ok(not_built());
    };
    let demo = format!("<html data-project=\"{DEMO_SLUG}\"");
    let html = asset.text()?.replacen("<html", &demo, 1);
    let policy = (
        header::CONTENT_SECURITY_POLICY,
        policy_value(Policy::Booking),
    );
    Ok(([policy], Html(html)).into_response())
}
