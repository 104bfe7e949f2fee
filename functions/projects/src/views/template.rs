//! A template of mail as callers see it.

use model::template::Template;
use model::time::{Tz, format_instant};
use serde::Serialize;
use utoipa::ToSchema;

/// A template of mail. It is kept; no mail is sent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TemplateView {
    /// Which one it is.
    slug: String,
    /// The mail's subject.
    subject: String,
    /// The mail's text.
    body: String,
    /// Whether it is to be sent.
    enabled: bool,
    /// When it was last changed; `null` if it never was.
    #[schema(format = DateTime)]
    updated_at: Option<String>,
}

impl From<Template> for TemplateView {
    fn from(template: Template) -> Self {
        Self {
            slug: template.slug,
            subject: template.subject,
            body: template.body,
            enabled: template.enabled,
            updated_at: template.updated_at.map(|at| format_instant(at, Tz::UTC)),
        }
    }
}
