//! The account, its apps and their keys.

use api::State;
use auth::development::DEVELOPMENT_KEY;
use auth::issue::{self, IssuedApp, NewKey, Secret};
use auth::plain_key::hash_secret;
use auth::{Owner, PlainKey};
use model::account::Account;
use model::key::{ApiKey, KeyKind, Mode};
use model::scope::Scopes;

use super::common::{failed, issuer};
use super::ids::{
    ACCOUNT, DEVELOPMENT_KEY_ID, EMAIL, LIVE_APP, LIVE_SLUG, NAMED_KEY, TEST_APP, TEST_SLUG,
};
use crate::error::LocalError;

/// A new password of the account.
pub(super) fn password(state: &State) -> String {
    state.random().text(b"abcdefghijkmnpqrstuvwxyz23456789", 16)
}

/// Creates the account with its live and its test app, in this order.
pub(super) async fn create(
    state: &State,
    password: &str,
) -> Result<(IssuedApp, IssuedApp), LocalError> {
    let (random, now) = (state.random(), state.now());
    let owner = Owner::Stranger(None);
    let hash = state.hashing().hash(owner, password.into(), random).await;
    let hash = hash.map_err(failed)?;
    let account = Account {
        id: ACCOUNT,
        name: "Demo".to_owned(),
        email: EMAIL.to_owned(),
        created_at: now,
    };
    let app = |id, slug: &str, name, mode| {
        issue::app_with(id, slug.to_owned(), ACCOUNT, name, mode, random, now)
    };
    let live = app(LIVE_APP, LIVE_SLUG, "Demo", Mode::Live);
    let mut test = app(TEST_APP, TEST_SLUG, "Demo (test)", Mode::Test);
    test.new.keys.extend(further_keys(state));
    let apps = [live.new.clone(), test.new.clone()];
    let created = state.writer().create_account(&account, &hash, &apps).await;
    created.map_err(failed)?;
    Ok((live, test))
}

/// The test app's keys besides those of every new app.
fn further_keys(state: &State) -> [ApiKey; 2] {
    let (random, now) = (state.random(), state.now());
    let issuer = issuer(TEST_APP, Mode::Test, state);
    let named = PlainKey::generate(KeyKind::Named, Mode::Test, random);
    let named = issue::key(
        new_key("Example", KeyKind::Named),
        Secret::Ours(&named),
        &issuer,
        random,
        now,
    );
    let published = issue::key(
        new_key("Published development key", KeyKind::Api),
        Secret::Imported(hash_secret(DEVELOPMENT_KEY)),
        &issuer,
        random,
        now,
    );
    [
        ApiKey {
            id: NAMED_KEY,
            ..named
        },
        ApiKey {
            id: DEVELOPMENT_KEY_ID,
            ..published
        },
    ]
}

fn new_key(name: &str, kind: KeyKind) -> NewKey {
    NewKey {
        name: name.to_owned(),
        kind,
        scopes: Scopes::everything(),
        expires_at: None,
        allowed_cidrs: Vec::new(),
        allowed_origins: Vec::new(),
        rate_limit: None,
        address_rate_limit: None,
    }
}
