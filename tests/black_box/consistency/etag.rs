//! `ETag` and `If-Match`: a change that was decided on an older state is refused, and no change is ever half lost.

use http::Method;
use local::demo::{DOC_BROWN, ROOM};
use serde_json::{Value, json};
use tests::events::sound_event;
use tests::{Client, Reply, TestServer};

fn path(id: impl std::fmt::Display) -> String {
    format!("/v2/resources/{id}")
}

fn etag(reply: &Reply) -> String {
    let etag = reply.header("etag");
    etag.unwrap_or_else(|| panic!("no ETag: {}", reply.body))
        .to_owned()
}

async fn current(client: &Client, path: &str) -> String {
    etag(&client.get(path).await.expecting(200))
}

fn renamed(name: &str) -> Value {
    json!({ "name": name })
}

#[track_caller]
fn assert_stale(reply: &Reply) {
    assert_eq!(reply.status, 412, "{}", reply.body);
    assert_eq!(reply.body["code"], "stale");
    assert!(reply.body["error"].is_string());
}

#[tokio::test]
async fn an_etag_names_one_state_of_a_resource_and_changes_with_it() {
    let mut server = TestServer::start().await;
    let elsewhere = server.another_instance().await;
    let app = server.app();
    let wanted = json!({ "name": "Emmett", "timezone": "UTC" });
    let made = app.post("/v2/resources", wanted).await.expecting(201);
    let path = path(made.id());
    let first = etag(&made);
    assert!(first.starts_with('"') && first.ends_with('"') && first.len() > 2);
    // Whatever is shown of it, and wherever.
    for reply in [
        app.get(&path).await,
        app.get(&format!("{path}?include=credentials")).await,
        app.header("timekit-timezone", "Asia/Tokyo")
            .get(&path)
            .await,
        app.at(&elsewhere).get(&path).await,
    ] {
        assert_eq!(etag(&reply), first);
    }
    let mut seen = vec![first];
    for name in ["Doc", "Emmett", "Doc"] {
        let changed = app.put(&path, renamed(name)).await.expecting(200);
        assert!(!seen.contains(&etag(&changed)));
        assert_eq!(current(&app, &path).await, etag(&changed));
        seen.push(etag(&changed));
        // What is there already is no change.
        let same = app.put(&path, renamed(name)).await.expecting(200);
        assert_eq!(etag(&same), etag(&changed));
    }
    assert_ne!(current(&app, &self::path(ROOM)).await, seen[3]);
}

#[tokio::test]
async fn a_change_decided_on_an_older_state_is_refused_and_nothing_is_changed() {
    let server = TestServer::start().await;
    let app = server.app();
    let path = path(DOC_BROWN);
    let older = current(&app, &path).await;
    let changed = app.put(&path, renamed("Doc")).await.expecting(200);
    let newer = etag(&changed);
    let stale = app.header("if-match", &older);
    assert_stale(&stale.put(&path, renamed("Emmett")).await);
    assert_stale(&stale.delete(&path).await);
    let mut kept = app.get(&path).await;
    assert_eq!(etag(&kept), newer);
    // A change does not show the token.
    let fields = kept.body["data"].as_object_mut().expect("a resource");
    fields.remove("api_token").expect("its token");
    assert_eq!(kept.body["data"], changed.body["data"]);

    // A fault in the request is told first, and what is not there is not there.
    let faulty = stale.put(&path, json!({ "timezone": "Mars" })).await;
    assert_eq!(faulty.faults(), ["timezone"]);
    let nowhere = self::path("00000000-0000-4000-8000-000000000000");
    stale.put(&nowhere, renamed("A")).await.expecting(404);
    stale.delete(&nowhere).await.expecting(404);

    let fresh = app.header("if-match", &newer);
    let changed = fresh.put(&path, renamed("Emmett")).await.expecting(200);
    assert_stale(&fresh.delete(&path).await);
    let fresh = app.header("if-match", &etag(&changed));
    fresh
        .delete(&format!("{path}?bookings=keep"))
        .await
        .expecting(204);
    fresh
        .delete(&format!("{path}?bookings=keep"))
        .await
        .expecting(404);
}

#[tokio::test]
async fn if_match_takes_a_star_or_a_list_and_weak_tags_match_nothing() {
    let server = TestServer::start().await;
    let app = server.app();
    let path = path(DOC_BROWN);
    let change = async |lines: &[String]| {
        let client = lines.iter().fold(app.clone(), |client, line| {
            client.and_header("if-match", line)
        });
        client.put(&path, renamed("Doc")).await
    };
    let tag = async || current(&app, &path).await;
    change(&["*".to_owned()]).await.expecting(200);
    change(&[tag().await]).await.expecting(200);
    change(&[format!("\"other\", {}", tag().await)])
        .await
        .expecting(200);
    change(&[format!("W/{0},{0}", tag().await)])
        .await
        .expecting(200);
    change(&["\"other\"".to_owned(), tag().await])
        .await
        .expecting(200);
    let now = tag().await;
    for line in [
        format!("W/{now}"),
        "\"other\"".to_owned(),
        "\"\"".to_owned(),
        "\"*\"".to_owned(),
        now.to_uppercase(),
    ] {
        assert_stale(&change(&[line]).await);
    }
    for line in [
        "".to_owned(),
        ",".to_owned(),
        now.trim_matches('"').to_owned(),
        format!("{now} {now}"),
        format!("*, {now}"),
        "\"ü\"".to_owned(),
        "\"open".to_owned(),
    ] {
        let reply = change(std::slice::from_ref(&line)).await;
        assert_eq!(reply.status, 422, "{line}: {}", reply.body);
        assert_eq!(reply.body["code"], "invalid_header");
        let sentence = reply.body["error"].as_str().expect("a sentence");
        assert!(sentence.contains("If-Match"), "{sentence}");
    }
    assert_eq!(tag().await, now);
}

/// Whatever has an `ETag` says so everywhere.
#[tokio::test]
async fn every_operation_on_a_thing_with_an_etag_shows_it_and_takes_if_match() {
    let operations = local::operations();
    for operation in operations
        .list()
        .iter()
        .filter(|operation| operation.is_versioned)
    {
        let server = TestServer::start().await;
        let event = sound_event(&server, &operation.id).await;
        let (caller, (method, path, body)) = (event.sender(&server), event.request());
        if operation.takes_if_match() {
            let caller = caller.header("if-match", "\"other\"");
            let sent = caller.send(method.clone(), &path, &body);
            assert_stale(&sent.await);
        }
        let reply = caller.send(method, &path, &body).await;
        assert!((200..300).contains(&reply.status), "{}", operation.id);
        let shown = reply.header("etag").is_some();
        assert_eq!(shown, operation.shows_etag(), "{}", operation.id);
        let is_there = operation.path.contains('{') || operation.path.ends_with("/me");
        assert_eq!(
            operation.takes_if_match(),
            operation.method != Method::GET && is_there
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_those_who_count_on_what_they_read_none_overwrites_another() {
    let mut server = TestServer::start().await;
    let elsewhere = server.another_instance().await;
    let path = path(DOC_BROWN);
    let counters: Vec<_> = (0..20)
        .map(|number| {
            let app = match number % 2 {
                0 => server.app(),
                _ => server.app().at(&elsewhere),
            };
            let path = path.clone();
            tokio::spawn(async move {
                loop {
                    let seen = app.get(&path).await.expecting(200);
                    let count = seen.body["data"]["meta"]["count"].as_u64().unwrap_or(0);
                    let client = app.header("if-match", &etag(&seen));
                    let meta = json!({ "meta": { "count": count + 1 } });
                    match client.put(&path, meta).await {
                        reply if reply.status == 200 => return,
                        reply => assert_stale(&reply),
                    }
                }
            })
        })
        .collect();
    for counter in counters {
        counter.await.expect("counted");
    }
    let counted = server.app().get(&path).await;
    assert_eq!(counted.body["data"]["meta"]["count"], 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_to_different_fields_at_once_are_all_made_without_if_match() {
    let mut server = TestServer::start().await;
    let elsewhere = server.another_instance().await;
    let path = path(DOC_BROWN);
    for round in 0..10 {
        let fields = [
            ("name", json!(format!("Doc {round}"))),
            ("first_name", json!(format!("Emmett {round}"))),
            ("last_name", json!(format!("Brown {round}"))),
            ("tags", json!([format!("tag-{round}")])),
            ("meta", json!({ "round": round })),
        ];
        let sent: Vec<_> = fields
            .iter()
            .enumerate()
            .map(|(number, (field, value))| {
                let app = match number % 2 {
                    0 => server.app(),
                    _ => server.app().at(&elsewhere),
                };
                let (path, body) = (path.clone(), json!({ *field: value }));
                tokio::spawn(async move { app.put(&path, body).await })
            })
            .collect();
        for reply in sent {
            reply.await.expect("an answer").expecting(200);
        }
        let kept = server.app().get(&path).await;
        for (field, value) in fields {
            assert_eq!(kept.body["data"][field], value, "{field}");
        }
    }
}
