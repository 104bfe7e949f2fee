//! What a caller presents, read from the `Authorization` header.
//!
//! ```text
//! Authorization: Basic base64(":" + key)             an app, widget or named key
//! Authorization: Bearer key                          the same
//! Authorization: Basic base64(email + ":" + token)   a resource token, with Timekit-App: <slug>
//! ```

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use model::key::HashedKey;
use model::text::email_key;

use crate::denied::Denied;
use crate::plain_key::{PlainKey, hash_secret, looks_like_key};

/// What may be looked up. Only hashes leave this module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presented {
    /// A key.
    Key(HashedKey),
    /// A resource's token, with the user part that came with it.
    ResourceToken {
        /// The user part, in lower case.
        user: String,
        /// The token.
        token: HashedKey,
    },
}

/// The longest secret that is looked at.
const MAX_SECRET: usize = 256;

/// Padding may be left out: some clients do.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Reads the values of the `Authorization` header; none if there is no such header.
///
/// `foreign_shapes` is on only in deployments that import keys by their hash: then secrets of other shapes
/// are looked up too.
///
/// # Errors
///
/// [`Denied`] if what stands there cannot be a credential of ours. Nothing has been looked up then.
pub fn read(values: &[&[u8]], foreign_shapes: bool) -> Result<Option<Presented>, Denied> {
    let value = match values {
        [] => return Ok(None),
        [value] => std::str::from_utf8(value)
            .map_err(|_| Denied::Malformed)?
            .trim(),
        // Two headers: whichever we took, a proxy before us may have taken the other.
        _ => return Err(Denied::Malformed),
    };
    let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
    let rest = rest.trim();
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" => bearer(rest, foreign_shapes).map(Some),
        "bearer:" => Err(Denied::BearerColon),
        "basic" => basic(rest, foreign_shapes).map(Some),
        "basic:" => Err(Denied::BasicColon),
        _ if is_credential(value) || is_credential(rest) => Err(Denied::NoScheme),
        _ => Err(Denied::Malformed),
    }
}

fn bearer(text: &str, foreign_shapes: bool) -> Result<Presented, Denied> {
    if !looks_like_key(text) && is_credential(text) {
        return Err(Denied::EncodedForBasic);
    }
    key(text, foreign_shapes)
}

/// Whether the text is a credential of ours in one of the forms in which people have it at hand: a key, with or without
/// a colon before it, `user:token`, or base64 of one of these. It is told by its shape alone, so that a hint says nothing
/// about whether it holds.
fn is_credential(text: &str) -> bool {
    is_plain_credential(text)
        || decode(text).is_some_and(|decoded| is_plain_credential(decoded.trim()))
}

fn is_plain_credential(text: &str) -> bool {
    if looks_like_key(text) {
        return true;
    }
    text.split_once(':').is_some_and(|(user, secret)| {
        let is_token = !user.is_empty() && PlainKey::parse_token(secret).is_ok();
        is_token || looks_like_key(secret) || looks_like_key(user)
    })
}

fn decode(encoded: &str) -> Option<String> {
    let bytes = BASE64.decode(encoded).ok()?;
    String::from_utf8(bytes).ok()
}

fn basic(encoded: &str, foreign_shapes: bool) -> Result<Presented, Denied> {
    let decoded = decode(encoded).ok_or(if is_plain_credential(encoded) {
        Denied::NotEncoded
    } else {
        Denied::Malformed
    })?;
    // On the first colon: no address has one, and no token of ours.
    let (user, secret) = decoded.split_once(':').unwrap_or((&decoded, ""));
    if looks_like_key(user) {
        return Err(Denied::KeyAsUser);
    }
    if user.is_empty() {
        return key(secret, foreign_shapes);
    }
    let token = match PlainKey::parse_token(secret) {
        Ok(token) => token.hashed(),
        Err(_) => foreign(secret, foreign_shapes)?,
    };
    Ok(Presented::ResourceToken {
        user: email_key(user),
        token,
    })
}

fn key(text: &str, foreign_shapes: bool) -> Result<Presented, Denied> {
    match PlainKey::parse_key(text) {
        Ok(key) => Ok(Presented::Key(key.hashed())),
        Err(_) => foreign(text, foreign_shapes).map(Presented::Key),
    }
}

fn foreign(text: &str, allowed: bool) -> Result<HashedKey, Denied> {
    if allowed && (1..=MAX_SECRET).contains(&text.len()) {
        Ok(hash_secret(text))
    } else {
        Err(Denied::Malformed)
    }
}

/// The value of an `Authorization` header that presents `key`, as the first source document shows it.
pub fn basic_with_key(key: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!(":{key}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::development::DEVELOPMENT_KEY;
    use model::Random;
    use model::key::{KeyKind, Mode};

    struct Zeros;

    impl Random for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    fn presented(value: &str, foreign_shapes: bool) -> Result<Option<Presented>, Denied> {
        read(&[value.as_bytes()], foreign_shapes)
    }

    #[test]
    fn the_first_documents_header_value_is_the_one_it_prints() {
        assert_eq!(
            basic_with_key("test_api_key_foobar"),
            "Basic OnRlc3RfYXBpX2tleV9mb29iYXI="
        );
    }

    #[test]
    fn a_key_is_read_from_basic_and_bearer_in_any_case() {
        let expected = Ok(Some(Presented::Key(hash_secret(DEVELOPMENT_KEY))));
        let basic = basic_with_key(DEVELOPMENT_KEY);
        assert_eq!(presented(&basic, false), expected);
        assert_eq!(presented(&basic.replace("Basic", "bAsIc"), false), expected);
        assert_eq!(presented(basic.trim_end_matches('='), false), expected);
        assert_eq!(
            presented(&format!("Bearer {DEVELOPMENT_KEY}"), false),
            expected
        );
        assert_eq!(
            presented(&format!("BEARER   {DEVELOPMENT_KEY}"), false),
            expected
        );
    }

    #[test]
    fn a_secret_of_a_foreign_shape_is_looked_up_only_where_keys_are_imported() {
        let value = basic_with_key("test_api_key_foobar");
        assert_eq!(presented(&value, false), Err(Denied::Malformed));
        assert_eq!(
            presented(&value, true),
            Ok(Some(Presented::Key(hash_secret("test_api_key_foobar"))))
        );
    }

    #[test]
    fn a_resource_token_comes_with_an_address() {
        let token = PlainKey::token_from([1; 32]);
        let value = format!(
            "Basic {}",
            STANDARD.encode(format!("Doc.Brown@timekit.io:{}", token.expose()))
        );
        let expected = Presented::ResourceToken {
            user: "doc.brown@timekit.io".to_owned(),
            token: token.hashed(),
        };
        assert_eq!(presented(&value, false), Ok(Some(expected)));
    }

    #[test]
    fn common_slips_get_a_hint_and_everything_else_the_same_answer() {
        let key = DEVELOPMENT_KEY;
        let encoded = STANDARD.encode(format!(":{key}"));
        let named = PlainKey::generate(KeyKind::Named, Mode::Test, &Zeros);
        let named = named.expose();
        let token = PlainKey::token_from([1; 32]);
        let pair = format!("doc.brown@timekit.io:{}", token.expose());
        let slips = [
            (
                format!("Basic {}", STANDARD.encode(format!("{key}:"))),
                Denied::KeyAsUser,
            ),
            (format!("Bearer: {key}"), Denied::BearerColon),
            (format!("Basic: {encoded}"), Denied::BasicColon),
            (key.to_owned(), Denied::NoScheme),
            (format!(":{key}"), Denied::NoScheme),
            (encoded.clone(), Denied::NoScheme),
            (encoded.trim_end_matches('=').to_owned(), Denied::NoScheme),
            (named.to_owned(), Denied::NoScheme),
            (STANDARD.encode(&pair), Denied::NoScheme),
            (format!("Token {key}"), Denied::NoScheme),
            (format!("ApiKey {encoded}"), Denied::NoScheme),
            (format!("Basic {key}"), Denied::NotEncoded),
            (format!("Basic :{key}"), Denied::NotEncoded),
            (format!("Basic {named}"), Denied::NotEncoded),
            (format!("Basic {pair}"), Denied::NotEncoded),
            (format!("Bearer {encoded}"), Denied::EncodedForBasic),
            (format!("Bearer :{key}"), Denied::EncodedForBasic),
        ];
        for (value, slip) in slips {
            for foreign_shapes in [false, true] {
                assert_eq!(presented(&value, foreign_shapes), Err(slip), "{value}");
            }
        }
        for odd in [
            "",
            "Basic",
            "Basic !!!",
            "Basic Og==",
            "Bearer",
            "Bearer x",
            "Digest x",
            "Basic /w==",
            "key",
            "OnRlc3Q=",
            "Token x",
            "Bearer OnRlc3Q=",
        ] {
            assert_eq!(presented(odd, false), Err(Denied::Malformed), "{odd}");
        }
        assert_eq!(
            read(&[b"Bearer x", b"Bearer y"], true),
            Err(Denied::Malformed)
        );
        assert_eq!(read(&[b"Bearer \xff"], true), Err(Denied::Malformed));
        assert_eq!(read(&[], true), Ok(None));
    }
}
