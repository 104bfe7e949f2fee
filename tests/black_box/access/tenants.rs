//! Tenants do not meet, and neither do an account's live and test app: whoever asks for what is another's
//! hears exactly what they hear about something that does not exist, and nothing of the other's changes.

use api::operations::Operation;
use http::Method;
use local::demo::{EMAIL, TEST_SLUG};
use model::graph::Action;
use model::ids::BookingId;
use serde_json::{Value, json};
use tests::{Client, Reply, TestApp, TestServer, booking, with};

/// When an app's event is.
const EVENT: (&str, &str) = ("2026-12-05T10:00:00Z", "2026-12-05T11:00:00Z");

/// A list of events with that one in it.
const EVENTS: &str = "events?start=2026-12-05T00:00:00Z&end=2026-12-06T00:00:00Z";

/// A name for everything of an app that a request can ask for.
#[derive(Clone, Debug)]
struct Things {
    tentative: String,
    declined: String,
    resource: String,
    email: String,
    calendar: String,
    event: String,
    credential: String,
    key: String,
    slug: String,
    project: String,
    location: String,
    service: String,
    widget: String,
    filters: String,
    customer_email: String,
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
        Self {
            tentative,
            declined,
            resource,
            email,
            calendar,
            event,
            credential,
            key,
            slug: app.slug.clone(),
            project,
            location,
            service,
            widget,
            filters,
            customer_email,
        }
    }

    /// Names of the same form that nothing has.
    fn that_do_not_exist(&self, server: &TestServer) -> Self {
        // Those that are text are as long as the real ones, for an answer may repeat them.
        Self {
            tentative: random_id(server),
            declined: random_id(server),
            resource: random_id(server),
            email: self.email.replace("doc@", "cod@"),
            calendar: random_id(server),
            event: random_id(server),
            credential: random_id(server),
            key: random_id(server),
            // No slug of ours has an l.
            slug: format!("{}l", &self.slug[..self.slug.len() - 1]),
            project: random_id(server),
            location: random_id(server),
            service: random_id(server),
            widget: random_id(server),
            filters: random_id(server),
            customer_email: self.customer_email.replace("marty@", "ytram@"),
        }
    }

    fn all(&self) -> [&str; 15] {
        [
            &self.tentative,
            &self.declined,
            &self.resource,
            &self.email,
            &self.calendar,
            &self.event,
            &self.credential,
            &self.key,
            &self.slug,
            &self.project,
            &self.location,
            &self.service,
            &self.widget,
            &self.filters,
            &self.customer_email,
        ]
    }

    /// Every request that asks for one of these.
    fn requests(&self) -> Vec<(Method, String, Value)> {
        let mut requests = Vec::new();
        for operation in local::operations().list() {
            for path in self.paths(operation) {
                requests.push((operation.method.clone(), path, body_of(operation)));
            }
        }
        let stolen = booking(
            &self.resource,
            "instant",
            "2026-12-03T10:00:00Z",
            "2026-12-03T11:00:00Z",
        );
        let token = json!({ "type": "client-token", "resource_id": self.resource });
        let forgotten = json!({ "email": self.email });
        requests.push((Method::POST, "/v2/bookings".to_owned(), stolen));
        requests.push((Method::POST, "/v2/credentials".to_owned(), token));
        let event = json!({ "start": EVENT.0, "end": EVENT.1, "what": "Stolen", "where": "Out" });
        let by_resource = with(event.clone(), "resource_id", self.resource.clone().into());
        let by_calendar = with(event, "calendar_id", self.calendar.clone().into());
        let calendar = json!({ "resource_id": self.resource, "name": "Stolen" });
        requests.push((Method::POST, "/v2/events".to_owned(), by_resource));
        requests.push((Method::POST, "/v2/events".to_owned(), by_calendar));
        requests.push((Method::POST, "/v2/calendars".to_owned(), calendar));
        let one = json!({ "resource_ids": [self.resource], "future": "2 days" });
        let of_calendar = json!({ "calendar_ids": [self.calendar], "future": "2 days" });
        let team = json!({ "users": [{ "_email": self.email }], "future": "2 days" });
        let slots = json!({ "resources": [self.resource], "mode": "mutual", "to": "2 days" });
        let of_project = json!({ "project_id": self.project, "to": "2 days" });
        for (path, search) in [
            ("findtime", one.clone()),
            ("findtime", of_calendar),
            ("findtime/bulk", json!({ "users": [one] })),
            ("findtime/team", team),
            ("availability", slots),
            ("availability", of_project),
        ] {
            requests.push((Method::POST, format!("/v2/{path}"), search));
        }
        requests.push((
            Method::POST,
            "/v2/resources/resetpassword".to_owned(),
            forgotten,
        ));
        let searches = [
            format!("bookings?search=resource.id:{}", self.resource),
            format!("bookings?search=calendar.id:{}", self.calendar),
            format!("bookings?search=project.id:{}", self.project),
            format!("bookings?search=customer.email:{}", self.customer_email),
            format!("bookings?search=meta.secret:{}", self.slug),
            format!("calendars?search=resource.id:{}", self.resource),
            format!("{EVENTS}&search=resource.id:{}", self.resource),
            format!("{EVENTS}&search=calendar.id:{}", self.calendar),
            format!("credentials?search=resource.id:{}", self.resource),
            format!("resources?search=id:{}", self.resource),
            format!("resources?search=email:{}", self.email),
            format!("projects?search=locations.uuid:{}", self.location),
            format!("projects?search=services.uuid:{}", self.service),
            format!("locations?search=id:{}", self.location),
            format!("location/services?search=id:{}", self.service),
        ];
        requests.extend(searches.map(|search| (Method::GET, format!("/v2/{search}"), json!({}))));
        requests
    }

    /// The operation's paths with these names in it; none if its path asks for nothing.
    fn paths(&self, operation: &Operation) -> Vec<String> {
        // Pages are the same for everybody and read nothing that is anybody's.
        let is_page = !["/v1/", "/v2/"]
            .iter()
            .any(|api| operation.path.starts_with(api));
        if is_page || !operation.path.contains('{') {
            return Vec::new();
        }
        let ids: Vec<&str> = match operation.path.split('/').nth(2) {
            Some("bookings") => vec![&self.tentative, &self.declined],
            Some("resources") => vec![&self.resource],
            Some("calendars") => vec![&self.calendar],
            Some("events") => vec![&self.event],
            Some("credentials") => vec![&self.credential],
            Some("keys") => vec![&self.key],
            Some("apps") => vec![&self.slug],
            // What anybody may see of a page by its slug has tests in projects.rs; an app's slug names none.
            Some("projects") if operation.path.contains("{slug}") => vec![&self.slug],
            Some("projects") => vec![&self.project],
            Some("locations") => vec![&self.location],
            Some("location") => vec![&self.service],
            // An older page's configuration is anybody's to read; what may be in it has tests in widgets.rs.
            Some("widgets") if operation.path.starts_with("/v2/widgets/embed/") => Vec::new(),
            Some("widgets") if operation.path.contains("{slug}") => vec![&self.slug],
            Some("widgets") => vec![&self.widget],
            Some("findtime") => vec![&self.filters],
            Some("users") => vec![&self.resource],
            // Every app has the same templates.
            Some("templates") => Vec::new(),
            _ => panic!(
                "say what {} is about in tests/black_box/access/tenants.rs",
                operation.path
            ),
        };
        let actions: Vec<&str> = match operation.path.contains("{action}") {
            true => Action::ALL.iter().map(|action| action.name()).collect(),
            false => vec![""],
        };
        ids.iter()
            .flat_map(|id| actions.iter().map(move |action| (id, action)))
            .map(|(id, action)| {
                let path = operation.path.replace("{id}", id).replace("{slug}", id);
                path.replace("{action}", action)
                    .replace("{email}", &self.email)
                    .replace("{resource_id}", &self.resource)
            })
            .collect()
    }
}

/// A body with which the operation would change what it is about.
fn body_of(operation: &Operation) -> Value {
    match operation.id.as_str() {
        "update_booking" => json!({ "meta": { "stolen": true } }),
        "update_resource"
        | "update_app"
        | "update_project"
        | "update_location"
        | "update_service"
        | "update_calendar"
        | "update_widget"
        | "update_filter_collection" => json!({ "name": "Stolen" }),
        "update_event" => json!({ "what": "Stolen" }),
        "set_project_resources" => json!([]),
        _ => json!({}),
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
    let token = async |token_type| server.token(&app, &own.resource, token_type).await;
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
        let things = Things {
            slug: things.that_do_not_exist(&server).slug,
            ..things
        };
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
    let page = credential_of(&owner, &things.resource, "client-token").await;
    let page = format!("/v2/credentials/{page}");
    owner.delete(&page).await.expecting(204);
    let new = json!({ "name": "Room", "timezone": "UTC", "email": "room@clinic.example" });
    let room = owner.post("/v2/resources", new).await.id();
    let before = everything(&owner).await;
    // The app is the token's own.
    let things = Things {
        slug: things.that_do_not_exist(&server).slug,
        ..things
    };
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
            &things.resource,
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
            for thing in things
                .all()
                .into_iter()
                .chain([token.1.as_str(), &live.widget_key])
            {
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
    let mut body = booking(&own.resource, "instant", start, end);
    body["calendar_id"] = things.calendar.into();
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
        let token = server.token(&key, &things.resource, "server-token").await;
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
                        .get(&format!("/v2/bookings/{}", things.tentative))
                        .await,
                ),
                (201, {
                    let body = json!({ "type": "client-token", "resource_id": things.resource });
                    caller.post("/v2/credentials", body).await
                }),
                (404, caller.get(&format!("/v2/bookings/{unknown}")).await),
                (
                    409,
                    caller
                        .delete(&format!("/v2/bookings/{}", things.tentative))
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
        let page = server.token(&owner, &things.resource, "client-token").await;
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
