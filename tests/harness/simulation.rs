//! Several instances on one store, all in this process and without a connection between any of them, so that
//! the runtime's time can be paused (`start_paused`). What is random follows from a seed.

use std::sync::{Arc, Mutex};

use api::{Secrets, State};
use chrono::{DateTime, Utc};
use local::demo::{self, Demo};
use local::{server, tables};
use model::Clock as _;
use serde_json::json;
use store::{Connection, Store};
use workers::Jobs;

use crate::engine::Engine;
use crate::faults::{Faults, FaultyHttpClient};
use crate::invariants::Snapshot;
use crate::{Client, ManualClock, NOW, Options, instant, master_secret, parsed, state_over};

/// Randomness that follows from a seed.
#[derive(Debug)]
pub struct Random(Mutex<fastrand::Rng>);

impl Random {
    /// The randomness of this seed.
    pub fn of(seed: u64) -> Self {
        Self(Mutex::new(fastrand::Rng::with_seed(seed)))
    }

    /// A number below `end`.
    pub fn below(&self, end: u64) -> u64 {
        self.0.lock().expect("no test panicked in here").u64(..end)
    }
}

impl model::Random for Random {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().expect("no test panicked in here").fill(bytes);
    }
}

/// A store, its clock, and any number of instances.
pub struct Simulation {
    /// The clock of all instances.
    pub clock: Arc<ManualClock>,
    /// The store.
    pub engine: Engine,
    random: Arc<Random>,
    options: Options,
    key: String,
}

/// One instance of the server.
pub struct Instance {
    /// Somebody who calls it with a key of the demo's live app, whose limit nobody reaches.
    pub client: Client,
    /// What happens to its calls to the store.
    pub faults: Faults,
}

impl Simulation {
    /// Starts one with the demo in it.
    pub async fn start(seed: u64) -> Self {
        Self::start_with(seed, Options::default()).await
    }

    /// Starts one that differs.
    pub async fn start_with(seed: u64, options: Options) -> Self {
        let mut simulation = Self {
            clock: Arc::new(ManualClock::at(instant(NOW))),
            engine: Engine::in_memory(),
            random: Arc::new(Random::of(seed)),
            options,
            key: String::new(),
        };
        let (client, _) = dynamodb(&simulation.engine).await;
        let made = tables::create(&client, tables::PREFIX).await;
        made.expect("tables");
        let state = simulation.state(client);
        let demo = demo::create(&state).await.expect("a demo");
        simulation.key = fast_key(&state, &demo).await;
        simulation
    }

    /// Another one, which goes on by itself from what this one is now.
    pub fn fork(&self) -> Self {
        Self {
            clock: Arc::new(ManualClock::at(self.now())),
            engine: self.engine.copy(),
            random: self.random.clone(),
            options: self.options,
            key: self.key.clone(),
        }
    }

    /// The present.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// What the live app has now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.engine, demo::LIVE_APP)
    }

    /// One more instance.
    pub async fn instance(&self) -> Instance {
        self.instance_on(&self.engine).await
    }

    /// The store as a worker has it, and what happens to its calls.
    pub async fn store(&self) -> (Store, Faults) {
        let (client, faults) = dynamodb(&self.engine).await;
        (self.state(client).store().clone(), faults)
    }

    /// A client for the store, past everything.
    pub async fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        dynamodb(&self.engine).await.0
    }

    /// A worker, and what happens to its calls to the store.
    pub async fn worker(&self) -> (Jobs, Faults) {
        let (client, faults) = dynamodb(&self.engine).await;
        (Jobs::new(self.state(client)), faults)
    }

    /// One more instance, whose calls to the store take a random time.
    pub async fn distant_instance(&self) -> Instance {
        self.instance_on(&self.engine.with_latency(self.random.clone()))
            .await
    }

    async fn instance_on(&self, engine: &Engine) -> Instance {
        let (client, faults) = dynamodb(engine).await;
        let key = auth::presented::basic_with_key(&self.key);
        let client = caller(&self.state(client)).header("authorization", &key);
        Instance { client, faults }
    }

    fn state(&self, client: aws_sdk_dynamodb::Client) -> State {
        state_over(
            client,
            self.clock.clone(),
            self.random.clone(),
            Secrets::Here(parsed(&master_secret())),
            self.options,
        )
    }
}

async fn dynamodb(engine: &Engine) -> (aws_sdk_dynamodb::Client, Faults) {
    let (http, faults) = FaultyHttpClient::over(engine.clone());
    let connection = Connection::Endpoint(NOWHERE.to_owned());
    (connection.client_over(http).await, faults)
}

/// Stands for an address where an address must be: nothing is sent there.
const NOWHERE: &str = "http://in-process.invalid";

fn caller(state: &State) -> Client {
    let here = [127, 0, 0, 1].into();
    Client::new(NOWHERE).calling_from(here, server::router(state))
}

/// A key with the highest limit there is. Only a person may make it.
async fn fast_key(state: &State, demo: &Demo) -> String {
    let anonymous = caller(state);
    let body = json!({ "email": demo::EMAIL, "password": demo.password });
    let session = anonymous.post("/v2/sessions", body).await.expecting(201);
    let cookie = session.header("set-cookie").expect("a cookie");
    let csrf = session.body["data"]["csrf_token"]
        .as_str()
        .expect("a token");
    let person = anonymous
        .header("cookie", cookie.split(';').next().expect("a pair"))
        .header("x-csrf-token", csrf)
        .header("origin", NOWHERE)
        .header("timekit-app", demo::LIVE_SLUG);
    let rate = json!({ "limit": 100_000, "window": "1 minute" });
    let wanted = json!({ "name": "Fast", "scopes": ["*"], "rate_limit": rate });
    let made = person.post("/v2/keys", wanted).await.expecting(201);
    made.body["data"]["key"]
        .as_str()
        .expect("shown once")
        .to_owned()
}
