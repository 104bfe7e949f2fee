//! Webhook endpoints: what they may be, who sees and changes them, their secrets, and what was delivered to them.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use http::Method;
use local::demo::{DOC_BROWN, ROOM, TEST_APP, TEST_PROJECT};
use model::delivery::{Attempt, Delivery, DeliveryId, Effect, Next, Trigger};
use model::ids::WebhookId;
use model::outbox::ToldEvent;
use model::webhook::{MAX_WEBHOOKS, Webhook};
use outbound::{AppSecret, EndpointSecret};
use serde_json::{Value, json};
use store::{DeliveryChange, Tenant};
use tests::{Client, Reply, TestServer, booking};
use tokio::task::JoinSet;

const HOOKS: &str = "/v2/webhooks";
const URL: &str = "https://example.com/webhooks";
/// When a test begins: behind everything that the demo told.
const SINCE: &str = "2026-11-21T13:00:00Z";

async fn start() -> TestServer {
    let server = TestServer::start().await;
    server.clock.set(tests::instant(SINCE));
    server
}

async fn patch(client: &Client, id: &str, body: Value) -> Reply {
    let path = format!("{HOOKS}/{id}");
    client.send(Method::PATCH, &path, &body.to_string()).await
}

async fn create(client: &Client, body: Value) -> String {
    client.post(HOOKS, body).await.expecting(201).id()
}

async fn post(client: &Client, id: &str, action: &str, body: Value) -> Reply {
    client.post(&format!("{HOOKS}/{id}/{action}"), body).await
}

async fn rows(client: &Client, path: &str) -> Vec<Value> {
    let reply = client.get(path).await.expecting(200);
    reply.body["data"].as_array().expect("rows").clone()
}

async fn deliveries(client: &Client, id: &str) -> Vec<Value> {
    rows(client, &format!("{HOOKS}/{id}/deliveries?include=body")).await
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The endpoint as it is kept.
async fn kept(server: &TestServer, id: &str) -> Webhook {
    let id: WebhookId = id.parse().expect("an id");
    let store = server.state.store();
    let kept = store.get_webhook(Tenant::app(TEST_APP), id).await;
    kept.expect("a store").expect("an endpoint")
}

/// The secrets that deliveries are signed with now, newest first.
async fn secrets(server: &TestServer, id: &str) -> Vec<String> {
    let webhook = kept(server, id).await;
    let master = server.state.master_secret().await.expect("a secret");
    let secrets = webhook.secrets_at(server.state.now());
    let secrets = secrets.map(|version| master.webhook_secret(webhook.id, version));
    secrets
        .map(|key| EndpointSecret::from_bytes(key.expect("a version")).expose())
        .collect()
}

/// A booking on this day of December is made.
async fn book(app: &Client, day: u32) -> String {
    let (start, end) = (
        format!("2026-12-{day:02}T10:00:00Z"),
        format!("2026-12-{day:02}T11:00:00Z"),
    );
    app.book(booking(&ROOM.to_string(), "instant", &start, &end))
        .await
}

/// Hands every event of the log to an endpoint, as the workers do. Answers the deliveries' ids, oldest first.
async fn hand_on(server: &TestServer, id: &str) -> Vec<DeliveryId> {
    let webhook = kept(server, id).await;
    let events = told(server).await;
    let wanted = events.into_iter().filter(|event| webhook.wants(event));
    let mut ids = Vec::new();
    for event in wanted {
        let delivery = Delivery::new(webhook.id, event, server.state.now());
        ids.push(delivery.id());
        let writer = server.state.writer();
        let made = writer.create_delivery(TEST_APP, &delivery).await;
        made.expect("a delivery");
    }
    ids
}

async fn told(server: &TestServer) -> Vec<ToldEvent> {
    let walk = store::Walk {
        direction: store::Direction::Ascending,
        after: None,
        limit: 1_000,
    };
    let (tenant, since) = (Tenant::app(TEST_APP), tests::instant(SINCE));
    let store = server.state.store();
    let told = store.list_told_events(tenant, since, &walk, server.state.now());
    let told = told.await.expect("events").rows.into_iter();
    told.filter_map(|(_, event)| event).collect()
}

/// Attempts a delivery, which is answered with `status`.
async fn attempt(server: &TestServer, id: DeliveryId, status: u16) {
    let (store, writer, now) = (
        server.state.store(),
        server.state.writer(),
        server.state.now(),
    );
    let kept = store.get_delivery(TEST_APP, id).await.expect("a store");
    let kept = kept.expect("a delivery");
    let attempt = Attempt {
        at: now,
        status: Some(status),
        reason: None,
        duration_ms: 12,
        excerpt: Some("thanks".to_owned()),
        trigger: Trigger::Scheduled,
    };
    let leased = kept.delivery().clone().leased("{\"a\":1}".to_owned(), now);
    let after = leased.attempted(attempt, Next::RetryAfter(TimeDelta::minutes(5)), now);
    let changed = writer.change_delivery(&kept, after).await.expect("a store");
    assert!(matches!(changed, DeliveryChange::Done(_)));
}

/// Its responses have this effect on an endpoint's health.
async fn answer(server: &TestServer, id: &str, effect: Effect) {
    let id: WebhookId = id.parse().expect("an id");
    let kept = server.state.store().get_health(TEST_APP, id).await;
    let kept = kept.expect("a store");
    let after = kept.health().after(effect, server.state.now());
    let after = after.expect("a change");
    let writer = server.state.writer();
    let changed = writer.change_health(&kept, &after, Vec::new());
    assert!(changed.await.expect("a store"));
}

#[tokio::test]
async fn an_endpoint_is_created_shown_changed_and_deleted_and_its_secret_is_shown_once() {
    let server = start().await;
    let app = server.app();
    let made = app.post(HOOKS, json!({ "url": URL })).await.expecting(201);
    let (id, secret) = (made.id(), text(&made.body["data"]["secret"]));
    assert_eq!(secrets(&server, &id).await, std::slice::from_ref(&secret));
    let shown = app.get(&format!("{HOOKS}/{id}")).await.expecting(200);
    let shown = &shown.body["data"];
    let expected = json!({
        "id": id, "url": URL, "method": "post", "events": null, "format": "standard", "payload": "fat",
        "project_id": null, "resource_id": null, "graph": null, "state": null, "scopes": ["*"],
        "body_version": 1, "created_by": shown["created_by"], "created_at": "2026-11-21T13:00:00+00:00",
        "enabled": true, "disabled": null, "previous_secret_until": null,
        "health": {
            "status": "new", "failing_since": null, "failures": 0, "last_success_at": null, "last_failure_at": null,
        },
    });
    assert_eq!(*shown, expected);
    assert!(text(&shown["created_by"]).starts_with("key:"), "{shown}");
    assert_eq!(rows(&app, HOOKS).await, std::slice::from_ref(shown));
    assert!(!app.get(HOOKS).await.body.to_string().contains("whsec_"));

    let changes = json!({
        "url": "https://example.com:8443/other", "events": ["group.*", "booking.paid", "group.*"], "payload": "thin",
        "project_id": TEST_PROJECT, "resource_id": ROOM, "graph": "instant", "enabled": false,
    });
    let changed = patch(&app, &id, changes).await.expecting(200);
    let changed = &changed.body["data"];
    assert_eq!(changed["events"], json!(["group.*", "booking.paid"]));
    assert_eq!(changed["project_id"], TEST_PROJECT.to_string());
    assert_eq!(
        changed["disabled"],
        json!({ "at": "2026-11-21T13:00:00+00:00", "reason": "by_owner" })
    );
    assert_eq!(changed["health"]["status"], "disabled");
    let back = json!({ "events": null, "payload": null, "project_id": null, "resource_id": null, "graph": null, "enabled": true, "url": URL });
    let back = patch(&app, &id, back).await.expecting(200);
    assert_eq!(back.body["data"], *shown);

    app.delete(&format!("{HOOKS}/{id}")).await.expecting(204);
    app.delete(&format!("{HOOKS}/{id}")).await.expecting(404);
    app.get(&format!("{HOOKS}/{id}")).await.expecting(404);
    assert!(rows(&app, HOOKS).await.is_empty());
}

#[tokio::test]
async fn a_creation_or_rotation_that_is_sent_again_makes_nothing_new_and_does_not_show_the_secret_again()
 {
    let server = start().await;
    let app = server.app().header("idempotency-key", "once");
    let made = app.post(HOOKS, json!({ "url": URL })).await.expecting(201);
    let again = app.post(HOOKS, json!({ "url": URL })).await.expecting(201);
    assert_eq!(made.id(), again.id());
    assert_eq!(again.body["meta"], made.body["meta"]);
    assert!(text(&made.body["data"]["secret"]).starts_with("whsec_"));
    let data = &again.body["data"];
    assert!(
        data["secret"].is_null() && data["notice"].is_string(),
        "{data}"
    );
    assert_eq!(rows(&app, HOOKS).await.len(), 1);
    let rotated = post(&app, &made.id(), "rotate", json!({}))
        .await
        .expecting(201);
    let again = post(&app, &made.id(), "rotate", json!({}))
        .await
        .expecting(201);
    assert!(again.body["data"]["secret"].is_null(), "{}", again.body);
    let known = secrets(&server, &made.id()).await;
    assert_eq!(known.len(), 2);
    assert_eq!(known[0], text(&rotated.body["data"]["secret"]));
    for (action, body) in [
        ("test", json!({})),
        ("replay", json!({ "since": SINCE })),
        ("enable", json!({})),
    ] {
        let first = post(&app, &made.id(), action, body.clone()).await;
        let again = post(&app, &made.id(), action, body).await;
        assert!(first.status < 300, "{action}: {}", first.body);
        assert_eq!(again.body, first.body, "{action}");
    }
    assert_eq!(deliveries(&app, &made.id()).await.len(), 1);
}

#[tokio::test]
async fn timekit_s_own_form_makes_a_webhook_that_its_client_finds_the_id_of_and_deletes() {
    let server = start().await;
    let app = server.app();
    let form =
        json!({ "url": URL, "graph": "confirm_decline", "state": "declined", "method": "post" });
    let made = app.post(HOOKS, form).await.expecting(201);
    let message = text(&made.body["meta"]["message"]);
    let id = message.split("id ").nth(1).expect("an id");
    assert_eq!(id, made.id());
    let data = &made.body["data"];
    assert_eq!(
        (&data["format"], &data["graph"], &data["state"]),
        (
            &json!("timekit"),
            &json!("confirm_decline"),
            &json!("declined")
        )
    );
    let asked = booking(
        &ROOM.to_string(),
        "confirm_decline",
        "2026-12-01T10:00:00Z",
        "2026-12-01T11:00:00Z",
    );
    let booked = app.book(asked).await;
    book(&app, 2).await;
    app.act(&booked, "decline").await.expecting(200);
    let sent = hand_on(&server, id).await;
    let sent: Vec<Value> = deliveries(&app, id)
        .await
        .into_iter()
        .zip(sent)
        .map(|(row, _)| row["type"].clone())
        .collect();
    assert_eq!(sent, ["booking.declined"]);
    app.delete(&format!("{HOOKS}/{id}")).await.expecting(204);

    for (body, format) in [
        (json!({ "url": URL, "graph": "instant" }), "standard"),
        (json!({ "url": URL, "method": "POST" }), "standard"),
        (
            json!({ "url": URL, "graph": "instant", "method": "post", "format": "standard" }),
            "standard",
        ),
        (
            json!({ "url": URL, "state": "reserved", "graph": "reservation", "method": "post" }),
            "timekit",
        ),
        (
            json!({ "url": URL, "state": "error", "method": "post" }),
            "timekit",
        ),
    ] {
        let made = app.post(HOOKS, body).await.expecting(201);
        assert_eq!(made.body["data"]["format"], format, "{}", made.body);
    }
}

#[tokio::test]
async fn the_app_s_webhook_secret_is_shown_to_whom_the_signing_secret_is() {
    let server = start().await;
    let app = server.app();
    let shown = app.get("/v2/app").await.expecting(200);
    let shown = &shown.body["data"];
    let master = server.state.master_secret().await.expect("a secret");
    let key = master.app_webhook_secret(TEST_APP).expect("a key");
    assert_eq!(shown["webhook_secret"], AppSecret::from_bytes(key).expose());
    assert_ne!(shown["webhook_secret"], shown["signing_secret"]);
    let (_, reader) = server
        .make_key(&app, json!({ "name": "Reader", "scopes": ["app.read"] }))
        .await;
    for caller in [reader, server.resource().await] {
        let seen = caller.get("/v2/app").await;
        assert!(
            seen.body["data"]["webhook_secret"].is_null(),
            "{}",
            seen.body
        );
    }
    // Nor may it get into what strangers read.
    let page = json!({ "name": shown["webhook_secret"], "resources": [] });
    app.post("/v2/projects", page).await.expecting(422);
}

#[tokio::test]
async fn whatever_is_wrong_with_an_endpoint_is_told_by_field() {
    let server = start().await;
    let app = server.app();
    let named = format!("https://example.com/{}", server.demo.test.api_key.expose());
    let whsec = format!("https://example.com/?s=whsec_{}", "A".repeat(44));
    let (_, strange) = server.sign_up("stranger@clinic.example").await;
    let other = server.with_key(&strange.api_key);
    let new = json!({ "name": "Room", "timezone": "UTC", "email": "room@clinic.example" });
    let room = other.post("/v2/resources", new).await.expecting(201).id();
    let page = other.post("/v2/projects", json!({ "name": "Page", "resources": [] }));
    let page = page.await.expecting(201).id();
    let with = |field: &str, value: Value| {
        let mut body = json!({ "url": URL });
        body[field] = value;
        body
    };
    for (body, fields) in [
        (json!({}), vec!["url"]),
        (json!({ "url": null }), vec!["url"]),
        (
            json!({ "url": 7, "events": "booking.*" }),
            vec!["events", "url"],
        ),
        (with("url", "http://example.com/".into()), vec!["url"]),
        (with("url", "https://127.0.0.1/".into()), vec!["url"]),
        (with("url", "https://10.1.2.3/".into()), vec!["url"]),
        (
            with("url", "https://[::ffff:169.254.169.254]/".into()),
            vec!["url"],
        ),
        (with("url", "https://user@example.com/".into()), vec!["url"]),
        (
            with("url", "https://user:pass@example.com/".into()),
            vec!["url"],
        ),
        (with("url", named.into()), vec!["url"]),
        (with("url", whsec.into()), vec!["url"]),
        (
            with("secret", format!("whsec_{}", "A".repeat(44)).into()),
            vec!["secret"],
        ),
        (with("events", json!(["booking.launched"])), vec!["events"]),
        (with("events", json!(["*"])), vec!["events"]),
        (with("events", json!([])), vec!["events"]),
        (with("format", "xml".into()), vec!["format"]),
        (with("payload", "slim".into()), vec!["payload"]),
        (
            json!({ "url": URL, "payload": "thin", "format": "timekit" }),
            vec!["payload"],
        ),
        (
            json!({ "url": URL, "events": ["event.*"], "format": "timekit" }),
            vec!["events"],
        ),
        (with("project_id", page.into()), vec!["project_id"]),
        (with("resource_id", room.into()), vec!["resource_id"]),
        (with("resource_id", "room".into()), vec!["resource_id"]),
        (with("graph", "instants".into()), vec!["graph"]),
        (with("state", "updated".into()), vec!["state"]),
        (
            json!({ "url": URL, "graph": "instant", "state": "reserved" }),
            vec!["state"],
        ),
        (with("method", "get".into()), vec!["method"]),
        (with("scopes", json!(["rockets.read"])), vec!["scopes"]),
        (with("body_version", 2.into()), vec!["body_version"]),
        (with("enabled", "perhaps".into()), vec!["enabled"]),
        (with("evnets", json!([])), vec!["evnets"]),
    ] {
        let refused = app.post(HOOKS, body.clone()).await;
        assert_eq!(refused.status, 422, "{body}: {}", refused.body);
        assert_eq!(refused.faults(), fields, "{body}: {}", refused.body);
    }
    assert!(rows(&app, HOOKS).await.is_empty());
    let id = create(&app, json!({ "url": URL })).await;
    for body in [
        json!({ "url": null }),
        json!({ "url": "https://192.168.1.1/" }),
        json!({ "id": id }),
    ] {
        patch(&app, &id, body).await.expecting(422);
    }
    for body in [
        json!({}),
        json!({ "since": "soon" }),
        json!({ "since": SINCE, "until": "2026-10-01T00:00:00Z" }),
        json!({ "since": SINCE, "only": "some" }),
    ] {
        post(&app, &id, "replay", body).await.expecting(422);
    }
    post(&app, &id, "rotate", json!({ "overlap": "8 days" }))
        .await
        .expecting(422);
    app.get(&format!("{HOOKS}/{id}/deliveries?state=lost"))
        .await
        .expecting(422);
}

#[tokio::test]
async fn an_app_has_at_most_64_endpoints_however_they_are_created() {
    let server = start().await;
    let app = server.app();
    let mut creations = JoinSet::new();
    for _ in 0..MAX_WEBHOOKS + 6 {
        let app = app.clone();
        creations.spawn(async move { app.post(HOOKS, json!({ "url": URL })).await });
    }
    let replies = creations.join_all().await;
    let refused: Vec<&Reply> = replies.iter().filter(|reply| reply.status != 201).collect();
    assert_eq!(refused.len(), 6);
    assert!(refused.iter().all(|reply| reply.faults() == ["url"]));
    let all = rows(&app, &format!("{HOOKS}?limit=1000")).await;
    assert_eq!(all.len(), MAX_WEBHOOKS as usize);
    let path = format!("{HOOKS}/{}", text(&all[0]["id"]));
    app.delete(&path).await.expecting(204);
    create(&app, json!({ "url": URL })).await;
    app.post(HOOKS, json!({ "url": URL })).await.expecting(422);
}

#[tokio::test]
async fn an_endpoint_keeps_what_its_maker_might_see_and_outlives_the_maker_s_key() {
    let server = start().await;
    let app = server.app();
    let scopes = ["webhooks.write", "webhooks.read", "bookings.read"];
    let wanted = json!({ "name": "Maker", "scopes": scopes });
    let (key, maker) = server.make_key(&app, wanted).await;
    let refused = maker
        .post(HOOKS, json!({ "url": URL, "events": ["event.created"] }))
        .await;
    assert_eq!((refused.status, refused.faults()), (422, vec!["events"]));
    let refused = maker
        .post(HOOKS, json!({ "url": URL, "scopes": ["*"] }))
        .await;
    assert_eq!((refused.status, refused.faults()), (422, vec!["scopes"]));
    let id = create(&maker, json!({ "url": URL })).await;
    let event = json!({
        "resource_id": ROOM, "start": "2026-12-05T10:00:00Z", "end": "2026-12-05T11:00:00Z", "what": "A", "where": "B",
    });
    app.post("/v2/events", event).await.expecting(201);
    book(&app, 1).await;
    // The key gets more scopes, and is revoked: neither changes what the endpoint gets.
    let more = json!({ "scopes": ["*"] }).to_string();
    let path = format!("/v2/keys/{key}");
    app.send(Method::PATCH, &path, &more).await.expecting(200);
    app.delete(&path).await.expecting(204);
    hand_on(&server, &id).await;
    let sent = deliveries(&app, &id).await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(sent[0]["type"], "booking.confirmed");
    let shown = app.get(&format!("{HOOKS}/{id}")).await.expecting(200);
    assert_eq!(shown.body["data"]["created_by"], format!("key:{key}"));
    // Not even the owner gives it more.
    let wider = patch(&app, &id, json!({ "scopes": ["*"] })).await;
    assert_eq!((wider.status, wider.faults()), (422, vec!["scopes"]));
    let narrower = patch(&app, &id, json!({ "scopes": ["webhooks.read"] })).await;
    assert_eq!(
        narrower.expecting(200).body["data"]["scopes"],
        json!(["webhooks.read"])
    );
    book(&app, 2).await;
    assert!(hand_on(&server, &id).await.is_empty());
    patch(&app, &id, json!({ "scopes": scopes }))
        .await
        .expecting(422);
}

#[tokio::test]
async fn nobody_turns_an_endpoint_that_sees_more_than_they_may_or_reads_what_it_was_sent() {
    let server = start().await;
    let app = server.app();
    let id = create(&app, json!({ "url": URL, "events": ["booking.*"] })).await;
    book(&app, 1).await;
    let delivery = hand_on(&server, &id).await[0];
    let wanted = json!({ "name": "Narrow", "scopes": ["webhooks.write", "webhooks.read"] });
    let (_, narrow) = server.make_key(&app, wanted).await;
    patch(&narrow, &id, json!({ "url": "https://elsewhere.example/" }))
        .await
        .expecting(403);
    post(&narrow, &id, "rotate", json!({})).await.expecting(403);
    assert!(deliveries(&narrow, &id).await.is_empty());
    let retry = format!("/v2/deliveries/{delivery}/retry");
    narrow.post(&retry, json!({})).await.expecting(404);
    let replayed = post(
        &narrow,
        &id,
        "replay",
        json!({ "since": SINCE, "only": "all" }),
    )
    .await;
    assert_eq!(replayed.expecting(200).body["data"]["replayed"], 0);
    assert_eq!(kept(&server, &id).await.url, URL);
    let wanted = json!({ "name": "Reader", "scopes": ["webhooks.read", "bookings.read"] });
    let (_, reader) = server.make_key(&app, wanted).await;
    assert_eq!(deliveries(&reader, &id).await.len(), 1);
    reader.post(&retry, json!({})).await.expecting(403);
}

#[tokio::test]
async fn a_resource_s_token_makes_endpoints_for_its_resource_alone_and_sees_no_others() {
    let server = start().await;
    let (app, resource) = (server.app(), server.resource().await);
    let of_app = create(&app, json!({ "url": URL })).await;
    let made = resource
        .post(HOOKS, json!({ "url": URL }))
        .await
        .expecting(201);
    assert_eq!(made.body["data"]["resource_id"], DOC_BROWN.to_string());
    let own = made.id();
    book(&app, 1).await;
    let of_doc = booking(
        &DOC_BROWN.to_string(),
        "instant",
        "2026-12-02T15:00:00Z",
        "2026-12-02T16:00:00Z",
    );
    let of_doc = app.book(of_doc).await;
    let log = rows(
        &resource,
        "/v2/webhooks/events?since=2026-11-21T13:00:00Z&limit=1000",
    )
    .await;
    let events: BTreeSet<String> = log.iter().map(|event| text(&event["id"])).collect();
    let sent = hand_on(&server, &own).await;
    let sent: BTreeSet<String> = sent.iter().map(|id| id.event.to_string()).collect();
    assert_eq!(sent, events);
    assert!(
        log.iter().any(|event| event["data"]["id"] == of_doc),
        "{log:?}"
    );
    let listed = rows(&resource, HOOKS).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["id"], own);
    for path in [
        format!("{HOOKS}/{of_app}"),
        format!("{HOOKS}/{of_app}/deliveries"),
    ] {
        resource.get(&path).await.expecting(404);
    }
    resource
        .delete(&format!("{HOOKS}/{of_app}"))
        .await
        .expecting(404);
    assert_eq!(rows(&app, HOOKS).await.len(), 2);
    let of_another = json!({ "url": URL, "resource_id": ROOM });
    assert_eq!(
        resource.post(HOOKS, of_another.clone()).await.faults(),
        ["resource_id"]
    );
    // Whoever changes it later, it stays the resource's.
    let moved = patch(&app, &own, json!({ "resource_id": ROOM }))
        .await
        .expecting(200);
    assert_eq!(moved.body["data"]["resource_id"], DOC_BROWN.to_string());
    assert!(hand_on(&server, &own).await.is_empty());
}

#[tokio::test]
async fn after_a_rotation_both_secrets_sign_until_the_overlap_ends() {
    let server = start().await;
    let app = server.app();
    let made = app.post(HOOKS, json!({ "url": URL })).await.expecting(201);
    let (id, first) = (made.id(), text(&made.body["data"]["secret"]));
    let rotated = post(&app, &id, "rotate", json!({ "overlap": "2 hours" }))
        .await
        .expecting(201);
    let second = text(&rotated.body["data"]["secret"]);
    assert_eq!(
        rotated.body["data"]["previous_secret_until"],
        "2026-11-21T15:00:00+00:00"
    );
    assert_eq!(secrets(&server, &id).await, [second.clone(), first.clone()]);
    server.clock.advance(TimeDelta::hours(2));
    assert_eq!(secrets(&server, &id).await, std::slice::from_ref(&second));
    let shown = app.get(&format!("{HOOKS}/{id}")).await;
    assert!(shown.body["data"]["previous_secret_until"].is_null());
    let rotated = post(&app, &id, "rotate", json!({ "overlap": "0 hours" }))
        .await
        .expecting(201);
    let third = text(&rotated.body["data"]["secret"]);
    assert_eq!(secrets(&server, &id).await, std::slice::from_ref(&third));
    assert_eq!(BTreeSet::from([first, second, third]).len(), 3);
}

#[tokio::test]
async fn a_test_is_sent_whatever_the_endpoint_selects_unless_it_is_disabled() {
    let server = start().await;
    let app = server.app();
    let id = create(&app, json!({ "url": URL, "events": ["group.full"] })).await;
    let sent = post(&app, &id, "test", json!({})).await.expecting(201);
    let data = &sent.body["data"];
    assert_eq!(
        (&data["type"], &data["state"]),
        (&json!("endpoint.test"), &json!("pending"))
    );
    assert_eq!(data["next_attempt_at"], "2026-11-21T13:00:00+00:00");
    assert_eq!(deliveries(&app, &id).await[0]["id"], data["id"]);
    assert!(
        rows(&app, "/v2/webhooks/events")
            .await
            .iter()
            .all(|event| event["type"] != "endpoint.test")
    );
    let delivery = sent.id();

    // By hand, and by its own responses: 410, and five days of failures.
    let by_hand = async || {
        patch(&app, &id, json!({ "enabled": false }))
            .await
            .expecting(200);
    };
    let gone = async || answer(&server, &id, Effect::Gone).await;
    let failing = async || {
        answer(&server, &id, Effect::Failed).await;
        server.clock.advance(TimeDelta::days(5));
        answer(&server, &id, Effect::Failed).await;
    };
    for reason in ["by_owner", "gone", "failing"] {
        match reason {
            "by_owner" => by_hand().await,
            "gone" => gone().await,
            _ => failing().await,
        }
        let shown = app.get(&format!("{HOOKS}/{id}")).await.expecting(200);
        let shown = &shown.body["data"];
        assert_eq!(shown["disabled"]["reason"], reason, "{shown}");
        assert_eq!(
            (&shown["enabled"], &shown["health"]["status"]),
            (&json!(false), &json!("disabled"))
        );
        assert_eq!(rows(&app, HOOKS).await[0], *shown);
        post(&app, &id, "test", json!({})).await.expecting(409);
        post(&app, &id, "replay", json!({ "since": SINCE }))
            .await
            .expecting(409);
        app.post(&format!("/v2/deliveries/{delivery}/retry"), json!({}))
            .await
            .expecting(409);
        let enabled = post(&app, &id, "enable", json!({})).await.expecting(200);
        let enabled = &enabled.body["data"];
        assert!(
            enabled["disabled"].is_null() && enabled["enabled"] == true,
            "{enabled}"
        );
        post(&app, &id, "test", json!({})).await.expecting(201);
    }
    // One that is enabled stays as it is, its failures included.
    answer(&server, &id, Effect::Failed).await;
    let before = app.get(&format!("{HOOKS}/{id}")).await.body["data"].clone();
    let enabled = post(&app, &id, "enable", json!({})).await.expecting(200);
    assert_eq!(enabled.body["data"], before);
    assert_eq!(before["health"]["status"], "failing");
}

#[tokio::test]
async fn a_delivery_is_shown_with_its_body_and_attempts_and_sent_again_on_demand() {
    let server = start().await;
    let app = server.app();
    let id = create(&app, json!({ "url": URL, "events": ["booking.*"] })).await;
    book(&app, 1).await;
    let delivery = hand_on(&server, &id).await[0];
    attempt(&server, delivery, 500).await;
    let shown = deliveries(&app, &id).await;
    let expected = json!({
        "id": delivery.to_string(), "webhook_id": id, "event_id": delivery.event.to_string(), "type": "booking.confirmed",
        "state": "pending", "created_at": "2026-11-21T13:00:00+00:00", "next_attempt_at": "2026-11-21T13:05:00+00:00",
        "attempt_count": 1, "body": "{\"a\":1}",
        "attempts": [{
            "at": "2026-11-21T13:00:00+00:00", "status": 500, "reason": null, "duration_ms": 12, "response": "thanks",
            "trigger": "scheduled",
        }],
    });
    assert_eq!(shown, [expected]);
    let without = rows(&app, &format!("{HOOKS}/{id}/deliveries?state=pending")).await;
    assert!(without[0].get("body").is_none(), "{without:?}");
    for state in ["delivered", "failed"] {
        let path = format!("{HOOKS}/{id}/deliveries?state={state}");
        assert!(rows(&app, &path).await.is_empty());
    }
    let path = format!("/v2/deliveries/{delivery}/retry");
    let retried = app.post(&path, json!({})).await.expecting(200);
    assert_eq!(
        retried.body["data"]["next_attempt_at"],
        "2026-11-21T13:00:00+00:00"
    );
    attempt(&server, delivery, 204).await;
    assert_eq!(deliveries(&app, &id).await[0]["state"], "delivered");
    let retried = app.post(&path, json!({})).await.expecting(200);
    assert_eq!(retried.body["data"]["state"], "pending");
    for unknown in [
        "nonsense",
        &format!("{id}_{id}"),
        &format!("{}_{}", delivery.event, delivery.event),
    ] {
        let path = format!("/v2/deliveries/{unknown}/retry");
        app.post(&path, json!({})).await.expecting(404);
    }
}

#[tokio::test]
async fn a_replay_sends_what_failed_and_on_demand_everything_the_endpoint_wants_part_by_part() {
    let server = start().await;
    let app = server.app();
    let id = create(&app, json!({ "url": URL, "events": ["booking.confirmed"] })).await;
    let begun = |at: DateTime<Utc>| at.to_rfc3339();
    let since = begun(server.state.now());
    for day in 1..=3 {
        book(&app, day).await;
        server.clock.advance(TimeDelta::minutes(1));
    }
    let sent = hand_on(&server, &id).await;
    attempt(&server, sent[0], 200).await;
    attempt(&server, sent[1], 503).await;
    let due = async || -> Vec<(String, Value)> {
        let rows = deliveries(&app, &id).await.into_iter().rev();
        rows.map(|row| (text(&row["state"]), row["next_attempt_at"].clone()))
            .collect()
    };
    server.clock.advance(TimeDelta::minutes(1));
    let now = json!("2026-11-21T13:04:00+00:00");
    let replay = async |body: Value| {
        post(&app, &id, "replay", body).await.expecting(200).body["data"].clone()
    };
    let before = replay(json!({ "since": since, "until": "2026-11-21T13:01:00Z" })).await;
    assert_eq!(before, json!({ "replayed": 0, "next_since": null }));
    let failed = replay(json!({ "since": since })).await;
    assert_eq!(failed, json!({ "replayed": 1, "next_since": null }));
    let states = due().await;
    assert_eq!(states[0].0, "delivered");
    assert_eq!(states[1], ("pending".to_owned(), now.clone()));
    // What happened while it was disabled was never sent.
    patch(&app, &id, json!({ "enabled": false }))
        .await
        .expecting(200);
    book(&app, 4).await;
    assert!(hand_on(&server, &id).await.is_empty());
    post(&app, &id, "enable", json!({})).await.expecting(200);
    server.clock.advance(TimeDelta::minutes(1));
    let now = json!("2026-11-21T13:05:00+00:00");
    let all = replay(json!({ "since": since, "only": "all" })).await;
    assert_eq!(all["replayed"], 4, "{all}");
    let states = due().await;
    assert_eq!(states.len(), 4);
    assert!(
        states
            .iter()
            .all(|state| *state == ("pending".to_owned(), now.clone())),
        "{states:?}"
    );

    // More than one request looks at.
    for batch in 0..3 {
        let bookings: Vec<Value> = (0..50)
            .map(|hour| {
                let start =
                    tests::instant("2027-01-01T00:00:00Z") + TimeDelta::hours(batch * 50 + hour);
                let end = start + TimeDelta::hours(1);
                booking(
                    &ROOM.to_string(),
                    "instant",
                    &start.to_rfc3339(),
                    &end.to_rfc3339(),
                )
            })
            .collect();
        app.post("/v2/bookings/bulk", json!({ "bookings": bookings }))
            .await
            .expecting(201);
        server.clock.advance(TimeDelta::minutes(1));
    }
    let (mut since, mut replayed, mut parts) = (json!(since), 0, 0);
    while !since.is_null() {
        let part = replay(json!({ "since": since, "only": "all" })).await;
        replayed += part["replayed"].as_u64().expect("a number");
        since = part["next_since"].clone();
        parts += 1;
        assert!(parts < 5, "it goes on for ever");
    }
    assert_eq!(replayed, 154);
    assert_eq!(
        rows(&app, &format!("{HOOKS}/{id}/deliveries?limit=1000"))
            .await
            .len(),
        154
    );
}
