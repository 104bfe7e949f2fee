//! Tenants do not meet, and neither do an account's live and test app: whoever asks for what is another's
//! hears exactly what they hear about something that does not exist, and nothing of the other's changes.

use std::collections::BTreeMap;

use api::operations::Operation;
use http::Method;
use local::demo::{EMAIL, TEST_SLUG};
use model::graph::Action;
use model::ids::BookingId;
use serde_json::{Value, json};
use tests::dossier::Dossier;
use tests::events::{filled, filled_text};
use tests::{Client, Reply, TestApp, TestServer, booking};

/// When an app's event is.
const EVENT: (&str, &str) = ("2026-12-05T10:00:00Z", "2026-12-05T11:00:00Z");

/// A name for everything of an app that a request can ask for, by the words that stand for them in `attacks` of
/// `events/*/operation.json`.
#[derive(Clone, Debug)]
struct Things(BTreeMap<String, String>);

impl std::ops::Index<&str> for Things {
    type Output = String;

    fn index(&self, name: &str) -> &String {
        &self.0[name]
    }
}

impl Things {
    /// Fills an app: a resource with an address, two bookings of it, a key.
    async fn made_in(app: &TestApp, server: &TestServer) -> Self {
        let client = server.with_key(&app.api_key);
        let email = format!("doc@{}.example", app.slug);
        let new = json!({ "name": "Doc Brown", "timezone": "Europe/Copenhagen", "email": email });
        let resource = client.post("/v2/resources", new).await;
        let calendar = resource.body["data"]["calendars"][0]["id"].as_str();
        let calendar = calendar.expect("a calendar").to_owned();
        let resource = resource.id();
        let new = json!({
            "calendar_id": calendar, "start": EVENT.0, "end": EVENT.1, "what": "Away", "where": "Out",
        });
        let event = client.post("/v2/events", new).await.expecting(201).id();
        let new = json!({ "name": "Clock tower" });
        let location = client.post("/v2/locations", new.clone()).await.id();
        let service = client.post("/v2/location/services", new).await.id();
        let new = json!({
            "name": "Page", "resources": [resource], "locations": [location], "services": [service],
        });
        let project = client.post("/v2/projects", new).await.id();
        let new = json!({ "name": "Older page" });
        let widget = client.post("/v2/widgets", new.clone()).await.id();
        let filters = client
            .post("/v2/findtime/filtercollections", new)
            .await
            .id();
        let customer_email = format!("marty@{}.example", app.slug);
        let book = async |hour: u32| {
            let start = format!("2026-12-01T{hour}:00:00Z");
            let end = format!("2026-12-01T{}:00:00Z", hour + 1);
            let mut body = booking(&resource, "confirm_decline", &start, &end);
            body["customer"]["email"] = customer_email.clone().into();
            body["project_id"] = project.clone().into();
            body["meta"] = json!({ "secret": app.slug });
            client.post("/v2/bookings", body).await.id()
        };
        let (tentative, declined) = (book(10).await, book(12).await);
        let decline = format!("/v2/bookings/{declined}/decline");
        assert_eq!(client.put(&decline, json!({})).await.status, 200);
        let credential = credential_of(&client, &resource, "server-token").await;
        let (key, _) = server.make_key(&client, json!({ "name": "Named" })).await;
        let slug = app.slug.clone();
        let new = json!({ "url": "https://victim.example/webhooks" });
        let webhook = client.post("/v2/webhooks", new).await.expecting(201).id();
        let test = format!("/v2/webhooks/{webhook}/test");
        let delivery = client.post(&test, json!({})).await.expecting(201).id();
        let told = client.get("/v2/webhooks/events").await.expecting(200);
        let told = told.body["data"][0]["id"]
            .as_str()
            .expect("an event")
            .to_owned();
        let named = [
            ("tentative", tentative),
            ("declined", declined),
            ("resource", resource),
            ("email", email),
            ("calendar", calendar),
            ("event", event),
            ("credential", credential),
            ("key", key),
            ("slug", slug),
            ("project", project),
            ("location", location),
            ("service", service),
            ("widget", widget),
            ("filters", filters),
            ("customer_email", customer_email),
            ("told", told),
            ("webhook", webhook),
            ("delivery", delivery),
        ];
        Self(named.map(|(name, thing)| (name.to_owned(), thing)).into())
    }

    /// Names of the same form that nothing has.
    fn that_do_not_exist(&self, server: &TestServer) -> Self {
        // Those that are text are as long as the real ones, for an answer may repeat them.
        let other = |(name, thing): (&String, &String)| {
            let other = match name.as_str() {
                "email" => thing.replace("doc@", "cod@"),
                "customer_email" => thing.replace("marty@", "ytram@"),
                // No slug of ours has an l.
                "slug" => format!("{}l", &thing[..thing.len() - 1]),
                "delivery" => format!("{}_{}", random_id(server), random_id(server)),
                _ => random_id(server),
            };
            (name.clone(), other)
        };
        Self(self.0.iter().map(other).collect())
    }

    /// The same, but for the app, of which nothing has the name.
    fn of_no_app(&self, server: &TestServer) -> Self {
        let mut things = self.clone();
        let slug = self.that_do_not_exist(server)["slug"].clone();
        things.0.insert("slug".to_owned(), slug);
        things
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(String::as_str)
    }

    /// Every request that asks for one of these.
    fn requests(&self) -> Vec<(Method, String, Value)> {
        let operations = local::operations();
        let operations = operations.list().iter();
        operations.flat_map(|one| self.attacks(one)).collect()
    }

    /// The requests of an operation that ask for one of these.
    fn attacks(&self, operation: &Operation) -> Vec<(Method, String, Value)> {
        let mut requests = Vec::new();
        for attack in Dossier::of(&operation.id).attacks {
            let path = attack.path.as_ref().unwrap_or(&operation.path);
            let actions: Vec<&str> = match path.contains("{action}") {
                true => Action::ALL.iter().map(|action| action.name()).collect(),
                false => vec![""],
            };
            let body = attack.body.unwrap_or_else(|| json!({}));
            for action in actions {
                let path = filled_text(path, &self.0).replace("{action}", action);
                assert!(
                    !path.contains('{'),
                    "events/{}/operation.json: nothing is called as in {path}",
                    operation.id
                );
                requests.push((operation.method.clone(), path, filled(&body, &self.0)));
            }
        }
        requests
    }
}

#[test]
fn every_operation_whose_path_names_something_is_asked_for_anothers() {
    for operation in local::operations().list() {
        // Pages are the same for everybody and read nothing that is anybody's.
        let is_page = !["/v1/", "/v2/"]
            .iter()
            .any(|api| operation.path.starts_with(api));
        let dossier = Dossier::of(&operation.id);
        let is_said = !dossier.attacks.is_empty() || dossier.no_attack.is_some();
        assert!(
            is_page || !operation.path.contains('{') || is_said,
            "say in `attacks` of events/{}/operation.json how somebody asks for another tenant's",
            operation.id
        );
    }
}

/// The credential of this kind that a resource has from the start.
async fn credential_of(client: &Client, resource: &str, token_type: &str) -> String {
    let path = format!("/v2/credentials?search=resource.id:{resource}");
    let credentials = client.get(&path).await.expecting(200);
    let rows = credentials.body["data"].as_array().expect("credentials");
    let row = rows.iter().find(|row| row["type"] == token_type);
    let id = row.and_then(|row| row["id"].as_str());
    id.expect("such a credential").to_owned()
}

fn random_id(server: &TestServer) -> String {
    BookingId::random(server.state.random()).to_string()
}

/// Everything of an app that can be seen.
async fn everything(owner: &Client) -> Vec<Value> {
    let mut seen = Vec::new();
    for path in [
        "/v2/bookings?include=event,resource,customers,calendar,meta,logs,available_actions",
        "/v2/resources?include=credentials,availability_constraints,calendars.events",
        "/v2/calendars?include=events",
        "/v2/events?start=2026-11-01T00:00:00Z&end=2027-11-01T00:00:00Z",
        "/v2/credentials",
        "/v2/keys",
        "/v2/app",
        "/v2/projects?include=resources,availability_constraints,locations,services",
        "/v2/locations?include=services",
        "/v2/location/services?include=locations",
        "/v2/widgets",
        "/v2/webhooks/events",
        "/v2/webhooks",
        "/v2/findtime/filtercollections",
    ] {
        let reply = owner.get(path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        let mut body = reply.body;
        // Looking is use, too.
        for row in body["data"].as_array_mut().into_iter().flatten() {
            if let Some(row) = row.as_object_mut() {
                row.remove("last_used_at");
                row.remove("requests_24h");
            }
        }
        seen.push(body);
    }
    let webhooks = owner.get("/v2/webhooks").await.body;
    for webhook in webhooks["data"].as_array().into_iter().flatten() {
        let id = webhook["id"].as_str().expect("an id");
        let path = format!("/v2/webhooks/{id}/deliveries?include=body");
        seen.push(owner.get(&path).await.expecting(200).body);
    }
    seen
}

/// Asks for all of `things`, and for what does not exist, and finds no difference.
async fn cannot_tell_from_nothing(
    server: &TestServer,
    who: &str,
    caller: &Client,
    things: &Things,
) {
    let nothing = things.that_do_not_exist(server);
    for (asked, compared) in things.requests().into_iter().zip(nothing.requests()) {
        let what = format!("{who}: {} {}", asked.0, asked.1);
        let reply = ask(caller, asked).await;
        let expected = ask(caller, compared).await;
        assert_eq!(reply.comparable(), expected.comparable(), "{what}");
        let rows = reply.body["data"].as_array().map_or(0, Vec::len);
        assert_eq!(rows, 0, "{what}: {}", reply.body);
    }
}

async fn ask(caller: &Client, (method, path, body): (Method, String, Value)) -> Reply {
    match method {
        Method::GET => caller.get(&path).await,
        method => caller.send(method, &path, &body.to_string()).await,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_anothers_looks_like_what_does_not_exist() {
    let server = TestServer::start().await;
    let (victim, _) = server.sign_up("victim@clinic.example").await;
    let (stranger, _) = server.sign_up("stranger@clinic.example").await;
    let things = Things::made_in(&victim, &server).await;
    let own = Things::made_in(&stranger, &server).await;
    let owner = server.with_key(&victim.api_key);
    let before = everything(&owner).await;

    let app = server.with_key(&stranger.api_key);
    let session = server
        .sign_in("stranger@clinic.example", "a long password")
        .await;
    let token = async |token_type| server.token(&app, &own["resource"], token_type).await;
    let callers = [
        ("an app key", app.clone()),
        ("a widget key", server.with_key(&stranger.widget_key)),
        (
            "a session for its app",
            session.header("timekit-app", &stranger.slug),
        ),
        ("a session for no app", session.clone()),
        (
            "a session for the other's app",
            session.header("timekit-app", &victim.slug),
        ),
        (
            "a server-token",
            server.with_token(&stranger.slug, &token("server-token").await),
        ),
        (
            "a client-token",
            server.with_token(&stranger.slug, &token("client-token").await),
        ),
    ];
    for (who, caller) in &callers {
        cannot_tell_from_nothing(&server, who, caller, &things).await;
    }
    assert_eq!(everything(&owner).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accounts_live_and_test_app_do_not_meet_either() {
    let server = TestServer::start().await;
    let (live, test) = server.sign_up("somebody@clinic.example").await;
    let session = server
        .sign_in("somebody@clinic.example", "a long password")
        .await;
    for (mine, others) in [(&live, &test), (&test, &live)] {
        let things = Things::made_in(others, &server).await;
        let owner = server.with_key(&others.api_key);
        let before = everything(&owner).await;
        let key = server.with_key(&mine.api_key);
        cannot_tell_from_nothing(&server, &mine.slug, &key, &things).await;
        // Both apps are the person's own, so only by its slug may the session find the other.
        let things = things.of_no_app(&server);
        let session = session.header("timekit-app", &mine.slug);
        cannot_tell_from_nothing(&server, "the session", &session, &things).await;
        assert_eq!(everything(&owner).await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resources_token_reaches_no_other_resource_of_its_app() {
    let server = TestServer::start().await;
    let (app, _) = server.sign_up("somebody@clinic.example").await;
    let things = Things::made_in(&app, &server).await;
    let owner = server.with_key(&app.api_key);
    // Who has a client-token can be in a team, and the others of the app find it there; find_time.rs has tests of that.
    let page = credential_of(&owner, &things["resource"], "client-token").await;
    let page = format!("/v2/credentials/{page}");
    owner.delete(&page).await.expecting(204);
    let new = json!({ "name": "Room", "timezone": "UTC", "email": "room@clinic.example" });
    let room = owner.post("/v2/resources", new).await.id();
    let before = everything(&owner).await;
    // The app is the token's own.
    let things = things.of_no_app(&server);
    for token_type in ["server-token", "client-token"] {
        let token = server.token(&owner, &room, token_type).await;
        let token = server.with_token(&app.slug, &token);
        cannot_tell_from_nothing(&server, token_type, &token, &things).await;
    }
    assert_eq!(everything(&owner).await, before);
}

#[tokio::test]
async fn no_list_shows_anything_of_another_tenant() {
    let server = TestServer::start().await;
    let (live, test) = server.sign_up("victim@clinic.example").await;
    let (stranger, _) = server.sign_up("stranger@clinic.example").await;
    let things = Things::made_in(&live, &server).await;
    let token = server
        .token(
            &server.with_key(&live.api_key),
            &things["resource"],
            "client-token",
        )
        .await;
    let session = server
        .sign_in("stranger@clinic.example", "a long password")
        .await;
    let operations = local::operations();
    let lists: Vec<&Operation> = operations
        .list()
        .iter()
        .filter(|operation| operation.method == Method::GET && !operation.path.contains('{'))
        .collect();
    for caller in [
        server.with_key(&stranger.api_key),
        server.with_key(&test.api_key),
        server.app(),
        session.clone(),
        session.header("timekit-app", &stranger.slug),
    ] {
        for operation in &lists {
            let path = format!(
                "{}?include=credentials,customers,meta,resource,resources,locations,services",
                operation.path
            );
            let seen = caller.get(&path).await.body.to_string();
            for thing in things.all().chain([token.1.as_str(), &live.widget_key]) {
                assert!(!seen.contains(thing), "{path} shows {thing}");
            }
        }
    }
    // The same lists do show these things to whom they belong.
    let own = Value::from(everything(&server.with_key(&live.api_key)).await).to_string();
    for thing in things.all() {
        assert!(own.contains(thing), "{thing} is not in {own}");
    }
}

#[tokio::test]
async fn one_tenants_page_address_leads_another_nowhere() {
    let server = TestServer::start().await;
    let (victim, _) = server.sign_up("victim@clinic.example").await;
    let (stranger, _) = server.sign_up("stranger@clinic.example").await;
    Things::made_in(&victim, &server).await;
    let stranger = server.with_key(&stranger.api_key);
    let first = server
        .with_key(&victim.api_key)
        .get("/v2/bookings?limit=1")
        .await;
    let next = first.body["next_page_url"].as_str().expect("a second page");
    let next = next.split_once("/v2/").expect("a path").1;
    let (forged, _) = next.split_once("cursor=").expect("a cursor");
    let followed = stranger.get(&format!("/v2/{next}")).await;
    assert_eq!(followed.faults(), ["cursor"]);
    let made_up = stranger.get(&format!("/v2/{forged}cursor=abc.def")).await;
    assert_eq!(followed.comparable(), made_up.comparable());
}

#[tokio::test]
async fn an_answer_about_anothers_calendar_is_the_one_about_no_calendar() {
    let server = TestServer::start().await;
    let (victim, _) = server.sign_up("victim@clinic.example").await;
    let (stranger, _) = server.sign_up("stranger@clinic.example").await;
    let things = Things::made_in(&victim, &server).await;
    let own = Things::made_in(&stranger, &server).await;
    let stranger = server.with_key(&stranger.api_key);
    let (start, end) = ("2026-12-05T10:00:00Z", "2026-12-05T11:00:00Z");
    let mut body = booking(&own["resource"], "instant", start, end);
    body["calendar_id"] = things["calendar"].clone().into();
    let theirs = stranger.post("/v2/bookings", body.clone()).await;
    assert_eq!(theirs.faults(), ["calendar_id"]);
    body["calendar_id"] = random_id(&server).into();
    let nobodys = stranger.post("/v2/bookings", body).await;
    assert_eq!(theirs.comparable(), nobodys.comparable());
}

#[tokio::test]
async fn one_address_may_be_a_resource_in_two_apps_but_only_one_in_each() {
    let server = TestServer::start().await;
    let (live, test) = server.sign_up("somebody@clinic.example").await;
    let (other, _) = server.sign_up("other@clinic.example").await;
    for (app, zone) in [(live, "Europe/Paris"), (test, "Asia/Tokyo"), (other, "UTC")] {
        let app = server.with_key(&app.api_key);
        let new = json!({ "name": "Doc Brown", "timezone": zone, "email": "doc@timekit.io" });
        let made = app.post("/v2/resources", new.clone()).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let found = app.get("/v2/resources/timezone/doc@timekit.io").await;
        assert_eq!(found.body["data"]["timezone"], zone);
        let again = app.post("/v2/resources", new).await;
        assert_eq!((again.status, again.faults()), (422, vec!["email"]));
    }
}

#[tokio::test]
async fn a_resources_password_opens_its_own_app_only() {
    let server = TestServer::start().await;
    let (live, test) = server.sign_up("somebody@clinic.example").await;
    for (app, password) in [(&live, "the live password"), (&test, "the test password")] {
        let new = json!({ "name": "Doc Brown", "timezone": "UTC", "email": "doc@timekit.io", "password": password });
        let made = server
            .with_key(&app.api_key)
            .post("/v2/resources", new)
            .await;
        assert_eq!(made.status, 201, "{}", made.body);
    }
    let sign_in = async |slug: &str, email: &str, password: &str| {
        let body = json!({ "email": email, "password": password });
        server
            .anonymous()
            .header("timekit-app", slug)
            .post("/v2/auth", body)
            .await
    };
    let own = sign_in(&live.slug, "doc@timekit.io", "the live password").await;
    assert_eq!(own.status, 200, "{}", own.body);
    let crossed = sign_in(&test.slug, "doc@timekit.io", "the live password").await;
    let nobody = sign_in(&test.slug, "nobody@timekit.io", "the live password").await;
    let nowhere = sign_in("no-such-app", "doc@timekit.io", "the live password").await;
    assert_eq!(crossed.status, 401);
    assert_eq!(crossed.comparable(), nobody.comparable());
    assert_eq!(crossed.comparable(), nowhere.comparable());
}

#[tokio::test]
async fn every_answer_of_a_test_app_says_so_and_none_of_a_live_app_does() {
    let server = TestServer::start().await;
    let (live, test) = server.sign_up("somebody@clinic.example").await;
    let session = server
        .sign_in("somebody@clinic.example", "a long password")
        .await;
    for (app, says) in [(live, None), (test, Some("true"))] {
        let things = Things::made_in(&app, &server).await;
        let key = server.with_key(&app.api_key);
        let token = server
            .token(&key, &things["resource"], "server-token")
            .await;
        for caller in [
            key,
            server.with_token(&app.slug, &token),
            session.header("timekit-app", &app.slug),
        ] {
            let unknown = random_id(&server);
            let replies = [
                (
                    200,
                    caller
                        .get(&format!("/v2/bookings/{}", things["tentative"]))
                        .await,
                ),
                (201, {
                    let body = json!({ "type": "client-token", "resource_id": things["resource"] });
                    caller.post("/v2/credentials", body).await
                }),
                (404, caller.get(&format!("/v2/bookings/{unknown}")).await),
                (
                    409,
                    caller
                        .delete(&format!("/v2/bookings/{}", things["tentative"]))
                        .await,
                ),
                (422, caller.post("/v2/bookings", json!({})).await),
                (422, caller.get("/v2/bookings?search=nonsense:1").await),
                (404, caller.get("/v2/nope").await),
                (404, caller.post("/v2/bookings/a/b/c", json!({})).await),
                (405, caller.send(Method::PATCH, "/v2/bookings", "{}").await),
            ];
            for (status, reply) in replies {
                assert_eq!(reply.status, status, "{}", reply.body);
                assert_eq!(reply.header("timekit-testmode"), says, "{status}");
            }
        }
        let widget = server.with_key(&app.widget_key);
        let owner = server.with_key(&app.api_key);
        let narrow = json!({ "name": "Narrow", "scopes": ["bookings.read"] });
        let (_, narrow) = server.make_key(&owner, narrow).await;
        let bound = json!({ "name": "Page", "kind": "widget", "allowed_origins": ["https://clinic.example"] });
        let (_, bound) = server.make_key(&owner, bound).await;
        let page = server
            .token(&owner, &things["resource"], "client-token")
            .await;
        let page = server.with_token(&app.slug, &page);
        let forged = session
            .header("timekit-app", &app.slug)
            .without("x-csrf-token");
        for (status, reply) in [
            (200, widget.get("/v2/me").await),
            (403, widget.get("/v2/bookings").await),
            (404, widget.get("/v2/nope").await),
            (405, widget.send(Method::PATCH, "/v2/bookings", "{}").await),
            (403, narrow.get("/v2/keys").await),
            (403, page.get("/v2/bookings").await),
            (
                403,
                bound
                    .header("origin", "https://evil.example")
                    .get("/v2/me")
                    .await,
            ),
            (403, forged.post("/v2/bookings", json!({})).await),
        ] {
            assert_eq!(reply.status, status, "{}", reply.body);
            assert_eq!(reply.header("timekit-testmode"), says, "{}", reply.body);
        }
    }
}

#[tokio::test]
async fn an_answer_to_nobody_in_particular_speaks_of_no_mode() {
    let server = TestServer::start().await;
    let revoked = {
        let (id, key) = server
            .make_key(&server.app(), json!({ "name": "Old" }))
            .await;
        server.app().delete(&format!("/v2/keys/{id}")).await;
        key
    };
    let session = server.sign_in(EMAIL, &server.demo.password).await;
    for reply in [
        revoked.get("/v2/bookings").await,
        server
            .anonymous()
            .header("timekit-app", TEST_SLUG)
            .get("/v2/bookings")
            .await,
        session.get("/v2/bookings").await,
        session.get("/v2/apps").await,
        session.get("/v2/nope").await,
        revoked.get("/v2/nope").await,
    ] {
        assert_eq!(reply.header("timekit-testmode"), None, "{}", reply.status);
    }
}
