use api::body::MAX_FREE_FORM;
use api::caller::App;
use api::{ApiError, Body, Data, Faults, Field, Path, State, cleared};
use axum::extract::State as Extract;
use model::template::Template;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::Write;
use crate::fields::free_form;
use crate::views::template::TemplateView;

/// What to change of a template. Fields that are not listed are ignored; `null` empties a field.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct UpdateTemplateRequest {
    /// The mail's subject.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 500)]
    subject: Field<String>,
    /// The mail's text.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    body: Field<String>,
    /// Whether it is to be sent.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    enabled: Field<bool>,
}

/// Changes a template of mail. It is kept and answered; no mail is sent.
#[utoipa::path(
    put,
    path = "/v2/templates/{slug}",
    tag = "projects",
    params(("slug" = String, Path, description = "The template's slug.")),
    request_body = UpdateTemplateRequest,
    responses(
        (status = 200, description = "The template.", body = TemplateView),
        (status = 404, description = "There is no template of this slug."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn update_template(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    Path(slug): Path<String>,
    Body(request): Body<UpdateTemplateRequest>,
) -> Result<Data<TemplateView>, ApiError> {
    let blank = Template::blank(&slug).ok_or(ApiError::NotFound("Template"))?;
    let mut faults = Faults::none();
    let subject = cleared(&mut faults, "subject", request.subject);
    let subject = faults.text("subject", subject, 0..=500);
    let body = free_form(&mut faults, "body", request.body, MAX_FREE_FORM);
    let enabled = faults.optional("enabled", request.enabled);
    faults.check()?;

    let now = state.now();
    let change = |template: Template| {
        let before = template.clone();
        let mut after = Template {
            slug: template.slug,
            subject: subject.clone().unwrap_or(template.subject),
            body: body.clone().unwrap_or(template.body),
            enabled: enabled.unwrap_or(template.enabled),
            updated_at: template.updated_at,
        };
        if after != before {
            after.updated_at = Some(now);
        }
        after
    };
    let template = state
        .writer()
        .change_template(principal.tenant(), &blank, change)
        .await?;
    Ok(Data {
        data: template.into(),
    })
}
