//! Secret scanning: finding secrets of ours in text, for what strangers can read and for reports of leaks. It goes by
//! shape and checksum and looks nothing up, so it also finds what was revoked. Secrets without a shape of their own
//! (signing secrets, sessions' tokens, imported keys) are only found by whoever knows which to look for.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::feed_address::FeedAddress;
use crate::plain_key::{NAMED_PREFIX, PlainKey, begins_secret_key};

/// A secret in a text.
#[derive(Clone, Debug)]
pub enum Secret {
    /// An app's or a named key.
    Key(PlainKey),
    /// A resource's token, of either type.
    Token(PlainKey),
    /// The private address of a calendar.
    Feed(FeedAddress),
}

/// How often what was found is decoded again: Base64 in Base64, in a percent-encoded address.
const DEPTH: usize = 2;

/// The length of a resource's token.
const TOKEN: usize = 32;

/// What the secret of a webhook endpoint begins with.
const ENDPOINT_SECRET: &str = "whsec_";

/// The shortest secret of an endpoint behind its beginning, in Base64: 24 bytes.
const SHORTEST_ENDPOINT_SECRET: usize = 32;

/// The length of a feed's address without its suffix, in Base64: 64 bytes.
const FEED: usize = 86;

/// The shortest run of Base64 that could hold a secret: a token has 32 characters.
const SHORTEST_BASE64: usize = 40;

/// As people cut it: without padding, or in the middle.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Whether `value` has a secret anywhere: in a text or in the name of a field, at any depth, whole or as a part of
/// something longer, in Base64, or as a link by which a customer acts.
pub fn has_secret(value: &Value) -> bool {
    match value {
        Value::String(text) => text_has_secret(text),
        Value::Array(list) => list.iter().any(has_secret),
        Value::Object(map) => map
            .iter()
            .any(|(name, value)| text_has_secret(name) || has_secret(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// As [`has_secret`], of one text.
pub fn text_has_secret(text: &str) -> bool {
    readings(text, DEPTH).iter().any(|text| {
        begins_secret_key(text)
            || is_action_link(text)
            || has_endpoint_secret(text)
            || runs(text, |b| b.is_ascii_alphanumeric(), TOKEN)
                .any(|run| tokens(run).next().is_some())
            || feeds(text).next().is_some()
    })
}

/// Every secret in a text that can be looked up, at most `most`.
pub fn secrets_in(text: &str, most: usize) -> Vec<Secret> {
    let mut found = Vec::new();
    for text in readings(text, DEPTH) {
        let is_key = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.');
        let keys = runs(&text, is_key, TOKEN).flat_map(keys).map(Secret::Key);
        let tokens = runs(&text, |b| b.is_ascii_alphanumeric(), TOKEN)
            .flat_map(tokens)
            .map(Secret::Token);
        let feeds = feeds(&text).map(Secret::Feed);
        let left = most.saturating_sub(found.len());
        found.extend(keys.chain(tokens).chain(feeds).take(left));
    }
    found
}

/// The text itself, and what it says once it is decoded, `depth` times at most.
fn readings(text: &str, depth: usize) -> Vec<String> {
    let mut found = vec![text.to_owned()];
    let Some(depth) = depth.checked_sub(1) else {
        return found;
    };
    if text.contains('%') {
        let decoded = percent_decode_str(text).decode_utf8_lossy();
        if decoded != text {
            found.extend(readings(&decoded, depth));
        }
    }
    let is_base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_');
    for run in runs(text, is_base64, SHORTEST_BASE64) {
        let run = run.replace('-', "+").replace('_', "/");
        // Whatever stands right before it may have shifted it.
        for skipped in 0..4 {
            if let Some(decoded) = decoded(&run[skipped..]) {
                found.extend(readings(&decoded, depth));
            }
        }
    }
    found
}

/// What a run of Base64 says, if that is text; what is no text in it is left blank.
fn decoded(run: &str) -> Option<String> {
    let whole = run.len() - usize::from(run.len() % 4 == 1);
    let bytes = LENIENT.decode(&run[..whole]).ok()?;
    let is_text = |b: &u8| b.is_ascii_graphic() || *b == b' ';
    let text: String = bytes
        .iter()
        .map(|b| if is_text(b) { char::from(*b) } else { ' ' })
        .collect();
    let share = bytes.iter().filter(|b| is_text(b)).count();
    // Of random bytes a third would be.
    (share * 4 >= bytes.len() * 3).then_some(text)
}

/// The longest pieces of a text that consist of such bytes alone and have at least `shortest`.
fn runs(text: &str, is_of_it: impl Fn(u8) -> bool, shortest: usize) -> impl Iterator<Item = &str> {
    text.split(move |c: char| !u8::try_from(c).is_ok_and(|b| b.is_ascii() && is_of_it(b)))
        .filter(move |run| run.len() >= shortest)
}

fn tokens(run: &str) -> impl Iterator<Item = PlainKey> {
    windows(run, TOKEN).filter_map(|window| PlainKey::parse_token(window).ok())
}

fn keys(run: &str) -> impl Iterator<Item = PlainKey> {
    let begins = (0..run.len()).filter(move |at| {
        let rest = &run[*at..];
        rest.starts_with(NAMED_PREFIX) || begins_secret_key(&rest[..rest.len().min(13)])
    });
    begins.filter_map(move |at| PlainKey::parse_key_at_start(&run[at..]))
}

fn feeds(text: &str) -> impl Iterator<Item = FeedAddress> {
    text.match_indices(".ics").filter_map(move |(at, suffix)| {
        let begin = at.checked_sub(FEED)?;
        FeedAddress::parse(text.get(begin..at + suffix.len())?)
    })
}

fn windows(run: &str, length: usize) -> impl Iterator<Item = &str> {
    (0..=run.len().saturating_sub(length)).filter_map(move |at| run.get(at..at + length))
}

/// The secret of a webhook endpoint, ours or another product's: what Standard Webhooks begins secrets with, and Base64.
fn has_endpoint_secret(text: &str) -> bool {
    let is_base64 = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let mut found = text.match_indices(ENDPOINT_SECRET);
    found.any(|(at, prefix)| {
        let rest = text.as_bytes()[at + prefix.len()..].iter();
        rest.take_while(|b| is_base64(b)).count() >= SHORTEST_ENDPOINT_SECRET
    })
}

/// A link by which whoever opens it acts on a booking.
fn is_action_link(text: &str) -> bool {
    text.contains("/external_action/") && text.contains("signature=")
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD};
    use model::Random;
    use model::ids::{AppId, CalendarFeedId, ResourceId};
    use model::key::{KeyKind, Mode};
    use model::resource::CalendarFeed;
    use serde_json::json;
    use uuid::Uuid;

    use crate::master_secret::MasterSecret;

    struct Sevens;

    impl Random for Sevens {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    fn secrets() -> Vec<String> {
        let key = |kind, mode| PlainKey::generate(kind, mode, &Sevens).expose().to_owned();
        let master = MasterSecret::parse(&MasterSecret::generate(&Sevens)).expect("a secret");
        let feed = CalendarFeed {
            id: CalendarFeedId::new(Uuid::nil()),
            secret_version: master.current(),
            created_at: chrono::DateTime::UNIX_EPOCH,
            expires_at: None,
        };
        let (app, resource) = (AppId::new(Uuid::nil()), ResourceId::new(Uuid::nil()));
        let feed = FeedAddress::of(app, resource, &feed, &master).expect("an address");
        vec![
            key(KeyKind::Api, Mode::Live),
            key(KeyKind::Api, Mode::Test),
            key(KeyKind::Named, Mode::Live),
            PlainKey::token_from([7; 32]).expose().to_owned(),
            feed.expose(),
            format!("whsec_{}", BASE64.encode([7; 32])),
        ]
    }

    /// A secret as people write it.
    fn forms(secret: &str) -> Vec<String> {
        vec![
            secret.to_owned(),
            format!("Authorization: Bearer {secret}"),
            format!("https://example.com/{secret}"),
            format!(
                "https://example.com/?key={}&a=b",
                secret.replace('_', "%5F").replace('.', "%2E")
            ),
            format!("x{secret}y"),
            format!("Basic {}", BASE64.encode(format!(":{secret}"))),
            format!(
                "Basic {}",
                BASE64.encode(format!("doc@example.com:{secret}"))
            ),
            BASE64.encode(secret),
            BASE64.encode(format!("{secret}:")),
            URL_SAFE_NO_PAD.encode(format!(":{secret}")),
            format!("xy{}", BASE64.encode(format!(":{secret}"))),
            BASE64.encode(BASE64.encode(format!("Bearer {secret}"))),
        ]
    }

    #[test]
    fn a_secret_is_found_in_every_form_that_people_write_it_in() {
        for secret in secrets() {
            for form in forms(&secret) {
                assert!(text_has_secret(&form), "{form}");
                for value in [
                    json!(form),
                    json!([[{ "a": form }]]),
                    json!({ (form.clone()): 1 }),
                    json!({ "a": { "b": [{ (form.clone()): null }] } }),
                ] {
                    assert!(has_secret(&value), "{value}");
                }
                // An endpoint's secret has no record to be looked up by.
                let is_looked_up = !secret.starts_with(ENDPOINT_SECRET);
                assert_eq!(!secrets_in(&form, 10).is_empty(), is_looked_up, "{form}");
            }
        }
    }

    #[test]
    fn what_is_no_secret_is_not_taken_for_one() {
        let widget_key = PlainKey::generate(KeyKind::Widget, Mode::Live, &Sevens);
        for harmless in [
            "",
            "Great Scott!",
            "https://example.com/images/butt1.abc.png",
            "tt1.a8c6",
            "0123456789abcdef0123456789abcdef",
            "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
            "https://example.com/calendar.ics",
            "00000000-0000-4003-8000-000000000001",
            "Ünïcödé 👍 %%% %zz",
            widget_key.expose(),
        ] {
            assert!(!text_has_secret(harmless), "{harmless}");
            assert!(secrets_in(harmless, 10).is_empty(), "{harmless}");
        }
    }

    #[test]
    fn a_long_text_is_scanned_in_time_that_grows_with_its_length() {
        // What can be decoded again and again must not be looked at more often than its length allows.
        let mut text = "x".repeat(60);
        while text.len() < 60_000 {
            text = BASE64.encode(text);
        }
        assert!(!text_has_secret(&text));
    }
}
