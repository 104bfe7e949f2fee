//! A server with the demo's data, for tests of commands.

use std::sync::Arc;

use api::Config;
use api::ambient::SystemClock;
use auth::{MasterSecret, Policy};
use serde_json::json;

use crate::demo;
use crate::embedded::EmbeddedStore;
use crate::server::{self, Parts, Server};

/// A server with the demo's data. It stops with the test's runtime.
pub(crate) struct Running {
    pub(crate) url: String,
    pub(crate) key: String,
    _server: Server,
    _store: EmbeddedStore,
}

impl Running {
    pub(crate) async fn start() -> Self {
        let store = EmbeddedStore::in_memory().await.expect("a store");
        let secret = json!({ "current": "1", "1": "m".repeat(64) }).to_string();
        let parts = Parts {
            connection: store.connection(),
            secret: MasterSecret::parse(&secret).expect("a master secret"),
            clock: Arc::new(SystemClock),
            config: Config {
                policy: Policy {
                    allow_imported_keys: false,
                    is_development: true,
                },
                sign_up_open: false,
                base_url: None,
                secure_cookies: false,
                auth_cache_s: 0,
                max_rate: auth::principal::MAX_RATE,
                app_rate: auth::principal::APP_RATE,
                max_keys: auth::principal::MAX_KEYS,
                allow_local_webhooks: false,
                trusted_proxies: Vec::new(),
            },
        };
        let state = server::state(parts).await.expect("a state");
        let demo = demo::create(&state).await.expect("a demo");
        let any_port = ([127, 0, 0, 1], 0).into();
        let listener = server::listen(any_port).await.expect("a free port");
        let server = Server::start(listener, &state).expect("a server");
        Self {
            url: format!("http://{}/", server.address()),
            key: demo.test.api_key.expose().to_owned(),
            _server: server,
            _store: store,
        }
    }
}
