//! Text however it is sent: with a byte order mark, in composed or decomposed letters, in any letter case and with blanks
//! around it. What is one text to people is one text to searches, and what can be kept can be searched for.

use std::collections::BTreeSet;

use http::Method;
use local::demo::ROOM;
use serde_json::{Value, json};
use tests::{Client, TestServer, booking, with};

/// An `é` in one character, and in two.
const COMPOSED: &str = "Ren\u{e9}";
const DECOMPOSED: &str = "Rene\u{301}";

fn hour(number: u32) -> Value {
    let at = |hour| format!("2026-12-01T{hour:02}:00:00Z");
    booking(&ROOM.to_string(), "instant", &at(number), &at(number + 1))
}

/// As a query writes it.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn found(client: &Client, list: &str, search: &str) -> BTreeSet<String> {
    let path = format!("/v2/{list}?search={}", encoded(search));
    let page = client.get(&path).await.expecting(200);
    let rows = page.body["data"].as_array().expect("rows").clone();
    let id = |row: &Value| row["id"].as_str().expect("an id").to_owned();
    rows.iter().map(id).collect()
}

async fn assert_found(client: &Client, list: &str, search: &str, id: &str) {
    let found = found(client, list, search).await;
    assert_eq!(found, BTreeSet::from([id.to_owned()]), "{list}: {search}");
}

#[tokio::test]
async fn a_body_may_begin_with_a_byte_order_mark() {
    let server = TestServer::start().await;
    let app = server.app();
    let marked = |body: &str| format!("\u{feff}{body}");
    let made = app
        .send(Method::POST, "/v2/bookings", &marked(&hour(10).to_string()))
        .await
        .expecting(201);
    let path = format!("/v2/bookings/{}/cancel", made.id());
    // A mark and nothing behind it is an empty body.
    app.send(Method::PUT, &path, &marked(""))
        .await
        .expecting(200);
    let resources = format!("[\"{ROOM}\"]");
    let new = json!({ "name": "Page", "resources": [] });
    let project = app.post("/v2/projects", new).await.expecting(201).id();
    let path = format!("/v2/projects/{project}/resources");
    app.send(Method::PUT, &path, &marked(&resources))
        .await
        .expecting(200);
    // In the middle it is no JSON.
    app.send(Method::POST, "/v2/bookings", "{\u{feff}}")
        .await
        .expecting(422);
}

#[tokio::test]
async fn what_is_sent_in_either_composition_is_kept_composed_and_found_by_either() {
    let server = TestServer::start().await;
    let app = server.app();
    for (number, sent) in [COMPOSED, DECOMPOSED].into_iter().enumerate() {
        let email = format!("{}{number}@example.com", sent.to_lowercase());
        let new = json!({
            "name": format!("{sent} {number}"), "timezone": "UTC", "email": email, "tags": [format!("{sent}{number}")],
            "meta": { "note": format!("{sent} {number}") },
        });
        let made = app.post("/v2/resources", new).await.expecting(201);
        let kept = &made.body["data"];
        assert_eq!(kept["name"], format!("{COMPOSED} {number}"));
        assert_eq!(kept["meta"]["note"], format!("{COMPOSED} {number}"));
        let body = with(
            hour(9 + u32::try_from(number).expect("small")),
            "customer",
            json!({
                "name": format!("{sent} {number}"), "email": email, format!("lieblingscaf{}", &sent[3..]): format!("{sent}{number}"),
            }),
        );
        let booked = app.post("/v2/bookings", body).await.expecting(201).id();
        for asked in [COMPOSED, DECOMPOSED] {
            let email = format!("{}{number}@EXAMPLE.com", asked.to_uppercase());
            let accent = &asked[3..];
            for (list, search, id) in [
                ("resources", format!("name:{asked} {number}"), made.id()),
                (
                    "resources",
                    format!("name:*{} {number}", asked.to_uppercase()),
                    made.id(),
                ),
                ("resources", format!("tags:{asked}{number}"), made.id()),
                (
                    "resources",
                    format!("meta.note:{asked} {number}"),
                    made.id(),
                ),
                ("resources", format!("email:{email}"), made.id()),
                (
                    "bookings",
                    format!("customer.name:{asked} {number}"),
                    booked.clone(),
                ),
                (
                    "bookings",
                    format!("customer.email:{email}"),
                    booked.clone(),
                ),
                (
                    "bookings",
                    format!("customer.lieblingscaf{accent}:{asked}{number}"),
                    booked.clone(),
                ),
            ] {
                assert_found(&app, list, &search, &id).await;
            }
            let path = format!("/v2/resources/timezone/{}", encoded(&email));
            app.get(&path).await.expecting(200);
            // Another resource cannot have the same address in other letters.
            let twin = json!({ "name": "Twin", "timezone": "UTC", "email": email });
            let refused = app.post("/v2/resources", twin).await.expecting(422);
            assert_eq!(refused.faults(), ["email"]);
        }
    }
}

#[tokio::test]
async fn a_token_and_a_password_hold_in_either_composition() {
    let server = TestServer::start().await;
    let app = server.app();
    let email = format!("{}@example.com", COMPOSED.to_lowercase());
    let password = format!("{COMPOSED} and a long password");
    let new = json!({ "name": "R", "timezone": "UTC", "email": email, "password": password });
    let id = app.post("/v2/resources", new).await.expecting(201).id();
    let (_, token) = server.token(&app, &id, "server-token").await;
    let other = format!("{}@example.com", DECOMPOSED.to_lowercase());
    let own = server.with_token(local::demo::TEST_SLUG, &(other.clone(), token));
    own.get("/v2/users/me").await.expecting(200);
    let sign_in =
        json!({ "email": other, "password": format!("{DECOMPOSED} and a long password") });
    let nobody = server.anonymous();
    nobody
        .header("timekit-app", local::demo::TEST_SLUG)
        .post("/v2/auth", sign_in)
        .await
        .expecting(200);
    // An account is one in either, too.
    server.sign_up(&format!("owner.{email}")).await;
    let twin =
        json!({ "name": "Twin", "email": format!("OWNER.{other}"), "password": "a long password" });
    let refused = nobody.post("/v2/accounts", twin).await.expecting(422);
    assert_eq!(refused.faults(), ["email"]);
}

#[tokio::test]
async fn letter_case_does_not_count_in_names_of_any_script() {
    let server = TestServer::start().await;
    let app = server.app();
    for (kept, asked) in [
        ("Лечебница доктора Брауна", "*ДОКТОРА*"),
        ("Οδός Ερμού", "ΟΔΌΣ*"),
        ("Lange Straße", "*STRASSE"),
        ("ŁÓDŹ", "łódź"),
    ] {
        let new = json!({ "name": kept, "timezone": "UTC" });
        let id = app.post("/v2/resources", new).await.expecting(201).id();
        assert_found(&app, "resources", &format!("name:{asked}"), &id).await;
    }
}

#[tokio::test]
async fn blanks_around_a_name_do_not_count_when_it_is_kept_or_searched_for() {
    let server = TestServer::start().await;
    let app = server.app();
    let new = json!({ "name": "  Clock tower\u{a0}", "timezone": "UTC", "tags": ["  tall "], "meta": { "k": " v " } });
    let made = app.post("/v2/resources", new).await.expecting(201);
    assert_eq!(made.body["data"]["name"], "Clock tower");
    for search in [
        "name: Clock tower",
        "name:Clock tower ",
        "name : clock*",
        "tags: tall",
        "meta.k: v",
        "meta.k:v; name: clock tower",
    ] {
        assert_found(&app, "resources", search, &made.id()).await;
    }
    let id = made.id();
    for search in [format!("id: {id}"), format!("id:{}", id.to_uppercase())] {
        assert_found(&app, "resources", &search, &id).await;
    }
}

#[tokio::test]
async fn a_semicolon_in_a_value_is_searched_for_behind_a_backslash() {
    let server = TestServer::start().await;
    let app = server.app();
    let mut ids = Vec::new();
    for (number, note) in ["a;b", "a", r"a\;b", r"C:\dir\"].into_iter().enumerate() {
        let body = with(
            hour(9 + u32::try_from(number).expect("small")),
            "meta",
            json!({ "note": note }),
        );
        ids.push(app.post("/v2/bookings", body).await.expecting(201).id());
    }
    for (search, id) in [
        (r"meta.note:a\;b", &ids[0]),
        (r"meta.note:a", &ids[1]),
        (r"meta.note:a\\\;b", &ids[2]),
        (r"meta.note:C:\dir\", &ids[3]),
        (r"meta.note:C:\dir\\;state:confirmed", &ids[3]),
        (r"state:confirmed;meta.note:a\;b;graph:instant", &ids[0]),
    ] {
        assert_found(&app, "bookings", search, id).await;
    }
}

#[tokio::test]
async fn an_empty_value_finds_nothing_and_is_no_fault() {
    let server = TestServer::start().await;
    let app = server.app();
    for (list, search) in [
        ("resources", "email:"),
        ("resources", "name: "),
        ("bookings", "customer.email:"),
        ("bookings", "email:"),
        ("bookings", "meta.note:"),
    ] {
        assert!(
            found(&app, list, search).await.is_empty(),
            "{list}: {search}"
        );
    }
    // Customers are found by their address under its short name, too, as older clients write it.
    let body = with(
        hour(9),
        "customer",
        json!({ "name": "Marty", "email": "own@example.com" }),
    );
    let id = app.post("/v2/bookings", body).await.expecting(201).id();
    assert_found(&app, "bookings", "email:OWN@example.com", &id).await;
}

#[tokio::test]
async fn a_slug_is_made_of_the_letters_without_their_accents_and_found_in_any_case() {
    let server = TestServer::start().await;
    let app = server.app();
    for name in ["Zahn\u{e4}rzte", "Zahna\u{308}rzte"] {
        let new = json!({ "name": name, "resources": [ROOM.to_string()] });
        let made = app.post("/v2/projects", new).await.expecting(201);
        let slug = made.body["data"]["slug"]
            .as_str()
            .expect("a slug")
            .to_owned();
        assert!(slug.starts_with("zahnarzte-"), "{slug}");
        let path = format!("/v2/projects/hosted/{}", slug.to_uppercase());
        server.anonymous().get(&path).await.expecting(200);
        assert_found(
            &app,
            "projects",
            &format!("slug: {}", slug.to_uppercase()),
            &made.id(),
        )
        .await;
    }
}
