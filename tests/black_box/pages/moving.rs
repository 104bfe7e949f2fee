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

/// Moves a booking to the time that the page at `path` shows at this place, from the last on; answers the page after it.
async fn moved(server: &TestServer, path: &str, from_last: usize) -> String {
    let anybody = server.anonymous();
    let times = links(&get(&anybody, path, 200).await, "time");
    let form = get(&anybody, &times[times.len() - 1 - from_last], 200).await;
    let reply = send(&anybody, &demo(), &hidden(&form)).await;
    let done = reply.header("location").map(str::to_owned);
    get(
        &anybody,
        &done.unwrap_or_else(|| panic!("{}", html(&reply))),
        200,
    )
    .await
}

/// The customer's links to move a booking on this page, without their host.
fn move_links(page: &str) -> Vec<String> {
    let found = page.split("href=\"").skip(1);
    let found = found.filter_map(|rest| rest.split_once('"'));
    found
        .map(|(link, _)| link.replace("&amp;", "&"))
        .filter(|link| link.contains("action=reschedule"))
        .map(|link| link[link.find("/book/").expect("a path")..].to_owned())
        .collect()
}

#[tokio::test]
async fn a_booking_moved_by_its_id_alone_shows_nothing_of_its_customers() {
    let server = TestServer::start().await;
    let (path, _) = booked(&server).await;
    let done = moved(&server, &path, 0).await;
    assert!(done.contains("Your booking has been moved"), "{done}");
    assert!(done.contains("Consultation"), "{done}");
    for hidden in [
        "Marty",
        "signature=",
        "/book/calendar/",
        "calendar.google.com",
    ] {
        assert!(!done.contains(hidden), "{hidden}: {done}");
    }
    // Nor does the calendar file behind the same token.
    let bad = format!("{path}&signature=eyJhbGciOiJIUzI1NiJ9.e30.AAAA");
    let again = server.anonymous().get(&bad).await;
    assert_eq!(again.status, 409, "{}", html(&again));
}

#[tokio::test]
async fn a_customers_link_moves_again_and_an_old_one_leads_to_the_booking_that_took_its_place() {
    let server = TestServer::start().await;
    let anybody = server.anonymous();
    let address = book(&anybody, &demo()).await;
    let done = get(&anybody, &address, 200).await;
    let first = move_links(&done).remove(0);
    assert!(first.contains("signature="), "{first}");
    let done = moved(&server, &first, 0).await;
    assert!(done.contains("Marty"), "{done}");
    assert_eq!(move_links(&done).len(), 1, "{done}");
    let done = moved(&server, &first, 1).await;
    assert_eq!(move_links(&done).len(), 1, "{done}");
    let bookings = bookings(&server).await;
    let his = bookings
        .iter()
        .filter(|one| one["customers"][0]["email"] == "marty@example.com");
    let states: Vec<_> = his.map(|one| one["state"].as_str()).collect();
    let taking_place = states.iter().filter(|state| **state == Some("confirmed"));
    assert_eq!((states.len(), taking_place.count()), (3, 1), "{states:?}");
}
