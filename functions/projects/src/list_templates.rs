use std::collections::HashMap;

use api::caller::App;
use api::page::Paging;
use api::{ApiError, State, Written};
use axum::extract::State as Extract;
use model::template::{TEMPLATES, Template};

use crate::access::Read;
use crate::views::template::TemplateView;

/// Lists the templates of mail: one for each message that a booking can give rise to. No mail is sent.
#[utoipa::path(
    get,
    path = "/v2/templates",
    tag = "projects",
    params(
        ("limit" = Option<u32>, Query, description = "Rows a page, 1 to 1000; 50 unless said."),
        ("page" = Option<u32>, Query, description = "The page, from 1."),
    ),
    responses((status = 200, description = "The templates.", body = Vec<TemplateView>))
)]
pub(crate) async fn list_templates(
    App(principal): App<Read>,
    Extract(state): Extract<State>,
    page: Paging,
) -> Result<Written, ApiError> {
    let (page, ()) = page.with(&[], &[], Ok(()))?;
    let changed = state.store().list_templates(principal.tenant()).await?;
    let mut changed: HashMap<String, Template> = changed
        .into_iter()
        .map(|template| (template.slug.clone(), template))
        .collect();
    let rows = TEMPLATES
        .iter()
        .filter_map(|slug| changed.remove(*slug).or_else(|| Template::blank(slug)));
    page.of_all(rows.collect())
        .map(TemplateView::from)
        .answer()
        .await
}
