//! Files that were built into the program, and how they are handed out.

use std::io::Read as _;

use api::ApiError;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::read::GzDecoder;

/// A file as it was built.
#[derive(Debug)]
pub(crate) struct Asset {
    /// Its path below `web/dist`.
    name: &'static str,
    /// Names its content.
    etag: &'static str,
    /// Its content, compressed.
    gzip: &'static [u8],
}

static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// How long browsers may keep an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Keep {
    /// For good: the file's name changes with its content.
    Forever,
    /// For some minutes: the name stays.
    Minutes,
    /// Not without asking.
    Revalidate,
}

impl Keep {
    const fn header(self) -> &'static str {
        match self {
            Self::Forever => "public, max-age=31536000, immutable",
            Self::Minutes => "public, max-age=300",
            Self::Revalidate => "no-cache",
        }
    }
}

impl Asset {
    /// The file with this path, if the pages were built and have it.
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        let at = ASSETS.binary_search_by(|asset| asset.name.cmp(name));
        at.ok().map(|at| &ASSETS[at])
    }

    /// Its content as text.
    ///
    /// # Errors
    ///
    /// If it is none: a mistake in the build.
    pub(crate) fn text(&self) -> Result<String, ApiError> {
        String::from_utf8(self.content()?).map_err(|error| ApiError::Internal(error.into()))
    }

    fn content(&self) -> Result<Vec<u8>, ApiError> {
        let mut content = Vec::new();
        GzDecoder::new(self.gzip)
            .read_to_end(&mut content)
            .map_err(|error| ApiError::Internal(error.into()))?;
        Ok(content)
    }

    fn media_type(&self) -> &'static str {
        match self.name.rsplit('.').next() {
            Some("css") => "text/css; charset=utf-8",
            Some("html") => "text/html; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("json") => "application/json",
            Some("svg") => "image/svg+xml",
            Some("txt") => "text/plain; charset=utf-8",
            Some("woff2") => "font/woff2",
            _ => "application/octet-stream",
        }
    }

    /// An answer to a request with these headers: compressed if the caller takes that, nothing if they have it already.
    ///
    /// # Errors
    ///
    /// If the file cannot be read: a mistake in the build.
    pub(crate) fn answer(&self, request: &HeaderMap, keep: Keep) -> Result<Response, ApiError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ETAG, HeaderValue::from_static(self.etag));
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static(keep.header()),
        );
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if has(request, self.etag) {
            return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
        }
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(self.media_type()),
        );
        let body = if takes_gzip(request) {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            Body::from(self.gzip)
        } else {
            Body::from(self.content()?)
        };
        Ok((headers, body).into_response())
    }
}

/// Whether the caller has kept the file. A proxy that compresses on its own marks the tag as weak.
fn has(request: &HeaderMap, etag: &str) -> bool {
    values(request, header::IF_NONE_MATCH)
        .any(|known| known == "*" || known.trim_start_matches("W/") == etag)
}

fn takes_gzip(request: &HeaderMap) -> bool {
    values(request, header::ACCEPT_ENCODING).any(|coding| {
        let (name, quality) = coding.split_once(';').unwrap_or((coding, ""));
        let quality: String = quality.split_whitespace().collect();
        let is_refused = quality
            .strip_prefix("q=")
            .is_some_and(|q| q.parse() == Ok(0.0_f32));
        matches!(name.trim(), "gzip" | "*") && !is_refused
    })
}

/// The values of a header that is a list.
fn values(headers: &HeaderMap, name: header::HeaderName) -> impl Iterator<Item = &str> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(accepted: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted))])
    }

    #[test]
    fn only_those_who_take_compressed_files_get_them() {
        for accepted in ["gzip", "br, gzip;q=0.5", "*", "deflate , gzip"] {
            assert!(takes_gzip(&with(accepted)), "{accepted}");
        }
        for refused in ["", "br", "gzip;q=0", "gzip; q=0.0", "identity"] {
            assert!(!takes_gzip(&with(refused)), "{refused}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[test]
    fn files_can_be_found_by_name() {
        assert!(ASSETS.is_sorted_by_key(|asset| asset.name));
    }
}
