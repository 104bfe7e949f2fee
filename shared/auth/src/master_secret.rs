//! The master secret: what must be shown again (resource tokens, signing secrets) is derived from it and an
//! id, and never stored. Each derived value keeps the version it was derived under.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use model::Random;
use model::ids::{AppId, CredentialId, WebhookId};
use model::webhook::SecretVersion;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::plain_key::PlainKey;
use crate::signature::SigningSecret;

/// The master secret in all its versions. It is kept as a JSON object: `current` names the version that new
/// values are derived under, every other name is a version, and its value is that version's secret.
#[derive(Clone)]
pub struct MasterSecret {
    current: u32,
    versions: BTreeMap<u32, SecretString>,
}

/// Text that is no master secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the master secret is not a JSON object with a current version and a secret of at least 32 characters for it"
)]
pub struct InvalidMasterSecret;

/// A value was derived under a version that is no longer there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("version {0} of the master secret is not there")]
pub struct VersionGone(pub u32);

impl MasterSecret {
    /// Reads it from the JSON that it is kept as.
    ///
    /// # Errors
    ///
    /// [`InvalidMasterSecret`], which says nothing of what was read.
    pub fn parse(json: &str) -> Result<Self, InvalidMasterSecret> {
        let mut fields: BTreeMap<String, String> =
            serde_json::from_str(json).map_err(|_| InvalidMasterSecret)?;
        let current = fields
            .remove("current")
            .and_then(|version| version.parse().ok())
            .ok_or(InvalidMasterSecret)?;
        let versions = fields
            .into_iter()
            .map(|(version, secret)| match version.parse() {
                Ok(version) if secret.len() >= 32 => Ok((version, SecretString::from(secret))),
                _ => Err(InvalidMasterSecret),
            })
            .collect::<Result<BTreeMap<u32, _>, _>>()?;
        if versions.contains_key(&current) {
            Ok(Self { current, versions })
        } else {
            Err(InvalidMasterSecret)
        }
    }

    /// The JSON of a new one, to be kept.
    pub fn generate(random: &dyn Random) -> String {
        let secret = URL_SAFE_NO_PAD.encode(random.bytes::<48>());
        format!("{{\"current\":\"1\",\"1\":\"{secret}\"}}")
    }

    /// The version that new values are derived under.
    pub const fn current(&self) -> u32 {
        self.current
    }

    /// The token of a credential.
    ///
    /// # Errors
    ///
    /// [`VersionGone`] if `version` has been rotated out.
    pub fn resource_token(&self, version: u32, id: CredentialId) -> Result<PlainKey, VersionGone> {
        self.derive(version, "resource-token", id.uuid().as_bytes())
            .map(PlainKey::token_from)
    }

    /// The secret that an app's links and signed searches are signed with from now on.
    ///
    /// # Errors
    ///
    /// Never in fact: the current version is always there.
    pub fn signing_secret(&self, app: AppId) -> Result<SigningSecret, VersionGone> {
        self.signing_secret_of(self.current, app)
    }

    /// Every secret that an app's links and signed searches may have been signed with, the newest version first.
    ///
    /// # Errors
    ///
    /// Never in fact: only versions that are there are derived under.
    pub fn signing_secrets(&self, app: AppId) -> Result<Vec<SigningSecret>, VersionGone> {
        let versions = self.versions.keys().rev();
        versions
            .map(|version| self.signing_secret_of(*version, app))
            .collect()
    }

    fn signing_secret_of(&self, version: u32, app: AppId) -> Result<SigningSecret, VersionGone> {
        self.derive(version, "signing-secret", app.uuid().as_bytes())
            .map(SigningSecret::from_bytes)
    }

    /// The key of one secret of a webhook endpoint, which its deliveries are signed with.
    ///
    /// # Errors
    ///
    /// [`VersionGone`] if the version that it was derived under has been rotated out.
    pub fn webhook_secret(
        &self,
        endpoint: WebhookId,
        version: SecretVersion,
    ) -> Result<[u8; 32], VersionGone> {
        let mut named = [0; 20];
        named[..16].copy_from_slice(endpoint.uuid().as_bytes());
        named[16..].copy_from_slice(&version.number.to_be_bytes());
        self.derive(version.master, "webhook-secret", &named)
    }

    /// The key of an app's secret for Timekit's signature of webhooks, from now on. As the signing secret, it is another one
    /// once the master secret is rotated.
    ///
    /// # Errors
    ///
    /// Never in fact: the current version is always there.
    pub fn app_webhook_secret(&self, app: AppId) -> Result<[u8; 32], VersionGone> {
        self.derive(self.current, "app-webhook-secret", app.uuid().as_bytes())
    }

    /// A code that proves that `message` came from here, under the current version.
    ///
    /// # Errors
    ///
    /// Never in fact: the current version is always there.
    pub fn mac(&self, purpose: &str, message: &[u8]) -> Result<[u8; 32], VersionGone> {
        self.derive(self.current, purpose, message)
    }

    /// As [`MasterSecret::mac`], under another version, so that a code from before it was renewed can be checked.
    ///
    /// # Errors
    ///
    /// [`VersionGone`] if `version` has been rotated out.
    pub fn mac_under(
        &self,
        version: u32,
        purpose: &str,
        message: &[u8],
    ) -> Result<[u8; 32], VersionGone> {
        self.derive(version, purpose, message)
    }

    /// Whether `code` is that of `message`, in a time that does not tell where it differs. Never, if `version` has been
    /// rotated out.
    pub fn is_mac(&self, code: &[u8; 32], version: u32, purpose: &str, message: &[u8]) -> bool {
        self.keyed(version, purpose, message)
            .is_ok_and(|mac| mac.verify(code.into()).is_ok())
    }

    fn derive(&self, version: u32, purpose: &str, id: &[u8]) -> Result<[u8; 32], VersionGone> {
        let mac = self.keyed(version, purpose, id)?;
        Ok(mac.finalize().into_bytes().into())
    }

    fn keyed(&self, version: u32, purpose: &str, id: &[u8]) -> Result<Hmac<Sha256>, VersionGone> {
        let secret = self.versions.get(&version).ok_or(VersionGone(version))?;
        // HMAC takes keys of every length, so this cannot fail.
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
            .map_err(|_| VersionGone(version))?;
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(id);
        Ok(mac)
    }
}

impl fmt::Debug for MasterSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterSecret(version {})", self.current)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = r#"{"current":"2","1":"oldoldoldoldoldoldoldoldoldoldoldold","2":"newnewnewnewnewnewnewnewnewnewnewnew"}"#;

    #[test]
    fn a_value_keeps_its_version_when_the_secret_is_rotated() {
        let before =
            MasterSecret::parse(r#"{"current":"1","1":"oldoldoldoldoldoldoldoldoldoldoldold"}"#)
                .expect("a secret");
        let after = MasterSecret::parse(SECRET).expect("a secret");
        let id = CredentialId::new(uuid::Uuid::from_u128(1));
        let token = before
            .resource_token(before.current(), id)
            .expect("a token");
        assert_eq!(
            after.resource_token(1, id).expect("a token").expose(),
            token.expose()
        );
        assert_ne!(
            after.resource_token(2, id).expect("a token").expose(),
            token.expose()
        );
        assert_eq!(
            after.resource_token(3, id).expect_err("gone"),
            VersionGone(3)
        );
    }

    #[test]
    fn each_endpoint_and_each_of_its_secrets_has_a_key_of_its_own_which_outlives_a_rotation() {
        let before =
            MasterSecret::parse(r#"{"current":"1","1":"oldoldoldoldoldoldoldoldoldoldoldold"}"#)
                .expect("a secret");
        let after = MasterSecret::parse(SECRET).expect("a secret");
        let endpoint = |id| WebhookId::new(uuid::Uuid::from_u128(id));
        let key = |secret: &MasterSecret, id, number, master| {
            secret.webhook_secret(endpoint(id), SecretVersion { number, master })
        };
        let first = key(&before, 1, 1, 1).expect("a key");
        assert_eq!(key(&after, 1, 1, 1), Ok(first));
        for other in [
            key(&after, 1, 2, 1),
            key(&after, 2, 1, 1),
            key(&after, 1, 1, 2),
        ] {
            assert_ne!(other.expect("a key"), first);
        }
        assert_eq!(key(&after, 1, 1, 3), Err(VersionGone(3)));
        let app = AppId::new(uuid::Uuid::from_u128(1));
        assert_ne!(
            before.app_webhook_secret(app),
            after.app_webhook_secret(app)
        );
    }

    #[test]
    fn a_secret_that_is_none_is_refused() {
        for json in [
            "",
            "{}",
            r#"{"current":"1"}"#,
            r#"{"current":"1","1":"short"}"#,
            r#"{"current":"2","1":"oldoldoldoldoldoldoldoldoldoldoldold"}"#,
        ] {
            assert!(MasterSecret::parse(json).is_err(), "{json}");
        }
    }
}
