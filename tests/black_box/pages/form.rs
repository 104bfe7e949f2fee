//! The form: it books once, says what is wrong at the field, and keeps what was typed when a time is taken.

use serde_json::json;
use tests::TestServer;

use super::{bookings, demo, filled, first_form, get, html, links, made, page, project, send};

#[tokio::test]
async fn a_form_without_javascript_books_what_it_says_in_its_language() {
    let server = TestServer::start().await;
    let anybody = server.anonymous();
    let path = format!("{}?lang=de&zone=Europe/Berlin", demo());
    let fields = first_form(&anybody, &path).await;
    let reply = send(&anybody, &demo(), &fields).await;
    assert_eq!(reply.status, 303, "{}", html(&reply));
    let booking = bookings(&server).await;
    let mut his = booking
        .iter()
        .filter(|one| one["customers"][0]["email"] == "marty@example.com");
    let booked = his.next().expect("a booking");
    assert_eq!(booked["state"], "confirmed");
    assert_eq!(booked["project"]["slug"], "demo-test");
    let info = &booked["attributes"]["event_info"];
    assert_eq!(info["what"], "Consultation for Marty McFly");
    assert_eq!(booked["customers"][0]["timezone"], "Europe/Berlin");
    assert_eq!(booked["locale"], "de", "{booked}");
}

#[tokio::test]
async fn a_form_that_is_sent_twice_books_once_and_leads_to_the_same_booking() {
    let server = TestServer::start().await;
    let anybody = server.anonymous();
    let fields = first_form(&anybody, &demo()).await;
    let path = demo();
    let (one, other) = tokio::join!(
        send(&anybody, &path, &fields),
        send(&anybody, &path, &fields)
    );
    let third = send(&anybody, &path, &fields).await;
    for reply in [&one, &other, &third] {
        assert_eq!(reply.status, 303, "{}", html(reply));
    }
    assert_eq!(one.header("location"), third.header("location"));
    assert_eq!(made(&server).await, 1);
}

#[tokio::test]
async fn a_time_that_was_taken_keeps_what_was_typed_and_offers_the_nearest() {
    let server = TestServer::start().await;
    let anybody = server.anonymous();
    let time = links(&get(&anybody, &demo(), 200).await, "time")[0].clone();
    let mut late = filled(&anybody, &time).await;
    late.insert("customer.name".to_owned(), "Biff Tannen".to_owned());
    let first = filled(&anybody, &time).await;
    assert_eq!(send(&anybody, &demo(), &first).await.status, 303);
    let refused = page(&send(&anybody, &demo(), &late).await, 409);
    assert!(
        refused.contains("This time has just been booked"),
        "{refused}"
    );
    assert!(refused.contains("value=\"Biff Tannen\""), "{refused}");
    assert!(refused.contains("role=\"alert\""), "{refused}");
    // Each of the nearest times is a button that sends the form as it is.
    let start = refused
        .split_once("<button name=\"start\" value=\"")
        .expect("a button")
        .1;
    let start = start.split_once('"').expect("its end").0.to_owned();
    let mut again = super::hidden(&refused);
    again.extend(
        late.into_iter()
            .filter(|(name, _)| name.starts_with("customer.")),
    );
    again.insert("start".to_owned(), start);
    assert_eq!(send(&anybody, &demo(), &again).await.status, 303);
}

#[tokio::test]
async fn what_is_wrong_with_a_field_is_said_at_the_field_and_required_fields_are_marked() {
    let server = TestServer::start().await;
    let anybody = server.anonymous();
    let mut fields = first_form(&anybody, &demo()).await;
    fields.insert("customer.name".to_owned(), String::new());
    fields.insert("customer.email".to_owned(), "marty".to_owned());
    let page = page(&send(&anybody, &demo(), &fields).await, 422);
    assert!(page.contains("id=\"problem\" role=\"alert\""), "{page}");
    assert!(page.contains("Please fill this in."), "{page}");
    assert!(
        page.contains("Please enter an email address such as"),
        "{page}"
    );
    assert_eq!(page.matches("aria-invalid=\"true\"").count(), 2, "{page}");
    assert!(page.contains("value=\"marty\""), "{page}");
    assert!(page.contains(" required"), "{page}");
    assert_eq!(made(&server).await, 0);
}

#[tokio::test]
async fn a_page_books_offered_times_only() {
    let server = TestServer::start().await;
    let anybody = server.anonymous();
    let fields = first_form(&anybody, &demo()).await;
    for start in [
        "2026-12-01T18:10:00Z",
        "2026-12-06T18:00:00Z",
        "2026-11-01T18:00:00Z",
        "2027-12-01T18:00:00Z",
    ] {
        let mut fields = fields.clone();
        fields.insert("start".to_owned(), start.to_owned());
        let refused = page(&send(&anybody, &demo(), &fields).await, 409);
        assert!(refused.contains("id=\"problem\""), "{start}: {refused}");
    }
    assert_eq!(made(&server).await, 0);
}

#[tokio::test]
async fn a_customers_field_never_takes_the_place_of_one_of_ours() {
    let server = TestServer::start().await;
    let fields = json!({ "customer_fields": {
        "once": { "title": "Once", "required": true },
        "start": { "title": "Start" },
    } });
    project(&server, "names", &["Emmett"], fields).await;
    let anybody = server.anonymous();
    let mut fields = first_form(&anybody, "/book/names").await;
    fields.insert("customer.once".to_owned(), "mine".to_owned());
    let reply = send(&anybody, "/book/names", &fields).await;
    assert_eq!(reply.status, 303, "{}", html(&reply));
    let all = bookings(&server).await;
    assert!(
        all.iter().any(|one| one["customers"][0]["once"] == "mine"),
        "{all:?}"
    );
}

#[tokio::test]
async fn a_form_that_is_too_large_is_refused_with_a_page_and_books_nothing() {
    let server = TestServer::start().await;
    let anybody = server.anonymous();
    let mut fields = first_form(&anybody, &demo()).await;
    fields.insert("customer.name".to_owned(), "a".repeat(256 * 1024));
    let reply = send(&anybody, &demo(), &fields).await;
    let refused = page(&reply, 413);
    assert!(refused.contains("Try again"), "{refused}");
    assert_eq!(made(&server).await, 0);
}
