use api::caller::App;
use api::{ApiError, Data, Path, State};
use axum::extract::State as Extract;
use model::template::Template;

use crate::access::Read;
use crate::views::template::TemplateView;

/// Shows one template of mail.
#[utoipa::path(
    get,
    path = "/v2/templates/{slug}",
    tag = "projects",
    params(("slug" = String, Path, description = "The template's slug.")),
    responses(
        (status = 200, description = "The template.", body = TemplateView),
        (status = 404, description = "There is no template of this slug."),
    )
)]
pub(crate) async fn get_template(
    App(principal): App<Read>,
    Extract(state): Extract<State>,
    Path(slug): Path<String>,
) -> Result<Data<TemplateView>, ApiError> {
    let blank = Template::blank(&slug).ok_or(ApiError::NotFound("Template"))?;
    let changed = state
        .store()
        .get_template(principal.tenant(), &slug)
        .await?;
    Ok(Data {
        data: changed.unwrap_or(blank).into(),
    })
}
