//! What an app signs for people who have no key: JSON Web Tokens, HS256 under the app's signing secret and nothing
//! else. They are signed here or by the app's own programs.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{Error as SignatureError, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use model::graph::Action;
use model::ids::BookingId;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::Sha256;

/// The claim that names the app by its slug.
pub const APP_SLUG: &str = "app_slug";

/// The longest token that is looked at, in bytes.
const MAX_TOKEN: usize = 4_096;

/// What an app signs with. It is derived from the app's id and never stored.
#[derive(Clone)]
pub struct SigningSecret(SecretString);

/// A token that this app's secret did not sign, or that is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not hold")]
pub struct Forged;

/// Claims could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("claims could not be signed")]
pub struct SigningFailed(#[source] Error);

/// What a token says that holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims(Map<String, Value>);

impl SigningSecret {
    /// 256 bits as 43 characters; the characters are the secret.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes).into())
    }

    /// The secret itself, for the answer that shows it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// A token that says `claims`.
    ///
    /// # Errors
    ///
    /// Only if `claims` are no JSON object.
    pub fn sign(&self, claims: &impl Serialize) -> Result<String, SigningFailed> {
        use_our_hmac();
        let key = EncodingKey::from_secret(self.expose().as_bytes());
        encode(&Header::new(Algorithm::HS256), claims, &key).map_err(SigningFailed)
    }

    fn verify(&self, token: &str) -> Option<Map<String, Value>> {
        use_our_hmac();
        let mut only_the_signature = Validation::new(Algorithm::HS256);
        // Times are judged by `Claims`, with the clock of the request.
        only_the_signature.required_spec_claims.clear();
        only_the_signature.validate_exp = false;
        only_the_signature.validate_aud = false;
        let key = DecodingKey::from_secret(self.expose().as_bytes());
        let token = decode(token, &key, &only_the_signature).ok()?;
        let is_plain = token.header.crit.is_none()
            && token
                .header
                .typ
                .is_none_or(|typ| typ.eq_ignore_ascii_case("JWT"));
        is_plain.then_some(token.claims)
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret")
    }
}

/// The app that a token names, which only says under whose secret it must hold. Nothing is verified yet.
pub fn named_app(token: &str) -> Option<String> {
    if token.len() > MAX_TOKEN {
        return None;
    }
    let claims: Map<String, Value> = insecure_decode_claims(token).ok()?;
    claims.get(APP_SLUG)?.as_str().map(str::to_owned)
}

/// Reads a token that one of `secrets` signed.
///
/// # Errors
///
/// [`Forged`], whatever is wrong with it.
pub fn verify(token: &str, secrets: &[SigningSecret]) -> Result<Claims, Forged> {
    if token.len() > MAX_TOKEN {
        return Err(Forged);
    }
    let claims = secrets.iter().find_map(|secret| secret.verify(token));
    claims.map(Claims).ok_or(Forged)
}

impl Claims {
    /// A claim that is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// Whether it says anything under `name`.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Everything it says.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether it says that it is for `action` on this booking.
    pub fn is_for(&self, booking: BookingId, action: Action) -> bool {
        let id = self.text("booking_id").and_then(|id| id.parse().ok());
        id == Some(booking) && self.text("action") == Some(action.name())
    }

    /// Whether its time is over at `now`, or has not begun: from the very second of `exp` on, and before that of `nbf`.
    /// Without these claims it always holds; a time that is no number never does.
    pub fn is_out_of_time(&self, now: DateTime<Utc>) -> bool {
        let holds = |name: &str, is_right: &dyn Fn(f64) -> bool| match self.0.get(name) {
            None => true,
            Some(at) => at.as_f64().is_some_and(is_right),
        };
        let now_s = now.timestamp() as f64;
        !(holds("exp", &|exp| now_s < exp) && holds("nbf", &|nbf| nbf <= now_s))
    }
}

/// Gives the library the one algorithm that there is here. It keeps what it was given first, which is this.
fn use_our_hmac() {
    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: |algorithm, key| Ok(Box::new(Hs256::new(*algorithm, key.as_bytes())?)),
        verifier_factory: |algorithm, key| {
            Ok(Box::new(Hs256::new(*algorithm, key.try_get_as_bytes()?)?))
        },
        key_utils: KeyUtils::new_unimplemented(),
    };
    let _ = PROVIDER.install_default();
}

struct Hs256(Hmac<Sha256>);

impl Hs256 {
    fn new(algorithm: Algorithm, secret: &[u8]) -> Result<Self, Error> {
        if algorithm != Algorithm::HS256 {
            return Err(ErrorKind::InvalidAlgorithm.into());
        }
        let mac = Hmac::new_from_slice(secret).map_err(|_| ErrorKind::InvalidKeyFormat)?;
        Ok(Self(mac))
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        let mac = self.0.clone().chain_update(message);
        Ok(mac.finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        // In constant time.
        let mac = self.0.clone().chain_update(message);
        mac.verify_slice(signature)
            .map_err(|_| SignatureError::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SECRET: [u8; 32] = [7; 32];

    fn secret() -> SigningSecret {
        SigningSecret::from_bytes(SECRET)
    }

    /// A token with this header, signed as HS256 would sign it.
    fn token_with(header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let mac = Hs256::new(Algorithm::HS256, secret().expose().as_bytes()).expect("a key");
        let code = mac.try_sign(message.as_bytes()).expect("a code");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(code))
    }

    #[test]
    fn a_token_holds_under_the_secret_that_signed_it_and_no_other() {
        let token = secret().sign(&json!({ "a": 1 })).expect("a token");
        assert!(verify(&token, &[secret()]).is_ok());
        let other = SigningSecret::from_bytes([8; 32]);
        assert_eq!(verify(&token, std::slice::from_ref(&other)), Err(Forged));
        assert!(verify(&token, &[other, secret()]).is_ok());
        assert_eq!(verify(&token, &[]), Err(Forged));
    }

    #[test]
    fn only_hs256_is_a_signature_whatever_a_token_says_of_itself() {
        let claims = json!({ "a": 1 });
        for header in [
            json!({ "alg": "HS256", "typ": "JWT" }),
            json!({ "alg": "HS256", "typ": "jwt" }),
            json!({ "alg": "HS256" }),
        ] {
            assert!(
                verify(&token_with(&header, &claims), &[secret()]).is_ok(),
                "{header}"
            );
        }
        for header in [
            json!({ "alg": "none" }),
            json!({ "alg": "None" }),
            json!({ "alg": "" }),
            json!({ "alg": "hs256" }),
            json!({ "alg": "HS384" }),
            json!({ "alg": "HS512" }),
            json!({ "alg": "RS256" }),
            json!({ "alg": "ES256" }),
            json!({ "alg": "EdDSA" }),
            json!({ "alg": ["HS256"] }),
            json!({ "typ": "JWT" }),
            json!({ "alg": "HS256", "typ": "JWE" }),
            json!({ "alg": "HS256", "typ": "at+jwt" }),
            json!({ "alg": "HS256", "crit": ["exp"] }),
            json!([]),
        ] {
            let token = token_with(&header, &claims);
            assert_eq!(verify(&token, &[secret()]), Err(Forged), "{header}");
            let unsigned = format!("{}.", token.rsplit_once('.').expect("parts").0);
            assert_eq!(verify(&unsigned, &[secret()]), Err(Forged), "{header}");
        }
    }

    #[test]
    fn text_that_is_no_token_is_forged() {
        let sound = secret().sign(&json!({ "a": 1 })).expect("a token");
        let long = secret()
            .sign(&json!({ "a": "x".repeat(MAX_TOKEN) }))
            .expect("a token");
        let parts: Vec<&str> = sound.split('.').collect();
        for odd in [
            "",
            ".",
            "..",
            "a.b.c",
            parts[1],
            &format!("{}.{}", parts[0], parts[1]),
            &format!("{sound}."),
            &format!("{sound}="),
            &format!(" {sound}"),
            &format!("{}.{}.", parts[0], parts[1]),
            &long,
            &token_with(&json!({ "alg": "HS256" }), &json!([1])),
        ] {
            assert_eq!(verify(odd, &[secret()]), Err(Forged), "{odd}");
        }
    }

    #[test]
    fn a_token_is_out_of_time_from_the_very_second_it_expires() {
        let now = DateTime::UNIX_EPOCH + chrono::TimeDelta::seconds(1_000);
        let out = |claims: Value| {
            let token = secret().sign(&claims).expect("a token");
            // Some times that are none are refused with the token itself.
            verify(&token, &[secret()]).map_or(true, |claims| claims.is_out_of_time(now))
        };
        assert!(!out(json!({})));
        assert!(!out(json!({ "exp": 1_001, "nbf": 1_000 })));
        assert!(!out(json!({ "exp": 1_000.5 })));
        assert!(out(json!({ "exp": 1_000 })));
        assert!(out(json!({ "exp": 0 })));
        assert!(out(json!({ "exp": -1 })));
        assert!(out(json!({ "nbf": 1_001 })));
        for odd in [json!("9999"), json!(null), json!([9999]), json!(true)] {
            assert!(out(json!({ "exp": odd })), "{odd}");
            assert!(out(json!({ "nbf": odd })), "{odd}");
        }
    }
}
