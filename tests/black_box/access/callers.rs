//! Who may call what: every operation of the list, called by every kind of caller. What is expected is computed
//! from the operation's own access, so an operation that is added is tested without a line here.

use api::operations::Operation;
use auth::{Access, AddressLimit, Proof};
use chrono::TimeDelta;
use http::Method;
use local::demo::{DOC_BROWN, EMAIL, TEST_SLUG};
use model::ids::BookingId;
use model::scope::Scope;
use serde_json::{Value, json};
use tests::{Client, Reply, TestServer};

/// A kind of caller.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Anonymous,
    MalformedKey,
    AppKey,
    NamedKey(Option<Scope>),
    WidgetKey,
    ServerToken,
    ClientToken,
    SessionForItsApp,
    SessionForNoApp,
    SessionForAnothersApp,
}

/// What such a caller hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    LetThrough,
    Unauthenticated,
    Forbidden,
    AppNotFound,
    AppNotNamed,
}

impl Kind {
    fn expects(self, access: Access) -> Outcome {
        let allowed = |allowed| match allowed {
            true => Outcome::LetThrough,
            false => Outcome::Forbidden,
        };
        if access.is_anonymous() {
            return Outcome::LetThrough;
        }
        let takes_keys = access.is_open_to(Proof::SecretKey);
        let takes_sessions =
            access.is_open_to(Proof::AppSession) || access.is_open_to(Proof::AccountSession);
        match self {
            Self::Anonymous | Self::MalformedKey => Outcome::Unauthenticated,
            Self::AppKey | Self::NamedKey(Some(Scope::Everything)) => allowed(takes_keys),
            Self::NamedKey(own) => {
                allowed(takes_keys && access.scopes().all(|scope| own == Some(scope)))
            }
            Self::WidgetKey => allowed(access.is_open_to(Proof::WidgetKey)),
            Self::ServerToken => allowed(access.is_open_to(Proof::ServerToken)),
            Self::ClientToken => allowed(access.is_open_to(Proof::ClientToken)),
            Self::SessionForItsApp => allowed(takes_sessions),
            // What no session may do, it is told before anybody asks which app it means.
            Self::SessionForNoApp | Self::SessionForAnothersApp if !takes_sessions => {
                Outcome::Forbidden
            }
            Self::SessionForNoApp if access.is_open_to(Proof::AccountSession) => {
                Outcome::LetThrough
            }
            Self::SessionForNoApp => Outcome::AppNotNamed,
            Self::SessionForAnothersApp => Outcome::AppNotFound,
        }
    }
}

/// One caller of every kind. All but the anonymous and the last act for the demo's test app.
async fn callers(server: &TestServer) -> Vec<(Kind, Client)> {
    let app = server.app();
    let (others, _) = server.sign_up("other@clinic.example").await;
    let token = async |token_type| {
        let token = server.token(&app, &DOC_BROWN.to_string(), token_type).await;
        server.with_token(TEST_SLUG, &token)
    };
    let session = async || server.sign_in(EMAIL, &server.demo.password).await;
    let mut callers = vec![
        (Kind::Anonymous, server.anonymous()),
        (Kind::MalformedKey, server.with_key("test_api_key_foobar")),
        (Kind::AppKey, app.clone()),
        (
            Kind::WidgetKey,
            server.with_key(server.demo.test.widget_key.expose()),
        ),
        (Kind::ServerToken, token("server-token").await),
        (Kind::ClientToken, token("client-token").await),
        (
            Kind::SessionForItsApp,
            session().await.header("timekit-app", TEST_SLUG),
        ),
        (Kind::SessionForNoApp, session().await),
        (
            Kind::SessionForAnothersApp,
            session().await.header("timekit-app", &others.slug),
        ),
    ];
    for scope in Scope::ALL.iter().copied().map(Some).chain([None]) {
        let scopes: Vec<&str> = scope.iter().map(|scope| scope.name()).collect();
        let (_, key) = server
            .make_key(&app, json!({ "name": "Named", "scopes": scopes }))
            .await;
        callers.push((Kind::NamedKey(scope), key));
    }
    callers
}

/// The operation's path with ids that nothing has, so that no call changes anything.
fn path_to_nothing(server: &TestServer, operation: &Operation) -> String {
    let id = BookingId::random(server.state.random()).to_string();
    let path = operation.path.replace("{id}", &id);
    [
        "{action}",
        "{email}",
        "{feed}",
        "{file}",
        "{page}",
        "{slug}",
        "{resource_id}",
    ]
    .iter()
    .fold(path, |path, name| path.replace(name, "nope"))
}

fn is(reply: &Reply, outcome: Outcome, operation: &Operation) -> bool {
    let code = reply.body["code"].as_str();
    let app_not_found = reply.status == 404 && reply.body["model"] == "App";
    let app_not_named = reply.status == 422 && reply.body["errors"]["Timekit-App"].is_array();
    match outcome {
        Outcome::Unauthenticated => {
            reply.status == 401 && reply.body["error"] == "Invalid credentials supplied"
        }
        Outcome::Forbidden => reply.status == 403 && code == Some("forbidden"),
        Outcome::AppNotFound => app_not_found,
        Outcome::AppNotNamed => app_not_named,
        Outcome::LetThrough => {
            // What is not there, is faulty or would give too much away, the handler says, and not the guard.
            let of_the_path = operation.path.contains("{slug}");
            // What this server does not do it says to whom it would let in.
            (reply.status < 500 || code == Some("not_implemented"))
                && reply.status != 401
                // A link that nobody signed is refused by its handler, with a page.
                && (reply.status != 403
                    || code == Some("wider_than_caller")
                    || operation.path.contains("/external_action/"))
                && (!app_not_found || of_the_path)
                && (!app_not_named || operation.access.is_anonymous())
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_answers_every_kind_of_caller_as_its_access_says() {
    let server = TestServer::start().await;
    let callers = callers(&server).await;
    let operations = local::operations();
    // The session's own end comes last: each session is needed until then.
    let mut operations: Vec<&Operation> = operations.list().iter().collect();
    operations.sort_by_key(|operation| operation.id == "delete_session");
    let mut wrong = Vec::new();
    for operation in operations {
        // Anonymous operations are limited by the minute.
        server.clock.advance(TimeDelta::minutes(1));
        for (kind, caller) in &callers {
            let path = path_to_nothing(&server, operation);
            let body = if operation.method == Method::GET {
                ""
            } else {
                "{}"
            };
            let reply = caller.send(operation.method.clone(), &path, body).await;
            let expected = kind.expects(operation.access);
            if !is(&reply, expected, operation) {
                let got = format!("{} {}", reply.status, reply.body);
                wrong.push(format!(
                    "{} for {kind:?}: expected {expected:?}, got {got}",
                    operation.id
                ));
            }
        }
    }
    let advice = "see functions/*/src/access.rs, and shared/auth/src/decide.rs";
    assert!(wrong.is_empty(), "{advice}\n{}", wrong.join("\n"));
}

#[test]
fn what_is_open_to_public_secrets_and_to_anybody_is_this_and_no_more() {
    let operations = local::operations();
    let open_to = |may: fn(&Access) -> bool| {
        let open = operations
            .list()
            .iter()
            .filter(|operation| may(&operation.access));
        let mut ids: Vec<&str> = open.map(|operation| operation.id.as_str()).collect();
        ids.sort_unstable();
        ids
    };
    let advice = "if that is meant, change tests/black_box/access/callers.rs too";
    assert_eq!(
        open_to(|access| access.is_open_to(Proof::WidgetKey)),
        [
            "count_available_slots",
            "create_booking",
            "get_embed_project",
            "get_location",
            "get_me",
            "get_service",
            "list_available_dates",
            "list_available_slots",
            "list_groups",
            "list_locations",
            "list_projects",
            "list_services",
            "list_unavailable_slots",
            "reschedule_booking",
        ],
        "{advice}"
    );
    assert_eq!(
        open_to(|access| access.is_open_to(Proof::ClientToken)),
        [
            "count_available_slots",
            "create_booking",
            "find_time",
            "find_time_bulk",
            "find_time_team",
            "get_me",
            "get_resource_timezone",
            "get_user_timezone",
            "list_available_dates",
            "list_available_slots",
            "list_groups",
            "list_unavailable_slots",
        ],
        "{advice}"
    );
    assert_eq!(
        open_to(|access| access.is_anonymous()),
        [
            "authenticate_resource",
            "create_account",
            "create_session",
            "get_booked_calendar",
            "get_console_file",
            "get_embed_widget",
            "get_hosted_project",
            "get_hosted_widget",
            "get_openapi_document",
            "get_page_script",
            "get_widget_file",
            "perform_external_action",
            "read_calendar_feed",
            "report_leaked_keys",
            "reset_password",
            "show_booked_page",
            "show_booking_page",
            "show_console",
            "show_console_page",
            "show_docs",
            "show_docs_page",
            "show_external_action",
            "show_menu_page",
            "show_reset_page",
            "show_widget_page",
            "sign_up_with_google",
            "sign_up_with_microsoft",
            "submit_booking_page",
        ],
        "{advice}"
    );
    assert_eq!(
        open_to(|access| {
            access.is_anonymous() && access.address_limit() == AddressLimit::Unlimited
        }),
        [
            "get_console_file",
            "get_openapi_document",
            "get_page_script",
            "get_widget_file",
            "show_console",
            "show_console_page",
            "show_docs",
            "show_docs_page",
            "show_widget_page",
        ],
        "only what reads no store may go uncounted; {advice}"
    );
    assert_eq!(
        open_to(|access| access.address_limit() == AddressLimit::OfPage),
        ["show_booking_page", "show_menu_page", "submit_booking_page"],
        "their handlers take the permits of the app's widget key; {advice}"
    );
    assert_eq!(
        open_to(|access| access.is_open_to(Proof::SignedSearch)),
        ["list_bookings"],
        "{advice}"
    );
}

#[tokio::test]
async fn a_refusal_comes_before_path_and_body_are_looked_at() {
    let server = TestServer::start().await;
    let widget = server.with_key(server.demo.test.widget_key.expose());
    for (caller, status) in [(server.anonymous(), 401), (widget, 403)] {
        let reply = caller
            .send(Method::PUT, "/v2/bookings/nope", "this is no JSON")
            .await;
        assert_eq!(reply.status, status, "{}", reply.body);
    }
}

#[tokio::test]
async fn asking_for_the_head_of_an_answer_takes_what_the_answer_takes() {
    let server = TestServer::start().await;
    let operations = local::operations();
    let guarded = operations
        .list()
        .iter()
        .filter(|operation| operation.method == Method::GET && !operation.access.is_anonymous());
    for operation in guarded {
        let path = path_to_nothing(&server, operation);
        let reply = server.anonymous().send(Method::HEAD, &path, "").await;
        assert_eq!(
            (reply.status, reply.body),
            (401, Value::Null),
            "{}",
            operation.id
        );
    }
}

fn is_an_error_of_ours(reply: &Reply) {
    assert!(
        reply.body["error"].is_string() && reply.body["code"].is_string(),
        "{}",
        reply.body
    );
    assert_eq!(
        reply.body["request_id"].as_str(),
        reply.header("x-request-id")
    );
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
}

#[tokio::test]
async fn there_is_no_path_outside_the_list() {
    let server = TestServer::start().await;
    for path in [
        "/",
        "/v2",
        "/v2/nope",
        "/v2/admin",
        "/V2/bookings",
        "/v3/bookings",
        "/v2//bookings",
        "/v2/bookings/1/confirm/again",
        "/v2/keys/1/rotate/now",
        "/openapi.yaml",
        "/.env",
    ] {
        for caller in [server.anonymous(), server.app()] {
            for method in [Method::GET, Method::DELETE, Method::TRACE] {
                let reply = caller.send(method, path, "").await;
                assert_eq!(reply.status, 404, "{path}: {}", reply.body);
                is_an_error_of_ours(&reply);
            }
        }
    }
}

#[tokio::test]
async fn a_path_of_the_list_takes_the_methods_of_the_list_and_no_other() {
    let server = TestServer::start().await;
    let operations = local::operations();
    for operation in operations.list() {
        let path = path_to_nothing(&server, operation);
        for method in [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ] {
            let is_this =
                |other: &Operation| other.path == operation.path && other.method == method;
            if operations.list().iter().any(is_this) {
                continue;
            }
            for caller in [server.anonymous(), server.app()] {
                let reply = caller.send(method.clone(), &path, "{}").await;
                assert_eq!(reply.status, 405, "{method} {path}: {}", reply.body);
                assert_eq!(reply.body["code"], "method_not_allowed");
                is_an_error_of_ours(&reply);
                let allowed = reply.header("allow").unwrap_or_default();
                assert!(
                    allowed.contains(operation.method.as_str()),
                    "{path} allows {allowed:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_path_that_is_no_text_leads_nowhere() {
    let server = TestServer::start().await;
    for path in [
        "/v2/bookings/%FF",
        "/v2/bookings/%FF/confirm",
        "/v2/apps/%C3%28",
    ] {
        let reply = server.app().send(Method::PUT, path, "{\"meta\":{}}").await;
        assert_eq!(reply.status, 404, "{path}: {}", reply.body);
        is_an_error_of_ours(&reply);
    }
}
