//! The sample of docs/WEBHOOKS.md, where the same text stands.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Whether Latchkey sent `body`, the bytes that arrived, within five minutes of `now`, in seconds since 1970.
pub fn is_from_latchkey(
    secret: &str,
    id: &str,
    timestamp: &str,
    signatures: &str,
    body: &[u8],
    now: i64,
) -> bool {
    let sent: Option<i64> = timestamp.parse().ok();
    let key = secret.strip_prefix("whsec_");
    let key = key.and_then(|key| STANDARD.decode(key).ok());
    let (Some(sent), Some(key)) = (sent, key) else {
        return false;
    };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else {
        return false;
    };
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    // Compares in a time that does not tell where a signature differs.
    let is_right = |code: Vec<u8>| mac.clone().verify_slice(&code).is_ok();
    let codes = signatures
        .split(' ')
        .filter_map(|one| one.strip_prefix("v1,"));
    let mut codes = codes.filter_map(|code| STANDARD.decode(code).ok());
    now.abs_diff(sent) <= 300 && codes.any(is_right)
}
