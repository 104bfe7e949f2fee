//! What the operations of this function share.

use assets::{Asset, Assets};

/// The scripts of the booking page, if they were built.
pub(crate) const FILES: Assets = Assets(include!(concat!(env!("OUT_DIR"), "/assets.rs")));

/// The script that makes the page quicker.
pub(crate) const PAGE_SCRIPT: &str = "book/page.js";

/// The address of the script that makes the page quicker, which changes with its content; none if it was not built.
pub(crate) fn script() -> Option<String> {
    let Asset { etag, .. } = FILES.find(PAGE_SCRIPT)?;
    let version = etag.trim_matches('"');
    Some(format!("/book/assets/page.js?v={version}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_can_be_found_by_name() {
        assert!(FILES.0.is_sorted_by_key(|asset| asset.name));
    }
}
