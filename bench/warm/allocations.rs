//! How often one request asks for memory: counted in this process, without Lambda's runtime, which is the same for all.

use std::sync::Arc;

use api::ambient::{SystemClock, SystemRandom};
use api::{Config, Secrets, State};
use auth::{MasterSecret, Policy};
use aws_sdk_dynamodb::types::AttributeValue;
use axum::Router;
use axum::body::Body;
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::Value;
use stats_alloc::Region;
use store::{Store, Tables};
use tower::ServiceExt as _;

use super::Subjects;
use crate::rig::server::Server;

/// How many requests the counts are the mean of.
const REQUESTS: u32 = 500;

/// For one `GetItem`, two, and each of our requests, in the order in which they are measured.
pub(super) async fn count(server: &Server, subjects: &mut Subjects) -> [f64; 5] {
    let client = server.way_to_store().client().await;
    let get = async |number: u32| {
        let got = client
            .get_item()
            .table_name("bench-items")
            .key("id", AttributeValue::S(number.to_string()))
            .consistent_read(true)
            .send()
            .await;
        got.expect("an item");
    };
    let state = state(server).await;
    let bookings = bookings::operations().into_router(&state);
    let availability = availability::operations().into_router(&state);
    let search = subjects.search();
    let mut counts = [0.0; 5];
    counts[0] = mean(async |_| get(0).await).await;
    counts[1] = 2.0 * counts[0];
    let path = subjects.booking.clone();
    let authorization = subjects.authorization.clone();
    let as_caller = |method: &str, path: &str, body: String| {
        Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", &authorization)
            .header("content-type", "application/json")
            .body(Body::from(body))
            .expect("a request")
    };
    counts[2] =
        mean(async |_| answer(&bookings, as_caller("GET", &path, String::new())).await).await;
    let bodies: Vec<Value> = (0..2 * REQUESTS).map(|_| subjects.next_booking()).collect();
    counts[3] = mean(async |number| {
        let body = bodies[number as usize].to_string();
        answer(&bookings, as_caller("POST", "/v2/bookings", body)).await;
    })
    .await;
    counts[4] = mean(async |_| {
        let body = search.to_string();
        answer(&availability, as_caller("POST", "/v2/availability", body)).await;
    })
    .await;
    counts
}

/// The mean of what `run` asks for, once it has run as often before.
async fn mean(mut run: impl AsyncFnMut(u32)) -> f64 {
    for number in 0..REQUESTS {
        run(number).await;
    }
    let region = Region::new(crate::ALLOCATOR);
    for number in 0..REQUESTS {
        run(REQUESTS + number).await;
    }
    let change = region.change();
    (change.allocations + change.reallocations) as f64 / f64::from(REQUESTS)
}

async fn answer(routes: &Router, request: Request<Body>) {
    let Ok(answer) = routes.clone().oneshot(request).await;
    let status = answer.status();
    let body = answer
        .into_body()
        .collect()
        .await
        .expect("a body")
        .to_bytes();
    assert!(status.is_success(), "{}", String::from_utf8_lossy(&body));
}

async fn state(server: &Server) -> State {
    let client = server.way_to_store().client().await;
    let random = Arc::new(SystemRandom);
    let secret = MasterSecret::parse(&MasterSecret::generate(&SystemRandom));
    State::new(
        Store::new(
            client,
            Tables::with_prefix("latchkey-"),
            random.clone(),
            Arc::new(SystemClock),
        ),
        Arc::new(SystemClock),
        random,
        Secrets::Here(secret.expect("a secret")),
        Config {
            policy: Policy {
                allow_imported_keys: false,
                is_development: false,
            },
            sign_up_open: false,
            base_url: None,
            secure_cookies: true,
            auth_cache_s: 0,
            max_rate: auth::principal::MAX_RATE,
            app_rate: auth::principal::APP_RATE,
            max_keys: auth::principal::MAX_KEYS,
            allow_local_webhooks: false,
            trusted_proxies: Vec::new(),
        },
    )
}
