//! Nothing outlives the key that made it, and nothing is made for what is another tenant's.

use chrono::TimeDelta;
use http::Method;
use local::demo::{DOC_BROWN, ROOM};
use model::ids::BookingId;
use model::time::{Tz, format_instant};
use serde_json::{Value, json};
use tests::{Client, TestServer, booking, with};

/// A key that may do everything until tomorrow, and when that is.
async fn until_tomorrow(server: &TestServer) -> (String, Client) {
    let ends = format_instant(server.state.now() + TimeDelta::days(1), Tz::UTC);
    let wanted = json!({ "name": "Tomorrow", "scopes": ["*"], "expires_at": ends });
    (ends, server.make_key(&server.app(), wanted).await.1)
}

fn path_of(url: &Value) -> String {
    let url = url.as_str().expect("an address");
    url[url.find("/v2/").expect("a path")..].to_owned()
}

#[tokio::test]
async fn a_customers_link_ends_with_the_key_that_made_it() {
    let server = TestServer::start().await;
    let (_, key) = until_tomorrow(&server).await;
    let far = booking(
        &ROOM.to_string(),
        "instant",
        "2027-06-01T10:00:00Z",
        "2027-06-01T11:00:00Z",
    );
    let id = server.app().book(far).await;
    let path = format!("/v2/bookings/{id}?include=customer_action_links");
    let link = async |caller: &Client| {
        let shown = caller.get(&path).await.expecting(200);
        path_of(&shown.body["data"]["customer_action_links"]["cancel_by_customer"])
    };
    let (short, long) = (link(&key).await, link(&server.app()).await);
    server
        .clock
        .advance(TimeDelta::days(1) - TimeDelta::seconds(1));
    server.anonymous().get(&short).await.expecting(200);
    server.clock.advance(TimeDelta::seconds(1));
    server.anonymous().get(&short).await.expecting(410);
    server.anonymous().get(&long).await.expecting(200);
}

#[tokio::test]
async fn a_feed_ends_with_the_key_that_made_it() {
    let server = TestServer::start().await;
    let (ends, key) = until_tomorrow(&server).await;
    let path = format!("/v2/resources/{ROOM}/calendar_feed");
    let made = key.post(&path, json!({})).await.expecting(201);
    assert_eq!(made.body["data"]["expires_at"], ends);
    let feed = path_of(&made.body["data"]["url"]);
    assert_eq!(key.get(&path).await.expecting(200).body, made.body);
    server
        .clock
        .advance(TimeDelta::days(1) - TimeDelta::seconds(1));
    server.anonymous().get(&feed).await.expecting(200);
    server.clock.advance(TimeDelta::seconds(1));
    server.anonymous().get(&feed).await.expecting(404);
    server.app().get(&path).await.expecting(404);
    // One that does not end is not shown to who does.
    server.app().post(&path, json!({})).await.expecting(201);
    let (_, key) = until_tomorrow(&server).await;
    let refused = key.get(&path).await.expecting(403);
    assert_eq!(refused.body["code"], "wider_than_caller");
}

#[tokio::test]
async fn a_new_resources_tokens_end_with_the_key_that_made_it() {
    let server = TestServer::start().await;
    let (ends, key) = until_tomorrow(&server).await;
    for (path, body) in [
        (
            "/v2/resources",
            json!({ "name": "Room", "timezone": "UTC" }),
        ),
        ("/v2/app/invite", json!({ "email": "room@clinic.example" })),
    ] {
        let id = key.post(path, body).await.expecting(201).id();
        let tokens = format!("/v2/credentials?search=resource.id:{id}");
        let tokens = server.app().get(&tokens).await.expecting(200);
        let tokens = tokens.body["data"].as_array().expect("tokens");
        assert_eq!(tokens.len(), 2);
        for token in tokens {
            assert_eq!(token["expires"], ends, "{token}");
        }
    }
}

#[tokio::test]
async fn a_key_that_replaces_one_or_is_made_by_it_ends_no_later() {
    let server = TestServer::start().await;
    let (ends, key) = until_tomorrow(&server).await;
    let me = key.get("/v2/me").await.expecting(200);
    let id = me.body["data"]["id"].as_str().expect("an id").to_owned();
    key.post("/v2/keys", json!({ "name": "Longer" }))
        .await
        .expecting(403);
    let token = json!({ "type": "server-token", "resource_id": DOC_BROWN.to_string() });
    key.post("/v2/credentials", token.clone())
        .await
        .expecting(403);
    let token = with(token, "expires", json!(ends));
    key.post("/v2/credentials", token).await.expecting(201);
    key.post("/v2/apps", json!({ "name": "Another" }))
        .await
        .expecting(403);
    let rotated = key.post(&format!("/v2/keys/{id}/rotate"), json!({})).await;
    assert_eq!(rotated.expecting(201).body["data"]["expires_at"], ends);
}

/// What one app has, by which another might name it.
struct Things {
    room: String,
    calendar: String,
    project: String,
    location: String,
    service: String,
    group: String,
    held: String,
    booked: String,
}

impl Things {
    async fn of(app: &Client) -> Self {
        let room = json!({ "name": "Room", "timezone": "UTC" });
        let room = app.post("/v2/resources", room).await.expecting(201);
        let calendar = room.body["data"]["calendars"][0]["id"].as_str();
        let calendar = calendar.expect("a calendar").to_owned();
        let room = room.id();
        let make = async |path: &str, body: Value| app.post(path, body).await.expecting(201).id();
        let at = |day: u32, graph: &str| {
            let start = format!("2026-12-{day:02}T10:00:00Z");
            let end = format!("2026-12-{day:02}T11:00:00Z");
            booking(&room, graph, &start, &end)
        };
        let group = with(at(1, "group_owner"), "settings", json!({ "max_seats": 3 }));
        Self {
            project: make(
                "/v2/projects",
                json!({ "name": "Page", "resources": [room] }),
            )
            .await,
            location: make("/v2/locations", json!({ "name": "Here" })).await,
            service: make("/v2/location/services", json!({ "name": "This" })).await,
            group: app.book(group).await,
            held: make(
                "/v2/bookings/reserve",
                with(at(2, "instant"), "reservation_time", json!(86_400)),
            )
            .await,
            booked: app.book(at(3, "instant")).await,
            calendar,
            room,
        }
    }

    /// Every request that names something by its id in the body, about `own`, with one id from `self` in it.
    fn named_by(&self, own: &Self) -> Vec<(Method, String, Value)> {
        let at = |day: u32| {
            let start = format!("2026-12-{day:02}T15:00:00Z");
            let end = format!("2026-12-{day:02}T16:00:00Z");
            booking(&own.room, "instant", &start, &end)
        };
        let event = json!({
            "resource_id": own.room, "what": "A", "where": "B",
            "start": "2026-12-08T10:00:00Z", "end": "2026-12-08T11:00:00Z",
        });
        let project = json!({ "name": "Page", "resources": [own.room] });
        let search = json!({ "mode": "mutual", "resources": [own.room], "length": "1 hour" });
        let time = json!({ "resource_ids": [own.room], "length": "1 hour", "future": "2 days" });
        let post = |path: &str, body: Value| (Method::POST, path.to_owned(), body);
        let put = |path: String, body: Value| (Method::PUT, path, body);
        let mut all = Vec::new();
        for path in ["/v2/bookings", "/v2/bookings/reserve"] {
            all.push(post(path, with(at(10), "resource_id", json!(self.room))));
            all.push(post(path, with(at(11), "project_id", json!(self.project))));
            all.push(post(
                path,
                with(at(12), "calendar_id", json!(self.calendar)),
            ));
        }
        let seat = json!({
            "graph": "group_customer",
            "customer": { "name": "Marty" },
            "related": { "owner_booking_id": self.group },
        });
        let bulk = |body: Value| json!({ "bookings": [body] });
        let moved = json!({
            "resource_id": self.room,
            "start": "2026-12-20T10:00:00Z",
            "end": "2026-12-20T11:00:00Z",
        });
        all.extend([
            post("/v2/bookings", seat.clone()),
            post(
                "/v2/bookings",
                json!({ "graph": "instant", "reservation_id": self.held }),
            ),
            post("/v2/bookings/bulk", bulk(seat)),
            post(
                "/v2/bookings/bulk",
                bulk(with(at(13), "project_id", json!(self.project))),
            ),
            put(
                "/v2/bookings/bulk".to_owned(),
                bulk(json!({ "id": self.booked, "action": "cancel" })),
            ),
            put(
                "/v2/bookings/reserve/extend".to_owned(),
                json!({ "reservation_id": self.held, "reservation_time": 60 }),
            ),
            post(&format!("/v2/bookings/{}/reschedule", own.booked), moved),
            post(
                "/v2/events",
                with(event.clone(), "resource_id", json!(self.room)),
            ),
            post(
                "/v2/events",
                with(event, "calendar_id", json!(self.calendar)),
            ),
            post(
                "/v2/calendars",
                json!({ "resource_id": self.room, "name": "Away" }),
            ),
            post(
                "/v2/credentials",
                json!({ "resource_id": self.room, "type": "client-token" }),
            ),
            post(
                "/v2/projects",
                with(project.clone(), "resources", json!([self.room])),
            ),
            post(
                "/v2/projects",
                with(project.clone(), "locations", json!([self.location])),
            ),
            post(
                "/v2/projects",
                with(project, "services", json!([self.service])),
            ),
            put(
                format!("/v2/projects/{}", own.project),
                json!({ "locations": [self.location] }),
            ),
            put(
                format!("/v2/projects/{}/resources", own.project),
                json!([self.room]),
            ),
            post(
                &format!("/v2/projects/{}/resources", own.project),
                json!({ "resource_id": self.room }),
            ),
            post(
                "/v2/findtime",
                with(time, "resource_ids", json!([self.room])),
            ),
        ]);
        for path in [
            "/v2/availability",
            "/v2/availability/count",
            "/v2/unavailable/slots",
        ] {
            all.push(post(
                path,
                with(search.clone(), "resources", json!([self.room])),
            ));
            all.push(post(
                path,
                with(search.clone(), "project_id", json!(self.project)),
            ));
            let moving = json!({ "booking_id": self.booked });
            all.push(post(path, with(search.clone(), "moving", moving)));
        }
        all
    }
}

#[tokio::test]
async fn an_id_of_another_tenant_in_a_body_is_refused_as_one_that_nothing_has() {
    let server = TestServer::start().await;
    let (app, other) = (server.app(), server.live_app());
    let (own, foreign) = (Things::of(&app).await, Things::of(&other).await);
    let random = || BookingId::random(server.state.random()).to_string();
    let nothing = Things {
        room: random(),
        calendar: random(),
        project: random(),
        location: random(),
        service: random(),
        group: random(),
        held: random(),
        booked: random(),
    };
    let requests = foreign
        .named_by(&own)
        .into_iter()
        .zip(nothing.named_by(&own));
    for ((method, path, body), (_, _, with_nothing)) in requests {
        let refused = app.send(method.clone(), &path, &body.to_string()).await;
        let alike = app
            .send(method.clone(), &path, &with_nothing.to_string())
            .await;
        let context = format!("{method} {path} {body}: {}", refused.body);
        assert!(matches!(refused.status, 404 | 422), "{context}");
        assert_eq!(refused.status, alike.status, "{context}");
        assert_eq!(refused.body["code"], alike.body["code"], "{context}");
        let told = |reply: &tests::Reply| {
            let fields = reply.body["errors"].as_object().into_iter().flatten();
            let fields: Vec<String> = fields.map(|(name, _)| name.clone()).collect();
            (fields, reply.body["model"].clone())
        };
        assert_eq!(told(&refused), told(&alike), "{context}");
    }
}
