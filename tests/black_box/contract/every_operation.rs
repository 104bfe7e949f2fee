//! Every operation, called once with success on a demo of its own: what functions log of it, what it costs, and what
//! their roles must allow for it. The requests are those of `events/`, changed where they show a refusal there.

use api::operations::Operation;
use auth::token::{PlainToken, RESET_LINK_MINUTES};
use aws_sdk_dynamodb::types::AttributeValue;
use axum::body::Body;
use axum::response::Response;
use chrono::TimeDelta;
use local::demo::{CONFIRMED, DOC_BROWN, EMAIL, ROOM, TEST_SLUG};
use local::tables;
use model::key::Mode;
use serde_json::{Value, json};
use store::{Table, Tables};
use tests::roles::Rights;
use tests::{Client, Log, Options, TestServer, with};
use tokio::sync::OnceCell;
use tower::ServiceExt as _;

/// What is answered with an error however it is asked: this server talks to no calendar provider, and the files of pages
/// are not there unless pages were built.
pub(crate) const NEVER_DONE: [&str; 7] = [
    "sign_up_with_google",
    "sign_up_with_microsoft",
    "sync_accounts",
    "sync_accounts_by_post",
    "sync_microsoft_accounts",
    "get_console_file",
    "get_widget_file",
];

/// An operation that was called.
#[derive(Clone, Debug)]
pub(crate) struct Called {
    /// Itself.
    pub(crate) operation: Operation,
    /// What was sent.
    pub(crate) event: Value,
    /// The answer's status.
    pub(crate) status: u16,
    /// The answer's `X-Request-Id`.
    pub(crate) request_id: String,
    /// How many calls the store counted for all requests together meanwhile.
    pub(crate) store_calls: u64,
    /// What was logged.
    pub(crate) lines: Vec<Value>,
}

impl Called {
    /// The line that says what became of the request.
    pub(crate) fn line(&self) -> &Value {
        let [line] = self.lines.as_slice() else {
            panic!("{}: {:?}", self.operation.id, self.lines)
        };
        line
    }
}

/// Every operation, and the rights that all of them used together.
pub(crate) struct Everything {
    pub(crate) called: Vec<Called>,
    pub(crate) used: Rights,
}

/// Calls every operation. All tests share what came of it.
pub(crate) async fn called() -> &'static Everything {
    static EVERYTHING: OnceCell<Everything> = OnceCell::const_new();
    let call = || call_every_operation(Mode::Test);
    EVERYTHING.get_or_init(call).await
}

/// Calls every operation for a live app that has what the demo's test app has.
pub(crate) async fn called_for_a_live_app() -> Everything {
    call_every_operation(Mode::Live).await
}

async fn call_every_operation(mode: Mode) -> Everything {
    let mut everything = Everything {
        called: Vec::new(),
        used: Rights::new(),
    };
    for (_, operations) in local::functions() {
        // What changes nothing may share a server.
        let (writing, reading): (Vec<_>, Vec<_>) = operations
            .list()
            .iter()
            .partition(|operation| operation.writes);
        let alone = writing.into_iter().map(|operation| vec![operation]);
        for operations in alone.chain([reading]) {
            let server = TestServer::start_with(Options {
                allow_imported_keys: true,
                ..Options::default()
            })
            .await;
            for operation in operations {
                everything.called.push(call(&server, operation, mode).await);
            }
            for (function, rights) in server.roles.used() {
                everything.used.entry(function).or_default().extend(rights);
            }
        }
    }
    let operations = local::operations();
    let place = |called: &Called| {
        let mut ids = operations.list().iter().map(|operation| &operation.id);
        ids.position(|id| *id == called.operation.id)
    };
    everything.called.sort_by_key(place);
    everything
}

#[tokio::test]
async fn every_operation_can_be_done() {
    for called in &called().await.called {
        let id = called.operation.id.as_str();
        assert!(
            called.status < 400 || NEVER_DONE.contains(&id),
            "{id}: {}. Change its event in tests/black_box/contract/every_operation.rs so that it succeeds",
            called.line()
        );
    }
}

async fn call(server: &TestServer, operation: &Operation, mode: Mode) -> Called {
    let Event(event) = sound_event(server, &operation.id).await;
    if mode == Mode::Live {
        turn_live(server).await;
    }
    // Past the life of every lease of permits, so that each operation is counted with the renewal of one.
    server.clock.advance(TimeDelta::seconds(10));
    let before = server.store_calls();
    let log = Log::start();
    let response = send(server, &event).await;
    let request_id = response.headers()["x-request-id"].to_str().expect("text");
    Called {
        operation: operation.clone(),
        status: response.status().as_u16(),
        request_id: request_id.to_owned(),
        store_calls: server.store_calls() - before,
        lines: log.lines(),
        event,
    }
}

/// Makes live apps of all test apps, which no operation does: so that a live app has the same data.
async fn turn_live(server: &TestServer) {
    let dynamodb = server.dynamodb().await;
    for table in [Table::Keys, Table::Credentials, Table::Accounts] {
        let table = Tables::with_prefix(tables::PREFIX).name(table);
        let found = dynamodb.scan().table_name(&table).send().await;
        for mut item in found.expect("a table").items.unwrap_or_default() {
            let Some(AttributeValue::S(record)) = item.get_mut("record") else {
                continue;
            };
            let live = record.replace(r#""mode":"test""#, r#""mode":"live""#);
            if *record != live {
                *record = live;
                let put = dynamodb.put_item().table_name(&table).set_item(Some(item));
                put.send().await.expect("written");
            }
        }
    }
}

/// What is answered to an event of API Gateway.
pub(crate) async fn send(server: &TestServer, event: &Value) -> Response {
    let Ok(response) = server
        .router()
        .oneshot(function_request(request(event)))
        .await;
    response
}

/// The request that an event of API Gateway is to the function that it is handed to.
pub(crate) fn request(event: &Value) -> lambda_http::Request {
    lambda_http::request::from_str(&event.to_string()).expect("an event of API Gateway")
}

/// As a function's router receives it.
pub(crate) fn function_request(request: lambda_http::Request) -> axum::extract::Request {
    let (parts, body) = api::gateway::with_context(request).into_parts();
    let body = match body {
        lambda_http::Body::Text(text) => Body::from(text),
        lambda_http::Body::Binary(bytes) => Body::from(bytes),
        _ => Body::empty(),
    };
    http::Request::from_parts(parts, body)
}

/// An event of API Gateway.
#[derive(Clone, Debug)]
pub(crate) struct Event(pub(crate) Value);

impl Event {
    /// As it stands in `events/`.
    pub(crate) fn of(operation: &str) -> Self {
        let path = format!("{}/../events/{operation}.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
        Self(serde_json::from_str(&text).expect("JSON"))
    }

    /// To another path, with its query.
    fn to(mut self, path_and_query: &str) -> Self {
        let (path, query) = path_and_query
            .split_once('?')
            .unwrap_or((path_and_query, ""));
        self.0["rawPath"] = path.into();
        self.0["rawQueryString"] = query.into();
        self.0["requestContext"]["http"]["path"] = path.into();
        self
    }

    /// Itself.
    pub(crate) fn value(&self) -> &Value {
        &self.0
    }

    /// With the credentials of another caller.
    pub(crate) fn by(mut self, caller: &Client) -> Self {
        for (name, value) in caller.headers() {
            self.0["headers"][name] = value.as_str().into();
        }
        self
    }

    /// With other values of some fields.
    pub(crate) fn with(mut self, fields: Value) -> Self {
        let body = self.0["body"].as_str().unwrap_or("{}");
        let mut body: Value = serde_json::from_str(body).expect("JSON");
        for (name, value) in fields.as_object().expect("fields") {
            body[name] = value.clone();
        }
        self.0["body"] = body.to_string().into();
        self
    }
}

/// The event of an operation, after whatever must be there for it to succeed.
pub(crate) async fn sound_event(server: &TestServer, operation: &str) -> Event {
    let app = server.app();
    let event = Event::of(operation);
    match operation {
        "reset_password" => event.with(json!({ "token": reset_link(server).await })),
        "change_password" => {
            let session = person(server).await;
            let password = &server.demo.password;
            event
                .by(&session)
                .with(json!({ "current_password": password }))
        }
        "create_session" => event.with(json!({ "password": server.demo.password })),
        "get_session" | "delete_session" => event.by(&person(server).await),
        "authenticate_resource" => {
            let body = json!({ "password": "great scott 1955" });
            let path = format!("/v2/resources/{DOC_BROWN}");
            app.put(&path, body).await.expecting(200);
            event.with(json!({ "password": "great scott 1955" }))
        }
        "get_user" | "update_user" => event.by(&resource(server).await),
        "import_key" => event.with(json!({ "sha256": "0123456789abcdef".repeat(4) })),
        "import_credential" => event.with(json!({ "sha256": "fedcba9876543210".repeat(4) })),
        "get_group" => event.to(&format!("/v2/bookings/groups/{}", group(&app).await)),
        "read_calendar_feed" => event.to(&feed(&app).await),
        "get_calendar_feed" => {
            feed(&app).await;
            event
        }
        "extend_reservation" => {
            let id = make(&app, "reserve_slot").await;
            event.with(json!({ "reservation_id": id }))
        }
        "show_external_action" | "perform_external_action" => event.to(&link(&app).await),
        "get_filter_collection" | "update_filter_collection" | "delete_filter_collection" => {
            let id = make(&app, "create_filter_collection").await;
            event.to(&format!("/v2/findtime/filtercollections/{id}"))
        }
        "get_widget" | "update_widget" | "delete_widget" => {
            let id = make(&app, "create_widget").await;
            event.to(&format!("/v2/widgets/{id}"))
        }
        "get_embed_widget" => {
            let id = make(&app, "create_widget").await;
            event.to(&format!("/v2/widgets/embed/{id}"))
        }
        "get_hosted_widget" => {
            let id = make(&app, "create_widget").await;
            let shown = app.get(&format!("/v2/widgets/{id}")).await.expecting(200);
            let slug = shown.body["data"]["slug"].as_str().expect("a slug");
            event.to(&format!("/v2/widgets/hosted/{slug}"))
        }
        "delete_calendar" => {
            let id = make(&app, "create_calendar").await;
            let in_it = with(body_of("create_event"), "calendar_id", id.as_str().into());
            app.post("/v2/events", in_it).await.expecting(201);
            event.to(&format!("/v2/calendars/{id}"))
        }
        "get_event" | "update_event" | "delete_event" => {
            let id = make(&app, "create_event").await;
            event.to(&format!("/v2/events/{id}"))
        }
        _ => event,
    }
}

/// Does what another event asks for, and answers the id of what that made.
async fn make(app: &Client, operation: &str) -> String {
    let Event(event) = Event::of(operation);
    let path = event["rawPath"].as_str().expect("a path");
    let made = app.post(path, body_of(operation)).await;
    made.expecting(201).id()
}

fn body_of(operation: &str) -> Value {
    let Event(event) = Event::of(operation);
    serde_json::from_str(event["body"].as_str().expect("a body")).expect("JSON")
}

async fn group(app: &Client) -> String {
    let body = tests::group(
        &ROOM.to_string(),
        "2026-12-01T10:00:00Z",
        "2026-12-01T11:00:00Z",
        3,
    );
    app.post("/v2/bookings", body).await.expecting(201).id()
}

/// The path of a resource's feed.
async fn feed(app: &Client) -> String {
    let path = format!("/v2/resources/{ROOM}/calendar_feed");
    let made = app.post(&path, json!({})).await.expecting(201);
    path_of(&made.body["data"]["url"])
}

/// The path of a customer's link.
async fn link(app: &Client) -> String {
    let path = format!("/v2/bookings/{CONFIRMED}?include=customer_action_links");
    let shown = app.get(&path).await.expecting(200);
    path_of(&shown.body["data"]["customer_action_links"]["cancel_by_customer"])
}

fn path_of(url: &Value) -> String {
    let url = url.as_str().expect("an address");
    let path = url.find("/v2/").map(|at| url[at..].to_owned());
    path.expect("a path of the API")
}

/// The demo's person, signed in at the address that the events are sent to.
pub(crate) async fn person(server: &TestServer) -> Client {
    let session = server.sign_in(EMAIL, &server.demo.password).await;
    session.header("origin", "https://api.latchkey.example")
}

/// A resource of the test app, by its `server-token`.
pub(crate) async fn resource(server: &TestServer) -> Client {
    let (app, doc) = (server.app(), DOC_BROWN.to_string());
    let token = server.token(&app, &doc, "server-token").await;
    server.with_token(TEST_SLUG, &token)
}

async fn reset_link(server: &TestServer) -> String {
    let token = PlainToken::generate(server.state.random());
    let until = server.state.now() + TimeDelta::minutes(RESET_LINK_MINUTES);
    let store = server.state.store();
    let made = store.create_reset(EMAIL, token.hashed(), until).await;
    assert!(made.expect("a store"));
    token.expose().to_owned()
}
