//! Reports of keys found where they should not be: anybody may report, and learns nothing.

use auth::PlainKey;
use auth::development::DEVELOPMENT_KEY;
use auth::plain_key::hash_secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use local::demo::{DEVELOPMENT_KEY_ID, DOC_BROWN, EMAIL, ROOM, TEST_SLUG};
use model::key::{KeyKind, Mode};
use serde_json::{Value, json};
use tests::{Client, Options, Reply, TestServer};

async fn report(server: &TestServer, keys: &[&str]) -> Reply {
    let body = json!({ "keys": keys });
    server.anonymous().post("/v2/keys/leaked", body).await
}

async fn make(server: &TestServer, owner: &Client, wanted: Value) -> (String, String) {
    let made = owner.post("/v2/keys", wanted).await.expecting(201);
    let key = made.body["data"]["key"].as_str().expect("shown once");
    assert_eq!(server.with_key(key).get("/v2/me").await.status, 200);
    (made.id(), key.to_owned())
}

async fn leaked_lines(owner: &Client) -> Vec<Value> {
    let reply = owner.get("/v2/audit?search=action:leaked&limit=1000").await;
    let reply = reply.expecting(200);
    reply.body["data"].as_array().expect("lines").clone()
}

#[tokio::test]
async fn a_reported_secret_key_is_revoked_at_once_and_the_log_says_so() {
    let mut server = TestServer::start().await;
    let owner = server.app();
    let instance = server.another_instance().await;
    for kind in ["named", "api"] {
        let (id, key) = make(&server, &owner, json!({ "name": "Lost", "kind": kind })).await;
        let finder = server.calling_from("203.0.113.7", &server.anonymous());
        let body = json!({ "keys": [key] });
        finder.post("/v2/keys/leaked", body).await.expecting(202);
        let caller = server.with_key(&key);
        assert_eq!(caller.get("/v2/me").await.status, 401);
        assert_eq!(caller.at(&instance).get("/v2/me").await.status, 401);
        let shown = owner.get(&format!("/v2/keys/{id}")).await;
        assert_eq!(
            shown.body["data"]["revoked_at"],
            "2026-11-21T12:00:00+00:00"
        );
        let found = leaked_lines(&owner).await;
        let line = found.iter().find(|line| line["key_id"] == id);
        let line = line.expect("a line about it");
        assert_eq!(line["by"], "leak report");
        assert_eq!(line["source"], "203.0.113.7");
        assert_eq!(line["at"], "2026-11-21T12:00:00+00:00");
    }
}

#[tokio::test]
async fn the_answer_is_the_same_whatever_was_reported() {
    let server = TestServer::start().await;
    let (_, real) = make(&server, &server.app(), json!({ "name": "Lost" })).await;
    let unknown = PlainKey::generate(KeyKind::Api, Mode::Live, server.state.random());
    let widget = server.demo.test.widget_key.expose();
    let token = server
        .token(&server.app(), &DOC_BROWN.to_string(), "server-token")
        .await;
    let mut answers = Vec::new();
    for text in [
        real.as_str(),
        real.as_str(),
        unknown.expose(),
        widget,
        DEVELOPMENT_KEY,
        "no key at all",
        "",
        &token.1,
    ] {
        answers.push(report(&server, &[text]).await.expecting(202).comparable());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(answers[0].2, json!({ "data": { "received": 1 } }));
    let resource = server.with_token(TEST_SLUG, &token);
    assert_eq!(resource.get("/v2/me").await.status, 401);
}

#[tokio::test]
async fn every_secret_that_is_reported_ends_whatever_it_is_and_wherever_it_stood() {
    let server = TestServer::start().await;
    let owner = server.app();
    let room = ROOM.to_string();
    let feed_path = format!("/v2/resources/{room}/calendar_feed");
    let token = async || {
        let body = json!({ "type": "server-token", "resource_id": DOC_BROWN.to_string() });
        let made = owner.post("/v2/credentials", body).await.expecting(201);
        let text = |name: &str| made.body["data"][name].as_str().expect("a text").to_owned();
        (text("user"), text("token"))
    };
    let feed = async || {
        let made = owner.post(&feed_path, json!({})).await.expecting(201);
        made.body["data"]["url"]
            .as_str()
            .expect("an address")
            .to_owned()
    };
    let basic = |(user, token): &(String, String)| {
        format!(
            "Authorization: Basic {}",
            STANDARD.encode(format!("{user}:{token}"))
        )
    };
    for form in 0..2 {
        server.clock.advance(TimeDelta::minutes(2));
        let (key_id, key) = make(&server, &owner, json!({ "name": "Lost" })).await;
        let (token, address) = (token().await, feed().await);
        let texts = match form {
            0 => [key.clone(), token.1.clone(), address.clone()],
            _ => [
                format!("const KEY = \"{key}\";"),
                basic(&token),
                format!("subscribe to {address} at once"),
            ],
        };
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let path = &address[address.find("/v2/").expect("a path")..];
        server.anonymous().get(path).await.expecting(200);
        let by_token = server.with_token(TEST_SLUG, &token);
        by_token.get("/v2/me").await.expecting(200);
        report(&server, &texts).await.expecting(202);
        server.with_key(&key).get("/v2/me").await.expecting(401);
        by_token.get("/v2/me").await.expecting(401);
        server.anonymous().get(path).await.expecting(404);
        owner.get(&feed_path).await.expecting(404);
        let lines = leaked_lines(&owner).await;
        assert_eq!(lines.len(), 3 * (form + 1), "{lines:?}");
        assert!(lines.iter().any(|line| line["key_id"] == key_id));
        let tells = |what: &str| {
            let mut details = lines.iter().filter_map(|line| line["detail"].as_str());
            details.any(|detail| detail.contains(what))
        };
        assert!(
            tells("server-token") && tells("calendar's address"),
            "{lines:?}"
        );
        let all = json!(lines).to_string();
        assert!(!all.contains(&token.1) && !all.contains(&key), "{all}");
    }
}

#[tokio::test]
async fn a_session_that_is_reported_ends() {
    let server = TestServer::start().await;
    let session = server.sign_in(EMAIL, &server.demo.password).await;
    session.get("/v2/sessions").await.expecting(200);
    let headers = session.headers();
    let cookie = headers.iter().find(|(name, _)| name == "cookie");
    let (_, cookie) = cookie.expect("a session's cookie");
    report(&server, &[cookie]).await.expecting(202);
    session.get("/v2/sessions").await.expecting(401);
}

#[tokio::test]
async fn a_client_token_is_public_and_no_visitor_takes_its_page_down() {
    let server = TestServer::start().await;
    let token = server
        .token(&server.app(), &DOC_BROWN.to_string(), "client-token")
        .await;
    report(&server, &[&token.1]).await.expecting(202);
    let page = server.with_token(TEST_SLUG, &token);
    page.get("/v2/me").await.expecting(200);
    assert_eq!(leaked_lines(&server.app()).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_report_looks_up_no_more_than_a_hundred_secrets_however_many_its_texts_hold() {
    let server = TestServer::start().await;
    let many: Vec<String> = (0..300)
        .map(|_| {
            let key = PlainKey::generate(KeyKind::Named, Mode::Live, server.state.random());
            key.expose().to_owned()
        })
        .collect();
    let text = many.join(" ");
    let before = server.state.store().calls();
    report(&server, &[&text, &text]).await.expecting(202);
    assert!(server.state.store().calls() - before <= 105);
}

#[tokio::test]
async fn public_keys_and_the_published_one_are_not_revoked() {
    let server = TestServer::start().await;
    let widget = server.demo.test.widget_key.expose();
    report(&server, &[widget, DEVELOPMENT_KEY])
        .await
        .expecting(202);
    for key in [widget, DEVELOPMENT_KEY] {
        assert_eq!(server.with_key(key).get("/v2/me").await.status, 200);
    }
    assert_eq!(leaked_lines(&server.app()).await, Vec::<Value>::new());
    let path = format!("/v2/keys/{DEVELOPMENT_KEY_ID}");
    let shown = server.app().get(&path).await.expecting(200);
    assert_eq!(shown.body["data"]["revoked_at"], Value::Null);
}

#[tokio::test]
async fn real_keys_are_found_among_others_in_whichever_app_they_are() {
    let server = TestServer::start().await;
    let live = server.with_key(server.demo.live.api_key.expose());
    let (first_id, first) = make(&server, &server.app(), json!({ "name": "Lost" })).await;
    let (second_id, second) = make(&server, &live, json!({ "name": "Lost" })).await;
    let spaced = format!(" {second}\n");
    let reply = report(&server, &["", "a", &first, "tt1.", &spaced, &first]).await;
    assert_eq!(reply.expecting(202).body["data"]["received"], 6);
    for key in [&first, &second] {
        assert_eq!(server.with_key(key).get("/v2/me").await.status, 401);
    }
    for (owner, id) in [(server.app(), first_id), (live, second_id)] {
        let found = leaked_lines(&owner).await;
        assert_eq!((found.len(), &found[0]["key_id"]), (1, &json!(id)));
    }
}

#[tokio::test]
async fn a_key_that_is_revoked_already_gets_no_second_line() {
    let server = TestServer::start().await;
    let (id, key) = make(&server, &server.app(), json!({ "name": "Lost" })).await;
    let path = format!("/v2/keys/{id}");
    server.app().delete(&path).await.expecting(204);
    report(&server, &[&key]).await.expecting(202);
    assert_eq!(leaked_lines(&server.app()).await, Vec::<Value>::new());
}

#[tokio::test]
async fn what_cannot_be_a_key_costs_no_store_call() {
    let server = TestServer::start().await;
    let cost = async |keys: &[&str]| {
        let before = server.state.store().calls();
        report(&server, keys).await.expecting(202);
        server.state.store().calls() - before
    };
    let mut mistyped = server.demo.test.api_key.expose().to_owned();
    mistyped.replace_range(20..21, if &mistyped[20..21] == "a" { "b" } else { "a" });
    // What the address has left is counted; that is all.
    let nothing = cost(&[]).await;
    let many: Vec<&str> = std::iter::repeat_n(mistyped.as_str(), 99)
        .chain(["x"])
        .collect();
    assert_eq!(cost(&many).await, nothing);
    assert_eq!(cost(&["é", "tt1.", "", "test_api_key_"]).await, nothing);
    let unknown = PlainKey::generate(KeyKind::Named, Mode::Live, server.state.random());
    assert_eq!(cost(&[unknown.expose()]).await, nothing + 1);
}

#[tokio::test]
async fn a_report_is_a_list_of_at_most_a_hundred_texts() {
    let server = TestServer::start().await;
    let (_, key) = make(&server, &server.app(), json!({ "name": "Lost" })).await;
    let many = |count| {
        std::iter::repeat_n("x", count)
            .chain([key.as_str()])
            .collect::<Vec<_>>()
    };
    for keys in [
        json!(many(100)),
        json!(key),
        json!([[7]]),
        json!([null]),
        json!({ "key": key }),
        Value::Null,
    ] {
        let body = json!({ "keys": keys });
        let reply = server.anonymous().post("/v2/keys/leaked", body).await;
        assert_eq!((reply.status, reply.faults()), (422, vec!["keys"]));
    }
    let reply = server.anonymous().post("/v2/keys/leaked", json!({})).await;
    assert_eq!((reply.status, reply.faults()), (422, vec!["keys"]));
    assert_eq!(server.with_key(&key).get("/v2/me").await.status, 200);
    report(&server, &many(99)).await.expecting(202);
    assert_eq!(server.with_key(&key).get("/v2/me").await.status, 401);
}

#[tokio::test]
async fn an_address_reports_ten_times_a_minute_and_no_more() {
    let server = TestServer::start().await;
    let (_, key) = make(&server, &server.app(), json!({ "name": "Lost" })).await;
    for _ in 0..10 {
        report(&server, &["x"]).await.expecting(202);
    }
    let reply = report(&server, &[&key]).await.expecting(429);
    let wait: u64 = reply
        .header("retry-after")
        .and_then(|wait| wait.parse().ok())
        .expect("when to try again");
    assert!((1..=60).contains(&wait));
    assert_eq!(server.with_key(&key).get("/v2/me").await.status, 200);
    let elsewhere = server.calling_from("203.0.113.7", &server.anonymous());
    let body = json!({ "keys": ["x"] });
    elsewhere.post("/v2/keys/leaked", body).await.expecting(202);
    server.clock.advance(TimeDelta::seconds(61));
    report(&server, &[&key]).await.expecting(202);
    assert_eq!(server.with_key(&key).get("/v2/me").await.status, 401);
}

#[tokio::test]
async fn an_imported_key_is_known_when_it_leaks_where_such_are_allowed() {
    let server = TestServer::start_with(Options {
        allow_imported_keys: true,
        ..Options::default()
    })
    .await;
    let sha256 = hash_secret("a key from elsewhere").to_hex();
    let wanted = json!({ "name": "From elsewhere", "sha256": sha256 });
    let made = server.app().post("/v2/keys/import", wanted).await;
    report(&server, &[" a key from elsewhere\n"])
        .await
        .expecting(202);
    let found = leaked_lines(&server.app()).await;
    assert_eq!((found.len(), &found[0]["key_id"]), (1, &json!(made.id())));
    let caller = server.with_key("a key from elsewhere");
    assert_eq!(caller.get("/v2/me").await.status, 401);
}
