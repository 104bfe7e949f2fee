//! Making what callers will call with: apps with their first keys, keys, and resource credentials.

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use model::Random;
use model::app::{App, Brand, LinkSettings, WidgetKey};
use model::ids::{AccountId, AppId, CredentialId, KeyId};
use model::key::{ApiKey, Credential, HashedKey, KeyKind, Mode, TokenType};
use model::origin::Origin;
use model::rate::RateLimit;
use model::resource::Resource;
use model::scope::Scopes;
use model::slug;
use model::text::email_key;
use store::NewApp;

use crate::master_secret::{MasterSecret, VersionGone};
use crate::plain_key::PlainKey;

/// What is asked of a new key.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// What people call it.
    pub name: String,
    /// Its family.
    pub kind: KeyKind,
    /// What it may do.
    pub scopes: Scopes,
    /// From when on it is refused.
    pub expires_at: Option<DateTime<Utc>>,
    /// Addresses it may be used from.
    pub allowed_cidrs: Vec<IpNet>,
    /// Origins it may be used from.
    pub allowed_origins: Vec<Origin>,
    /// Its own rate limit.
    pub rate_limit: Option<RateLimit>,
    /// A widget key's own rate limit for one source address.
    pub address_rate_limit: Option<RateLimit>,
}

/// For which app a secret is made, and by whom.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// The app.
    pub app: AppId,
    /// When the app was made.
    pub app_created_at: DateTime<Utc>,
    /// The app's mode.
    pub mode: Mode,
    /// Who makes it.
    pub by: String,
}

/// The secret of a key that is being made: a new one of ours, or one brought along.
#[derive(Clone, Copy, Debug)]
pub enum Secret<'a> {
    /// A new one.
    Ours(&'a PlainKey),
    /// One that is known by its hash only.
    Imported(HashedKey),
}

/// The record of a new key.
pub fn key(
    new: NewKey,
    secret: Secret<'_>,
    issuer: &Issuer,
    random: &dyn Random,
    now: DateTime<Utc>,
) -> ApiKey {
    let (hash, start, imported) = match secret {
        Secret::Ours(plain) => (plain.hashed(), plain.start(), false),
        Secret::Imported(hash) => (hash, String::new(), true),
    };
    ApiKey {
        id: KeyId::random(random),
        app: issuer.app,
        app_created_at: issuer.app_created_at,
        mode: issuer.mode,
        kind: new.kind,
        name: new.name,
        hash,
        start,
        scopes: new.scopes,
        allowed_cidrs: new.allowed_cidrs,
        allowed_origins: new.allowed_origins,
        rate_limit: new.rate_limit,
        address_rate_limit: new.address_rate_limit,
        imported,
        created_at: now,
        created_by: issuer.by.clone(),
        expires_at: new.expires_at,
        revoked_at: None,
        replaced_by: None,
    }
}

/// A new app with its first two keys, and those keys in the clear for the one answer that shows them.
#[derive(Debug)]
pub struct IssuedApp {
    /// What is kept.
    pub new: NewApp,
    /// Its App API key.
    pub api_key: PlainKey,
    /// Its widget key.
    pub widget_key: PlainKey,
}

/// Makes an app. Its slug ends in random characters, so that it says nothing about which names are taken.
pub fn app(
    account: AccountId,
    name: &str,
    mode: Mode,
    random: &dyn Random,
    now: DateTime<Utc>,
) -> IssuedApp {
    app_with(
        AppId::random(random),
        slug::generated(name, "app", random),
        account,
        name,
        mode,
        random,
        now,
    )
}

/// The live and the test app that every account begins with.
pub fn first_apps(
    account: AccountId,
    name: &str,
    random: &dyn Random,
    now: DateTime<Utc>,
) -> [IssuedApp; 2] {
    [(Mode::Live, ""), (Mode::Test, " (test)")]
        .map(|(mode, suffix)| app(account, &format!("{name}{suffix}"), mode, random, now))
}

/// Makes an app with a given id and slug. It is one function because it only fills in the records of an app and its two keys.
pub fn app_with(
    id: AppId,
    slug: String,
    account: AccountId,
    name: &str,
    mode: Mode,
    random: &dyn Random,
    now: DateTime<Utc>,
) -> IssuedApp {
    let issuer = Issuer {
        app: id,
        app_created_at: now,
        mode,
        by: format!("account:{account}"),
    };
    let plain = |kind| PlainKey::generate(kind, mode, random);
    let (api_key, widget_key) = (plain(KeyKind::Api), plain(KeyKind::Widget));
    let record = |name: &str, kind, scopes, plain: &PlainKey| {
        let new = NewKey {
            name: name.to_owned(),
            kind,
            scopes,
            expires_at: None,
            allowed_cidrs: Vec::new(),
            allowed_origins: Vec::new(),
            rate_limit: None,
            address_rate_limit: None,
        };
        key(new, Secret::Ours(plain), &issuer, random, now)
    };
    let keys = vec![
        record("App API key", KeyKind::Api, Scopes::everything(), &api_key),
        record(
            "App widget key",
            KeyKind::Widget,
            Scopes::default(),
            &widget_key,
        ),
    ];
    let widget_keys = vec![WidgetKey {
        id: keys[1].id,
        key: widget_key.expose().to_owned(),
    }];
    let app = App {
        id,
        account,
        slug,
        mode,
        name: name.to_owned(),
        widget_keys,
        links: LinkSettings::default(),
        brand: Brand::default(),
        created_at: now,
        updated_at: now,
    };
    IssuedApp {
        new: NewApp { app, keys },
        api_key,
        widget_key,
    }
}

/// What is asked of a new credential.
#[derive(Clone, Debug)]
pub struct NewCredential {
    /// Its type.
    pub token_type: TokenType,
    /// What it is for.
    pub description: String,
    /// Origins it may be used from.
    pub referrer: Vec<Origin>,
    /// From when on it is refused.
    pub expires_at: Option<DateTime<Utc>>,
}

/// The record of a new credential. Its token is derived from its id, and kept as a hash only.
///
/// # Errors
///
/// Never in fact: the current version of the master secret is always there.
pub fn credential(
    new: NewCredential,
    resource: &Resource,
    issuer: &Issuer,
    secret: &MasterSecret,
    random: &dyn Random,
    now: DateTime<Utc>,
) -> Result<Credential, VersionGone> {
    credential_with(
        CredentialId::random(random),
        new,
        resource,
        issuer,
        secret,
        now,
    )
}

/// The record of a new credential with a given id.
///
/// # Errors
///
/// As [`credential`].
pub fn credential_with(
    id: CredentialId,
    new: NewCredential,
    resource: &Resource,
    issuer: &Issuer,
    secret: &MasterSecret,
    now: DateTime<Utc>,
) -> Result<Credential, VersionGone> {
    let version = secret.current();
    Ok(Credential {
        id,
        app: issuer.app,
        app_created_at: issuer.app_created_at,
        mode: issuer.mode,
        resource: resource.id,
        user: resource
            .email
            .as_ref()
            .map_or_else(|| resource.id.to_string(), |email| email_key(email)),
        token_type: new.token_type,
        description: new.description,
        referrer: new.referrer,
        hash: secret.resource_token(version, id)?.hashed(),
        secret_version: Some(version),
        created_at: now,
        expires_at: new.expires_at,
    })
}

/// The two credentials that every new resource has. They hold until `expires_at`: they do not outlive the key that makes
/// the resource.
///
/// # Errors
///
/// As [`credential`].
pub fn first_credentials(
    resource: &Resource,
    issuer: &Issuer,
    secret: &MasterSecret,
    random: &dyn Random,
    now: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
) -> Result<Vec<Credential>, VersionGone> {
    [TokenType::ServerToken, TokenType::ClientToken]
        .into_iter()
        .map(|token_type| {
            let description = "Token generated on resource creation".to_owned();
            let new = NewCredential {
                token_type,
                description,
                referrer: Vec::new(),
                expires_at,
            };
            credential(new, resource, issuer, secret, random, now)
        })
        .collect()
}
