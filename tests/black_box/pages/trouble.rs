//! What goes wrong on our side, or beside every page: still a page, in the visitor's language, with a next step.

use std::cell::Cell;

use http::Method;
use local::demo::TEST_SLUG;
use serde_json::json;
use tests::{Client, Fault, Faults, Lasting, Reply, TestServer};

use super::{book, demo, filled, get, html, links, page, send};

const BUSINESS: &str = "Hill Valley Repairs";

/// More calls than any page makes.
const MOST_CALLS: usize = 40;

struct Visitor {
    server: TestServer,
    /// To the instance whose store fails.
    client: Client,
    faults: Faults,
}

async fn visitor() -> Visitor {
    let mut server = TestServer::start().await;
    let brand = json!({ "settings": { "brand": { "name": BUSINESS } } });
    let path = format!("/v2/apps/{TEST_SLUG}");
    server.app().put(&path, brand).await.expecting(200);
    let (base, faults) = server.faulty_instance().await;
    let client = Client::new(&base);
    // Whatever is read once is read now.
    get(&client, &demo(), 200).await;
    Visitor {
        server,
        client,
        faults,
    }
}

/// Lets each call to the store fail in turn, and shows every answer that one made, with how it failed.
async fn each_failure(
    visitor: &Visitor,
    ask: impl AsyncFn(&Client) -> Reply,
    check: impl Fn(&Reply, Fault, usize),
) {
    for fault in [Fault::Rejected, Fault::Refused, Fault::Throttled] {
        let mut failed = 0;
        for call in 0..MOST_CALLS {
            visitor.faults.inject(call, fault, Lasting::FromThere);
            let reply = ask(&visitor.client).await;
            let has_struck = visitor.faults.has_struck();
            visitor.faults.heal();
            if !has_struck {
                break;
            }
            if reply.status >= 400 {
                failed += 1;
                check(&reply, fault, call);
            }
            visitor.server.clock.advance(chrono::TimeDelta::minutes(1));
        }
        assert!(failed > 0, "{fault:?} never failed it");
    }
}

/// It is a page that says what is wrong and leads on; it is ours, and never the visitor's fault.
#[track_caller]
fn is_a_page_about_us(reply: &Reply, fault: Fault, call: usize) {
    let status = match fault {
        Fault::Rejected => 500,
        _ => 503,
    };
    let shown = page(reply, status);
    let title = "<h1>This is not available right now</h1>";
    assert!(shown.contains(title), "{fault:?} of call {call}: {shown}");
    assert!(shown.contains("Please try again"), "{shown}");
    assert_eq!(reply.header("retry-after").is_some(), status == 503);
    assert!(!shown.contains("request_id"), "{shown}");
}

#[tokio::test]
async fn a_page_whose_store_fails_is_a_page_with_a_next_step() {
    let visitor = visitor().await;
    let done = book(&visitor.server.anonymous(), &demo()).await;
    for path in [demo(), format!("/book/app/{TEST_SLUG}"), done] {
        let ask = async |client: &Client| client.get(&path).await;
        each_failure(&visitor, ask, is_a_page_about_us).await;
    }
}

#[tokio::test]
async fn a_form_whose_store_fails_is_a_page_and_books_once_when_it_is_sent_again() {
    let visitor = visitor().await;
    // Far enough away that it is still to come after all these attempts.
    let times = links(&get(&visitor.client, &demo(), 200).await, "time");
    let form = filled(&visitor.client, times.last().expect("a time")).await;
    let ask = async |client: &Client| send(client, &demo(), &form).await;
    for fault in [Fault::Rejected, Fault::Refused, Fault::Throttled] {
        for call in 0..MOST_CALLS {
            visitor.faults.inject(call, fault, Lasting::FromThere);
            let reply = ask(&visitor.client).await;
            let has_struck = visitor.faults.has_struck();
            visitor.faults.heal();
            if !has_struck || reply.status == 303 {
                break;
            }
            is_a_page_about_us(&reply, fault, call);
            visitor.server.clock.advance(chrono::TimeDelta::minutes(1));
        }
    }
    let done = ask(&visitor.client).await;
    assert_eq!(done.status, 303, "{}", html(&done));
    assert_eq!(super::made(&visitor.server).await, 1);
}

#[tokio::test]
async fn a_link_whose_store_fails_is_a_page_in_the_look_of_its_business() {
    let visitor = visitor().await;
    let done = book(&visitor.server.anonymous(), &demo()).await;
    let shown = get(&visitor.server.anonymous(), &done, 200).await;
    let link = links(&shown, "button")
        .into_iter()
        .find(|link| link.contains("cancel_by_customer"))
        .expect("a link to cancel");
    let path = &link[link.find("/v2/").expect("a path")..];
    let named = Cell::new(0);
    let looks_like = |reply: &Reply, fault, call| {
        is_a_page_about_us(reply, fault, call);
        let shown = html(reply);
        assert!(shown.contains("Nothing was changed."), "{shown}");
        // Until its app is read nobody knows whose link it is.
        if shown.contains(BUSINESS) {
            named.set(named.get() + 1);
            assert!(shown.contains(">Try again</a>"), "{shown}");
        }
    };
    let open = async |client: &Client| client.get(path).await;
    each_failure(&visitor, open, looks_like).await;
    // What is read of the booking fails by each fault.
    assert!(named.get() >= 3, "{}", named.get());
    // What it changes may have been changed when the last call is lost, so only what is read fails here.
    visitor
        .faults
        .inject(0, Fault::Rejected, Lasting::FromThere);
    let pressed = visitor.client.send(Method::POST, path, "").await;
    is_a_page_about_us(&pressed, Fault::Rejected, 0);
    visitor.faults.heal();

    let german = format!("{path}&lang=de");
    for call in [0, 3] {
        visitor
            .faults
            .inject(call, Fault::Rejected, Lasting::FromThere);
        let shown = page(&visitor.client.get(&german).await, 500);
        assert!(shown.contains("Es wurde nichts geändert."), "{shown}");
        visitor.faults.heal();
    }
}

#[tokio::test]
async fn browsers_get_a_page_on_unknown_paths_of_pages_and_programs_json() {
    let server = TestServer::start().await;
    let browser = server
        .anonymous()
        .header("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
        .header("accept-language", "de");
    for path in [
        "/book",
        "/book/",
        "/book/none/such",
        "/book/app/demo-test/more",
        "/book/assets/none.js",
        "/book/calendar/none",
    ] {
        let shown = get(&browser, path, 404).await;
        assert!(shown.contains("lang=\"de\""), "{path}: {shown}");
        assert!(shown.contains("<title>"), "{path}: {shown}");
        let program = server.anonymous().get(path).await;
        assert_eq!(program.status, 404, "{path}");
        assert_eq!(
            program.header("content-type"),
            Some("application/json"),
            "{path}"
        );
        assert!(program.body["request_id"].is_string(), "{path}");
    }
    let elsewhere = browser.get("/bookings").await;
    assert_eq!(elsewhere.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn browsers_get_a_page_where_a_link_may_not_lead_where_it_says() {
    let server = TestServer::start().await;
    let done = book(&server.anonymous(), &demo()).await;
    let shown = get(&server.anonymous(), &done, 200).await;
    let link = links(&shown, "button")
        .into_iter()
        .find(|link| link.contains("cancel_by_customer"))
        .expect("a link to cancel");
    let link = format!(
        "{}&redirect=https://evil.example/",
        &link[link.find("/v2/").expect("a path")..]
    );
    let browser = server.anonymous().header("accept", "text/html");
    let shown = get(&browser, &link, 422).await;
    assert!(shown.contains("This link does not work"), "{shown}");
    assert!(!shown.contains("evil.example"), "{shown}");
}
