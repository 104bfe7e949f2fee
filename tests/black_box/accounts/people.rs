//! People: they sign up, sign in and out, reset a password, and keep apps.

use auth::plain_key::hash_secret;
use auth::token::{PlainToken, RESET_LINK_MINUTES};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use local::demo::{EMAIL, LIVE_SLUG, TEST_APP, TEST_SLUG};
use serde_json::{Value, json};
use tests::{Client, Options, Reply, TestServer};

const PASSWORD: &str = "a long password";

fn code(reply: &Reply) -> (u16, &str) {
    (
        reply.status,
        reply.body["code"].as_str().unwrap_or_default(),
    )
}

async fn sign_up(server: &TestServer, email: &str) -> Reply {
    let body = json!({ "name": "Emmett Brown", "email": email, "password": PASSWORD });
    server.anonymous().post("/v2/accounts", body).await
}

async fn sign_in(client: &Client, email: &str, password: &str) -> Reply {
    client
        .post(
            "/v2/sessions",
            json!({ "email": email, "password": password }),
        )
        .await
}

// Signing up

#[tokio::test]
async fn who_signs_up_gets_a_live_and_a_test_app_with_keys_that_work() {
    let server = TestServer::start().await;
    let made = sign_up(&server, "doc@hillvalley.example").await;
    assert_eq!(made.status, 201, "{}", made.body);
    let account = &made.body["data"];
    assert_eq!(
        (&account["name"], &account["email"]),
        (&json!("Emmett Brown"), &json!("doc@hillvalley.example"))
    );
    assert!(account.get("password").is_none());
    let apps = account["apps"].as_array().expect("apps");
    assert_eq!(apps.len(), 2);
    for (app, mode) in apps.iter().zip(["live", "test"]) {
        assert_eq!(app["test_mode"], mode == "test");
        for (field, kind) in [("api_key", "api"), ("widget_key", "widget")] {
            let key = app[field].as_str().expect("a key");
            assert!(key.starts_with(&format!("{mode}_{kind}_key_")));
            let me = server.with_key(key).get("/v2/me").await;
            assert_eq!(
                (&me.body["data"]["mode"], &me.body["data"]["kind"]),
                (&json!(mode), &json!(kind))
            );
            assert_eq!(
                (
                    &me.body["data"]["app"]["id"],
                    &me.body["data"]["app"]["slug"]
                ),
                (&app["id"], &app["slug"])
            );
        }
        let key = server.with_key(app["api_key"].as_str().expect("a key"));
        assert_eq!(key.get("/v2/bookings").await.body["total"], 0);
    }
}

#[tokio::test]
async fn the_answer_that_makes_an_account_is_the_only_one_with_its_api_keys() {
    let server = TestServer::start().await;
    let made = sign_up(&server, "doc@hillvalley.example").await;
    let session = server.sign_in("doc@hillvalley.example", PASSWORD).await;
    let apps = made.body["data"]["apps"].as_array().expect("apps");
    for app in apps {
        let session = session.header("timekit-app", app["slug"].as_str().expect("a slug"));
        for path in [
            "/v2/app?include=app_token",
            "/v2/apps",
            "/v2/keys",
            "/v2/sessions",
            "/v2/me",
        ] {
            let reply = session.get(path).await;
            assert_eq!(reply.status, 200, "{path}: {}", reply.body);
            for app in apps {
                let key = app["api_key"].as_str().expect("a key");
                assert!(
                    !reply.body.to_string().contains(&key[20..]),
                    "{path}: {}",
                    reply.body
                );
            }
        }
    }
}

#[tokio::test]
async fn an_address_has_one_account_however_its_letters_are_written() {
    let server = TestServer::start().await;
    assert_eq!(sign_up(&server, "Doc@HillValley.example").await.status, 201);
    for email in [
        "Doc@HillValley.example",
        "doc@hillvalley.example",
        " DOC@HILLVALLEY.EXAMPLE ",
    ] {
        let reply = sign_up(&server, email).await;
        assert_eq!(
            (reply.status, reply.faults()),
            (422, vec!["email"]),
            "{email}"
        );
        assert_eq!(
            sign_in(&server.anonymous(), email.trim(), PASSWORD)
                .await
                .status,
            201
        );
    }
}

#[tokio::test]
async fn everything_wrong_with_a_sign_up_is_told_at_once() {
    let server = TestServer::start().await;
    let post = async |body: Value| server.anonymous().post("/v2/accounts", body).await;
    assert_eq!(
        post(json!({})).await.faults(),
        ["email", "name", "password"]
    );
    let odd = json!({ "name": " ", "email": "no address", "password": "too short" });
    let reply = post(odd).await;
    assert_eq!(
        (reply.status, reply.faults()),
        (422, vec!["email", "name", "password"])
    );
    assert!(
        !reply.body.to_string().contains("too short\""),
        "no password is repeated"
    );
    let odd = json!({ "name": [1], "email": ["a@b.example"], "password": { "secret": "is kept" } });
    let reply = post(odd).await;
    assert_eq!(reply.faults(), ["email", "name", "password"]);
    assert!(!reply.body.to_string().contains("is kept"));
    let long =
        json!({ "name": "x".repeat(101), "email": "a@b.example", "password": "x".repeat(201) });
    assert_eq!(post(long).await.faults(), ["name", "password"]);
    assert_eq!(post(json!("x")).await.faults(), ["body"]);
}

#[tokio::test]
async fn where_sign_up_is_closed_nobody_signs_up_and_accounts_still_sign_in() {
    let server = TestServer::start_with(Options {
        sign_up_open: false,
        ..Options::default()
    })
    .await;
    for reply in [
        sign_up(&server, "doc@hillvalley.example").await,
        sign_up(&server, EMAIL).await,
        server.anonymous().post("/v2/accounts", json!({})).await,
    ] {
        assert_eq!(code(&reply), (403, "sign_up_closed"));
    }
    assert_eq!(
        sign_in(&server.anonymous(), EMAIL, &server.demo.password)
            .await
            .status,
        201
    );
}

// Sessions

#[tokio::test]
async fn who_signs_in_gets_a_cookie_that_no_page_can_read_or_send_from_elsewhere() {
    let server = TestServer::start().await;
    let reply = sign_in(&server.anonymous(), EMAIL, &server.demo.password).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    let cookie = reply.header("set-cookie").expect("a cookie");
    let mut parts = cookie.split("; ");
    let (name, token) = parts
        .next()
        .and_then(|pair| pair.split_once('='))
        .expect("a pair");
    assert_eq!(name, "latchkey_session");
    assert_eq!(token.len(), 43, "256 bits");
    let attributes: Vec<&str> = parts.collect();
    assert_eq!(
        attributes,
        ["Path=/", "Max-Age=43200", "HttpOnly", "SameSite=Strict"]
    );
    let shown = &reply.body["data"];
    assert!(
        !reply.body.to_string().contains(token),
        "the answer does not repeat it"
    );
    assert_eq!(shown["account"]["email"], EMAIL);
    assert_eq!(shown["expires_at"], "2026-11-22T00:00:00+00:00");
    assert_eq!(shown["csrf_token"].as_str().map(str::len), Some(64));
    let slugs: Vec<&Value> = shown["apps"]
        .as_array()
        .expect("apps")
        .iter()
        .map(|app| &app["slug"])
        .collect();
    assert_eq!(slugs, [LIVE_SLUG, TEST_SLUG]);
}

#[tokio::test]
async fn where_cookies_are_for_https_only_the_sessions_is_bound_to_its_host() {
    let server = TestServer::start_with(Options {
        secure_cookies: true,
        ..Options::default()
    })
    .await;
    let reply = sign_in(&server.anonymous(), EMAIL, &server.demo.password).await;
    let cookie = reply.header("set-cookie").expect("a cookie");
    assert!(cookie.starts_with("__Host-latchkey_session="), "{cookie}");
    assert!(
        cookie.ends_with("; HttpOnly; SameSite=Strict; Secure"),
        "{cookie}"
    );
    assert!(
        cookie.contains("; Path=/;") && !cookie.contains("Domain"),
        "{cookie}"
    );
    let pair = cookie.split(';').next().expect("a pair");
    let session = server.anonymous().header("cookie", pair);
    assert_eq!(session.get("/v2/sessions").await.status, 200);
    // A cookie without the guarded prefix could have been set by a neighbour.
    let planted = pair.trim_start_matches("__Host-");
    let planted = server.anonymous().header("cookie", planted);
    assert_eq!(planted.get("/v2/sessions").await.status, 401);
}

#[tokio::test]
async fn a_session_shows_itself_again_with_the_same_csrf_token() {
    let server = TestServer::start().await;
    let signed_in = sign_in(&server.anonymous(), EMAIL, &server.demo.password).await;
    let cookie = signed_in.header("set-cookie").expect("a cookie");
    let cookie = format!(
        "theme=dark; {}; lang=en",
        cookie.split(';').next().expect("a pair")
    );
    let shown = server
        .anonymous()
        .header("cookie", &cookie)
        .get("/v2/sessions")
        .await;
    assert_eq!((shown.status, &shown.body), (200, &signed_in.body));
    assert_eq!(shown.header("set-cookie"), None);
}

#[tokio::test]
async fn a_session_acts_for_the_app_it_names() {
    let server = TestServer::start().await;
    let (other, _) = server.sign_up("other@clinic.example").await;
    let session = server.sign_in(EMAIL, &server.demo.password).await;
    for (slug, bookings) in [(TEST_SLUG, 3), (LIVE_SLUG, 0)] {
        let session = session.header("timekit-app", slug);
        assert_eq!(session.get("/v2/bookings").await.body["total"], bookings);
        let new = json!({ "name": "Clock tower", "timezone": "America/Los_Angeles" });
        assert_eq!(session.post("/v2/resources", new).await.status, 201);
    }
    for unnamed in [session.clone(), session.header("timekit-app", "")] {
        assert_eq!(unnamed.get("/v2/bookings").await.faults(), ["Timekit-App"]);
    }
    let others = session
        .header("timekit-app", &other.slug)
        .get("/v2/bookings")
        .await;
    let nobodys = session
        .header("timekit-app", "no-such-app")
        .get("/v2/bookings")
        .await;
    assert_eq!((others.status, &others.body["model"]), (404, &json!("App")));
    assert_eq!(others.comparable(), nobodys.comparable());
}

#[tokio::test]
async fn a_change_by_a_session_takes_its_csrf_token_and_the_servers_own_origin() {
    let server = TestServer::start().await;
    let session = server
        .sign_in(EMAIL, &server.demo.password)
        .await
        .header("timekit-app", TEST_SLUG);
    let another = server.sign_in(EMAIL, &server.demo.password).await;
    let anothers_csrf = another.get("/v2/sessions").await.body["data"]["csrf_token"].clone();
    let https = server.base().replace("http://", "https://");
    let port_free = server.base().rsplit_once(':').expect("a port").0.to_owned();
    let evil = "https://evil.example";
    for (what, foreign) in [
        ("no CSRF token", session.without("x-csrf-token")),
        ("an empty CSRF token", session.header("x-csrf-token", "")),
        (
            "another session's CSRF token",
            session.header("x-csrf-token", anothers_csrf.as_str().expect("text")),
        ),
        ("no origin", session.without("origin")),
        ("another site", session.header("origin", evil)),
        ("another port", session.header("origin", &port_free)),
        ("a hidden origin", session.header("origin", "null")),
        (
            "a host that only claims to be ours",
            session
                .header("origin", evil)
                .header("referer", server.base()),
        ),
        ("neither", session.without("origin").without("x-csrf-token")),
    ] {
        for reply in [
            foreign.post("/v2/bookings", json!({})).await,
            foreign
                .put("/v2/apps/demo-test", json!({ "name": "Stolen" }))
                .await,
            foreign.delete("/v2/apps/demo-test").await,
            foreign.delete("/v2/sessions").await,
        ] {
            assert_eq!(code(&reply), (403, "cross_site"), "{what}");
        }
        // Reading changes nothing, and another site cannot see the answer.
        assert_eq!(foreign.get("/v2/bookings").await.status, 200, "{what}");
    }
    assert_eq!(session.post("/v2/bookings", json!({})).await.status, 422);
    // TLS ends before us: of the console's own origin, the host is what we can know.
    assert_eq!(
        session
            .header("origin", &https)
            .post("/v2/bookings", json!({}))
            .await
            .status,
        422
    );
    let answered = session.get("/v2/bookings").await;
    assert_eq!(answered.header("access-control-allow-credentials"), None);
}

#[tokio::test]
async fn another_sites_page_cannot_sign_its_visitor_in() {
    let server = TestServer::start().await;
    for origin in ["https://evil.example", "null", "not an origin"] {
        let page = server.anonymous().header("origin", origin);
        let reply = sign_in(&page, EMAIL, &server.demo.password).await;
        assert_eq!(code(&reply), (403, "cross_site"), "{origin}");
        assert_eq!(reply.header("set-cookie"), None);
    }
    let own = server.anonymous().header("origin", server.base());
    assert_eq!(
        sign_in(&own, EMAIL, &server.demo.password).await.status,
        201
    );
}

#[tokio::test]
async fn who_signs_out_is_out_and_nobody_else_is() {
    let server = TestServer::start().await;
    let session = server.sign_in(EMAIL, &server.demo.password).await;
    let other = server.sign_in(EMAIL, &server.demo.password).await;
    let reply = session.delete("/v2/sessions").await;
    assert_eq!((reply.status, &reply.body), (204, &Value::Null));
    let cookie = reply
        .header("set-cookie")
        .expect("the cookie is taken back");
    assert_eq!(
        cookie,
        "latchkey_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"
    );
    assert_eq!(
        code(&session.get("/v2/sessions").await),
        (401, "unauthenticated")
    );
    assert_eq!(
        code(&session.delete("/v2/sessions").await),
        (401, "unauthenticated")
    );
    assert_eq!(other.get("/v2/sessions").await.status, 200);
}

#[tokio::test]
async fn a_session_ends_after_twelve_hours() {
    let server = TestServer::start().await;
    let session = server.sign_in(EMAIL, &server.demo.password).await;
    server
        .clock
        .advance(TimeDelta::hours(12) - TimeDelta::seconds(1));
    assert_eq!(session.get("/v2/sessions").await.status, 200);
    server.clock.advance(TimeDelta::seconds(1));
    assert_eq!(
        code(&session.get("/v2/sessions").await),
        (401, "unauthenticated")
    );
}

// Wrong passwords

/// Guesses `times` times and answers the statuses heard.
async fn guess(client: &Client, email: &str, times: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for number in 0..times {
        let reply = sign_in(client, email, &format!("wrong password {number}")).await;
        if reply.status == 429 {
            assert_eq!(reply.body["code"], "too_many_requests");
            let wait = reply
                .header("retry-after")
                .and_then(|wait| wait.parse::<u64>().ok());
            assert!((1..=900).contains(&wait.expect("when to try again")));
        }
        statuses.push(reply.status);
    }
    statuses
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_look_alike() {
    let server = TestServer::start().await;
    let wrong = sign_in(&server.anonymous(), EMAIL, "a wrong password").await;
    let unknown = sign_in(
        &server.anonymous(),
        "nobody@clinic.example",
        "a wrong password",
    )
    .await;
    assert_eq!(code(&wrong), (401, "unauthenticated"));
    assert_eq!(wrong.comparable(), unknown.comparable());
    assert_eq!(sign_in(&server.anonymous(), EMAIL, "").await.status, 401);
    assert_eq!(
        server
            .anonymous()
            .post("/v2/sessions", json!({}))
            .await
            .faults(),
        ["email", "password"]
    );
}

#[tokio::test]
async fn an_address_has_ten_wrong_passwords_in_fifteen_minutes_whomever_it_guesses_at() {
    let server = TestServer::start().await;
    let guesser = server.anonymous();
    for number in 0..10 {
        let email = format!("somebody{number}@clinic.example");
        assert_eq!(guess(&guesser, &email, 1).await, [401], "{number}");
    }
    assert_eq!(guess(&guesser, "another@clinic.example", 1).await, [429]);
    // From there not even the right password is looked at.
    assert_eq!(
        sign_in(&guesser, EMAIL, &server.demo.password).await.status,
        429
    );
    let elsewhere = server.calling_from("203.0.113.7", &guesser);
    assert_eq!(
        sign_in(&elsewhere, EMAIL, &server.demo.password)
            .await
            .status,
        201
    );
    assert_eq!(guess(&elsewhere, "another@clinic.example", 1).await, [401]);
}

#[tokio::test]
async fn the_fifteen_minutes_slide() {
    let server = TestServer::start().await;
    let guesser = server.anonymous();
    assert_eq!(guess(&guesser, EMAIL, 5).await, [401; 5]);
    server.clock.advance(TimeDelta::minutes(10));
    assert_eq!(guess(&guesser, EMAIL, 5).await, [401; 5]);
    server.clock.advance(TimeDelta::minutes(5));
    // The first five are over, the second five are not.
    assert_eq!(
        guess(&guesser, EMAIL, 6).await,
        [401, 401, 401, 401, 401, 429]
    );
    server.clock.advance(TimeDelta::minutes(15));
    assert_eq!(
        sign_in(&guesser, EMAIL, &server.demo.password).await.status,
        201
    );
}

#[tokio::test]
async fn a_right_password_is_not_counted() {
    let server = TestServer::start().await;
    let somebody = server.anonymous();
    for _ in 0..12 {
        assert_eq!(
            sign_in(&somebody, EMAIL, &server.demo.password)
                .await
                .status,
            201
        );
    }
    assert_eq!(guess(&somebody, EMAIL, 9).await, [401; 9]);
    assert_eq!(
        sign_in(&somebody, EMAIL, &server.demo.password)
            .await
            .status,
        201
    );
    assert_eq!(guess(&somebody, EMAIL, 2).await, [401, 429]);
}

#[tokio::test]
async fn an_account_guessed_at_from_everywhere_refuses_guesses_and_lets_its_owner_in() {
    let server = TestServer::start().await;
    for number in 0..10 {
        let guesser = server.calling_from(&format!("198.51.100.{number}"), &server.anonymous());
        assert_eq!(guess(&guesser, EMAIL, 1).await, [401]);
    }
    let fresh = server.calling_from("203.0.113.7", &server.anonymous());
    assert_eq!(guess(&fresh, &EMAIL.to_uppercase(), 1).await, [429]);
    let owner = server.calling_from("203.0.113.8", &server.anonymous());
    assert_eq!(
        sign_in(&owner, EMAIL, &server.demo.password).await.status,
        201
    );
    assert_eq!(guess(&fresh, "another@clinic.example", 1).await, [401]);
}

#[tokio::test]
async fn an_ipv6_neighbourhood_is_one_guesser() {
    let server = TestServer::start().await;
    for number in 0..10 {
        let guesser = server.calling_from(&format!("2001:db8:1:2::{number}"), &server.anonymous());
        assert_eq!(
            guess(&guesser, &format!("{number}@clinic.example"), 1).await,
            [401]
        );
    }
    let neighbour = server.calling_from("2001:db8:1:2:ffff::1", &server.anonymous());
    assert_eq!(guess(&neighbour, EMAIL, 1).await, [429]);
    let stranger = server.calling_from("2001:db8:1:3::1", &server.anonymous());
    assert_eq!(guess(&stranger, EMAIL, 1).await, [401]);
}

#[tokio::test]
async fn guesses_made_at_once_all_count() {
    let server = TestServer::start().await;
    let guesses: Vec<_> = (0..30)
        .map(|number| {
            let guesser = server.anonymous();
            let password = format!("wrong password {number}");
            tokio::spawn(async move { sign_in(&guesser, EMAIL, &password).await.status })
        })
        .collect();
    let mut looked_at = 0;
    for guess in guesses {
        match guess.await.expect("an answer") {
            401 => looked_at += 1,
            status => assert_eq!(status, 429),
        }
    }
    assert_eq!(looked_at, 10);
}

#[tokio::test]
async fn an_anonymous_operation_answers_an_address_sixty_times_a_minute() {
    let server = TestServer::start().await;
    let anybody = server.anonymous();
    let page = "/v2/accounts/reset-password";
    for _ in 0..60 {
        assert_eq!(anybody.get(page).await.status, 200);
    }
    let reply = anybody.get(page).await;
    assert_eq!(code(&reply), (429, "too_many_requests"));
    let wait = reply
        .header("retry-after")
        .and_then(|wait| wait.parse::<u64>().ok());
    assert!((1..=60).contains(&wait.expect("when to try again")));
    // Neither another operation nor another address has had its share.
    assert_eq!(anybody.post("/v2/accounts", json!({})).await.status, 422);
    assert_eq!(
        server
            .calling_from("203.0.113.7", &anybody)
            .get(page)
            .await
            .status,
        200
    );
    server.clock.advance(TimeDelta::minutes(1));
    assert_eq!(anybody.get(page).await.status, 200);
}

// Resetting a password

/// A one-time link's token, as `latchkey accounts reset-link` makes it.
async fn reset_link(server: &TestServer) -> String {
    let token = PlainToken::generate(server.state.random());
    let until = server.state.now() + TimeDelta::minutes(RESET_LINK_MINUTES);
    let store = server.state.store();
    assert!(
        store
            .writer()
            .create_reset(EMAIL, token.hashed(), until)
            .await
            .expect("a store")
    );
    token.expose().to_owned()
}

async fn reset(server: &TestServer, token: &str, password: &str) -> Reply {
    let body = json!({ "token": token, "password": password });
    server
        .anonymous()
        .post("/v2/accounts/reset-password", body)
        .await
}

#[tokio::test]
async fn a_reset_link_sets_the_password_once_and_ends_every_session() {
    let server = TestServer::start().await;
    let sessions = [
        server.sign_in(EMAIL, &server.demo.password).await,
        server.sign_in(EMAIL, &server.demo.password).await,
    ];
    let (_, somebody) = server.sign_up("somebody@clinic.example").await;
    let others = server.sign_in("somebody@clinic.example", PASSWORD).await;
    let link = reset_link(&server).await;
    let reply = reset(&server, &link, "a new password").await;
    assert_eq!((reply.status, &reply.body), (204, &Value::Null));
    assert_eq!(reply.header("set-cookie"), None, "it does not sign in");
    for session in sessions {
        assert_eq!(
            code(&session.get("/v2/sessions").await),
            (401, "unauthenticated")
        );
    }
    assert_eq!(
        sign_in(&server.anonymous(), EMAIL, &server.demo.password)
            .await
            .status,
        401
    );
    assert_eq!(
        sign_in(&server.anonymous(), EMAIL, "a new password")
            .await
            .status,
        201
    );
    assert_eq!(
        reset(&server, &link, "another password").await.faults(),
        ["token"]
    );
    assert_eq!(
        sign_in(&server.anonymous(), EMAIL, "a new password")
            .await
            .status,
        201
    );
    // Keys are the apps' and not the person's; and nobody else has lost anything.
    assert_eq!(server.app().get("/v2/me").await.status, 200);
    assert_eq!(
        others
            .header("timekit-app", &somebody.slug)
            .get("/v2/me")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn whoever_knows_the_password_changes_it_and_keeps_only_their_own_session() {
    let server = TestServer::start().await;
    let (old, new) = ("a long password", "another long password");
    server.sign_up("clara@clinic.example").await;
    let mine = server.sign_in("clara@clinic.example", old).await;
    let other = server.sign_in("clara@clinic.example", old).await;
    let change = async |current: &str, password: &str| {
        let body = json!({ "current_password": current, "password": password });
        mine.put("/v2/accounts/password", body).await
    };
    let wrong = change("no password of mine", new).await.expecting(422);
    assert_eq!(wrong.faults(), ["current_password"]);
    let short = change(old, "short").await.expecting(422);
    assert_eq!(short.faults(), ["password"]);
    other.get("/v2/sessions").await.expecting(200);

    change(old, new).await.expecting(204);
    mine.get("/v2/sessions").await.expecting(200);
    other.get("/v2/sessions").await.expecting(401);
    let body = json!({ "email": "clara@clinic.example", "password": old });
    server
        .anonymous()
        .post("/v2/sessions", body)
        .await
        .expecting(401);
    server.sign_in("clara@clinic.example", new).await;
}

#[tokio::test]
async fn a_wrong_current_password_counts_like_one_at_sign_in() {
    let server = TestServer::start().await;
    server.sign_up("clara@clinic.example").await;
    let session = server
        .sign_in("clara@clinic.example", "a long password")
        .await;
    let body = json!({ "current_password": "a guess", "password": "another long password" });
    for _ in 0..10 {
        session
            .put("/v2/accounts/password", body.clone())
            .await
            .expecting(422);
    }
    session
        .put("/v2/accounts/password", body)
        .await
        .expecting(429);
}

#[tokio::test]
async fn a_reset_link_holds_for_half_an_hour() {
    let server = TestServer::start().await;
    let (first, second) = (reset_link(&server).await, reset_link(&server).await);
    server
        .clock
        .advance(TimeDelta::minutes(30) - TimeDelta::seconds(1));
    assert_eq!(reset(&server, &first, "a new password").await.status, 204);
    server.clock.advance(TimeDelta::seconds(1));
    let late = reset(&server, &second, "another password").await;
    assert_eq!((late.status, late.faults()), (422, vec!["token"]));
    let unknown = PlainToken::generate(server.state.random());
    let unknown = reset(&server, unknown.expose(), "another password").await;
    assert_eq!(late.comparable(), unknown.comparable());
    assert_eq!(
        sign_in(&server.anonymous(), EMAIL, "a new password")
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn a_password_that_is_too_short_does_not_use_up_the_link() {
    let server = TestServer::start().await;
    let link = reset_link(&server).await;
    assert_eq!(
        reset(&server, &link, "too short").await.faults(),
        ["password"]
    );
    let empty = server
        .anonymous()
        .post("/v2/accounts/reset-password", json!({}))
        .await;
    assert_eq!(empty.faults(), ["password", "token"]);
    assert_eq!(
        sign_in(&server.anonymous(), EMAIL, &server.demo.password)
            .await
            .status,
        201
    );
    assert_eq!(reset(&server, &link, "long enough").await.status, 204);
}

#[tokio::test]
async fn only_the_script_of_the_reset_page_may_run_in_it() {
    let server = TestServer::start().await;
    let page = server.anonymous().get("/v2/accounts/reset-password").await;
    assert_eq!(page.status, 200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    let html = page.body.as_str().expect("a page");
    let script = html
        .split("<script>")
        .nth(1)
        .and_then(|rest| rest.split("</script>").next());
    let hash = hash_secret(script.expect("a script")).to_hex();
    let bytes: Vec<u8> = (0..64)
        .step_by(2)
        .map(|at| u8::from_str_radix(&hash[at..at + 2], 16).expect("digits"))
        .collect();
    let policy = page.header("content-security-policy").expect("a policy");
    let directives: Vec<&str> = policy.split("; ").collect();
    assert!(directives.contains(&"default-src 'none'"), "{policy}");
    assert!(directives.contains(&"frame-ancestors 'none'"), "{policy}");
    let script_src = format!("script-src 'sha256-{}'", STANDARD.encode(bytes));
    assert!(directives.contains(&script_src.as_str()), "{policy}");
    assert_eq!(
        html.matches("<script").count(),
        1,
        "the policy knows one script"
    );
    assert!(
        !html.contains("onclick") && !html.contains(" style"),
        "the policy refuses these"
    );
}

// Apps

#[tokio::test]
async fn a_session_keeps_its_accounts_apps() {
    let server = TestServer::start().await;
    let session = server.sign_in(EMAIL, &server.demo.password).await;
    let made = session
        .post(
            "/v2/apps",
            json!({ "name": "Hill Valley", "test_mode": true }),
        )
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    let app = &made.body["data"];
    assert_eq!(
        (&app["name"], &app["test_mode"]),
        (&json!("Hill Valley"), &json!(true))
    );
    let slug = app["slug"].as_str().expect("a slug");
    assert!(slug.starts_with("hill-valley-"), "{slug}");
    let key = server.with_key(app["api_key"].as_str().expect("a key"));
    assert_eq!(key.get("/v2/app").await.body["data"]["slug"], slug);

    let live = session
        .post("/v2/apps", json!({ "name": "Hill Valley" }))
        .await;
    assert_eq!(
        (live.status, &live.body["data"]["test_mode"]),
        (201, &json!(false))
    );
    assert_ne!(
        live.body["data"]["slug"], slug,
        "a name may be had twice, a slug not"
    );
    assert_eq!(session.post("/v2/apps", json!({})).await.faults(), ["name"]);
    let odd = json!({ "name": "", "test_mode": "yes" });
    assert_eq!(
        session.post("/v2/apps", odd).await.faults(),
        ["name", "test_mode"]
    );

    let listed = session.get("/v2/apps").await;
    let slugs: Vec<&Value> = listed.body["data"]
        .as_array()
        .expect("apps")
        .iter()
        .map(|app| &app["slug"])
        .collect();
    assert_eq!(slugs.len(), 4);
    assert!(slugs.contains(&&json!(slug)) && slugs.contains(&&json!(LIVE_SLUG)));
    let named = session
        .header("timekit-app", TEST_SLUG)
        .get("/v2/apps")
        .await;
    assert_eq!(named.body, listed.body, "whichever app it names");
}

/// `GET /v2/app`, without what that answer alone shows.
async fn own_app(client: &Client) -> Value {
    let mut shown = client.get("/v2/app").await.expecting(200);
    let app = shown.body["data"].as_object_mut().expect("an app");
    for secret in ["signing_secret", "webhook_secret"] {
        assert!(app.remove(secret).is_some(), "{secret}");
    }
    shown.body["data"].take()
}

#[tokio::test]
async fn a_key_sees_its_own_app_only() {
    let server = TestServer::start().await;
    let listed = server.app().get("/v2/apps").await;
    let apps = listed.body["data"].as_array().expect("apps");
    assert_eq!((apps.len(), &apps[0]["slug"]), (1, &json!(TEST_SLUG)));
    let own = own_app(&server.app()).await;
    assert_eq!(own, apps[0]);
    assert_eq!(own["id"], TEST_APP.to_string());
    for reply in [
        server
            .app()
            .put(&format!("/v2/apps/{LIVE_SLUG}"), json!({ "name": "Taken" }))
            .await,
        server.app().delete(&format!("/v2/apps/{LIVE_SLUG}")).await,
    ] {
        assert_eq!((reply.status, &reply.body["model"]), (404, &json!("App")));
    }
}

#[tokio::test]
async fn an_app_changes_what_is_sent_and_keeps_the_rest() {
    let server = TestServer::start().await;
    let path = format!("/v2/apps/{TEST_SLUG}");
    let session = server.sign_in(EMAIL, &server.demo.password).await;
    let settings = json!({ "from_name": "Emmett", "contact_email": "doc@hillvalley.example" });
    let first = session.put(&path, json!({ "settings": settings })).await;
    assert_eq!(first.status, 200, "{}", first.body);
    server.clock.advance(TimeDelta::hours(1));
    let change = json!({ "name": "Clock tower", "settings": { "from_name": null, "callback": "https://a.example" } });
    let changed = server.app().put(&path, change).await;
    let app = &changed.body["data"];
    assert_eq!(
        (&app["name"], &app["settings"]["name"]),
        (&json!("Clock tower"), &json!("Clock tower"))
    );
    assert_eq!(app["settings"]["from_name"], Value::Null);
    assert_eq!(app["settings"]["callback"], "https://a.example");
    assert_eq!(app["settings"]["contact_email"], "doc@hillvalley.example");
    assert_eq!(
        (&app["slug"], &app["test_mode"]),
        (&json!(TEST_SLUG), &json!(true)),
        "for life"
    );
    assert_eq!(app["updated_at"], "2026-11-21T13:00:00+00:00");
    assert_eq!(&own_app(&server.app()).await, app);

    let odd = json!({ "name": " ", "settings": { "from_email": [], "callback": "x".repeat(501) } });
    let reply = session.put(&path, odd).await;
    assert_eq!(
        reply.faults(),
        ["name", "settings.callback", "settings.from_email"]
    );
    assert_eq!(&own_app(&server.app()).await, app);
}

#[tokio::test]
async fn a_key_that_may_everything_makes_apps_of_its_own_mode_for_its_account() {
    let server = TestServer::start().await;
    let session = server.sign_in(EMAIL, &server.demo.password).await;
    let live = server.with_key(server.demo.live.api_key.expose());
    for (owner, test_mode) in [(&server.app(), true), (&live, false)] {
        let made = owner.post("/v2/apps", json!({ "name": "One more" })).await;
        assert_eq!(
            (made.status, &made.body["data"]["test_mode"]),
            (201, &json!(test_mode))
        );
        let key = server.with_key(made.body["data"]["api_key"].as_str().expect("a key"));
        assert_eq!(key.get("/v2/bookings").await.body["total"], 0);
        let listed = session.get("/v2/apps").await.body.to_string();
        assert!(listed.contains(&made.id()), "it is the account's");
        let crossing = owner
            .post(
                "/v2/apps",
                json!({ "name": "Other", "test_mode": !test_mode }),
            )
            .await;
        assert_eq!(
            (crossing.status, crossing.faults()),
            (422, vec!["test_mode"])
        );
    }
}

#[tokio::test]
async fn a_key_that_is_bound_makes_no_app_whose_key_is_not() {
    let server = TestServer::start().await;
    for (what, wanted) in [
        (
            "time",
            json!({ "name": "Bound", "expires_at": "2026-12-01T00:00:00Z" }),
        ),
        (
            "addresses",
            json!({ "name": "Bound", "allowed_cidrs": ["127.0.0.0/8"] }),
        ),
    ] {
        let (_, bound) = server.make_key(&server.app(), wanted).await;
        let reply = bound.post("/v2/apps", json!({ "name": "Unbound" })).await;
        assert_eq!(code(&reply), (403, "wider_than_caller"), "{what}");
    }
    let narrow = json!({ "name": "Narrow", "scopes": ["app.write", "app.read", "keys.write"] });
    let (_, narrow) = server.make_key(&server.app(), narrow).await;
    let reply = narrow
        .post("/v2/apps", json!({ "name": "Everything" }))
        .await;
    assert_eq!(code(&reply), (403, "forbidden"));
    let session = server.sign_in(EMAIL, &server.demo.password).await;
    assert_eq!(
        session.get("/v2/apps").await.body["data"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
}

#[tokio::test]
async fn a_deleted_app_is_gone_at_once_with_every_key_of_it() {
    let server = TestServer::start().await;
    let session = server.sign_in(EMAIL, &server.demo.password).await;
    let resource = json!({ "name": "Room", "timezone": "UTC" });
    let resource = server.app().post("/v2/resources", resource).await.id();
    let token = server.token(&server.app(), &resource, "server-token").await;
    let (_, named) = server
        .make_key(&server.app(), json!({ "name": "Named" }))
        .await;
    let path = format!("/v2/apps/{TEST_SLUG}");
    let reply = session.delete(&path).await;
    assert_eq!((reply.status, &reply.body), (204, &Value::Null));
    for caller in [
        server.app(),
        server.with_key(server.demo.test.widget_key.expose()),
        named,
        server.with_token(TEST_SLUG, &token),
    ] {
        assert_eq!(code(&caller.get("/v2/me").await), (401, "unauthenticated"));
    }
    for reply in [
        session
            .header("timekit-app", TEST_SLUG)
            .get("/v2/bookings")
            .await,
        session.put(&path, json!({ "name": "Back" })).await,
        session.delete(&path).await,
    ] {
        assert_eq!((reply.status, &reply.body["model"]), (404, &json!("App")));
    }
    let left = session.get("/v2/apps").await;
    assert_eq!(left.body["data"].as_array().map(Vec::len), Some(1));
    let live = server.with_key(server.demo.live.api_key.expose());
    assert_eq!(
        live.get("/v2/me").await.status,
        200,
        "the live app is another"
    );
}

#[tokio::test]
async fn a_key_may_delete_its_own_app_and_itself_with_it() {
    let server = TestServer::start().await;
    let (app, _) = server.sign_up("somebody@clinic.example").await;
    let key = server.with_key(&app.api_key);
    assert_eq!(
        key.delete(&format!("/v2/apps/{}", app.slug)).await.status,
        204
    );
    assert_eq!(code(&key.get("/v2/app").await), (401, "unauthenticated"));
}

#[tokio::test]
async fn an_apps_token_cannot_be_shown_again_and_its_record_says_what_to_do() {
    let server = TestServer::start().await;
    let plain = server.app().get("/v2/app").await;
    assert!(plain.body["data"].get("app_token").is_none());
    for path in [
        "/v2/app?include=app_token",
        "/v2/app?include=nonsense,app_token",
    ] {
        let reply = server.app().get(path).await;
        let app = &reply.body["data"];
        assert_eq!(
            (reply.status, app.get("app_token")),
            (200, Some(&Value::Null))
        );
        let sentence = app["app_token_note"].as_str().expect("a sentence");
        assert!(sentence.contains("POST /v2/keys"), "{sentence}");
        assert_eq!(app["slug"], plain.body["data"]["slug"]);
    }
}
