//! The move by a reschedule link.

use serde_json::Value;
use tests::TestServer;

use super::{book, bookings, demo, get, hidden, html, links, page, send};

/// The page on which Marty's booking is moved, and the booking.
async fn booked(server: &TestServer) -> (String, Value) {
    let anybody = server.anonymous();
    book(&anybody, &demo()).await;
    let all = bookings(server).await;
    let is_his = |one: &&Value| one["customers"][0]["email"] == "marty@example.com";
    let booking = all.iter().find(is_his).expect("a booking").clone();
    let id = booking["id"].as_str().expect("an id");
    (format!("{}?uuid={id}&action=reschedule", demo()), booking)
}

#[tokio::test]
async fn a_customer_moves_a_booking_without_a_message_and_once() {
    let server = TestServer::start().await;
    let anybody = server.anonymous();
    let (path, booking) = booked(&server).await;
    let shown = get(&anybody, &path, 200).await;
    assert!(shown.contains("Move your booking"), "{shown}");
    let time = links(&shown, "time").last().expect("a time").clone();
    assert!(time.contains("action=reschedule"), "{time}");
    let form = get(&anybody, &time, 200).await;
    assert!(
        !form.contains("customer.name") && !form.contains("<textarea"),
        "{form}"
    );
    let fields = hidden(&form);
    let reply = send(&anybody, &demo(), &fields).await;
    assert_eq!(reply.status, 303, "{}", html(&reply));
    let again = send(&anybody, &demo(), &fields).await;
    assert_eq!(again.header("location"), reply.header("location"));
    let done = get(&anybody, reply.header("location").expect("an address"), 200).await;
    assert!(done.contains("Your booking has been moved"), "{done}");
    let old = server
        .app()
        .get(&format!(
            "/v2/bookings/{}",
            booking["id"].as_str().expect("an id")
        ))
        .await;
    assert_eq!(old.body["data"]["state"], "rescheduled_by_customer");
}

#[tokio::test]
async fn a_booking_that_cannot_be_moved_says_so_at_once_on_a_page() {
    let server = TestServer::start().await;
    let anybody = server.anonymous();
    let (path, booking) = booked(&server).await;
    let id = booking["id"].as_str().expect("an id");
    server.app().act(id, "cancel").await.expecting(200);
    let refused = page(&anybody.get(&path).await, 409);
    assert!(
        refused.contains("This booking cannot be moved"),
        "{refused}"
    );
    let none = format!(
        "{}?uuid=00000000-0000-4000-8000-00000000dead&action=reschedule",
        demo()
    );
    get(&anybody, &none, 404).await;
    // A booking of another project is not there.
    let other = "00000000-0000-4004-8000-000000000001";
    get(
        &anybody,
        &format!(
            "/book/{}?uuid={other}&action=reschedule",
            local::demo::LIVE_SLUG
        ),
        404,
    )
    .await;
}
