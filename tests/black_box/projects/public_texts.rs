//! What strangers can read holds no secret of ours: markers in every field of everything tell which fields strangers can
//! read, and in each of those a secret is refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use local::demo::{DOC_BROWN, ROOM, TEST_SLUG};
use serde_json::{Value, json};
use tests::{Client, TestServer};

/// Something that an app writes and strangers read.
struct Thing {
    /// Where it is made; none if it is there already.
    made_at: Option<&'static str>,
    /// Where it is changed, below or beside.
    changed_at: fn(&str) -> Option<(http::Method, String)>,
    /// A request with a marker in every text.
    body: Value,
    /// Objects that take any name.
    free: &'static [(&'static str, &'static str)],
    /// How many of its texts strangers must be able to read, so that this looks at what it is about.
    public: usize,
}

fn put(path: String) -> Option<(http::Method, String)> {
    Some((http::Method::PUT, path))
}

fn things() -> Vec<Thing> {
    let room = ROOM.to_string();
    vec![
        Thing {
            made_at: Some("/v2/projects"),
            changed_at: |id| put(format!("/v2/projects/{id}")),
            body: json!({
                "name": "marker1q",
                "slug": "marker2q",
                "price": "marker40q",
                "resources": [room],
                "booking": { "graph": "instant", "what": "marker3q", "where": "marker4q", "description": "marker5q" },
                "ui": {
                    "display_name": "marker6q",
                    "avatar": "https://example.com/marker7q",
                    "localization": { "submit_button": "marker8q" },
                    "more": { "deep": ["marker9q"] },
                },
                "customer_fields": { "name": { "title": "marker10q" }, "comment": { "title": "marker11q" } },
                "meta": { "note": "marker12q" },
                "reminders": [{ "text": "marker13q" }],
            }),
            free: &[("/ui", ""), ("/ui/more", ""), ("/customer_fields/name", "")],
            public: 11,
        },
        Thing {
            made_at: Some("/v2/locations"),
            changed_at: |id| put(format!("/v2/locations/{id}")),
            body: json!({
                "name": "marker14q",
                "description": "marker15q",
                "meta": { "t_city": "marker16q", "note": "marker17q" },
            }),
            free: &[("/meta", "t_")],
            public: 3,
        },
        Thing {
            made_at: Some("/v2/location/services"),
            changed_at: |id| put(format!("/v2/location/services/{id}")),
            body: json!({
                "name": "marker18q",
                "description": "marker19q",
                "image_url": "https://example.com/marker20q",
                "availability": { "length": "1 hour", "note": "marker21q" },
                "meta": { "note": "marker22q" },
            }),
            free: &[("/availability", "")],
            public: 4,
        },
        Thing {
            made_at: Some("/v2/widgets"),
            changed_at: |id| put(format!("/v2/widgets/{id}")),
            body: json!({ "name": "marker23q", "slug": "marker39q", "config": { "a": "marker24q", "b": { "c": ["marker25q"] } } }),
            free: &[("/config", ""), ("/config/b", "")],
            public: 4,
        },
        Thing {
            made_at: Some("/v2/resources"),
            changed_at: |id| put(format!("/v2/resources/{id}")),
            body: json!({
                "name": "marker26q",
                "timezone": "UTC",
                "first_name": "marker27q",
                "image": "https://example.com/marker28q",
                "tags": ["marker29q"],
                "meta": { "note": "marker30q" },
            }),
            free: &[],
            public: 1,
        },
        Thing {
            made_at: Some("/v2/bookings"),
            changed_at: |_| None,
            body: json!({
                "resource_id": DOC_BROWN.to_string(),
                "graph": "group_owner",
                "start": "2026-12-02T20:00:00Z",
                "end": "2026-12-02T21:00:00Z",
                "what": "marker31q",
                "where": "marker32q",
                "description": "marker33q",
                "meta": { "note": "marker34q" },
                "settings": { "max_seats": 3 },
            }),
            free: &[],
            public: 3,
        },
        Thing {
            made_at: None,
            changed_at: |_| put(format!("/v2/apps/{TEST_SLUG}")),
            body: json!({ "name": "marker35q", "settings": { "contact_name": "marker36q", "from_name": "marker37q" } }),
            free: &[],
            public: 1,
        },
        Thing {
            made_at: Some("/v2/keys"),
            changed_at: |id| Some((http::Method::PATCH, format!("/v2/keys/{id}"))),
            body: json!({ "name": "marker38q" }),
            free: &[],
            public: 1,
        },
    ]
}

/// The JSON pointers of every text.
fn texts(value: &Value, at: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) if text.contains("marker") => found.push((at.to_owned(), text.clone())),
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                texts(value, &format!("{at}/{index}"), found);
            }
        }
        Value::Object(map) => {
            for (name, value) in map {
                texts(value, &format!("{at}/{name}"), found);
            }
        }
        _ => {}
    }
}

/// Everything that strangers read of an app in which all things are.
async fn read_by_strangers(server: &TestServer, made: &[String], app: &Client) -> String {
    let [project, location, service, widget, resource, _, _, key] = made else {
        panic!("{made:?}")
    };
    let page = server.with_key(server.demo.test.widget_key.expose());
    let shown = app.get(&format!("/v2/keys/{key}")).await.expecting(200);
    let own = shown.body["data"]["key"].as_str().expect("a public key");
    let slug = app.get(&format!("/v2/widgets/{widget}")).await;
    let slug = slug.body["data"]["slug"]
        .as_str()
        .expect("a slug")
        .to_owned();
    let group = tests::group(resource, "2026-12-03T10:00:00Z", "2026-12-03T11:00:00Z", 2);
    app.book(group).await;
    let booked = json!({
        "resource_id": ROOM.to_string(),
        "project_id": project,
        "start": "2026-11-23T10:00:00Z",
        "end": "2026-11-23T11:00:00Z",
        "customer": { "name": "Marty", "email": "marty@example.com" },
    });
    let booked = page.post("/v2/bookings?include=event", booked).await;
    let mut read = booked.expecting(201).body.to_string();
    let nobody = server.anonymous();
    for (caller, path) in [
        (&page, format!("/v2/projects/embed/{project}")),
        (&nobody, "/v2/projects/hosted/marker2q".to_owned()),
        (&page, format!("/v2/locations/{location}")),
        (&page, "/v2/locations?include=services".to_owned()),
        (&page, format!("/v2/location/services/{service}")),
        (&page, "/v2/location/services?include=locations".to_owned()),
        (&nobody, format!("/v2/widgets/embed/{widget}")),
        (&nobody, format!("/v2/widgets/hosted/{slug}")),
        (
            &page,
            "/v2/bookings/groups?include=event,resource,meta,customers".to_owned(),
        ),
        (&page, "/v2/me".to_owned()),
        (&server.with_key(own), "/v2/me".to_owned()),
    ] {
        read += &caller.get(&path).await.expecting(200).body.to_string();
    }
    read
}

#[tokio::test]
async fn every_field_that_strangers_can_read_refuses_a_secret() {
    let server = TestServer::start().await;
    let app = server.app();
    let mut made = Vec::new();
    for thing in &things() {
        let mut body = thing.body.clone();
        if thing.made_at == Some("/v2/keys") {
            body["kind"] = "widget".into();
        }
        let id = match thing.made_at {
            Some(path) => app.post(path, body).await.expecting(201).id(),
            None => String::new(),
        };
        if let Some((method, path)) = (thing.changed_at)(&id) {
            let sent = thing.body.to_string();
            app.send(method, &path, &sent).await.expecting(200);
        }
        made.push(id);
    }
    let read = read_by_strangers(&server, &made, &app).await;

    let token = server
        .token(&app, &DOC_BROWN.to_string(), "server-token")
        .await
        .1;
    let api_key = server.demo.live.api_key.expose().to_owned();
    let signing = crate::bookings::links::signing_secret(&app).await;
    let secrets = [
        format!("see {api_key}"),
        format!("x{token}y"),
        format!("Basic {}", STANDARD.encode(format!(":{api_key}"))),
        signing,
    ];
    for (thing, id) in things().iter().zip(&made) {
        let changed_at = (thing.changed_at)(id);
        let ways = thing
            .made_at
            .map(|path| (http::Method::POST, path.to_owned()));
        let ways: Vec<_> = ways.into_iter().chain(changed_at).collect();
        let mut found = Vec::new();
        texts(&thing.body, "", &mut found);
        let public = found.iter().filter(|(_, text)| {
            let marker = text.rsplit('/').next().unwrap_or(text);
            read.contains(marker)
        });
        let public: Vec<_> = public.collect();
        assert_eq!(
            public.len(),
            thing.public,
            "of {:?}: {public:?}",
            thing.made_at
        );
        let mut bodies = Vec::new();
        for secret in &secrets {
            for (pointer, _) in &public {
                let mut body = thing.body.clone();
                *body.pointer_mut(pointer).expect("a text") = secret.clone().into();
                bodies.push((pointer.clone(), secret, body));
            }
            for (pointer, prefix) in thing.free {
                let mut body = thing.body.clone();
                body.pointer_mut(pointer).expect("an object")[format!("{prefix}{secret}")] =
                    json!(1);
                bodies.push(((*pointer).to_owned(), secret, body));
            }
        }
        for (method, path) in ways {
            // A key or an account is not asked for the signing secret of an app.
            let knows_app = !path.contains("/keys");
            for (pointer, secret, body) in &bodies {
                if !knows_app && **secret == secrets[3] {
                    continue;
                }
                let reply = app.send(method.clone(), &path, &body.to_string()).await;
                let field = pointer.split('/').nth(1).expect("a field");
                let context = format!("{method} {path} {pointer} {secret}: {}", reply.body);
                assert_eq!(reply.status, 422, "{context}");
                let names_it = |fault: &&str| fault.split('.').next() == Some(field);
                assert!(reply.faults().iter().any(names_it), "{context}");
                let told = reply.body["errors"].to_string();
                assert!(!told.contains(&**secret), "{context}");
            }
        }
    }
}
