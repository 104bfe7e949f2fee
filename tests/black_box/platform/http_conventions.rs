//! What every answer has in common, whatever was asked: headers, the shape of errors, pages of other sites, and
//! what happens while the store is away.

use std::collections::BTreeSet;

use http::Method;
use local::demo::{CONFIRMED, EMAIL, ROOM, TENTATIVE, TEST_SLUG};
use serde_json::{Value, json};
use tests::{Client, Options, Reply, TestServer, booking};
use uuid::Uuid;

const MAX_BODY: usize = 256 * 1024;

/// An hour of the meeting room.
fn hour() -> Value {
    let (start, end) = ("2026-12-01T10:00:00Z", "2026-12-01T11:00:00Z");
    booking(&ROOM.to_string(), "instant", start, end)
}

/// A sound body of exactly so many bytes.
fn body_of(bytes: usize) -> String {
    let mut body = hour();
    body["unknown"] = "".into();
    body["unknown"] = "x".repeat(bytes - body.to_string().len()).into();
    body.to_string()
}

/// Asks before a page of another site may, as browsers do.
async fn preflight(server: &TestServer, method: &str, path: &str) -> Reply {
    server
        .anonymous()
        .header("origin", "https://clinic.example")
        .header("access-control-request-method", method)
        .header(
            "access-control-request-headers",
            "authorization,content-type,timekit-context",
        )
        .send(Method::OPTIONS, path, "")
        .await
}

/// An answer of every status that can be had from a server that is well, with what was asked.
async fn one_of_each(server: &TestServer) -> Vec<(&'static str, Reply)> {
    let app = server.app();
    let widget = server.with_key(server.demo.test.widget_key.expose());
    let nobody = server.anonymous();
    let (own, none) = (
        format!("/v2/bookings/{CONFIRMED}"),
        format!("/v2/bookings/{}", Uuid::from_u128(7)),
    );
    let reset = json!({ "email": "doc@example.com" });
    let large = body_of(MAX_BODY + 1);
    let key_as_user = "Basic dGVzdF9hcGlfa2V5X0xhdGNoa2V5RGV2ZWxvcG1lbnRLZXkwMDAwMzcyd3ZjOg==";
    let mut replies = vec![
        ("a list", app.get("/v2/bookings").await.expecting(200)),
        (
            "a head",
            app.send(Method::HEAD, "/v2/bookings", "")
                .await
                .expecting(200),
        ),
        ("a record", app.get(&own).await.expecting(200)),
        (
            "a creation",
            app.post("/v2/bookings", hour()).await.expecting(201),
        ),
        (
            "nothing",
            app.post("/v2/resources/resetpassword", reset)
                .await
                .expecting(204),
        ),
        (
            "no credential",
            nobody.get("/v2/bookings").await.expecting(401),
        ),
        (
            "a malformed key",
            server
                .with_key("test_api_key_x")
                .get("/v2/bookings")
                .await
                .expecting(401),
        ),
        (
            "a key as user",
            nobody
                .header("authorization", key_as_user)
                .get("/v2/bookings")
                .await
                .expecting(401),
        ),
        (
            "a widget key",
            widget.get("/v2/bookings").await.expecting(403),
        ),
        ("no booking", app.get(&none).await.expecting(404)),
        ("no path", app.get("/v2/nothing").await.expecting(404)),
        ("no version", app.get("/v3/bookings").await.expecting(404)),
        ("no path at all", nobody.get("/").await.expecting(404)),
        (
            "no method",
            app.send(Method::PATCH, "/v2/bookings", "{}")
                .await
                .expecting(405),
        ),
        (
            "a taken slot",
            app.post("/v2/bookings", hour()).await.expecting(409),
        ),
        (
            "an illegal action",
            app.put(&format!("{own}/decline"), json!({}))
                .await
                .expecting(409),
        ),
        (
            "a large body",
            app.send(Method::POST, "/v2/bookings", &large)
                .await
                .expecting(413),
        ),
        (
            "no JSON",
            app.send(Method::POST, "/v2/bookings", "{")
                .await
                .expecting(422),
        ),
        (
            "no sound body",
            app.post("/v2/bookings", json!({})).await.expecting(422),
        ),
        (
            "no sound query",
            app.get("/v2/bookings?limit=0").await.expecting(422),
        ),
    ];
    for _ in 0..60 {
        nobody.post("/v2/auth", json!({})).await.expecting(422);
    }
    let one_more = nobody.post("/v2/auth", json!({})).await;
    replies.push(("too many", one_more.expecting(429)));
    replies
}

#[track_caller]
fn assert_security_headers(what: &str, reply: &Reply) {
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        (
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'",
        ),
        ("referrer-policy", "no-referrer"),
    ] {
        assert_eq!(reply.header(name), Some(value), "{name} on {what}");
    }
    let transport = reply.header("strict-transport-security");
    assert!(
        transport.is_some_and(|value| value.starts_with("max-age=")),
        "{what}"
    );
    let id = reply.header("x-request-id").unwrap_or_default();
    assert!(Uuid::parse_str(id).is_ok(), "x-request-id {id:?} on {what}");
}

#[track_caller]
fn assert_readable_by_pages(what: &str, reply: &Reply) {
    assert_eq!(
        reply.header("access-control-allow-origin"),
        Some("*"),
        "{what}"
    );
    let exposed = names(reply, "access-control-expose-headers");
    for name in [
        "timekit-testmode",
        "etag",
        "retry-after",
        "ratelimit",
        "ratelimit-policy",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "latchkey-key-expires",
        "idempotency-replayed",
        "x-request-id",
    ] {
        assert!(
            exposed.contains(name),
            "{name} is not exposed on {what}: {exposed:?}"
        );
    }
    assert_eq!(
        reply.header("access-control-allow-credentials"),
        None,
        "{what}"
    );
}

/// The names that a header lists, in lower case.
fn names(reply: &Reply, header: &str) -> BTreeSet<String> {
    let values = reply.headers.get_all(header).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_lowercase())
        .collect()
}

/// Errors have one shape: a code, the request's id, and either one sentence or sentences by field.
#[track_caller]
fn assert_error_shape(what: &str, reply: &Reply) {
    let body = reply.body.as_object();
    let body = body.unwrap_or_else(|| panic!("{what}: {} {}", reply.status, reply.body));
    assert_eq!(
        reply.header("content-type"),
        Some("application/json"),
        "{what}"
    );
    assert!(
        body["code"].as_str().is_some_and(|code| !code.is_empty()),
        "{what}"
    );
    assert_eq!(
        body["request_id"].as_str(),
        reply.header("x-request-id"),
        "{what}"
    );
    let is_sentence = |value: &Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
    match (body.get("error"), body.get("errors")) {
        (Some(sentence), None) => assert!(is_sentence(sentence), "{what}: {}", reply.body),
        (None, Some(fields)) => {
            let fields = fields.as_object().expect("sentences by field");
            assert!(!fields.is_empty(), "{what}: {}", reply.body);
            for sentences in fields.values() {
                let sentences = sentences.as_array().expect("a list of sentences");
                assert!(
                    !sentences.is_empty() && sentences.iter().all(is_sentence),
                    "{what}"
                );
            }
        }
        _ => panic!("{what}: {}", reply.body),
    }
}

#[tokio::test]
async fn every_answer_carries_the_security_headers_and_an_id() {
    let server = TestServer::start().await;
    let replies = one_of_each(&server).await;
    for (what, reply) in &replies {
        assert_security_headers(what, reply);
    }
    for (method, path) in [("GET", "/v2/bookings"), ("POST", "/v2/nothing")] {
        assert_security_headers("a preflight", &preflight(&server, method, path).await);
    }
    let ids: BTreeSet<_> = replies
        .iter()
        .map(|(_, reply)| reply.header("x-request-id"))
        .collect();
    assert_eq!(ids.len(), replies.len(), "no two requests share an id");
}

#[tokio::test]
async fn the_one_page_with_a_script_allows_that_script_only() {
    let server = TestServer::start().await;
    let page = server
        .anonymous()
        .get("/v2/accounts/reset-password")
        .await
        .expecting(200);
    let policy = page.header("content-security-policy").expect("a policy");
    for part in [
        "default-src 'none'",
        "script-src 'sha256-",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
}

#[tokio::test]
async fn pages_of_other_sites_may_read_every_answer_and_never_with_a_session() {
    let server = TestServer::start().await;
    for (what, reply) in one_of_each(&server).await {
        assert_readable_by_pages(what, &reply);
    }
    let page = server.app().header("origin", "https://clinic.example");
    assert_readable_by_pages("a page's request", &page.get("/v2/bookings").await);
    let person = server.sign_in(EMAIL, &server.demo.password).await;
    assert_readable_by_pages("a session's request", &person.get("/v2/sessions").await);
}

#[tokio::test]
async fn every_error_has_one_shape() {
    let server = TestServer::start().await;
    for (what, reply) in one_of_each(&server).await {
        if reply.status >= 400 {
            assert_error_shape(what, &reply);
        }
    }
}

#[tokio::test]
async fn every_error_has_the_code_of_what_went_wrong() {
    let server = TestServer::start().await;
    for (what, reply) in one_of_each(&server).await {
        let codes: &[&str] = match reply.status {
            401 => &["unauthenticated"],
            403 => &["forbidden"],
            404 => &["not_found"],
            405 => &["method_not_allowed"],
            409 => &["slot_taken", "illegal_action"],
            413 => &["too_large"],
            422 => &["invalid"],
            429 => &["too_many_requests"],
            _ => continue,
        };
        let code = reply.body["code"].as_str().expect("a code");
        assert!(codes.contains(&code), "{what}: {code}");
    }
}

#[tokio::test]
async fn an_answer_is_json_and_an_empty_one_is_empty() {
    let server = TestServer::start().await;
    for (what, reply) in one_of_each(&server).await {
        if reply.status == 204 {
            assert_eq!(reply.header("content-type"), None);
            assert_eq!(reply.body, Value::Null);
        } else {
            assert_eq!(
                reply.header("content-type"),
                Some("application/json"),
                "{what}"
            );
        }
    }
}

#[tokio::test]
async fn a_method_that_a_path_does_not_take_is_refused_with_those_it_takes() {
    let server = TestServer::start().await;
    let own = format!("/v2/bookings/{CONFIRMED}");
    for (method, path, takes) in [
        (Method::PATCH, "/v2/bookings", &["GET", "POST"][..]),
        (Method::DELETE, "/v2/bookings", &["GET", "POST"]),
        (Method::POST, own.as_str(), &["GET", "PUT", "DELETE"]),
        (Method::PUT, "/v2/me", &["GET"]),
    ] {
        let reply = server.app().send(method, path, "{}").await.expecting(405);
        let allowed = names(&reply, "allow");
        for method in takes {
            assert!(
                allowed.contains(&method.to_lowercase()),
                "{path}: {allowed:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_slash_at_the_end_is_the_same_address_and_never_a_redirect() {
    let server = TestServer::start().await;
    let app = server.app();
    for path in ["/v2/bookings/", "/v2/bookings//", "/v2/bookings/?limit=1"] {
        let list = app.get(path).await.expecting(200);
        assert_eq!(list.body["total"], 3, "{path}");
    }
    assert_eq!(app.get("/v2/bookings/?limit=1").await.body["per_page"], 1);
    let made = app
        .post("/v2/bookings/?include=meta", hour())
        .await
        .expecting(201);
    assert_eq!(made.body["data"]["meta"], json!({}));
    let own = format!("/v2/bookings/{}", made.id());
    app.get(&format!("{own}/")).await.expecting(200);
    let meta = json!({ "meta": { "a": 1 } });
    app.put(&format!("{own}/"), meta).await.expecting(200);
    app.put(&format!("{own}/cancel/"), json!({}))
        .await
        .expecting(200);
    app.delete(&format!("{own}/")).await.expecting(204);
    let confirm = format!("/v2/bookings/{TENTATIVE}/confirm/");
    app.post(&confirm, json!({})).await.expecting(200);
}

#[tokio::test]
async fn a_body_has_at_most_256_kib() {
    let server = TestServer::start().await;
    let app = server.app();
    let send = async |method, path: &str, body: &str| app.send(method, path, body).await;
    let over = body_of(MAX_BODY + 1);
    let refused = send(Method::POST, "/v2/bookings", &over)
        .await
        .expecting(413);
    assert_eq!(refused.body["code"], "too_large");
    assert!(
        refused.body["error"]
            .as_str()
            .is_some_and(|text| text.contains("262144"))
    );
    let padded = format!("{{}}{}", " ".repeat(MAX_BODY));
    send(
        Method::PUT,
        &format!("/v2/bookings/{CONFIRMED}/cancel"),
        &padded,
    )
    .await
    .expecting(413);
    send(Method::POST, "/v2/accounts", &padded)
        .await
        .expecting(413);
    let shown = app.get(&format!("/v2/bookings/{CONFIRMED}")).await;
    assert_eq!(shown.body["data"]["state"], "confirmed");

    let whole = body_of(MAX_BODY);
    send(Method::POST, "/v2/bookings", &whole)
        .await
        .expecting(201);
}

#[tokio::test]
async fn who_is_not_known_is_told_so_before_the_body_is_looked_at() {
    let server = TestServer::start().await;
    let over = body_of(MAX_BODY + 1);
    let nobody = server.anonymous();
    nobody
        .send(Method::POST, "/v2/bookings", &over)
        .await
        .expecting(401);
    nobody
        .send(Method::POST, "/v2/bookings", "{")
        .await
        .expecting(401);
}

#[tokio::test]
async fn no_content_type_is_needed_and_none_stands_in_the_way() {
    let server = TestServer::start().await;
    let app = server.app();
    let types = [
        None,
        Some("application/json"),
        Some("application/json;charset=utf-8"),
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("nonsense"),
    ];
    for (index, content_type) in types.into_iter().enumerate() {
        let caller = match content_type {
            Some(content_type) => app.header("content-type", content_type),
            None => app.clone(),
        };
        let mut body = hour();
        body["start"] = format!("2026-12-1{index}T10:00:00Z").into();
        body["end"] = format!("2026-12-1{index}T11:00:00Z").into();
        let made = caller.post("/v2/bookings", body).await.expecting(201);
        let own = format!("/v2/bookings/{}", made.id());
        caller.get(&own).await.expecting(200);
        caller
            .put(&format!("{own}/cancel"), json!({}))
            .await
            .expecting(200);
        caller.delete(&own).await.expecting(204);
    }
}

#[tokio::test]
async fn a_preflight_needs_no_credential_and_allows_all_that_clients_send() {
    let server = TestServer::start().await;
    let mut paths: Vec<(String, String)> = local::operations()
        .list()
        .iter()
        .map(|operation| (operation.method.to_string(), operation.path.clone()))
        .collect();
    paths.push(("PATCH".to_owned(), "/v2/nothing".to_owned()));
    paths.push(("POST".to_owned(), "/v2/bookings/".to_owned()));
    for (method, path) in paths {
        let path = path.replace(['{', '}'], "");
        let reply = preflight(&server, &method, &path).await;
        assert!(
            (200..300).contains(&reply.status),
            "{path}: {}",
            reply.status
        );
        assert_eq!(
            reply.header("access-control-allow-origin"),
            Some("*"),
            "{path}"
        );
        assert_eq!(
            reply.header("access-control-allow-credentials"),
            None,
            "{path}"
        );
        let headers = names(&reply, "access-control-allow-headers");
        for name in [
            "authorization",
            "content-type",
            "timekit-context",
            "timekit-timezone",
            "timekit-app",
            "timekit-inputtimestampformat",
            "timekit-outputtimestampformat",
            "idempotency-key",
            "if-match",
            "if-none-match",
            "x-csrf-token",
        ] {
            assert!(
                headers.contains(name),
                "{name} is not allowed on {path}: {headers:?}"
            );
        }
        assert!(
            !headers.contains("*"),
            "a star does not cover Authorization"
        );
        let methods = names(&reply, "access-control-allow-methods");
        for name in ["get", "post", "put", "patch", "delete", "options"] {
            assert!(methods.contains(name), "{name} on {path}: {methods:?}");
        }
    }
}

#[tokio::test]
async fn an_address_that_is_no_text_is_not_found() {
    let server = TestServer::start().await;
    let app = server.app();
    for odd in ["%FF", "%C3%28", "%00", "%ED%A0%80"] {
        for (method, path) in [
            (Method::GET, format!("/v2/bookings/{odd}")),
            (Method::PUT, format!("/v2/bookings/{odd}")),
            (Method::DELETE, format!("/v2/bookings/{odd}")),
            (Method::PUT, format!("/v2/bookings/{CONFIRMED}/{odd}")),
            (Method::POST, format!("/v2/bookings/{odd}/cancel")),
            (Method::GET, format!("/v2/resources/{odd}")),
            (Method::PUT, format!("/v2/resources/{odd}")),
            (Method::GET, format!("/v2/resources/timezone/{odd}")),
            (Method::DELETE, format!("/v2/credentials/{odd}")),
            (Method::GET, format!("/v2/keys/{odd}")),
            (Method::PUT, format!("/v2/apps/{odd}")),
            (Method::GET, format!("/v2/{odd}")),
        ] {
            let reply = app.send(method.clone(), &path, "{}").await;
            assert_eq!(reply.status, 404, "{method} {path}: {}", reply.body);
            assert_error_shape(&path, &reply);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_store_is_away_nobody_is_told_that_their_key_is_bad() {
    let mut server = TestServer::start_with(Options {
        store_is_apart: true,
        ..Options::default()
    })
    .await;
    let token = server
        .token(&server.app(), &ROOM.to_string(), "server-token")
        .await;
    let person = server.sign_in(EMAIL, &server.demo.password).await;
    let callers: Vec<(&str, Client)> = vec![
        ("an app", server.app()),
        (
            "a widget",
            server.with_key(server.demo.test.widget_key.expose()),
        ),
        ("a resource", server.with_token(TEST_SLUG, &token)),
        ("a person", person.header("timekit-app", TEST_SLUG)),
    ];
    server.stop_store().await;

    let auth = json!({ "email": "doc@example.com", "password": "great scott 1955" });
    let mut asked = vec![(
        "nobody signing in".to_owned(),
        server.anonymous().header("timekit-app", TEST_SLUG),
        Method::POST,
        "/v2/auth".to_owned(),
        auth,
    )];
    for (who, caller) in callers {
        for (method, path) in [
            (Method::GET, "/v2/me".to_owned()),
            (Method::GET, "/v2/bookings".to_owned()),
            (Method::POST, "/v2/bookings".to_owned()),
            (Method::PUT, format!("/v2/bookings/{TENTATIVE}/confirm")),
            (Method::DELETE, format!("/v2/resources/{ROOM}")),
        ] {
            asked.push((who.to_owned(), caller.clone(), method, path, hour()));
        }
    }
    let asked: Vec<_> = asked
        .into_iter()
        .map(|(who, caller, method, path, body)| {
            tokio::spawn(async move {
                let what = format!("{who}: {method} {path}");
                (what, caller.send(method, &path, &body.to_string()).await)
            })
        })
        .collect();
    for reply in asked {
        let (what, reply) = reply.await.expect("an answer");
        assert_eq!(reply.status, 503, "{what}: {}", reply.body);
        assert_eq!(reply.body["code"], "unavailable", "{what}");
        let retry_after = reply
            .header("retry-after")
            .and_then(|s| s.parse::<u32>().ok());
        assert!(retry_after.is_some_and(|s| s >= 1), "{what}");
        assert_eq!(reply.header("www-authenticate"), None, "{what}");
        assert_error_shape(&what, &reply);
        assert_security_headers(&what, &reply);
        assert_readable_by_pages(&what, &reply);
    }
}

#[tokio::test]
async fn what_needs_no_store_is_answered_without_it() {
    let mut server = TestServer::start_with(Options {
        store_is_apart: true,
        ..Options::default()
    })
    .await;
    server.stop_store().await;
    server.anonymous().get("/v2/bookings").await.expecting(401);
    for malformed in ["test_api_key_x", "tt1.x", "", "Great Scott"] {
        let reply = server.with_key(malformed).get("/v2/bookings").await;
        assert_eq!(reply.expecting(401).body["code"], "unauthenticated");
    }
    // One letter off: the checksum tells, and the key costs no read.
    let mut mistyped = server.demo.test.api_key.expose().to_owned();
    let last = if mistyped.pop() == Some('0') {
        '1'
    } else {
        '0'
    };
    mistyped.push(last);
    server
        .with_key(&mistyped)
        .get("/v2/bookings")
        .await
        .expecting(401);
    server.app().get("/v2/nothing").await.expecting(404);
    server
        .app()
        .send(Method::PATCH, "/v2/bookings", "")
        .await
        .expecting(405);
    let reply = preflight(&server, "POST", "/v2/bookings").await;
    assert!((200..300).contains(&reply.status));
}
