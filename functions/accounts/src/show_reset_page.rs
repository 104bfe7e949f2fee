use api::caller::Public;
use axum::http::{HeaderName, header};
use axum::response::{Html, IntoResponse};
use base64::Engine as _;
use sha2::{Digest, Sha256};

use crate::access::Anybody;

const PAGE: &str = include_str!("reset_page.html");

/// Shows the page that a one-time link opens. The link's token stands behind its `#`, so it never reaches a server's log.
#[utoipa::path(
    get,
    path = "/v2/accounts/reset-password",
    tag = "accounts",
    responses((status = 200, description = "A page with a form for the new password.", content_type = "text/html", body = String))
)]
pub(crate) async fn show_reset_page(_: Public<Anybody>) -> impl IntoResponse {
    (
        [(header::CONTENT_SECURITY_POLICY, policy()), no_framing()],
        Html(PAGE),
    )
}

/// The one page with a script: exactly that script may run, and it may talk to this server only.
fn policy() -> String {
    let script = PAGE
        .split("<script>")
        .nth(1)
        .and_then(|rest| rest.split("</script>").next())
        .unwrap_or_default();
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(script));
    format!(
        "default-src 'none'; script-src 'sha256-{hash}'; connect-src 'self'; form-action 'none'; frame-ancestors 'none'"
    )
}

fn no_framing() -> (HeaderName, String) {
    (header::X_FRAME_OPTIONS, "DENY".to_owned())
}
