//! What every handler works with.

use std::fmt;
use std::sync::Arc;

use auth::password::Hashing;
use auth::{KeyCache, Limiter, MasterSecret, Policy, RefusalCounter, Shares};
use chrono::{DateTime, Utc};
use ipnet::IpNet;
use model::rate::RateLimit;
use model::{Clock, Random};
use store::{Store, Writer};

use crate::error::ApiError;

/// What a deployment decides.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which secrets are looked up.
    pub policy: Policy,
    /// Whether anybody may sign up.
    pub sign_up_open: bool,
    /// Where the API is reached, without a slash at the end; none means where the request says.
    pub base_url: Option<String>,
    /// Whether cookies are for HTTPS only. Off only on a laptop.
    pub secure_cookies: bool,
    /// For how many seconds a key is taken for what it was, revocation included; 0 to 5.
    pub auth_cache_s: u32,
    /// The most that any key may be given.
    pub max_rate: RateLimit,
    /// What a live app's secret keys may do together in a minute, and its public ones as much.
    pub app_rate: RateLimit,
    /// The most keys of an app that work at the same time.
    pub max_keys: u32,
    /// Whether webhooks may be sent by plain HTTP, and to this machine itself. On only on a laptop.
    pub allow_local_webhooks: bool,
    /// Proxies whose word about the caller's address is taken.
    pub trusted_proxies: Vec<IpNet>,
}

/// Where the master secret comes from.
pub enum Secrets {
    /// It is here.
    Here(MasterSecret),
    /// It is here, and read only by whom `may_read` lets: tests ask there what a function's role says.
    Guarded {
        /// The secret.
        secret: MasterSecret,
        /// Whether whoever is asking now may have it.
        may_read: Box<dyn Fn() -> bool + Send + Sync>,
    },
    /// It is in AWS Secrets Manager, read when first needed.
    #[cfg(feature = "lambda")]
    SecretsManager(crate::secret_in_aws::SecretInAws),
}

/// What every handler works with. Cheap to clone.
#[derive(Clone)]
pub struct State(Arc<Inner>);

struct Inner {
    store: Store,
    counters: Writer,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    secrets: Secrets,
    config: Config,
    limiter: Limiter,
    keys: KeyCache,
    refusals: RefusalCounter,
    heavy: Shares,
    hashing: Hashing,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("State")
    }
}

impl State {
    /// Puts the parts together.
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        secrets: Secrets,
        config: Config,
    ) -> Self {
        let keys = KeyCache::holding_for(config.auth_cache_s);
        Self(Arc::new(Inner {
            counters: store.writer(),
            store,
            clock,
            random,
            secrets,
            config,
            limiter: Limiter::default(),
            keys,
            refusals: RefusalCounter::default(),
            heavy: Shares::default(),
            hashing: Hashing::default(),
        }))
    }

    /// The tables, to read.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// What a request without an idempotency key writes with. One that may have a key writes with
    /// [`Idempotency::writer`](crate::Idempotency::writer), or its answer is not kept.
    pub fn writer(&self) -> Writer {
        self.0.store.writer()
    }

    /// What is counted with: limits and refusals belong to no request's change.
    pub fn counters(&self) -> &Writer {
        &self.0.counters
    }

    /// The present.
    pub fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }

    /// Where new ids and secrets come from.
    pub fn random(&self) -> &dyn Random {
        &*self.0.random
    }

    /// What the deployment decides.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// This instance's share of every rate limit.
    pub fn limiter(&self) -> &Limiter {
        &self.0.limiter
    }

    /// Keys that this instance has seen lately.
    pub fn keys(&self) -> &KeyCache {
        &self.0.keys
    }

    /// The refusals that this instance counts.
    pub fn refusals(&self) -> &RefusalCounter {
        &self.0.refusals
    }

    /// Turns of what takes long: wide searches, long lists, many bookings at once.
    pub fn heavy(&self) -> &Shares {
        &self.0.heavy
    }

    /// What hashes and checks passwords.
    pub fn hashing(&self) -> &Hashing {
        &self.0.hashing
    }

    /// The master secret.
    ///
    /// # Errors
    ///
    /// [`ApiError::Unavailable`] if it cannot be read now.
    pub async fn master_secret(&self) -> Result<&MasterSecret, ApiError> {
        match &self.0.secrets {
            Secrets::Here(secret) => Ok(secret),
            Secrets::Guarded { secret, may_read } => may_read()
                .then_some(secret)
                .ok_or_else(|| ApiError::Unavailable("not allowed to read it".into())),
            #[cfg(feature = "lambda")]
            Secrets::SecretsManager(secret) => secret.get().await,
        }
    }
}
