//! Nobody obtains a secret that reaches further than their own, whatever they call and in whatever order.

use std::collections::HashSet;

use auth::plain_key::hash_secret;
use auth::principal::{key_reach, token_reach};
use auth::{PlainKey, Reach};
use chrono::TimeDelta;
use http::Method;
use model::key::{HashedKey, KeyKind};
use model::time::{Tz, format_instant};
use serde_json::{Value, json};
use tests::{Client, Options, Reply, TestApp, TestServer};

/// Numbers that look random and are the same in every run: SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) >> 33).expect("31 bits") % end
    }

    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

const SEQUENCES: usize = 300;

const LONGEST: usize = 8;

const SCOPES: &[&str] = &[
    "bookings.read",
    "bookings.write",
    "resources.read",
    "resources.write",
    "credentials.read",
    "credentials.write",
    "availability.read",
    "projects.read",
    "keys.read",
    "audit.read",
    "app.read",
    "app.write",
];

const CIDRS: &[&[&str]] = &[
    &[],
    &["127.0.0.0/8"],
    &["127.0.0.1"],
    &["0.0.0.0/0"],
    &["127.0.0.0/8", "203.0.113.0/24"],
];

/// What somebody has: the settings they began with, the callers they can be, and the ids of their keys.
struct Held {
    settings: Value,
    callers: Vec<Client>,
    ids: Vec<String>,
    hashes: HashSet<String>,
}

/// An app that sequences run in, with secrets in it that reach as far as any.
struct Field {
    app: TestApp,
    owner: Client,
    resource: String,
    wide_ids: Vec<String>,
}

impl Field {
    async fn new(server: &TestServer, number: usize) -> Self {
        let email = format!("owner-{number}@clinic.example");
        let (app, _) = server.sign_up(&email).await;
        let session = server.sign_in(&email, "a long password").await;
        let owner = session.header("timekit-app", &app.slug);
        let resource = json!({ "name": "Room", "timezone": "UTC", "email": "room@clinic.example" });
        let resource = owner.post("/v2/resources", resource).await.id();
        let mut wide_ids = Vec::new();
        for kind in ["named", "api", "widget"] {
            let wide = json!({ "name": "Wide", "kind": kind });
            wide_ids.push(owner.post("/v2/keys", wide).await.expecting(201).id());
        }
        Self {
            app,
            owner,
            resource,
            wide_ids,
        }
    }
}

fn expiry(dice: &mut Dice, server: &TestServer) -> Value {
    let days = *dice.pick(&[None, Some(1), Some(30), Some(60)]);
    days.map_or(Value::Null, |days| {
        format_instant(server.state.now() + TimeDelta::days(days), Tz::UTC).into()
    })
}

fn rate(dice: &mut Dice) -> Value {
    match dice.below(4) {
        0 => json!({ "limit": 300, "window": "1 minute" }),
        1 => json!({ "limit": 5_000, "window": "1 minute" }),
        2 => json!({ "limit": 10, "window": "1 second" }),
        _ => Value::Null,
    }
}

fn scopes(dice: &mut Dice) -> Value {
    if dice.one_in(6) {
        return json!(["*"]);
    }
    let mut chosen = vec!["keys.write"];
    chosen.extend(SCOPES.iter().filter(|_| dice.one_in(2)));
    json!(chosen)
}

/// Settings of a key: each of them said or not, within the caller's or beyond.
fn settings(dice: &mut Dice, server: &TestServer) -> Value {
    let mut wanted = json!({ "name": "Obtained" });
    let fields = [
        ("scopes", scopes(dice)),
        ("expires_at", expiry(dice, server)),
        ("rate_limit", rate(dice)),
        ("allowed_cidrs", json!(dice.pick(CIDRS))),
    ];
    for (name, value) in fields {
        if !dice.one_in(3) && !value.is_null() {
            wanted[name] = value;
        }
    }
    wanted
}

/// One call of somebody who tries everything.
async fn try_something(
    dice: &mut Dice,
    server: &TestServer,
    field: &Field,
    held: &mut Held,
    number: usize,
) -> (String, Vec<Reply>) {
    let caller = dice.pick(&held.callers).clone();
    let targets: Vec<String> = held.ids.iter().chain(&field.wide_ids).cloned().collect();
    let target = dice.pick(&targets).clone();
    let what = dice.below(13);
    // Half of what they want they may have.
    let mut wanted = if dice.one_in(2) {
        held.settings.clone()
    } else {
        settings(dice, server)
    };
    let token_type = *dice.pick(&["client-token", "server-token"]);
    let mut token = json!({ "type": token_type, "resource_id": field.resource });
    let expires = expiry(dice, server);
    if !expires.is_null() {
        token["expires"] = expires;
    }
    let replies = match what {
        0 | 1 => {
            let kind = *dice.pick(&["named", "api", "widget"]);
            wanted["kind"] = json!(kind);
            if kind == "widget" {
                wanted.as_object_mut().expect("an object").remove("scopes");
            }
            vec![caller.post("/v2/keys", wanted.clone()).await]
        }
        2 | 3 => {
            let wanted = wanted.as_object_mut().expect("an object");
            wanted.remove("expires_at");
            if dice.one_in(3) {
                wanted.insert("rate_limit".into(), Value::Null);
            }
            let path = format!("/v2/keys/{target}");
            let body = json!(wanted).to_string();
            vec![caller.send(Method::PATCH, &path, &body).await]
        }
        4 => {
            let overlap = *dice.pick(&["0 seconds", "1 hour", "7 days"]);
            let path = format!("/v2/keys/{target}/rotate");
            vec![caller.post(&path, json!({ "overlap": overlap })).await]
        }
        5 => {
            let secret = format!("a key from elsewhere, number {number}");
            wanted["sha256"] = json!(hash_secret(&secret).to_hex());
            let reply = caller.post("/v2/keys/import", wanted.clone()).await;
            if reply.status == 201 {
                held.take(server, &secret, &reply.id());
            }
            vec![reply]
        }
        6 => vec![caller.post("/v2/credentials", token).await],
        7 => {
            let secret = format!("a token from elsewhere, number {number}");
            token["sha256"] = json!(hash_secret(&secret).to_hex());
            let reply = caller.post("/v2/credentials/import", token).await;
            if reply.status == 201 {
                let user = reply.body["data"]["user"].as_str().expect("a user");
                let client = server.with_token(&field.app.slug, &(user.to_owned(), secret.clone()));
                held.callers.push(client);
                held.hashes.insert(hash_secret(&secret).to_hex());
            }
            vec![reply]
        }
        8 => {
            let mut replies = Vec::new();
            for path in [
                "/v2/credentials",
                "/v2/resources?include=credentials",
                "/v2/app?include=app_token,credentials",
                "/v2/keys",
                "/v1/api-keys",
                "/v2/audit",
                "/v2/apps",
                "/v2/me",
            ] {
                replies.push(caller.get(path).await);
            }
            let path = format!("/v2/resources/{}?include=credentials", field.resource);
            replies.push(caller.get(&path).await);
            replies
        }
        // A password is exchanged for a server-token: who sets one obtains one.
        9 | 10 => {
            let mut email = format!("room-{number}@clinic.example");
            let new = json!({ "name": "Room", "timezone": "UTC", "email": email, "password": "open sesame" });
            let reply = if what == 9 {
                caller.post("/v2/resources", new).await
            } else {
                email = "room@clinic.example".to_owned();
                let path = format!("/v2/resources/{}", field.resource);
                caller
                    .put(&path, json!({ "password": "open sesame" }))
                    .await
            };
            let mut replies = vec![reply];
            if [200, 201, 204].contains(&replies[0].status) {
                let nobody = server.anonymous().header("timekit-app", &field.app.slug);
                let body = json!({ "email": email, "password": "open sesame" });
                replies.push(nobody.post("/v2/auth", body).await);
            }
            replies
        }
        11 => vec![
            caller
                .post("/v2/apps", json!({ "name": format!("App {number}") }))
                .await,
        ],
        _ => vec![caller.post("/v1/api-keys", json!({ "name": "Own" })).await],
    };
    (format!("step {what} with {wanted}"), replies)
}

impl Held {
    fn take(&mut self, server: &TestServer, secret: &str, id: &str) {
        self.callers.push(server.with_key(secret));
        self.ids.push(id.to_owned());
        self.hashes.insert(hash_secret(secret).to_hex());
    }
}

fn texts<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| texts(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Takes every secret in an answer. Public keys that others made are everybody's, and so nobody's gain.
async fn obtain(server: &TestServer, slug: &str, reply: &Reply, held: &mut Held) {
    let mut found = Vec::new();
    texts(&reply.body, &mut found);
    for text in found {
        let store = server.state.store();
        if let Ok(key) = PlainKey::parse_key(text) {
            let record = store.find_key(key.hashed()).await.expect("an answer");
            let record = record.expect("keys in answers are kept");
            let is_ours = held
                .ids
                .iter()
                .any(|id| record.created_by == format!("key:{id}"));
            let id = record.id.to_string();
            if (record.kind != KeyKind::Widget || is_ours) && !held.ids.contains(&id) {
                held.take(server, text, &id);
            }
        } else if let Ok(token) = PlainKey::parse_token(text) {
            let hash = token.hashed();
            let record = store.find_credential(hash).await.expect("an answer");
            if let Some(record) = record
                && held.hashes.insert(hash.to_hex())
            {
                let pair = (record.user, text.to_owned());
                held.callers.push(server.with_token(slug, &pair));
            }
        }
    }
}

/// How far everything held reaches now.
async fn reaches(server: &TestServer, held: &Held) -> Vec<(String, Reach)> {
    let store = server.state.store();
    let mut reaches = Vec::new();
    for hash in &held.hashes {
        let hash = HashedKey::parse(hash).expect("a hash");
        if let Some(key) = store.find_key(hash).await.expect("an answer") {
            reaches.push((format!("{key:?}"), key_reach(&key)));
        }
        if let Some(token) = store.find_credential(hash).await.expect("an answer") {
            let reach = token_reach(token.token_type, token.expires_at, token.referrer.clone());
            reaches.push((format!("{token:?}"), reach));
        }
    }
    reaches
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_obtains_a_secret_wider_than_their_own_by_any_sequence_of_calls() {
    let server = TestServer::start_with(Options {
        allow_imported_keys: true,
        ..Options::default()
    })
    .await;
    let mut dice = Dice(2026);
    let mut field = Field::new(&server, 0).await;
    let (mut obtained, mut refused, mut accepted) = (0, 0, 0);
    for sequence in 0..SEQUENCES {
        // Resources have at most so many credentials, and long lists take long.
        if sequence % 15 == 14 {
            field = Field::new(&server, sequence).await;
        }
        server.clock.advance(TimeDelta::minutes(1));
        let mut own = settings(&mut dice, &server);
        own["scopes"] = scopes(&mut dice);
        own["name"] = json!("Maker");
        let made = field
            .owner
            .post("/v2/keys", own.clone())
            .await
            .expecting(201);
        let mut held = Held {
            settings: own.clone(),
            callers: Vec::new(),
            ids: Vec::new(),
            hashes: HashSet::new(),
        };
        let secret = made.body["data"]["key"].as_str().expect("shown once");
        held.take(&server, secret, &made.id());
        let own_reach = reaches(&server, &held).await.remove(0).1;
        let mut story = vec![format!("sequence {sequence} begins with {own}")];
        for step in 0..=dice.below(LONGEST) {
            let number = sequence * LONGEST + step;
            server.clock.advance(TimeDelta::seconds(2));
            let (what, replies) =
                try_something(&mut dice, &server, &field, &mut held, number).await;
            let refused_all = replies.iter().all(|reply| reply.status >= 400);
            for reply in replies {
                assert!(reply.status < 500, "{what}: {}", reply.body);
                assert_ne!(reply.status, 429, "{what}: {}", reply.body);
                refused += usize::from(reply.body["code"] == "wider_than_caller");
                accepted += usize::from(reply.status < 300);
                story.push(format!("{what}: {}", reply.status));
                obtain(&server, &field.app.slug, &reply, &mut held).await;
            }
            if refused_all {
                continue;
            }
            for (record, reach) in reaches(&server, &held).await {
                assert_eq!(
                    own_reach.covers(&reach),
                    Ok(()),
                    "{record}\n{}",
                    story.join("\n")
                );
            }
        }
        obtained += held.hashes.len() - 1;
    }
    // Otherwise it has tried nothing.
    assert!(obtained > 200, "{obtained} secrets obtained");
    assert!(refused > 200, "{refused} refused as wider");
    assert!(accepted > 500, "{accepted} accepted");
}

#[tokio::test]
async fn a_password_that_would_be_exchanged_for_a_wider_token_is_not_set() {
    let server = TestServer::start().await;
    let wanted = json!({ "name": "Narrow", "scopes": ["resources.write", "keys.write"] });
    let (_, narrow) = server.make_key(&server.app(), wanted).await;
    let room = json!({ "name": "Room", "timezone": "UTC", "email": "r@clinic.example", "password": "open sesame" });
    let reply = narrow.post("/v2/resources", room).await;
    assert_eq!(
        (reply.status, &reply.body["code"]),
        (403, &json!("wider_than_caller"))
    );
}
