//! API keys: made, shown once, listed, revoked, brought along; and what `GET /v2/me` says of whoever calls.

use auth::plain_key::hash_secret;
use chrono::TimeDelta;
use local::demo::{ACCOUNT, DEVELOPMENT_KEY_ID, DOC_BROWN, EMAIL, NAMED_KEY, TEST_APP, TEST_SLUG};
use model::ids::KeyId;
use model::scope::Scope;
use serde_json::{Value, json};
use tests::{Client, Options, Reply, TestServer};

/// Somebody with a key that has these scopes.
async fn with_scopes(server: &TestServer, scopes: &[&str]) -> Client {
    let wanted = json!({ "name": "Narrow", "scopes": scopes });
    server.make_key(&server.app(), wanted).await.1
}

async fn make(client: &Client, wanted: Value) -> Reply {
    let reply = client.post("/v2/keys", wanted).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    reply
}

fn is_wider_than_caller(what: &str, reply: &Reply) {
    let code = &reply.body["code"];
    assert_eq!(
        (reply.status, code),
        (403, &json!("wider_than_caller")),
        "{what}: {}",
        reply.body
    );
}

#[tokio::test]
async fn a_key_is_shown_once_and_its_hash_never() {
    let server = TestServer::start().await;
    let owner = server.app();
    let made = make(&owner, json!({ "name": "Production App" })).await;
    let key = made.body["data"]["key"]
        .as_str()
        .expect("shown once")
        .to_owned();
    let hash = hash_secret(&key).to_hex();
    assert!(!made.body.to_string().contains(&hash));
    let itself = server.with_key(&key);
    for reply in [
        owner.get(&format!("/v2/keys/{}", made.id())).await,
        owner.get("/v2/keys").await,
        owner.get("/v2/app?include=app_token").await,
        itself.get("/v2/me").await,
        itself.get("/v2/keys").await,
    ] {
        assert_eq!(reply.status, 200);
        let text = reply.body.to_string();
        assert!(!text.contains(&key[8..]) && !text.contains(&hash), "{text}");
    }
}

#[tokio::test]
async fn a_new_key_is_named_and_may_what_its_maker_may() {
    let server = TestServer::start().await;
    let made = make(&server.app(), json!({ "name": " Production App " })).await;
    let shown = &made.body["data"];
    let key = shown["key"].as_str().expect("shown once");
    assert_eq!(shown["name"], "Production App");
    assert_eq!(
        (&shown["kind"], &shown["mode"]),
        (&json!("named"), &json!("test"))
    );
    assert_eq!(shown["scopes"], json!(["*"]));
    assert_eq!(shown["start"], key[..8]);
    assert_eq!(
        (&shown["allowed_cidrs"], &shown["allowed_origins"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(
        (&shown["expires_at"], &shown["expires_soon"]),
        (&Value::Null, &json!(false))
    );
    assert_eq!(
        (&shown["revoked_at"], &shown["imported"]),
        (&Value::Null, &json!(false))
    );
    let maker = server.app().get("/v2/me").await.id();
    assert_eq!(shown["created_by"], format!("key:{maker}"));

    let narrow = with_scopes(&server, &["keys.write", "bookings.read"]).await;
    let made = make(&narrow, json!({ "name": "Another" })).await;
    assert_eq!(
        made.body["data"]["scopes"],
        json!(["bookings.read", "keys.write"])
    );
}

#[tokio::test]
async fn a_key_of_each_kind_begins_as_its_kind_and_mode_say() {
    let server = TestServer::start().await;
    let live = server.with_key(server.demo.live.api_key.expose());
    for (owner, kind, start) in [
        (&live, "api", "live_api_key_"),
        (&live, "widget", "live_widget_key_"),
        (&live, "named", "tt1."),
        (&server.app(), "api", "test_api_key_"),
        (&server.app(), "widget", "test_widget_key_"),
        (&server.app(), "named", "tt1."),
    ] {
        let made = make(owner, json!({ "name": "One more", "kind": kind })).await;
        let key = made.body["data"]["key"].as_str().expect("shown once");
        assert!(key.starts_with(start), "{kind}");
        assert_eq!(made.body["data"]["start"], key[..start.len() + 4]);
        let me = server.with_key(key).get("/v2/me").await;
        assert_eq!((me.status, &me.body["data"]["kind"]), (200, &json!(kind)));
    }
}

#[tokio::test]
async fn a_key_without_scopes_may_only_say_whose_it_is() {
    let server = TestServer::start().await;
    let key = with_scopes(&server, &[]).await;
    let me = key.get("/v2/me").await;
    assert_eq!((me.status, &me.body["data"]["scopes"]), (200, &json!([])));
    for path in [
        "/v2/bookings",
        "/v2/resources",
        "/v2/credentials",
        "/v2/keys",
        "/v2/app",
        "/v2/apps",
    ] {
        assert_eq!(key.get(path).await.status, 403, "{path}");
    }
}

#[tokio::test]
async fn what_only_the_server_sets_is_refused_by_name() {
    let server = TestServer::start().await;
    let set_by_server = [
        "app",
        "app_id",
        "created_at",
        "created_by",
        "hash",
        "id",
        "imported",
        "key",
        "last_used_at",
        "mode",
        "owner",
        "revoked_at",
        "start",
    ];
    for field in set_by_server {
        let reply = server
            .app()
            .post("/v2/keys", json!({ "name": "Mine", field: "x" }))
            .await;
        assert_eq!((reply.status, reply.faults()), (422, vec![field]));
        let sentence = reply.body["errors"][field][0].as_str().expect("a sentence");
        assert!(sentence.contains("set by the server"), "{sentence}");
    }
    let reply = server
        .app()
        .post("/v2/keys", json!({ "name": "Mine", "scope": ["*"] }))
        .await;
    assert_eq!((reply.status, reply.faults()), (422, vec!["scope"]));
}

#[tokio::test]
async fn an_unknown_scope_is_refused_with_the_list_of_known_ones() {
    let server = TestServer::start().await;
    let wanted = json!({ "name": "Admin", "scopes": ["bookings.read", "bookings.admin"] });
    let reply = server.app().post("/v2/keys", wanted).await;
    assert_eq!((reply.status, reply.faults()), (422, vec!["scopes"]));
    let sentence = reply.body["errors"]["scopes"][0]
        .as_str()
        .expect("a sentence");
    assert!(sentence.contains("\"bookings.admin\""), "{sentence}");
    for scope in Scope::ALL {
        assert!(
            sentence.contains(scope.name()),
            "{scope} is not in {sentence}"
        );
    }
}

#[tokio::test]
async fn a_key_that_makes_no_sense_is_refused() {
    let server = TestServer::start().await;
    let too_long = "x".repeat(101);
    for (field, value) in [
        ("name", json!(null)),
        ("name", json!("  ")),
        ("name", json!(too_long)),
        ("name", json!(["Mine"])),
        ("kind", json!("robot")),
        ("scopes", json!("bookings.read")),
        ("scopes", json!([1])),
        ("expires_at", json!("2026-11-21T12:00:00Z")),
        ("expires_at", json!("2020-01-01T00:00:00Z")),
        ("expires_at", json!("2030-01-01T00:00:00")),
        ("expires_at", json!("tomorrow")),
        ("expires_at", json!(1_900_000_000)),
        ("allowed_cidrs", json!(["banana"])),
        ("allowed_cidrs", json!(["203.0.113.0/33"])),
        ("allowed_cidrs", json!(["203.0.113.0/24", "2001:db8::/129"])),
        ("allowed_cidrs", json!("203.0.113.0/24")),
        ("allowed_origins", json!(["https://clinic.example"])),
    ] {
        let mut wanted = json!({ "name": "Mine" });
        wanted[field] = value.clone();
        let reply = server.app().post("/v2/keys", wanted).await;
        assert_eq!(
            (reply.status, reply.faults()),
            (422, vec![field]),
            "{value}"
        );
    }
    let keys = server.app().get("/v2/keys").await;
    assert_eq!(keys.body["total"], 4, "the demo's own");
}

#[tokio::test]
async fn an_origin_is_scheme_and_host_and_nothing_more() {
    let server = TestServer::start().await;
    for origin in [
        "https://clinic.example/booking",
        "https://clinic.example/",
        "https://*.example",
        "clinic.example",
        "*",
        "null",
        "https://user@clinic.example",
        "ftp://clinic.example",
    ] {
        let wanted = json!({ "name": "Page", "kind": "widget", "allowed_origins": [origin] });
        let reply = server.app().post("/v2/keys", wanted).await;
        assert_eq!(
            (reply.status, reply.faults()),
            (422, vec!["allowed_origins"]),
            "{origin}"
        );
    }
    let wanted = json!({ "name": "Page", "kind": "widget", "scopes": ["bookings.write"] });
    let reply = server.app().post("/v2/keys", wanted).await;
    assert_eq!(
        reply.faults(),
        ["scopes"],
        "what a widget key may do is fixed"
    );
}

#[tokio::test]
async fn everything_wrong_with_a_key_is_told_at_once() {
    let server = TestServer::start().await;
    let wanted = json!({
        "kind": "robot",
        "scopes": ["bookings.admin", "everything"],
        "expires_at": "2020-01-01T00:00:00Z",
        "allowed_cidrs": ["banana", "203.0.113.0/24", "apple"],
        "hash": "x",
        "colour": "blue",
    });
    let reply = server.app().post("/v2/keys", wanted).await;
    assert_eq!(reply.status, 422);
    assert_eq!(
        reply.faults(),
        [
            "allowed_cidrs",
            "colour",
            "expires_at",
            "hash",
            "kind",
            "name",
            "scopes"
        ]
    );
    for field in ["allowed_cidrs", "scopes"] {
        let sentences = reply.body["errors"][field].as_array();
        assert_eq!(sentences.map(Vec::len), Some(2), "{field}: {}", reply.body);
    }
}

#[tokio::test]
async fn nobody_makes_a_key_with_a_scope_they_lack() {
    let server = TestServer::start().await;
    let own = ["keys.write", "bookings.read"];
    let maker = with_scopes(&server, &own).await;
    for scopes in [
        json!(["*"]),
        json!(["bookings.write"]),
        json!(["bookings.read", "app.read"]),
    ] {
        for kind in ["named", "api"] {
            let wanted = json!({ "name": "Wider", "kind": kind, "scopes": scopes });
            is_wider_than_caller(&scopes.to_string(), &maker.post("/v2/keys", wanted).await);
        }
    }
    for scopes in [json!(own), json!(["bookings.read"]), json!([])] {
        make(
            &maker,
            json!({ "name": "As wide or narrower", "scopes": scopes }),
        )
        .await;
    }
    // A widget key books, and whoever makes one must be able to.
    let widget = json!({ "name": "Page", "kind": "widget" });
    is_wider_than_caller(
        "a widget key",
        &maker.post("/v2/keys", widget.clone()).await,
    );
    let wide = with_scopes(
        &server,
        &[
            "keys.write",
            "bookings.write",
            "availability.read",
            "projects.read",
        ],
    )
    .await;
    make(&wide, widget).await;
    let listed = server.app().get("/v2/keys").await.body.to_string();
    assert!(!listed.contains("Wider"), "{listed}");
}

#[tokio::test]
async fn nobody_makes_a_key_that_outlives_their_own() {
    let server = TestServer::start().await;
    let end = "2026-12-01T00:00:00Z";
    let wanted = json!({ "name": "Until December", "expires_at": end });
    let (_, maker) = server.make_key(&server.app(), wanted).await;
    for expires_at in [json!(null), json!("2026-12-01T00:00:01Z")] {
        for kind in ["named", "api", "widget"] {
            let wanted = json!({ "name": "Longer", "kind": kind, "expires_at": expires_at });
            is_wider_than_caller(kind, &maker.post("/v2/keys", wanted).await);
        }
    }
    for expires_at in [end, "2026-11-22T00:00:00Z"] {
        make(
            &maker,
            json!({ "name": "No longer", "expires_at": expires_at }),
        )
        .await;
    }
}

#[tokio::test]
async fn nobody_makes_a_key_for_addresses_that_are_not_theirs() {
    let server = TestServer::start().await;
    let own = ["127.0.0.0/24", "203.0.113.0/24"];
    let wanted = json!({ "name": "Here", "allowed_cidrs": own });
    let (_, maker) = server.make_key(&server.app(), wanted).await;
    for cidrs in [
        json!([]),
        json!(["0.0.0.0/0"]),
        json!(["127.0.0.0/8"]),
        json!(["127.0.0.1", "198.51.100.7"]),
        json!(["::/0"]),
    ] {
        let wanted = json!({ "name": "Elsewhere", "allowed_cidrs": cidrs });
        is_wider_than_caller(&cidrs.to_string(), &maker.post("/v2/keys", wanted).await);
    }
    is_wider_than_caller(
        "anywhere",
        &maker.post("/v2/keys", json!({ "name": "Anywhere" })).await,
    );
    for cidrs in [
        json!(own),
        json!(["127.0.0.1"]),
        json!(["203.0.113.128/25"]),
    ] {
        make(&maker, json!({ "name": "Here", "allowed_cidrs": cidrs })).await;
    }
}

#[tokio::test]
async fn a_key_may_revoke_one_wider_than_itself() {
    let server = TestServer::start().await;
    let (id, wide) = server
        .make_key(&server.app(), json!({ "name": "Wide" }))
        .await;
    let narrow = with_scopes(&server, &["keys.write"]).await;
    assert_eq!(narrow.delete(&format!("/v2/keys/{id}")).await.status, 204);
    assert_eq!(wide.get("/v2/me").await.status, 401);
}

#[tokio::test]
async fn a_revoked_key_stays_in_the_list_and_says_since_when() {
    let server = TestServer::start().await;
    let (id, _) = server
        .make_key(&server.app(), json!({ "name": "Old" }))
        .await;
    let path = format!("/v2/keys/{id}");
    let first = server.app().delete(&path).await;
    assert_eq!((first.status, first.body), (204, Value::Null));
    server.clock.advance(TimeDelta::hours(1));
    assert_eq!(
        server.app().delete(&path).await.status,
        204,
        "again changes nothing"
    );
    let shown = server.app().get(&path).await;
    assert_eq!(
        shown.body["data"]["revoked_at"],
        "2026-11-21T12:00:00+00:00"
    );
    let listed = server.app().get("/v2/keys").await;
    let rows = listed.body["data"].as_array().expect("keys");
    assert!(rows.contains(&shown.body["data"]));
}

#[tokio::test]
async fn keys_are_listed_newest_first_and_page_by_page() {
    let server = TestServer::start().await;
    for name in ["first", "second", "third"] {
        server.clock.advance(TimeDelta::seconds(1));
        make(&server.app(), json!({ "name": name })).await;
    }
    let page = server.app().get("/v2/keys?limit=2").await;
    assert_eq!(page.body["total"], 7);
    assert_eq!(page.body["data"][0]["name"], "third");
    assert_eq!(page.body["data"][1]["name"], "second");
    let next = page.body["next_page_url"].as_str().expect("a second page");
    let next = server
        .app()
        .get(next.trim_start_matches(server.base()))
        .await;
    assert_eq!(next.body["data"][0]["name"], "first");
}

#[tokio::test]
async fn a_key_that_is_not_there_is_404_to_show_and_to_revoke() {
    let server = TestServer::start().await;
    for id in [
        KeyId::random(server.state.random()).to_string(),
        "nope".to_owned(),
    ] {
        let path = format!("/v2/keys/{id}");
        for reply in [
            server.app().get(&path).await,
            server.app().delete(&path).await,
        ] {
            assert_eq!((reply.status, &reply.body["model"]), (404, &json!("Key")));
        }
    }
}

#[tokio::test]
async fn a_widget_key_is_public_and_always_shown_until_it_is_revoked() {
    let server = TestServer::start().await;
    let owner = server.app();
    let made = make(&owner, json!({ "name": "New page", "kind": "widget" })).await;
    let key = made.body["data"]["key"].clone();
    let path = format!("/v2/keys/{}", made.id());
    let listed = async || {
        let listed = owner.get("/v2/keys").await;
        let rows = listed.body["data"].as_array().expect("keys").clone();
        rows.into_iter()
            .find(|row| row["id"] == made.id())
            .expect("it is in the list")
    };
    assert_eq!(owner.get(&path).await.body["data"]["key"], key);
    assert_eq!(listed().await["key"], key);
    assert_eq!(owner.delete(&path).await.status, 204);
    assert!(owner.get(&path).await.body["data"].get("key").is_none());
    assert!(listed().await.get("key").is_none());
}

#[tokio::test]
async fn an_apps_record_shows_a_widget_key_that_works() {
    let server = TestServer::start().await;
    let owner = server.app();
    let shown = async || owner.get("/v2/app").await.body["data"]["widget_key"].clone();
    let first = shown().await;
    assert_eq!(first, server.demo.test.widget_key.expose());
    let first_id = server
        .with_key(first.as_str().expect("a key"))
        .get("/v2/me")
        .await
        .id();
    let made = make(&owner, json!({ "name": "New page", "kind": "widget" })).await;
    assert_eq!(
        owner.delete(&format!("/v2/keys/{first_id}")).await.status,
        204
    );
    assert_eq!(shown().await, made.body["data"]["key"]);
    assert_eq!(
        owner
            .delete(&format!("/v2/keys/{}", made.id()))
            .await
            .status,
        204
    );
    assert_eq!(shown().await, Value::Null);
}

#[tokio::test]
async fn another_widget_key_does_not_change_the_one_that_the_apps_record_shows() {
    let server = TestServer::start().await;
    let first = server.demo.test.widget_key.expose();
    for number in 1..=8 {
        server.clock.advance(TimeDelta::minutes(1));
        make(
            &server.app(),
            json!({ "name": format!("Page {number}"), "kind": "widget" }),
        )
        .await;
        let shown = server.app().get("/v2/app").await;
        assert_eq!(
            shown.body["data"]["widget_key"], first,
            "after {number} more"
        );
    }
}

async fn importing_server() -> TestServer {
    TestServer::start_with(Options {
        allow_imported_keys: true,
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn a_key_is_brought_along_by_its_hash_and_works_as_it_always_did() {
    let server = importing_server().await;
    let sha256 = hash_secret("a key from elsewhere").to_hex();
    let wanted = json!({ "name": "From elsewhere", "sha256": sha256, "scopes": ["bookings.read"] });
    let made = server.app().post("/v2/keys/import", wanted).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let shown = &made.body["data"];
    assert_eq!(
        (&shown["kind"], &shown["imported"]),
        (&json!("named"), &json!(true))
    );
    assert_eq!((&shown["start"], shown.get("key")), (&json!(""), None));
    assert!(!made.body.to_string().contains(&sha256));
    let bearer = server
        .anonymous()
        .header("authorization", "Bearer a key from elsewhere");
    for caller in [server.with_key("a key from elsewhere"), bearer] {
        assert_eq!(caller.get("/v2/bookings").await.status, 200);
        assert_eq!(caller.get("/v2/keys").await.status, 403);
    }
    assert_eq!(
        server
            .app()
            .delete(&format!("/v2/keys/{}", made.id()))
            .await
            .status,
        204
    );
    assert_eq!(
        server
            .with_key("a key from elsewhere")
            .get("/v2/me")
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn a_key_that_is_known_by_its_hash_cannot_be_imported_again_by_anybody() {
    let server = importing_server().await;
    let (stranger, _) = server.sign_up("stranger@clinic.example").await;
    let stranger = server.with_key(&stranger.api_key);
    let import = async |owner: &Client, sha256: &str| {
        let wanted = json!({ "name": "Mine", "sha256": sha256 });
        owner.post("/v2/keys/import", wanted).await
    };
    let sha256 = hash_secret("a key from elsewhere").to_hex();
    assert_eq!(import(&server.app(), &sha256).await.status, 201);
    let ours = hash_secret(server.demo.live.api_key.expose()).to_hex();
    for (owner, sha256) in [
        (server.app(), sha256.clone()),
        (stranger.clone(), sha256.clone()),
        (stranger.clone(), sha256.to_uppercase()),
        (stranger, ours),
    ] {
        let reply = import(&owner, &sha256).await;
        assert_eq!(
            (reply.status, &reply.body["code"]),
            (409, &json!("conflict"))
        );
    }
    let me = server.with_key("a key from elsewhere").get("/v2/me").await;
    assert_eq!(
        me.body["data"]["app"]["id"],
        TEST_APP.to_string(),
        "still the first one's"
    );
}

#[tokio::test]
async fn a_widget_key_is_brought_along_in_clear_and_always_shown() {
    let server = importing_server().await;
    let wanted = json!({ "name": "Old page", "kind": "widget", "key": "an old widget key" });
    let made = server.app().post("/v2/keys/import", wanted.clone()).await;
    assert_eq!(
        (made.status, &made.body["data"]["key"]),
        (201, &json!("an old widget key"))
    );
    let shown = server.app().get(&format!("/v2/keys/{}", made.id())).await;
    assert_eq!(shown.body["data"]["key"], "an old widget key");
    let me = server.with_key("an old widget key").get("/v2/me").await;
    assert_eq!(me.body["data"]["kind"], "widget");
    assert_eq!(
        server
            .with_key("an old widget key")
            .get("/v2/bookings")
            .await
            .status,
        403
    );
    assert_eq!(
        server.app().post("/v2/keys/import", wanted).await.status,
        409
    );
}

#[tokio::test]
async fn an_import_takes_a_hash_of_a_secret_key_and_never_the_key() {
    let server = importing_server().await;
    let sha256 = hash_secret("a key from elsewhere").to_hex();
    let faults = async |wanted: Value| {
        let reply = server.app().post("/v2/keys/import", wanted).await;
        assert_eq!(reply.status, 422, "{}", reply.body);
        reply
            .faults()
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(faults(json!({ "name": "Mine" })).await, ["sha256"]);
    assert_eq!(
        faults(json!({ "name": "Mine", "key": "secret" })).await,
        ["key", "sha256"]
    );
    let both = json!({ "name": "Mine", "kind": "widget", "key": "public", "sha256": sha256 });
    assert_eq!(faults(both).await, ["sha256"]);
    assert_eq!(
        faults(json!({ "name": "Mine", "kind": "widget" })).await,
        ["key"]
    );
    let odd = json!({ "sha256": "abc", "hash": "abc", "scopes": ["everything"] });
    assert_eq!(faults(odd).await, ["hash", "name", "scopes", "sha256"]);
}

#[tokio::test]
async fn a_hash_is_64_hexadecimal_digits() {
    let server = importing_server().await;
    for sha256 in [
        "".to_owned(),
        "ab".repeat(31),
        "ab".repeat(33),
        "zz".repeat(32),
        "+f".repeat(32),
    ] {
        let wanted = json!({ "name": "Mine", "sha256": sha256 });
        let reply = server.app().post("/v2/keys/import", wanted).await;
        assert_eq!(reply.status, 422, "{sha256}: {}", reply.body);
        assert_eq!(reply.faults(), ["sha256"]);
    }
}

#[tokio::test]
async fn a_faulty_import_of_a_widget_key_hears_of_its_faults_only() {
    let server = importing_server().await;
    let wanted = json!({ "kind": "widget", "key": "an old widget key" });
    let reply = server.app().post("/v2/keys/import", wanted).await;
    assert_eq!(
        (reply.status, reply.faults()),
        (422, vec!["name"]),
        "{}",
        reply.body
    );
}

#[tokio::test]
async fn nobody_imports_a_key_wider_than_their_own() {
    let server = importing_server().await;
    let own =
        json!({ "name": "Maker", "scopes": ["keys.write"], "expires_at": "2026-12-01T00:00:00Z" });
    let (_, maker) = server.make_key(&server.app(), own).await;
    let sha256 = hash_secret("a key from elsewhere").to_hex();
    let december = "2026-12-01T00:00:00Z";
    for wanted in [
        json!({ "name": "Wider", "sha256": sha256, "scopes": ["*"], "expires_at": december }),
        json!({ "name": "Longer", "sha256": sha256 }),
        json!({ "name": "Page", "kind": "widget", "key": "an old one", "expires_at": december }),
    ] {
        is_wider_than_caller("import", &maker.post("/v2/keys/import", wanted).await);
    }
    assert_eq!(
        server
            .with_key("a key from elsewhere")
            .get("/v2/me")
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn a_deployment_that_takes_no_imported_keys_says_how_it_would() {
    let server = TestServer::start().await;
    let sha256 = hash_secret("a key from elsewhere").to_hex();
    let wanted = json!({ "name": "From elsewhere", "sha256": sha256 });
    let reply = server.app().post("/v2/keys/import", wanted).await;
    assert_eq!(
        (reply.status, &reply.body["code"]),
        (409, &json!("conflict"))
    );
    let sentence = reply.body["error"].as_str().expect("a sentence");
    assert!(sentence.contains("--allow-imported-keys"), "{sentence}");
}

#[tokio::test]
async fn me_says_who_calls_whatever_they_call_with() {
    let server = TestServer::start().await;
    let owner = server.app();
    let token = async |token_type| {
        let token = server
            .token(&owner, &DOC_BROWN.to_string(), token_type)
            .await;
        server.with_token(TEST_SLUG, &token)
    };
    let wanted = json!({ "name": "Reader", "scopes": ["bookings.read"], "expires_at": "2026-11-22T12:00:00Z" });
    let (_, named) = server.make_key(&owner, wanted).await;
    let session = server.sign_in(EMAIL, &server.demo.password).await;
    let doc_brown = json!(DOC_BROWN.to_string());
    let soon = json!("2026-11-22T12:00:00+00:00");
    let null = Value::Null;
    for (caller, kind, name, resource, scopes, expires_at) in [
        (
            owner.clone(),
            "api",
            json!("App API key"),
            &null,
            json!(["*"]),
            &null,
        ),
        (
            server.with_key(server.demo.test.widget_key.expose()),
            "widget",
            json!("App widget key"),
            &null,
            json!([]),
            &null,
        ),
        (
            named,
            "named",
            json!("Reader"),
            &null,
            json!(["bookings.read"]),
            &soon,
        ),
        (
            token("server-token").await,
            "server-token",
            json!(null),
            &doc_brown,
            json!(["*"]),
            &null,
        ),
        (
            token("client-token").await,
            "client-token",
            json!(null),
            &doc_brown,
            json!(["availability.read", "bookings.write"]),
            &null,
        ),
        (
            session.header("timekit-app", TEST_SLUG),
            "session",
            json!(null),
            &null,
            json!(["*"]),
            &null,
        ),
    ] {
        let reply = caller.get("/v2/me").await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        let me = &reply.body["data"];
        assert_eq!(me["app"]["id"], TEST_APP.to_string());
        assert_eq!(
            (&me["app"]["slug"], &me["mode"]),
            (&json!(TEST_SLUG), &json!("test"))
        );
        assert_eq!((&me["kind"], &me["name"]), (&json!(kind), &name));
        assert_eq!(
            (&me["resource_id"], &me["scopes"]),
            (resource, &scopes),
            "{kind}"
        );
        assert_eq!(
            (&me["expires_at"], &me["expires_soon"]),
            (expires_at, &json!(kind == "named"))
        );
    }
    let account = session
        .header("timekit-app", TEST_SLUG)
        .get("/v2/me")
        .await
        .id();
    assert_eq!(account, ACCOUNT.to_string());
}

#[tokio::test]
async fn a_session_makes_keys_for_the_app_it_names() {
    let server = TestServer::start().await;
    let session = server.sign_in(EMAIL, &server.demo.password).await;
    let (id, key) = server
        .make_key(
            &session.header("timekit-app", TEST_SLUG),
            json!({ "name": "From the console" }),
        )
        .await;
    let shown = server.app().get(&format!("/v2/keys/{id}")).await;
    assert_eq!(
        shown.body["data"]["created_by"],
        format!("account:{ACCOUNT}")
    );
    assert_eq!(shown.body["data"]["scopes"], json!(["*"]));
    assert_eq!(key.get("/v2/bookings").await.status, 200);
}

#[tokio::test]
async fn the_demos_keys_are_listed_without_any_secret() {
    let server = TestServer::start().await;
    let listed = server.app().get("/v2/keys").await;
    let rows = listed.body["data"].as_array().expect("keys");
    for id in [NAMED_KEY, DEVELOPMENT_KEY_ID] {
        assert!(rows.iter().any(|row| row["id"] == id.to_string()));
    }
    for row in rows {
        assert_eq!(row.get("key").is_some(), row["kind"] == "widget", "{row}");
        assert!(row.get("hash").is_none());
    }
    assert!(
        !listed
            .body
            .to_string()
            .contains(&server.demo.test.api_key.expose()[20..])
    );
}
