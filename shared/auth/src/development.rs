//! What is known of the demo to everybody. The published key stands in the example events and the README, so it is worth
//! nothing: only a server that talks to a store of its own accepts it, and no deployed function ever does.

use model::key::HashedKey;

use crate::plain_key::hash_secret;

/// The published test key.
pub const DEVELOPMENT_KEY: &str = "test_api_key_LatchkeyDevelopmentKey0000372wvc";

/// The slug of the demo's test app, and of that app's project.
pub const DEMO_SLUG: &str = "demo-test";

/// Whether this is the published key.
pub fn is_development_key(hash: HashedKey) -> bool {
    hash == hash_secret(DEVELOPMENT_KEY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PlainKey;

    #[test]
    fn the_published_key_is_well_formed() {
        assert!(PlainKey::parse_key(DEVELOPMENT_KEY).is_ok());
    }
}
