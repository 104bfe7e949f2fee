//! `ETag` and `If-Match`: whoever changes a thing may say which of its states they decided on.
//!
//! A tag names a thing's version, whatever part of the thing an answer shows.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use store::{Expected, KeptAnswer, Version};

use crate::error::ApiError;
use crate::idempotency::Keepable;
use crate::state::State;

/// An answer that shows one thing in one of its states, with its `ETag`.
#[derive(Clone, Debug)]
pub struct Tagged<A> {
    answer: A,
    etag: String,
}

impl<A> Tagged<A> {
    /// `answer` shows the thing in the state that `version` names.
    pub fn new(answer: A, version: &Version) -> Self {
        let etag = format!("\"{}\"", version.as_str());
        Self { answer, etag }
    }

    /// The same, whose answer `change` has changed without another state of the thing: what is shown beside it.
    #[must_use]
    pub fn map(self, change: impl FnOnce(A) -> A) -> Self {
        Self {
            answer: change(self.answer),
            ..self
        }
    }
}

impl<A: IntoResponse> IntoResponse for Tagged<A> {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        if let Ok(etag) = HeaderValue::from_str(&self.etag) {
            response.headers_mut().insert(header::ETAG, etag);
        }
        response
    }
}

impl<A: Keepable> Keepable for Tagged<A> {
    fn kept(&self) -> Result<KeptAnswer, ApiError> {
        let mut kept = self.answer.kept()?;
        let name = header::ETAG.as_str().to_owned();
        kept.headers.insert(name, self.etag.clone());
        Ok(kept)
    }
}

/// In which state the thing must be for the request to be carried out: one that `If-Match` names, or any without it.
#[derive(Clone, Debug, Default)]
pub struct IfMatch(pub Expected);

impl FromRequestParts<State> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Self::Rejection> {
        let mut lines = Vec::new();
        for line in parts.headers.get_all(header::IF_MATCH) {
            lines.push(line.to_str().map_err(|_| MALFORMED)?);
        }
        if lines.is_empty() {
            return Ok(Self(Expected::Any));
        }
        parse(&lines.join(",")).map(Self).ok_or(MALFORMED)
    }
}

const MALFORMED: ApiError = ApiError::InvalidHeader {
    header: "If-Match",
    fault: "must be * or the ETags of answers, in their quotation marks, with commas between them",
};

/// Reads `*` or a list of tags. Weak ones are left out: by RFC 9110, 13.1.1, they match nothing.
fn parse(text: &str) -> Option<Expected> {
    let mut rest = text.trim();
    if rest == "*" {
        return Some(Expected::Any);
    }
    let mut versions = Vec::new();
    let mut is_empty = true;
    while !rest.is_empty() {
        // RFC 9110, 5.6.1: a list may have empty elements, which do not count.
        if let Some(behind) = rest.strip_prefix(',') {
            rest = behind.trim_start();
            continue;
        }
        let weak = rest.strip_prefix("W/");
        let (tag, behind) = weak.unwrap_or(rest).strip_prefix('"')?.split_once('"')?;
        if !tag.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        is_empty = false;
        if weak.is_none() {
            versions.push(Version::claimed(tag));
        }
        rest = behind.trim_start();
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
    }
    (!is_empty).then_some(Expected::OneOf(versions))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_of(tags: &[&str]) -> Option<Expected> {
        let versions = tags.iter().map(|tag| Version::claimed(*tag));
        Some(Expected::OneOf(versions.collect()))
    }

    #[test]
    fn a_star_or_a_list_of_tags_is_read_and_weak_tags_match_nothing() {
        assert_eq!(parse("*"), Some(Expected::Any));
        assert_eq!(parse(" \"a\" "), one_of(&["a"]));
        assert_eq!(parse("\"a\",\"b\" , \"c\""), one_of(&["a", "b", "c"]));
        assert_eq!(parse("\"a,b\",, \"\""), one_of(&["a,b", ""]));
        assert_eq!(parse("W/\"a\", \"b\""), one_of(&["b"]));
        assert_eq!(parse("W/\"a\""), one_of(&[]));
    }

    #[test]
    fn what_is_no_list_of_tags_is_refused() {
        for text in [
            "",
            ",",
            "a",
            "\"a",
            "a\"",
            "\"a\" \"b\"",
            "\"a\"b",
            "w/\"a\"",
            "*, \"a\"",
            "\"a b\"",
            "W/",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
