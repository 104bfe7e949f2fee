//! How large an answer may be: as large as Lambda passes on, and no larger anywhere else, so that what a client gets from
//! a laptop it also gets on AWS, and no answer takes more memory than this.

use std::io::{self, Write as _};

use axum::Extension;
use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::extract::Request;
use axum::http::response::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::error::ApiError;

/// The most bytes that Lambda takes as the answer to one event, the JSON around it included.
pub const MAX_ANSWER: usize = 6_291_556;

/// What an answer has besides its body: more than its status and headers can come to.
const ENVELOPE: usize = 16 * 1024;

/// The most bytes of an answer's body, counted as they are within Lambda's JSON: most as they are, quotation marks and
/// line ends as two.
pub const MAX_BODY: usize = MAX_ANSWER - ENVELOPE;

/// No byte of a body becomes more bytes of JSON.
const LONGEST_ESCAPE: usize = 6;

/// Lets no answer out that is too large.
pub(crate) async fn within_bounds(request: Request, next: Next) -> Response {
    let (mut parts, body) = next.run(request).await.into_parts();
    let error = match fitting(&parts, body).await {
        Ok(bytes) => return Response::from_parts(parts, Body::from(bytes)),
        Err(error) => error,
    };
    parts.status = error.status();
    parts.extensions.insert(std::sync::Arc::new(error));
    Response::from_parts(parts, Body::empty())
}

/// The whole of an answer's body, which must not be too large.
async fn fitting(parts: &Parts, body: Body) -> Result<Bytes, ApiError> {
    let within = parts.extensions.get::<Within>().copied();
    // Every body here is whole already, so its size is known before it is read.
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Err(ApiError::AnswerTooLarge);
    }
    let bytes = to_bytes(body, MAX_BODY)
        .await
        .map_err(|error| ApiError::Internal(error.into()))?;
    let fits = bytes.len() <= MAX_BODY / LONGEST_ESCAPE
        || within.is_some_and(|Within(length)| length == bytes.len())
        || sent_as(&parts.headers, &bytes) <= MAX_BODY;
    if fits {
        Ok(bytes)
    } else {
        Err(ApiError::AnswerTooLarge)
    }
}

/// How many bytes of JSON a body becomes: a text with escapes, or Base64.
fn sent_as(headers: &HeaderMap, body: &[u8]) -> usize {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if media_type.starts_with("application/json") || media_type.starts_with("text/") {
        escaped_length(body)
    } else {
        body.len().div_ceil(3) * 4
    }
}

/// How many bytes of JSON a text becomes.
pub fn escaped_length(text: &[u8]) -> usize {
    text.iter().map(|byte| escaped_length_of(*byte)).sum()
}

fn escaped_length_of(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0C => 2,
        0x00..=0x1F => LONGEST_ESCAPE,
        _ => 1,
    }
}

/// JSON as it is written, up to a bound: what would be larger is never held.
#[derive(Debug)]
pub struct BoundedJson {
    text: Vec<u8>,
    left: usize,
}

impl BoundedJson {
    /// Nothing yet, and room for `most` bytes, counted as [`MAX_BODY`] is.
    pub const fn with_room_for(most: usize) -> Self {
        Self {
            text: Vec::new(),
            left: most,
        }
    }

    /// Writes what stands before `value`, and `value`, if there is room for all of it.
    ///
    /// # Errors
    ///
    /// [`ApiError::AnswerTooLarge`] if there is not: then none of it is there.
    pub fn write(&mut self, before: &str, value: &impl Serialize) -> Result<(), ApiError> {
        let (length, left) = (self.text.len(), self.left);
        let written = self
            .write_all(before.as_bytes())
            .map_err(serde_json::Error::io)
            .and_then(|()| serde_json::to_writer(&mut *self, value));
        written.map_err(|error| {
            self.text.truncate(length);
            self.left = left;
            if error.is_io() {
                ApiError::AnswerTooLarge
            } else {
                ApiError::Internal(error.into())
            }
        })
    }

    /// What was written.
    pub fn into_text(self) -> Vec<u8> {
        self.text
    }
}

impl io::Write for BoundedJson {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = escaped_length(bytes);
        if length > self.left {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.left -= length;
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// That a body of so many bytes was found to fit while it was written. To count megabytes again takes milliseconds, in which the
/// thread serves nobody else. A body of another length was changed since, and is counted.
#[derive(Clone, Copy, Debug)]
struct Within(usize);

/// 200 with JSON that is written already, and not too large.
#[derive(Clone, Debug)]
pub struct Written(Bytes);

impl Written {
    /// `value` as JSON.
    ///
    /// # Errors
    ///
    /// [`ApiError::AnswerTooLarge`] as soon as it turns out to be.
    pub fn of(value: &impl Serialize) -> Result<Self, ApiError> {
        let mut json = BoundedJson::with_room_for(MAX_BODY);
        json.write("", value)?;
        Ok(Self(json.into_text().into()))
    }

    /// `{"data": …}` with these rows, of which no more are made than fit.
    ///
    /// # Errors
    ///
    /// [`ApiError::AnswerTooLarge`] at the first that does not fit.
    pub fn rows<T: Serialize>(rows: impl IntoIterator<Item = T>) -> Result<Self, ApiError> {
        const AROUND: [&str; 2] = ["{\"data\":[", "]}"];
        let mut json = BoundedJson::with_room_for(MAX_BODY - 2 * AROUND.concat().len());
        for (number, row) in rows.into_iter().enumerate() {
            json.write(if number > 0 { "," } else { "" }, &row)?;
        }
        let mut text = AROUND[0].as_bytes().to_vec();
        text.extend_from_slice(&json.into_text());
        text.extend_from_slice(AROUND[1].as_bytes());
        Ok(Self::from_text(text))
    }

    /// What was written.
    pub(crate) fn from_text(text: Vec<u8>) -> Self {
        Self(text.into())
    }
}

impl IntoResponse for Written {
    fn into_response(self) -> Response {
        let within = Extension(Within(self.0.len()));
        let content_type = [(header::CONTENT_TYPE, "application/json")];
        (content_type, within, self.0).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_takes_more_room_than_is_counted() {
        for byte in 0..0x80_u8 {
            let text = char::from(byte).to_string();
            let written = serde_json::to_string(&text).expect("JSON").len() - 2;
            assert_eq!(escaped_length_of(byte), written, "{byte}");
            assert!(written <= LONGEST_ESCAPE);
        }
    }

    #[test]
    fn what_does_not_fit_leaves_what_was_written_before_as_it_was() {
        // Three letters, and two quotation marks that count twice.
        let mut json = BoundedJson::with_room_for(7 + 1 + 7);
        json.write("", &"abc").expect("room");
        let refused = json
            .write(",", &"abcd")
            .expect_err("one more than there is room for");
        assert_eq!(refused.code(), "answer_too_large");
        json.write(",", &"def").expect("room");
        assert_eq!(json.into_text(), b"\"abc\",\"def\"");
    }
}
