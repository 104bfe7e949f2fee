//! The header `Retry-After`, in both its forms.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

/// How long the server asks to wait. A date is counted from the response's own `Date`, so that clocks need not agree.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // One that has no room asks for longer than anybody waits.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let sent = headers.get(DATE)?.to_str().ok().and_then(instant)?;
    (instant(text)? - sent).to_std().ok()
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    let parsed = DateTime::parse_from_rfc2822(text.trim()).ok()?;
    Some(parsed.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_nonsense_is_ignored() {
        let date = "Sun, 29 Nov 2026 10:00:00 GMT";
        for (text, expected) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Sun, 29 Nov 2026 10:05:00 GMT", Some(300)),
            ("Sun, 29 Nov 2026 09:00:00 GMT", None),
            ("soon", None),
            ("-5", None),
            ("1.5", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(DATE, date.parse().expect("a header"));
            headers.insert(RETRY_AFTER, text.parse().expect("a header"));
            let read = retry_after(&headers).map(|wait| wait.as_secs());
            assert_eq!(read, expected, "{text:?}");
        }
    }
}
