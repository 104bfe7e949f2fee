use api::caller::{App, BaseUrl};
use api::{ApiError, Path, State};
use axum::extract::State as Extract;
use axum::response::Html;
use serde_json::{Value, json};

use crate::access::Read;
use crate::common::widget_key;

/// Gives the HTML to paste into a page, by which the project's booking page appears there.
#[utoipa::path(
    get,
    path = "/v2/projects/{id}/embed-code",
    tag = "projects",
    params(("id" = String, Path, description = "The project's id.")),
    responses(
        (status = 200, description = "The HTML, with a widget key of the app.", content_type = "text/html", body = String),
        (status = 404, description = "There is none, or it is not yours."),
        (status = 409, description = "The app has no widget key."),
    )
)]
pub(crate) async fn get_project_embed_code(
    App(principal): App<Read>,
    Extract(state): Extract<State>,
    BaseUrl(base): BaseUrl,
    Path(id): Path<String>,
) -> Result<Html<String>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Project"))?;
    let project = state.store().get_project(principal.tenant(), id).await?;
    let project = project.ok_or(ApiError::NotFound("Project"))?;
    let app_key = widget_key::of_caller(&state, &principal).await?;
    let app_key = app_key.ok_or(ApiError::Conflict(
        "The app has no widget key. Make one with POST /v2/keys {\"name\": …, \"kind\": \"widget\"}.",
    ))?;
    let config = json!({
        "app_key": app_key,
        "project_id": project.id.to_string(),
        "api_base_url": format!("{base}/"),
    });
    Ok(Html(snippet(&base, &config)))
}

/// The script reads its configuration as it loads, so that stands first. The style sheet is the one that asks no other host
/// for fonts.
fn snippet(base: &str, config: &Value) -> String {
    let (base, config) = (in_attribute(base), in_script(config));
    format!(
        "<link rel=\"stylesheet\" href=\"{base}/widget/booking.own.css\">\n\
         <div id=\"bookingjs\"></div>\n\
         <script>window.timekitBookingConfig = {config};</script>\n\
         <script src=\"{base}/widget/booking.min.js\"></script>\n"
    )
}

/// Text as it must stand between double quotes of HTML.
fn in_attribute(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// JSON as it must stand in a script: nothing in it ends the script, begins a comment, or is a line end to old browsers.
fn in_script(json: &Value) -> String {
    json.to_string()
        .replace('&', "\\u0026")
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_the_snippet_leaves_its_place() {
        let nasty = "https://a\"><script>alert(1)</script><!--&\u{2028}";
        let html = snippet(nasty, &json!({ "app_key": nasty }));
        assert_eq!(html.matches("<script").count(), 2, "{html}");
        assert_eq!(html.matches("</script>").count(), 2, "{html}");
        assert!(!html.contains("<!--") && !html.contains('\u{2028}') || html.contains("&lt;!--"));
        let config = html.split("Config = ").nth(1).expect("a configuration");
        let config = config.split(";</script>").next().expect("its end");
        let read: Value = serde_json::from_str(config).expect("JSON");
        assert_eq!(read["app_key"], nasty);
    }
}
