//! An app: the tenant. Everything bookable, and every key, belongs to exactly one.

mod brand;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, AppId, KeyId};
use crate::key::Mode;
use crate::origin::Origin;

pub use brand::{Accent, Brand, InvalidAccent, InvalidLogo, Logo, MAX_BRAND_NAME, MAX_LOGO};

/// An app's public record. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct App {
    /// Names it for good.
    pub id: AppId,
    /// Whose it is.
    pub account: AccountId,
    /// Its readable name in `Timekit-App`; never changes.
    pub slug: String,
    /// Live or test; never changes.
    pub mode: Mode,
    /// What people call it.
    pub name: String,
    /// Its widget keys in clear, oldest first: they are public, and stand in web pages.
    pub widget_keys: Vec<WidgetKey>,
    /// What its customers' links may do. The functions that follow them read it here.
    #[serde(default)]
    pub links: LinkSettings,
    /// How its booking pages look.
    #[serde(default, skip_serializing_if = "Brand::is_empty")]
    pub brand: Brand,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// What an app's customers' links may do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LinkSettings {
    /// Where they may lead to afterwards, at most [`MAX_REDIRECT_ORIGINS`].
    pub redirect_origins: Vec<Origin>,
    /// Whether opening one is enough, as with the original, or it asks first: mail scanners open links too.
    pub act_on_get: bool,
}

/// How many origins an app's links may lead to.
pub const MAX_REDIRECT_ORIGINS: usize = 20;

/// A widget key in clear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WidgetKey {
    /// Names it.
    pub id: KeyId,
    /// The key.
    pub key: String,
}

impl App {
    /// The name of the business, as customers read it: its brand's, or else the app's.
    pub fn business_name(&self) -> &str {
        self.brand.name.as_deref().unwrap_or(&self.name)
    }

    /// A widget key in clear, by its id.
    pub fn widget_key(&self, id: KeyId) -> Option<&str> {
        self.widget_keys
            .iter()
            .find(|widget| widget.id == id)
            .map(|widget| widget.key.as_str())
    }
}

/// What about an app only its owner sets. Stored and shown; nothing acts on it yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AppSettings {
    /// Where a browser goes back to after a provider's sign-in.
    pub callback: Option<String>,
    /// Sender address of mail.
    pub from_email: Option<String>,
    /// Sender name of mail.
    pub from_name: Option<String>,
    /// Whom customers ask.
    pub contact_name: Option<String>,
    /// Where customers ask.
    pub contact_email: Option<String>,
}
