//! Done means done: what whoever just booked is shown, and what they can do from there.

use chrono::TimeDelta;
use serde_json::json;
use tests::TestServer;

use super::{book, demo, get, html, project};

/// The address in the page that begins like this.
fn address(page: &str, begins: &str) -> String {
    let rest = page
        .split_once(&format!("href=\"{begins}"))
        .unwrap_or_else(|| panic!("{begins}: {page}"));
    let rest = rest.1.split_once('"').expect("its end").0;
    format!("{begins}{rest}").replace("&amp;", "&")
}

#[tokio::test]
async fn the_page_after_the_form_says_booked_and_has_calendars_and_links_and_can_be_loaded_again() {
    let server = TestServer::start().await;
    let anybody = server.anonymous();
    let path = format!("{}?zone=Europe/Berlin", demo());
    let done = book(&anybody, &path).await;
    let page = get(&anybody, &done, 200).await;
    assert_eq!(get(&anybody, &done, 200).await, page);
    for said in [
        "You are booked",
        "Consultation for Marty McFly",
        "Berlin (UTC",
        "Local time:",
        "Doc Brown",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    for link in [
        "https://calendar.google.com/calendar/render?",
        "https://outlook.live.com/calendar/0/deeplink/compose?",
    ] {
        address(&page, link);
    }
    let file = anybody
        .get(&address(&page, "/book/calendar/"))
        .await
        .expecting(200);
    assert_eq!(
        file.header("content-type"),
        Some("text/calendar; charset=utf-8")
    );
    assert!(html(&file).contains("BEGIN:VEVENT"));
    assert!(page.contains("action=reschedule"), "{page}");
    assert!(
        page.contains("/external_action/cancel_by_customer?signature="),
        "{page}"
    );
    assert!(
        page.contains("/book/demo-test?zone=Europe%2FBerlin\""),
        "{page}"
    );
}

#[tokio::test]
async fn what_is_only_asked_for_is_not_called_booked() {
    let server = TestServer::start().await;
    let fields = json!({ "booking": { "graph": "confirm_decline", "where": "Here" } });
    project(&server, "ask", &["Emmett"], fields).await;
    let anybody = server.anonymous();
    let page = get(&anybody, &book(&anybody, "/book/ask").await, 200).await;
    assert!(page.contains("Your request has been sent"), "{page}");
    assert!(!page.contains("You are booked"), "{page}");
}

#[tokio::test]
async fn the_address_is_of_one_booking_for_a_day_and_no_link_of_another_kind_takes_its_place() {
    let server = TestServer::start().await;
    let anybody = server.anonymous();
    let done = book(&anybody, &demo()).await;
    let page = get(&anybody, &done, 200).await;
    let cancel = page
        .split_once("cancel_by_customer?signature=")
        .expect("a link")
        .1;
    let cancel = cancel.split_once('"').expect("its end").0;
    get(&anybody, &format!("/book/done/{cancel}"), 404).await;
    let token = done.trim_start_matches("/book/done/").to_owned();
    let id = page
        .split_once("/v2/bookings/")
        .expect("a link")
        .1
        .split_once('/')
        .expect("an id")
        .0;
    let forged = format!("/v2/bookings/{id}/external_action/cancel_by_customer?signature={token}");
    anybody.get(&forged).await.expecting(403);
    get(&anybody, &format!("{done}x"), 404).await;
    server.clock.advance(TimeDelta::days(1));
    get(&anybody, &done, 410).await;
    anybody
        .get(&format!("/book/calendar/{token}"))
        .await
        .expecting(404);
}

#[tokio::test]
async fn the_links_after_booking_keep_the_language_and_the_zone_of_the_visitor() {
    let server = TestServer::start().await;
    let path = format!("{}?lang=de&zone=Asia/Tokyo", demo());
    let done = book(&server.anonymous(), &path).await;
    let shown = get(&server.anonymous(), &done, 200).await;
    let kept = "lang=de&zone=Asia%2FTokyo";
    let links = super::links(&shown, "button");
    for action in ["action=reschedule", "cancel_by_customer"] {
        let link = links.iter().find(|link| link.contains(action));
        let link = link.unwrap_or_else(|| panic!("{action}: {shown}"));
        assert!(link.ends_with(kept), "{link}");
        let path = &link[link.find('/').expect("a path")..];
        let path = path.trim_start_matches(server.base());
        let next = get(
            &server.anonymous(),
            path.trim_start_matches(server.base()),
            200,
        )
        .await;
        assert!(next.contains("<html lang=\"de\""), "{next}");
    }
}
