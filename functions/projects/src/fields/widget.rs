//! Widgets: what a client may say of them, and how anybody sees them.
//!
//! A widget's configuration is shown to anybody who knows its id or slug, with the token in it. So that token must be a
//! `client-token`, and it is not kept: what it is derived from is.

use api::body::MAX_FREE_FORM;
use api::{ApiError, Faults, Field, PublicTexts, State};
use auth::MasterSecret;
use auth::plain_key::hash_secret;
use model::ids::AppId;
use model::key::TokenType;
use model::slug::parse_slug;
use model::time::{Tz, format_instant};
use model::widget::{Widget, WidgetToken};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::fields::free_form;
use crate::fields::widget_config;

/// Where a token stands in a configuration: as pages read it, and as the SDK writes it.
const TOKEN_FIELDS: [&str; 2] = ["apiToken", "api_token"];

/// A widget's fields. Fields that are not listed are ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct WidgetRequest {
    /// What people call it. Required at creation.
    #[serde(default)]
    #[schema(value_type = String, min_length = 1, max_length = 200, pattern = r"\S")]
    pub(crate) name: Field<String>,
    /// Its name in addresses, unique over the deployment: lower-case letters, digits and hyphens. Made of the name
    /// unless sent.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 3, max_length = 100, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    pub(crate) slug: Field<String>,
    /// What the page is told; anybody can read it. Its `apiToken` must be a `client-token` of this app.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub(crate) config: Field<Map<String, Value>>,
}

api::required!(CreateWidgetRequest: WidgetRequest { ["name"] });

/// A widget: the configuration of a booking page of the older kind.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct WidgetView {
    /// Names it.
    #[schema(format = Uuid)]
    id: String,
    /// What people call it.
    name: String,
    /// The name in its address.
    slug: String,
    /// What the page is told.
    #[schema(value_type = Object)]
    config: Map<String, Value>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last changed.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// What was said; `None` stands for nothing said.
pub(crate) struct WidgetFields {
    pub(crate) name: Option<String>,
    slug: Option<String>,
    config: Option<(Map<String, Value>, Option<WidgetToken>)>,
}

impl WidgetFields {
    /// Reads the request; what is wrong with it goes to `faults`.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub(crate) async fn read(
        request: WidgetRequest,
        state: &State,
        app: AppId,
        faults: &mut Faults,
    ) -> Result<Self, ApiError> {
        let name = faults.optional("name", request.name);
        let name = faults.text("name", name, 1..=200);
        let slug = faults.optional("slug", request.slug);
        let slug = faults.parsed("slug", slug.as_deref(), parse_slug);
        let public = PublicTexts::of(state, app).await?;
        public.check_text(faults, "name", name.as_deref());
        public.check_text(faults, "slug", slug.as_deref());
        let config = free_form(faults, "config", request.config, MAX_FREE_FORM);
        let Some(mut config) = config else {
            return Ok(Self {
                name,
                slug,
                config: None,
            });
        };
        widget_config::check(faults, &config, state.now());
        let mut token = None;
        for field in TOKEN_FIELDS {
            let Some(value) = config.remove(field) else {
                continue;
            };
            let path = format!("config.{field}");
            match found(state, app, &value).await? {
                Some((credential, secret_version)) => {
                    token = Some(WidgetToken {
                        field: field.to_owned(),
                        credential,
                        secret_version,
                    });
                }
                None => faults.add(
                    &path,
                    "must be a client-token of this app, and none that was imported: anybody can read it here",
                ),
            }
        }
        public.check(faults, "config", &config);
        Ok(Self {
            name,
            slug,
            config: Some((config, token)),
        })
    }

    /// The widget with everything that was said.
    pub(crate) fn apply(&self, widget: Widget) -> Widget {
        let (config, token) = match &self.config {
            Some((config, token)) => (config.clone(), token.clone()),
            None => (widget.config, widget.token),
        };
        Widget {
            name: self.name.clone().unwrap_or(widget.name),
            slug: self.slug.clone().unwrap_or(widget.slug),
            config,
            token,
            ..widget
        }
    }
}

/// What a token is derived from, if it is a client-token of the app.
async fn found(
    state: &State,
    app: AppId,
    token: &Value,
) -> Result<Option<(model::ids::CredentialId, u32)>, ApiError> {
    let Some(token) = token.as_str() else {
        return Ok(None);
    };
    let credential = state.store().find_credential(hash_secret(token)).await?;
    Ok(credential
        .filter(|one| one.app == app && one.token_type == TokenType::ClientToken)
        .and_then(|one| Some((one.id, one.secret_version?))))
}

impl WidgetView {
    /// The widget with its token, which is derived here.
    ///
    /// # Errors
    ///
    /// If the master secret cannot derive the token any more.
    pub(crate) fn of(widget: Widget, secret: &MasterSecret) -> Result<Self, ApiError> {
        let mut config = widget.config;
        if let Some(token) = widget.token {
            let derived = secret.resource_token(token.secret_version, token.credential)?;
            config.insert(token.field, derived.expose().into());
        }
        Ok(Self {
            id: widget.id.to_string(),
            name: widget.name,
            slug: widget.slug,
            config,
            created_at: format_instant(widget.created_at, Tz::UTC),
            updated_at: format_instant(widget.updated_at, Tz::UTC),
        })
    }

    /// The same without its token, to be kept.
    pub(crate) fn without_token(&self) -> Self {
        let mut view = self.clone();
        for field in TOKEN_FIELDS {
            if let Some(token) = view.config.get_mut(field) {
                *token = Value::Null;
            }
        }
        view
    }
}
