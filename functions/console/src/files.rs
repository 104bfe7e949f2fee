//! The files that were built into this function.

use assets::Assets;

/// Them all.
pub(crate) const FILES: Assets = Assets(include!(concat!(env!("OUT_DIR"), "/assets.rs")));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_can_be_found_by_name() {
        assert!(FILES.0.is_sorted_by_key(|asset| asset.name));
    }
}
