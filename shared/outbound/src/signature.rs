//! The two signatures of a webhook: that of Standard Webhooks, and Timekit's.

use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretBox};
use sha2::Sha256;

/// The header of Standard Webhooks' signature; beside it are `webhook-id` and `webhook-timestamp`.
pub const SIGNATURE: &str = "webhook-signature";

/// The header of Timekit's signature.
pub const TIMEKIT_SIGNATURE: &str = "x-timekit-signature";

/// What the secret of an endpoint begins with.
const PREFIX: &str = "whsec_";

/// The secret of an endpoint, as Standard Webhooks has it: `whsec_` and base64. It is derived and never stored.
pub struct EndpointSecret(SecretBox<Vec<u8>>);

/// An app's secret for Timekit's signature: characters, which are the key as they are. It is derived and never stored.
pub struct AppSecret(SecretBox<String>);

/// Text that is not the secret of an endpoint. It says nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be whsec_ and the base64 of 24 to 64 bytes")]
pub struct InvalidSecret;

impl EndpointSecret {
    /// The one with this key.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(SecretBox::new(Box::new(bytes.to_vec())))
    }

    /// Reads one as it is shown.
    ///
    /// # Errors
    ///
    /// [`InvalidSecret`].
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        let encoded = text.strip_prefix(PREFIX).ok_or(InvalidSecret)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| InvalidSecret)?;
        if (24..=64).contains(&bytes.len()) {
            Ok(Self(SecretBox::new(Box::new(bytes))))
        } else {
            Err(InvalidSecret)
        }
    }

    /// The secret itself, for the response that shows it: `whsec_…`.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(self.0.expose_secret()))
    }
}

impl AppSecret {
    /// 256 bits as 43 characters.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(SecretBox::new(Box::new(URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// The secret itself, for the response that shows it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for EndpointSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EndpointSecret")
    }
}

impl fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppSecret")
    }
}

/// The value of [`SIGNATURE`]: an entry for each secret, so that a receiver may still have the one before.
///
/// `id` stays the same over retries; `timestamp` is that of the attempt, in seconds since 1970. Both must have no dot.
pub fn sign_standard(secrets: &[EndpointSecret], id: &str, timestamp: i64, body: &[u8]) -> String {
    let timestamp = timestamp.to_string();
    let entries = secrets.iter().map(|secret| {
        let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
        let code = code(secret.0.expose_secret(), &parts);
        format!("v1,{}", STANDARD.encode(code))
    });
    entries.collect::<Vec<_>>().join(" ")
}

/// The value of [`TIMEKIT_SIGNATURE`]: lower-case hex. It covers the body alone, so a replay cannot be told by it.
pub fn sign_timekit(secret: &AppSecret, body: &[u8]) -> String {
    let code = code(secret.expose().as_bytes(), &[body]);
    code.iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// HMAC-SHA256 under a key of at most 64 bytes, which no secret here exceeds: HMAC itself fills shorter ones up with zeros.
fn code(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut block = [0; 64];
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"email":"test@example.com","username":"test_user"}"#;

    #[test]
    fn the_test_vector_of_standard_webhooks_holds() {
        let secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
        let parsed = EndpointSecret::parse(secret).expect("a secret");
        assert_eq!(parsed.expose(), secret);
        let id = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
        let signed = sign_standard(&[parsed], id, 1_649_367_553, BODY);
        assert_eq!(signed, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
    }

    #[test]
    fn the_test_vector_of_timekit_holds() {
        let secret = AppSecret(SecretBox::new(Box::new("our-shared-secret".to_owned())));
        let signed = sign_timekit(&secret, BODY);
        assert_eq!(
            signed,
            "2f7ddebf92e91869346c844b0c0b21ada1890297a13fd194613bdfedcfa283d5"
        );
    }

    #[test]
    fn while_secrets_overlap_each_of_them_signs() {
        let secrets = [[1; 32], [2; 32]].map(EndpointSecret::from_bytes);
        let both = sign_standard(&secrets, "id", 1, BODY);
        let [first, second] = &secrets;
        let alone = [first, second].map(|secret| {
            let same = EndpointSecret::parse(&secret.expose()).expect("a secret");
            sign_standard(&[same], "id", 1, BODY)
        });
        assert_eq!(both, alone.join(" "));
        assert_ne!(alone[0], alone[1]);
    }

    #[test]
    fn secrets_do_not_show_in_logs() {
        let secret = EndpointSecret::from_bytes([7; 32]);
        assert_eq!(format!("{secret:?}"), "EndpointSecret");
        assert_eq!(format!("{:?}", AppSecret::from_bytes([7; 32])), "AppSecret");
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        for text in [
            "",
            "whsec_",
            "whsec_c2hvcnQ=",
            "C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
            "whsec_!!!",
        ] {
            assert!(EndpointSecret::parse(text).is_err(), "{text}");
        }
    }
}
