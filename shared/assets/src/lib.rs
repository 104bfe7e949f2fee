//! Files that were built into the program, and how they are handed out.

use std::io::{Read as _, Write as _};

use api::ApiError;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// A file as it was built.
#[derive(Debug)]
pub struct Asset {
    /// Its path below the folder that it was taken from.
    pub name: &'static str,
    /// Names its content.
    pub etag: &'static str,
    /// Its content, compressed.
    pub gzip: &'static [u8],
}

/// The files of a function, in order of their names.
#[derive(Clone, Copy, Debug)]
pub struct Assets(pub &'static [Asset]);

impl Assets {
    /// The file with this path, if it was there when the program was built.
    pub fn find(self, name: &str) -> Option<&'static Asset> {
        let at = self.0.binary_search_by(|asset| asset.name.cmp(name));
        at.ok().map(|at| &self.0[at])
    }
}

/// How long browsers may keep an answer.
#[derive(Clone, Copy, Debug)]
pub enum CachePolicy {
    /// For good: the file's name changes with its content.
    Forever,
    /// For some minutes: the name stays.
    Minutes,
    /// Not without asking.
    Revalidate,
}

impl CachePolicy {
    const fn header(self) -> &'static str {
        match self {
            Self::Forever => "public, max-age=31536000, immutable",
            Self::Minutes => "public, max-age=300",
            Self::Revalidate => "no-cache",
        }
    }
}

impl Asset {
    /// Its content as text.
    ///
    /// # Errors
    ///
    /// If it is none: a mistake in the build.
    pub fn text(&self) -> Result<String, ApiError> {
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
    pub fn answer(&self, request: &HeaderMap, keep: CachePolicy) -> Result<Response, ApiError> {
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

/// `text`, compressed.
///
/// # Errors
///
/// Never in practice: it is written to memory.
pub fn gzip(text: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text)?;
    encoder.finish()
}

/// Whether the caller takes a compressed response.
pub fn takes_gzip(request: &HeaderMap) -> bool {
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
}
