//! A whole server in this process, over a store in memory, with a clock that tests set; and clients that read
//! as sentences: who calls, with what, what comes back.

mod answers;
mod bookings;
mod client;
mod clock;
mod database;
pub mod dossier;
mod endpoints;
mod engine;
pub mod events;
mod faults;
pub mod function;
pub mod graphs;
pub mod invariants;
mod log;
mod receiver;
pub mod roles;
mod simulation;
mod told;
pub mod walk;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use api::ambient::SystemRandom;
use api::{Config, Secrets, State};
use auth::{MasterSecret, Policy};
use aws_sdk_dynamodb::types::AttributeValue;
use axum::Router;
use chrono::{DateTime, Utc};
use dynoxide::ImportOptions;
use dynoxide::actions::import_items;
use local::data_folder::DataFolder;
use local::demo::{self, Demo};
use local::embedded::EmbeddedStore;
use local::server::{self, Server};
use local::tables;
use model::booking::Booking;
use model::ids::{AppId, ResourceId};
use model::occupancy::Claim;
use model::time::parse_instant;
use serde_json::{Value, json};
use store::{Connection, Store, Table, Tables, Tenant};

use crate::database::Database;

pub use bookings::{EVERYTHING, Seen};
pub use client::{Client, Reply, field_names};
pub use clock::ManualClock;
pub use database::other_endpoint;
pub use endpoints::{Row, break_record, change_row, text_of, webhook, webhook_id};
pub use engine::Engine;
pub use faults::{Fault, Faults, FaultyHttpClient, Lasting, Meeting};
pub use log::Log;
pub use receiver::{Received, Receiver};
pub use roles::Roles;
pub use simulation::{Instance, Random, Simulation};

/// The present, unless a test sets another.
pub const NOW: &str = "2026-11-21T12:00:00Z";

/// How a server under test differs from the usual one.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether keys brought along by their hash are looked up.
    pub allow_imported_keys: bool,
    /// Whether anybody may sign up.
    pub sign_up_open: bool,
    /// Whether the published development key is accepted.
    pub is_development: bool,
    /// Whether cookies are for HTTPS only.
    pub secure_cookies: bool,
    /// For how many seconds an instance takes a key for what it was.
    pub auth_cache_s: u32,
    /// The most keys of an app that work at the same time.
    pub max_keys: u32,
    /// Whether webhooks may be sent to this machine itself.
    pub allow_local_webhooks: bool,
    /// Where the API says that it is reached.
    pub base_url: Option<&'static str>,
    /// Whether the store is reached over a connection, so that it can be taken away.
    pub store_is_apart: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            allow_imported_keys: false,
            sign_up_open: true,
            is_development: true,
            secure_cookies: false,
            auth_cache_s: 0,
            max_keys: auth::principal::MAX_KEYS,
            allow_local_webhooks: false,
            base_url: None,
            store_is_apart: false,
        }
    }
}

/// A server under test. Its demo account is there; see [`local::demo`] for the ids.
pub struct TestServer {
    /// Its clock.
    pub clock: Arc<ManualClock>,
    /// What its handlers work with, for looking behind the scenes.
    pub state: State,
    /// The demo's keys.
    pub demo: Demo,
    /// What its functions may do, and what they have done.
    pub roles: Roles,
    base: String,
    database: Database,
    options: Options,
    servers: Vec<Server>,
    instances: Vec<State>,
}

/// An app to call with: its slug and keys.
#[derive(Clone, Debug)]
pub struct TestApp {
    /// Its slug.
    pub slug: String,
    /// Its App API key.
    pub api_key: String,
    /// Its widget key.
    pub widget_key: String,
}

impl TestServer {
    /// Starts one.
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    /// Starts one that differs.
    pub async fn start_with(options: Options) -> Self {
        Self::start_on(Database::start().await, options).await
    }

    /// Starts one whose store is a file in `folder`.
    pub async fn start_in(folder: &Path) -> Self {
        let folder = DataFolder::take(folder).expect("a data folder");
        let embedded = EmbeddedStore::open(&folder);
        let database = Database::of(embedded.expect("a store"));
        Self::start_on(database, Options::default()).await
    }

    async fn start_on(database: Database, options: Options) -> Self {
        let clock = Arc::new(ManualClock::at(instant(NOW)));
        let roles = Roles::default();
        let way = database.way(options.store_is_apart);
        let client = database
            .client_over(&way, roles.guard(way.http_client()))
            .await;
        let state = new_state(client, clock.clone(), &roles, options).await;
        let demo = demo::create(&state).await.expect("a demo");
        let (server, base) = serve(&state).await;
        Self {
            clock,
            instances: vec![state.clone()],
            state,
            demo,
            roles,
            base,
            database,
            options,
            servers: vec![server],
        }
    }

    /// Starts one more instance on the same store, as Lambda does, and answers where it listens.
    pub async fn another_instance(&mut self) -> String {
        self.another_instance_over(self.connection()).await
    }

    /// The access key that names its database in DynamoDB Local, if it is there.
    pub fn store_access_key(&self) -> Option<&str> {
        self.database.access_key()
    }

    /// Where the store is reached by other processes.
    pub fn store_endpoint(&self) -> String {
        self.database.endpoint()
    }

    fn connection(&self) -> Connection {
        self.database.way(self.options.store_is_apart)
    }

    /// A client by this way that may do what the roles allow.
    async fn guarded_client(&self, connection: &Connection) -> aws_sdk_dynamodb::Client {
        let http = self.roles.guard(connection.http_client());
        self.database.client_over(connection, http).await
    }

    /// As [`TestServer::another_instance`], on a way to the store of its own.
    pub async fn another_instance_by(&mut self, endpoint: String) -> String {
        self.another_instance_over(Connection::Endpoint(endpoint))
            .await
    }

    async fn another_instance_over(&mut self, connection: Connection) -> String {
        let client = self.guarded_client(&connection).await;
        let state = new_state(client, self.clock.clone(), &self.roles, self.options).await;
        let (server, base) = serve(&state).await;
        self.servers.push(server);
        self.instances.push(state);
        base
    }

    /// As [`TestServer::another_instance`], with another master secret: the JSON that it is kept as.
    pub async fn another_instance_with(&mut self, master_secret: &Value) -> String {
        let client = self.guarded_client(&self.connection()).await;
        let secrets = guarded(master_secret, &self.roles);
        let random = Arc::new(SystemRandom);
        let state = state_over(client, self.clock.clone(), random, secrets, self.options);
        let (server, base) = serve(&state).await;
        self.servers.push(server);
        self.instances.push(state);
        base
    }

    /// Starts one more instance, whose calls to the store can be made to fail.
    pub async fn faulty_instance(&mut self) -> (String, Faults) {
        let connection = Connection::Endpoint(self.store_endpoint());
        let (http, faults) = FaultyHttpClient::over(self.roles.guard(connection.http_client()));
        let client = self.database.client_over(&connection, http).await;
        let random = Arc::new(SystemRandom);
        let secrets = guarded(&master_secret(), &self.roles);
        let state = state_over(client, self.clock.clone(), random, secrets, self.options);
        let (server, base) = serve(&state).await;
        self.servers.push(server);
        self.instances.push(state);
        (base, faults)
    }

    /// The store of the instance that was started last.
    pub fn newest_store(&self) -> &store::Store {
        let newest = self.instances.last().unwrap_or(&self.state);
        newest.store()
    }

    /// How many calls have gone to the store so far, from all instances together.
    pub fn store_calls(&self) -> u64 {
        let calls = |state: &State| state.store().calls();
        self.instances.iter().map(calls).sum()
    }

    /// Where it listens, without a slash at the end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Nobody.
    pub fn anonymous(&self) -> Client {
        Client::new(&self.base)
    }

    /// Somebody with this key, as `curl --user :KEY` sends it.
    pub fn with_key(&self, key: &str) -> Client {
        self.anonymous()
            .header("authorization", &auth::presented::basic_with_key(key))
    }

    /// The demo's test app, with its App API key.
    pub fn app(&self) -> Client {
        self.with_key(self.demo.test.api_key.expose())
    }

    /// The demo's live app, with its App API key. Unlike a test app it has no limit for the day.
    pub fn live_app(&self) -> Client {
        self.with_key(self.demo.live.api_key.expose())
    }

    /// Makes a key as `owner` would, and answers its id and somebody who calls with it.
    pub async fn make_key(&self, owner: &Client, wanted: Value) -> (String, Client) {
        let made = owner.post("/v2/keys", wanted).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let key = made.body["data"]["key"].as_str().expect("shown once");
        (made.id(), self.with_key(key))
    }

    /// The same caller at another address.
    pub fn calling_from(&self, address: &str, client: &Client) -> Client {
        let address = address.parse().expect("an address");
        client.calling_from(address, self.router())
    }

    /// Its routes, without a connection.
    pub fn router(&self) -> Router {
        answers::noted(Roles::apply(server::router(&self.state)))
    }

    /// A DynamoDB client for the store behind the server.
    pub async fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let way = self.connection();
        self.database.client_over(&way, way.http_client()).await
    }

    /// Puts bookings into an app's store as they are: no rule is asked, and nothing is taken by them.
    pub fn fill(&self, app: AppId, bookings: &[Booking]) {
        let item = |booking| store::booking_item(Tenant::app(app), booking).expect("an item");
        self.import(bookings.iter().map(item));
    }

    /// Puts claims into a resource's sheets as they are: no rule is asked.
    pub fn fill_sheets(&self, app: AppId, resource: ResourceId, claims: &[Claim]) {
        self.import(store::sheet_items(app, resource, claims));
    }

    fn import(&self, items: impl IntoIterator<Item = HashMap<String, AttributeValue>>) {
        let item = |item: HashMap<String, AttributeValue>| {
            let pairs = item.into_iter();
            pairs
                .map(|(name, value)| (name, engine_value(value)))
                .collect()
        };
        let table = format!("{}{}", local::tables::PREFIX, Table::Data.suffix());
        let items = items.into_iter().map(item).collect();
        self.database
            .embedded()
            .connections()
            .writing(async |storage| {
                import_items::execute(storage, &table, items, &ImportOptions::default()).await
            })
            .expect("imported");
    }

    /// Takes away the store, which must be apart. Requests that need it fail from now on.
    pub async fn stop_store(&mut self) {
        assert!(self.options.store_is_apart);
        self.database.stop().await;
    }

    /// Signs somebody up and answers their live and test app.
    pub async fn sign_up(&self, email: &str) -> (TestApp, TestApp) {
        let body = json!({ "name": "Somebody", "email": email, "password": "a long password" });
        let reply = self.anonymous().post("/v2/accounts", body).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        let app = |index: usize| {
            let app = &reply.body["data"]["apps"][index];
            let text = |name: &str| app[name].as_str().expect("text").to_owned();
            TestApp {
                slug: text("slug"),
                api_key: text("api_key"),
                widget_key: text("widget_key"),
            }
        };
        (app(0), app(1))
    }

    /// Signs in and answers a client with the session's cookie, CSRF token and origin, which acts for no app yet.
    pub async fn sign_in(&self, email: &str, password: &str) -> Client {
        let body = json!({ "email": email, "password": password });
        let reply = self.anonymous().post("/v2/sessions", body).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        let cookie = reply.header("set-cookie").expect("a cookie");
        let cookie = cookie.split(';').next().expect("a pair").to_owned();
        let csrf = reply.body["data"]["csrf_token"]
            .as_str()
            .expect("a CSRF token")
            .to_owned();
        self.anonymous()
            .header("cookie", &cookie)
            .header("x-csrf-token", &csrf)
            .header("origin", &self.base)
    }

    /// A resource's token of a type, with which a client can be made by [`TestServer::with_token`].
    pub async fn token(
        &self,
        owner: &Client,
        resource: &str,
        token_type: &str,
    ) -> (String, String) {
        let reply = owner
            .get(&format!("/v2/credentials?search=resource.id:{resource}"))
            .await;
        let found = reply.body["data"]
            .as_array()
            .expect("credentials")
            .iter()
            .find(|c| c["type"] == token_type);
        let text = |name: &str| {
            found.expect("such a token")[name]
                .as_str()
                .expect("text")
                .to_owned()
        };
        (text("user"), text("token"))
    }

    /// A resource, by its token.
    pub fn with_token(&self, slug: &str, (user, token): &(String, String)) -> Client {
        use base64::Engine as _;
        let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{token}"));
        self.anonymous()
            .header("authorization", &format!("Basic {encoded}"))
            .header("timekit-app", slug)
    }
}

async fn new_state(
    client: aws_sdk_dynamodb::Client,
    clock: Arc<ManualClock>,
    roles: &Roles,
    options: Options,
) -> State {
    // DynamoDB Local deletes what has expired, by the machine's clock, and the embedded store deletes nothing.
    let created = tables::create_missing(&client, tables::PREFIX).await;
    created.expect("tables");
    let secrets = guarded(&master_secret(), roles);
    state_over(client, clock, Arc::new(SystemRandom), secrets, options)
}

/// The master secret of the usual server, as JSON.
pub fn master_secret() -> Value {
    json!({ "current": "1", "1": "m".repeat(64) })
}

fn parsed(master_secret: &Value) -> MasterSecret {
    MasterSecret::parse(&master_secret.to_string()).expect("a master secret")
}

/// The master secret, for the functions that may read it.
fn guarded(master_secret: &Value, roles: &Roles) -> Secrets {
    let roles = roles.clone();
    Secrets::Guarded {
        secret: parsed(master_secret),
        may_read: Box::new(move || roles.may_read_master_secret()),
    }
}

/// A state on tables that exist, reached through `client`.
fn state_over(
    client: aws_sdk_dynamodb::Client,
    clock: Arc<ManualClock>,
    random: Arc<dyn model::Random>,
    secrets: Secrets,
    options: Options,
) -> State {
    let tables = Tables::with_prefix(tables::PREFIX);
    let store = Store::new(client, tables, random.clone(), clock.clone());
    State::new(store, clock, random, secrets, config(options))
}

fn config(options: Options) -> Config {
    Config {
        policy: Policy {
            allow_imported_keys: options.allow_imported_keys,
            is_development: options.is_development,
        },
        sign_up_open: options.sign_up_open,
        base_url: options.base_url.map(str::to_owned),
        secure_cookies: options.secure_cookies,
        auth_cache_s: options.auth_cache_s,
        max_rate: auth::principal::MAX_RATE,
        app_rate: auth::principal::APP_RATE,
        max_keys: options.max_keys,
        allow_local_webhooks: options.allow_local_webhooks,
        trusted_proxies: Vec::new(),
    }
}

async fn serve(state: &State) -> (Server, String) {
    let any_port = ([127, 0, 0, 1], 0).into();
    let listener = server::listen(any_port).await.expect("a free port");
    let routes = answers::noted(Roles::apply(server::router(state)));
    let server = Server::start_routes(listener, routes).expect("a server");
    let base = format!("http://{}", server.address());
    (server, base)
}

/// How many times as many steps random walks take as in `make test`: `LATCHKEY_TIMES_LONGER`, which `make soak` sets.
pub fn times_longer() -> usize {
    let times = std::env::var("LATCHKEY_TIMES_LONGER").ok();
    times.map_or(1, |times| times.parse().expect("a number"))
}

/// An instant.
pub fn instant(text: &str) -> DateTime<Utc> {
    parse_instant(text).expect("an instant")
}

/// A sound request for a group of `resource`.
pub fn group(resource: &str, start: &str, end: &str, max_seats: u32) -> Value {
    let mut body = booking(resource, "group_owner", start, end);
    if let Some(body) = body.as_object_mut() {
        body.remove("customer");
    }
    body["settings"] = json!({ "max_seats": max_seats });
    body
}

/// A sound request for a seat in a group.
pub fn seat(graph: &str, owner: &str) -> Value {
    json!({
        "graph": graph,
        "related": { "owner_booking_id": owner },
        "customer": { "name": "Marty McFly", "email": "marty.mcfly@timekit.io" },
    })
}

/// `body` with another value of a field.
pub fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

/// A sound request for a booking of `resource`; tests change what they are about.
pub fn booking(resource: &str, graph: &str, start: &str, end: &str) -> Value {
    json!({
        "resource_id": resource,
        "graph": graph,
        "start": start,
        "end": end,
        "what": "Catch the lightning",
        "where": "Courthouse, Hill Valley, CA 95420, USA",
        "description": "The lightning strikes at 10:04 PM exactly!",
        "customer": { "name": "Marty McFly", "email": "marty.mcfly@timekit.io" },
    })
}

/// The SDK's value as the engine has it; the kinds that bookings are made of.
fn engine_value(value: AttributeValue) -> dynoxide::AttributeValue {
    use AttributeValue as Sdk;
    use dynoxide::AttributeValue as Engine;
    match value {
        Sdk::S(text) => Engine::S(text),
        Sdk::N(number) => Engine::N(number),
        Sdk::Bool(flag) => Engine::BOOL(flag),
        Sdk::Null(flag) => Engine::NULL(flag),
        Sdk::L(values) => Engine::L(values.into_iter().map(engine_value).collect()),
        Sdk::M(values) => {
            // What is not there says the same, in less space.
            let pairs = values.into_iter().filter(|(_, value)| !value.is_null());
            Engine::M(
                pairs
                    .map(|(name, value)| (name, engine_value(value)))
                    .collect(),
            )
        }
        other => panic!("no booking has {other:?}"),
    }
}
