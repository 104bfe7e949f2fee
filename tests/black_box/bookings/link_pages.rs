//! What the pages behind customers' links say: whose booking, with whom and when, in which language, and where they lead on.

use http::Method;
use local::demo::{ROOM, TEST_SLUG};
use serde_json::{Value, json};
use tests::{Client, Reply, TestServer, booking};

use super::links::{own_link, press, set, signing_secret, state_of, text};

const TEN: &str = "2026-12-01T10:00:00Z";
const ELEVEN: &str = "2026-12-01T11:00:00Z";
const NOON: &str = "2026-12-01T12:00:00Z";
const CANCEL: &str = "cancel_by_customer";

/// A booking of Doc, whose clock is Los Angeles's, with its link to cancel it.
struct Booked {
    server: TestServer,
    app: Client,
    id: String,
    doc: String,
    link: String,
}

async fn book(change: impl FnOnce(&mut Value)) -> Booked {
    let server = TestServer::start().await;
    let app = server.app();
    let doc = json!({ "name": "Doc Brown", "timezone": "America/Los_Angeles" });
    let doc = app.post("/v2/resources", doc).await.expecting(201).id();
    let project = json!({ "name": "Repair", "slug": "repair", "resources": [doc] });
    let project = app.post("/v2/projects", project).await.expecting(201).id();
    let mut body = booking(&doc, "instant", TEN, ELEVEN);
    body["project_id"] = project.into();
    change(&mut body);
    let id = app.post("/v2/bookings", body).await.expecting(201).id();
    let link = link_to(&app, &id).await;
    Booked {
        server,
        app,
        id,
        doc,
        link,
    }
}

async fn link_to(app: &Client, id: &str) -> String {
    let path = format!("/v2/bookings/{id}?include=customer_action_links");
    let shown = app.get(&path).await.expecting(200);
    let link = shown.body["data"]["customer_action_links"][CANCEL].as_str();
    link.expect("a link").to_owned()
}

/// Moves a booking to another time and answers the id of the booking that took its place.
async fn move_to(app: &Client, id: &str, doc: &str, start: &str, end: &str) -> String {
    let place = json!({ "resource_id": doc, "start": start, "end": end });
    let moved = app
        .post(&format!("/v2/bookings/{id}/reschedule"), place)
        .await;
    moved.expecting(200).id()
}

#[track_caller]
fn says(page: &Reply, parts: &[&str]) {
    for part in parts {
        assert!(text(page).contains(part), "{part}: {}", text(page));
    }
}

/// The address of the link whose text is `said`.
fn address_of(page: &Reply, said: &str) -> Option<String> {
    let before = text(page)
        .split(&format!(">{said}<"))
        .next()
        .filter(|before| before.len() < text(page).len())?;
    let (_, address) = before.rsplit_once("href=\"")?;
    Some(address.split('"').next()?.replace("&amp;", "&"))
}

#[tokio::test]
async fn a_page_says_whose_booking_it_is_with_whom_when_where_and_for_whom() {
    let booked = book(|_| ()).await;
    let brand = json!({ "brand": { "name": "Hill Valley Repairs", "accent": "#0b7285" } });
    set(&booked.app, TEST_SLUG, brand).await.expecting(200);
    let page = booked
        .server
        .anonymous()
        .get(&booked.link)
        .await
        .expecting(200);
    says(
        &page,
        &[
            "<title>Cancel this booking? · Hill Valley Repairs</title>",
            "<bdi>Hill Valley Repairs</bdi>",
            "<bdi>Doc Brown</bdi>",
            "<bdi>Catch the lightning</bdi>",
            "<bdi>Courthouse, Hill Valley, CA 95420, USA</bdi>",
            "Marty McFly",
            "2:00\u{202f}AM",
        ],
    );
}

#[tokio::test]
async fn times_are_in_the_customers_zone_and_in_the_places_where_they_differ() {
    let booked = book(|body| body["customer"]["timezone"] = "Europe/Berlin".into()).await;
    let page = booked
        .server
        .anonymous()
        .get(&booked.link)
        .await
        .expecting(200);
    says(
        &page,
        &[
            "Tuesday, December 1, 2026, 11:00\u{202f}AM – 12:00\u{202f}PM",
            "Berlin (UTC+1)",
            "Local time: Tuesday, December 1, 2026, 2:00\u{202f}AM – 3:00\u{202f}AM, Los Angeles (UTC−8)",
        ],
    );
    let asked = format!("{}&zone=UTC", booked.link);
    let page = booked.server.anonymous().get(&asked).await.expecting(200);
    says(
        &page,
        &[
            "10:00\u{202f}AM – 11:00\u{202f}AM",
            ">UTC ",
            "Los Angeles (UTC−8)",
        ],
    );
    let asked = format!("{}&zone=America/Los_Angeles", booked.link);
    let page = booked.server.anonymous().get(&asked).await.expecting(200);
    assert!(!text(&page).contains("Local time"), "{}", text(&page));

    let choice = format!("{}&choose=zone", booked.link);
    let page = booked.server.anonymous().get(&choice).await.expecting(200);
    says(
        &page,
        &[
            "<form id=\"zones\" method=\"get\">",
            "value=\"Asia/Tokyo\"",
            "selected value=\"Europe/Berlin\"",
        ],
    );
    assert_eq!(state_of(&booked.app, &booked.id).await, "confirmed");
}

#[tokio::test]
async fn a_page_is_in_the_language_of_the_address_then_of_the_booking_then_of_the_browser() {
    let booked = book(|body| body["locale"] = "de-AT".into()).await;
    let browser = booked.server.anonymous().header("accept-language", "fr");
    let page = browser.get(&booked.link).await.expecting(200);
    says(
        &page,
        &[
            "<html lang=\"de-AT\" dir=\"ltr\">",
            "Diesen Termin absagen?",
            "Termin behalten",
        ],
    );
    assert_eq!(page.header("content-language"), Some("de-AT"));
    let arabic = address_of(&page, "العربية").expect("a link");
    let (path, _) = booked.link.split_once('?').expect("a query");
    let page = browser.get(&format!("{path}{arabic}")).await.expecting(200);
    says(
        &page,
        &["<html lang=\"ar\" dir=\"rtl\">", "هل تريد إلغاء هذا الحجز؟"],
    );

    let other = book(|_| ()).await;
    let browser = other
        .server
        .anonymous()
        .header("accept-language", "fr;q=0.5, nl");
    says(
        &browser.get(&other.link).await,
        &["Deze boeking annuleren?"],
    );
}

#[tokio::test]
async fn a_visitor_may_keep_the_booking_or_move_it_instead() {
    let booked = book(|_| ()).await;
    let page = booked
        .server
        .anonymous()
        .get(&booked.link)
        .await
        .expecting(200);
    let moving = address_of(&page, "Move it instead").expect("a link");
    assert!(
        moving.starts_with(&format!(
            "/book/repair?uuid={}&action=reschedule",
            booked.id
        )),
        "{moving}"
    );
    let keep = address_of(&page, "Keep booking").expect("a link");
    let (path, _) = booked.link.split_once('?').expect("a query");
    // Not even where opening a link is enough.
    set(&booked.app, TEST_SLUG, json!({ "act_on_get": true }))
        .await
        .expecting(200);
    let page = booked
        .server
        .anonymous()
        .get(&format!("{path}{keep}"))
        .await
        .expecting(200);
    says(&page, &["Nothing was changed", "Doc Brown"]);
    assert!(!text(&page).contains("<form"), "{}", text(&page));
    assert_eq!(state_of(&booked.app, &booked.id).await, "confirmed");
}

#[tokio::test]
async fn after_cancelling_the_page_says_so_and_offers_to_book_again() {
    let booked = book(|_| ()).await;
    let done = press(&booked.server, &booked.link).await.expecting(200);
    says(&done, &["<h1>The booking is cancelled</h1>", "Doc Brown"]);
    assert_eq!(
        address_of(&done, "Book again").as_deref(),
        Some("/book/repair")
    );
    // The old link says at once what became of it.
    let old = booked
        .server
        .anonymous()
        .get(&booked.link)
        .await
        .expecting(410);
    says(&old, &["<h1>The booking is cancelled</h1>", "Doc Brown"]);
    assert_eq!(
        address_of(&old, "Book again").as_deref(),
        Some("/book/repair")
    );
    assert!(!text(&old).contains("<form"), "{}", text(&old));
}

#[tokio::test]
async fn a_moved_bookings_old_link_leads_to_the_booking_that_took_its_place() {
    let Booked {
        server,
        app,
        id,
        doc,
        link,
    } = book(|_| ()).await;
    let second = move_to(&app, &id, &doc, ELEVEN, NOON).await;
    let third = move_to(&app, &second, &doc, NOON, "2026-12-01T13:00:00Z").await;
    let page = server.anonymous().get(&link).await.expecting(200);
    says(
        &page,
        &[
            "This booking was moved.",
            "4:00\u{202f}AM – 5:00\u{202f}AM",
            "Cancel this booking?",
        ],
    );
    let moving = address_of(&page, "Move it instead").expect("a link");
    assert!(moving.contains(&third), "{moving}");
    // An app whose links act when they are opened has not said that they act on other bookings.
    set(&app, TEST_SLUG, json!({ "act_on_get": true }))
        .await
        .expecting(200);
    server.anonymous().get(&link).await.expecting(200);
    assert_eq!(state_of(&app, &third).await, "confirmed");

    press(&server, &link).await.expecting(200);
    assert_eq!(state_of(&app, &third).await, "cancelled_by_customer");
    assert_eq!(state_of(&app, &id).await, "rescheduled_by_customer");
    let page = press(&server, &link).await.expecting(410);
    says(&page, &["<h1>The booking is cancelled</h1>"]);
}

#[tokio::test]
async fn a_moved_bookings_old_link_holds_for_no_other_state_and_no_longer_than_it_says() {
    let Booked {
        server,
        app,
        id,
        doc,
        link,
    } = book(|_| ()).await;
    let secret = signing_secret(&app).await;
    move_to(
        &app,
        &id,
        &doc,
        "2026-12-03T10:00:00Z",
        "2026-12-03T11:00:00Z",
    )
    .await;
    let claims =
        json!({ "app_slug": TEST_SLUG, "booking_id": id, "action": CANCEL, "state": "tentative" });
    let other_state = own_link(&claims, &secret);
    for reply in [
        server.anonymous().get(&other_state).await,
        press(&server, &other_state).await,
    ] {
        assert_eq!(reply.status, 410);
        says(&reply, &["<h1>The booking is confirmed</h1>"]);
    }
    server.clock.set(tests::instant(ELEVEN));
    press(&server, &link).await.expecting(410);
}

#[tokio::test]
async fn where_it_is_too_late_to_cancel_the_page_says_since_when_and_offers_to_move() {
    let booked = book(|body| body["settings"] = json!({ "min_cancel_time": "2 days" })).await;
    booked
        .server
        .clock
        .set(tests::instant("2026-11-29T10:00:01Z"));
    let page = booked
        .server
        .anonymous()
        .get(&booked.link)
        .await
        .expecting(409);
    says(
        &page,
        &[
            "<h1>It is too late for this</h1>",
            "Sunday, November 29, 2026, 2:00\u{202f}AM, Los Angeles (UTC−8)",
        ],
    );
    assert!(
        address_of(&page, "Move booking").is_some(),
        "{}",
        text(&page)
    );
}

#[tokio::test]
async fn bookings_that_change_together_are_counted_on_the_page() {
    let server = TestServer::start().await;
    let app = server.app();
    let first = booking(&ROOM.to_string(), "instant", TEN, ELEVEN);
    let second = booking(&ROOM.to_string(), "instant", ELEVEN, NOON);
    let body = json!({ "bookings": [first, second], "relate_bookings": true });
    let made = app.post("/v2/bookings/bulk", body).await.expecting(201);
    let id = made.body["data"][0]["id"].as_str().expect("an id");
    let link = link_to(&app, id).await;
    let page = server
        .anonymous()
        .send(Method::GET, &link, "")
        .await
        .expecting(200);
    says(&page, &["1 other booking was made together with this one."]);
}

#[tokio::test]
async fn to_move_it_instead_and_to_book_again_lead_on_in_the_same_language_and_zone() {
    let booked = book(|_| ()).await;
    let anybody = booked.server.anonymous();
    let asked = format!("{}&lang=de&zone=Asia/Tokyo", booked.link);
    let kept = "lang=de&zone=Asia%2FTokyo";
    let question = anybody.get(&asked).await.expecting(200);
    let instead = address_of(&question, "Lieber verschieben").expect("to move it instead");
    assert!(instead.ends_with(kept), "{instead}");
    let page = anybody.get(&instead).await.expecting(200);
    says(&page, &["<html lang=\"de\"", "Tokyo"]);

    let cancelled = anybody.send(Method::POST, &asked, "").await.expecting(200);
    let again = address_of(&cancelled, "Neu buchen").expect("to book again");
    assert_eq!(again, format!("/book/repair?{kept}"));
    let page = anybody.get(&again).await.expecting(200);
    says(&page, &["<html lang=\"de\"", "Tokyo"]);
}
