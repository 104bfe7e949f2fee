//! Pages: a built one with the policy that fits it, or, where nothing was built, one that says what to do.

use api::ApiError;
use assets::CachePolicy;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};

use crate::files::FILES;

/// What a page of ours may load and do. It has no inline script, and names no other host.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Policy {
    /// The console's. The one inline style allowed is an empty one, by its hash: the calendar's script fills it.
    Console,
    /// A booking page's: resources may have portraits anywhere, and a console of this host shows it in a frame.
    Booking,
    /// The documentation's. The reference's viewer writes its own styles.
    Docs,
}

impl Policy {
    pub(crate) const fn header(self) -> &'static str {
        match self {
            Self::Console => {
                "default-src 'none'; script-src 'self'; font-src 'self' data:; \
                 style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; img-src 'self' data:; \
                 connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
            }
            Self::Booking => {
                "default-src 'none'; script-src 'self'; style-src 'self'; font-src data:; img-src 'self' data: https:; \
                 connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
            }
            Self::Docs => {
                "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                 connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            }
        }
    }
}

/// The page of this name.
///
/// # Errors
///
/// If it cannot be read: a mistake in the build.
pub(crate) fn page(name: &str, policy: Policy, request: &HeaderMap) -> Result<Response, ApiError> {
    let Some(asset) = FILES.find(name) else {
        return Ok(not_built());
    };
    let mut response = asset.answer(request, CachePolicy::Revalidate)?;
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy_value(policy));
    Ok(response)
}

pub(crate) const fn policy_value(policy: Policy) -> HeaderValue {
    HeaderValue::from_static(policy.header())
}

const NOT_BUILT: &str = include_str!("not_built.html");

/// Says that this program was built without its pages, and how to get them.
pub(crate) fn not_built() -> Response {
    const POLICY: (HeaderName, &str) = (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    );
    ([POLICY], Html(NOT_BUILT)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_was_not_built_says_what_is_missing_and_what_to_do() {
        let answer = page("none.html", Policy::Booking, &HeaderMap::new()).expect("an answer");
        assert_eq!(answer.status(), 200);
        for said in ["Node", "20.19", "npm", "make run", "/v2"] {
            assert!(NOT_BUILT.contains(said), "{said}");
        }
    }
}
