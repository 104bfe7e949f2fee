//! A resource's own token acts for that resource.

use local::demo::ROOM;
use serde_json::{Value, json};
use tests::{TestServer, booking, with};

#[tokio::test]
async fn a_resources_own_token_acts_for_it_if_resource_id_is_left_out_or_null() {
    let server = TestServer::start().await;
    let app = server.app();
    let token = server.token(&app, &ROOM.to_string(), "server-token").await;
    let room = server.with_token("demo-test", &token);
    let times = |hour: u8| {
        let at = |hour| format!("2026-12-01T{hour:02}:00:00Z");
        (at(hour), at(hour + 1))
    };
    let event = |(start, end): (String, String)| json!({ "start": start, "end": end, "what": "Lunch", "where": "Here" });
    let to_book = |(start, end): (String, String)| {
        let mut body = booking(&ROOM.to_string(), "instant", &start, &end);
        body.as_object_mut()
            .expect("an object")
            .remove("resource_id");
        body
    };
    let mut to_reserve = to_book(times(12));
    let reserved = to_reserve.as_object_mut().expect("an object");
    reserved.remove("graph");
    for (path, bodies) in [
        ("/v2/events", [event(times(8)), event(times(9))]),
        ("/v2/bookings", [to_book(times(10)), to_book(times(11))]),
        ("/v2/bookings/reserve", [to_reserve, to_book(times(13))]),
        (
            "/v2/calendars",
            [json!({ "name": "A" }), json!({ "name": "B" })],
        ),
        (
            "/v2/credentials",
            [
                json!({ "type": "client-token" }),
                json!({ "type": "client-token" }),
            ],
        ),
    ] {
        let [left_out, null] = bodies;
        let null = with(null, "resource_id", Value::Null);
        for body in [left_out.clone(), null] {
            let reply = room.post(path, body).await;
            assert_eq!(reply.status, 201, "{path}: {}", reply.body);
        }
        let reply = app
            .post(path, with(left_out, "resource_id", Value::Null))
            .await;
        assert_eq!(reply.status, 422, "{path}: {}", reply.body);
        let faults = &reply.body["errors"]["resource_id"];
        assert_eq!(*faults, json!(["is required"]), "{path}");
    }
}
