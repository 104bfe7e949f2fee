//! What strangers can read: one check, wherever something is written that a page, a link or a public key shows.

use auth::SigningSecret;
use auth::secret_scan::{has_secret, text_has_secret};
use model::ids::AppId;
use serde::Serialize;
use serde_json::Value;

use crate::error::ApiError;
use crate::state::State;
use model::fault::Faults;

/// Refuses secrets in what an app's strangers can read. Shapes are told by themselves; the app's own signing
/// secrets have none, so they are compared.
#[derive(Clone, Debug, Default)]
pub struct PublicTexts {
    signing_secrets: Vec<SigningSecret>,
}

const SENTENCE: &str = "must not contain a secret key, token or private address, also not as part of a longer text: anybody can read it";

impl PublicTexts {
    /// For an app that is there.
    ///
    /// # Errors
    ///
    /// If the master secret cannot be had.
    pub async fn of(state: &State, app: AppId) -> Result<Self, ApiError> {
        let master = state.master_secret().await?;
        let mut signing_secrets = master.signing_secrets(app)?;
        let of_webhooks = master.app_webhook_secret(app)?;
        signing_secrets.push(SigningSecret::from_bytes(of_webhooks));
        Ok(Self { signing_secrets })
    }

    /// Notes a fault if there is a secret anywhere in `value`, which is sent as `name`.
    pub fn check(&self, faults: &mut Faults, name: &str, value: &impl Serialize) {
        // What cannot be written as JSON is not answered either.
        let Ok(value) = serde_json::to_value(value) else {
            return;
        };
        if has_secret(&value) || self.has_own(&value) {
            faults.add(name, SENTENCE);
        }
    }

    /// As [`PublicTexts::check`], of a text that may be missing.
    pub fn check_text(&self, faults: &mut Faults, name: &str, text: Option<&str>) {
        let Some(text) = text else { return };
        if text_has_secret(text) || self.names_own(text) {
            faults.add(name, SENTENCE);
        }
    }

    fn has_own(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.names_own(text),
            Value::Array(list) => list.iter().any(|value| self.has_own(value)),
            Value::Object(map) => map
                .iter()
                .any(|(name, value)| self.names_own(name) || self.has_own(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }

    fn names_own(&self, text: &str) -> bool {
        let mut own = self.signing_secrets.iter();
        own.any(|secret| text.contains(secret.expose()))
    }
}
