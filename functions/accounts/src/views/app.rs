//! An app as callers see it.

use auth::SigningSecret;
use auth::issue::IssuedApp;
use model::app::{App, AppSettings, Brand};
use model::key::Mode;
use model::time::{Tz, format_instant};
use serde::Serialize;
use utoipa::ToSchema;
use views::Member;

/// An app.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AppView {
    /// Names it.
    #[schema(format = Uuid)]
    id: String,
    /// Its readable name in `Timekit-App`.
    slug: String,
    /// What people call it.
    name: String,
    /// Whether it is for trying things out.
    test_mode: bool,
    /// Its public widget key.
    widget_key: Option<String>,
    /// What only its owner sets.
    settings: SettingsView,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last changed.
    #[schema(format = DateTime)]
    updated_at: String,
    /// In `GET /v2/app`: what the app signs customers' links and searches with. `null` for callers that may not do
    /// everything, or only for a time or from some addresses.
    #[serde(skip_serializing_if = "Member::is_left_out")]
    #[schema(value_type = Option<String>)]
    signing_secret: Member<String>,
    /// In `GET /v2/app`: the key of `x-timekit-signature`, which signs the webhooks of all endpoints of the format `timekit`. Shown to
    /// whom `signing_secret` is.
    #[serde(skip_serializing_if = "Member::is_left_out")]
    #[schema(value_type = Option<String>)]
    webhook_secret: Member<String>,
    /// With `include=app_token`: always `null`, for the key is kept as a hash only.
    #[serde(skip_serializing_if = "Option::is_none")]
    app_token: Option<serde_json::Value>,
    /// With `include=app_token`: what to do instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    app_token_note: Option<&'static str>,
}

/// What about an app only its owner sets. Nothing acts on it yet but on the last three.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SettingsView {
    /// What people call the app.
    name: String,
    /// Where a browser goes back to after a provider's sign-in.
    callback: Option<String>,
    /// Sender address of mail.
    from_email: Option<String>,
    /// Sender name of mail.
    from_name: Option<String>,
    /// Whom customers ask.
    contact_name: Option<String>,
    /// Where customers ask.
    contact_email: Option<String>,
    /// Where its customers' links may lead to afterwards: origins.
    redirect_origins: Vec<String>,
    /// Whether opening a customer's link is enough, or it asks first.
    act_on_get: bool,
    /// How its booking pages look.
    brand: BrandView,
}

/// How an app's booking pages look.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BrandView {
    /// The name of the business. `null` means the app's name.
    name: Option<String>,
    /// The address of its logo.
    logo: Option<String>,
    /// The color of buttons and links, as `#rrggbb`.
    accent: Option<String>,
}

impl From<Brand> for BrandView {
    fn from(brand: Brand) -> Self {
        Self {
            name: brand.name,
            logo: brand.logo.map(String::from),
            accent: brand.accent.map(String::from),
        }
    }
}

const APP_TOKEN_NOTE: &str = "The App API key is kept as a hash and cannot be shown again. \
    Make a new one with POST /v2/keys {\"name\": …, \"kind\": \"api\"}, switch over, and revoke the old one.";

/// The secrets of an app, which sign.
pub(crate) struct AppSecrets {
    /// Customers' links and searches.
    pub(crate) signing: SigningSecret,
    /// Webhooks of the format `timekit`.
    pub(crate) webhook: SigningSecret,
}

impl AppView {
    /// The app.
    pub(crate) fn of(app: App, settings: AppSettings) -> Self {
        let time = |at| format_instant(at, Tz::UTC);
        let AppSettings {
            callback,
            from_email,
            from_name,
            contact_name,
            contact_email,
        } = settings;
        Self {
            id: app.id.to_string(),
            slug: app.slug,
            name: app.name.clone(),
            test_mode: app.mode == Mode::Test,
            widget_key: app.widget_keys.into_iter().next().map(|widget| widget.key),
            settings: SettingsView {
                name: app.name,
                callback,
                from_email,
                from_name,
                contact_name,
                contact_email,
                redirect_origins: app
                    .links
                    .redirect_origins
                    .into_iter()
                    .map(String::from)
                    .collect(),
                act_on_get: app.links.act_on_get,
                brand: app.brand.into(),
            },
            created_at: time(app.created_at),
            updated_at: time(app.updated_at),
            signing_secret: Member::LeftOut,
            webhook_secret: Member::LeftOut,
            app_token: None,
            app_token_note: None,
        }
    }

    /// The same, with the app's secrets if the caller may see them.
    pub(crate) fn with_secrets(self, secrets: Option<&AppSecrets>) -> Self {
        let shown = |secret: &SigningSecret| secret.expose().to_owned();
        Self {
            signing_secret: secrets.map(|secrets| shown(&secrets.signing)).into(),
            webhook_secret: secrets.map(|secrets| shown(&secrets.webhook)).into(),
            ..self
        }
    }

    /// The same, with the sentence that stands where the original shows the key.
    pub(crate) fn with_app_token_note(self) -> Self {
        Self {
            app_token: Some(serde_json::Value::Null),
            app_token_note: Some(APP_TOKEN_NOTE),
            ..self
        }
    }
}

/// A new app with its keys: the only answer that shows the API key.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct NewAppView {
    /// Names it.
    #[schema(format = Uuid)]
    id: String,
    /// Its readable name in `Timekit-App`.
    slug: String,
    /// What people call it.
    name: String,
    /// Whether it is for trying things out.
    test_mode: bool,
    /// Its App API key: store it now. `null` if it is asked for again.
    api_key: Option<String>,
    /// Its public widget key.
    widget_key: String,
    /// In an answer that was kept without the API key: what to do without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<&'static str>,
}

const API_KEY_NOTICE: &str = "The App API key was shown once, in the first answer to this request, and is kept as a hash \
    only. If you do not have it, sign in and rotate it, or delete this app and make another.";

impl NewAppView {
    /// The app just made.
    pub(crate) fn of(issued: &IssuedApp) -> Self {
        let app = &issued.new.app;
        Self {
            id: app.id.to_string(),
            slug: app.slug.clone(),
            name: app.name.clone(),
            test_mode: app.mode == Mode::Test,
            api_key: Some(issued.api_key.expose().to_owned()),
            widget_key: issued.widget_key.expose().to_owned(),
            notice: None,
        }
    }

    /// The same without its API key, to be kept.
    pub(crate) fn without_api_key(&self) -> Self {
        Self {
            api_key: None,
            notice: Some(API_KEY_NOTICE),
            ..self.clone()
        }
    }
}
