//! Pages and the files they load. A program may have been built without them; then the pages say so.

use std::fs::OpenOptions;
use std::io::Write as _;

use http::Method;
use local::demo::{TEST_PROJECT, TEST_SLUG};
use tests::{Reply, TestServer};

const WIDGET: &str = "/widget/booking.min.js";

/// Whether this program was built with its pages; says so if not.
async fn are_built(server: &TestServer) -> bool {
    let built = server.anonymous().get(WIDGET).await.status == 200;
    if !built {
        skipped();
    }
    built
}

/// Says in the list of what was skipped that these tests were.
fn skipped() {
    let Ok(list) = std::env::var("LATCHKEY_SKIPPED") else {
        return;
    };
    let mut list = OpenOptions::new()
        .append(true)
        .open(list)
        .expect("the list");
    writeln!(list, "tests of pages: SKIPPED (build them with: make web)").expect("a line");
}

fn html(reply: &Reply) -> String {
    String::from_utf8(reply.bytes.to_vec()).expect("text")
}

fn policy(reply: &Reply) -> &str {
    reply.header("content-security-policy").expect("a policy")
}

#[tokio::test]
async fn every_page_answers_anybody_even_if_the_program_was_built_without_them() {
    let server = TestServer::start().await;
    for path in [
        "/widget",
        "/console",
        "/console/",
        "/console/settings/api",
        "/docs",
        "/docs/reference",
    ] {
        let page = server.anonymous().get(path).await.expecting(200);
        assert_eq!(
            page.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert!(html(&page).contains("<!doctype html>"), "{path}");
    }
}

#[tokio::test]
async fn no_page_runs_inline_scripts_or_loads_anything_from_a_host_that_it_names() {
    let server = TestServer::start().await;
    if !are_built(&server).await {
        return;
    }
    for path in [
        "/widget",
        "/console",
        "/console/bookings",
        "/docs",
        "/docs/keys",
        "/docs/reference",
    ] {
        let page = server.anonymous().get(path).await.expecting(200);
        let policy = policy(&page);
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(policy.contains("script-src 'self';"), "{path}: {policy}");
        assert!(policy.contains("connect-src 'self';"), "{path}: {policy}");
        for host in ["://", "*"] {
            assert!(!policy.contains(host), "{path}: {policy}");
        }
        let html = html(&page);
        for tag in html.split('<').filter(|tag| tag.starts_with("script")) {
            assert!(tag.contains("src=\"/"), "{path}: <{tag}");
        }
    }
}

#[tokio::test]
async fn only_a_server_with_a_demo_shows_it_at_the_widgets_page() {
    let server = TestServer::start().await;
    if !are_built(&server).await {
        return;
    }
    let demo = format!("data-project=\"{TEST_SLUG}\"");
    let page = server.anonymous().get("/widget").await.expecting(200);
    assert!(html(&page).contains(&demo));
}

#[tokio::test]
async fn a_file_is_compressed_for_those_who_take_that_and_the_same_for_others() {
    let server = TestServer::start().await;
    if !are_built(&server).await {
        return;
    }
    let anybody = server.anonymous();
    let plain = anybody.get(WIDGET).await.expecting(200);
    let packed = anybody.header("accept-encoding", "gzip").get(WIDGET).await;
    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert!(packed.bytes.len() * 4 < plain.bytes.len());
    assert_eq!(
        plain.header("content-type"),
        Some("text/javascript; charset=utf-8")
    );
    for reply in [&plain, &packed] {
        assert_eq!(reply.header("vary"), Some("accept-encoding"));
        assert_eq!(reply.header("etag"), plain.header("etag"));
        assert_eq!(reply.header("cache-control"), Some("public, max-age=300"));
    }
}

#[tokio::test]
async fn a_file_that_the_browser_has_is_not_sent_again() {
    let server = TestServer::start().await;
    if !are_built(&server).await {
        return;
    }
    let anybody = server.anonymous();
    for path in [WIDGET, "/console", "/docs"] {
        let first = anybody.get(path).await.expecting(200);
        let etag = first.header("etag").expect("an ETag");
        for known in [etag.to_owned(), format!("\"x\", W/{etag}"), "*".to_owned()] {
            let again = anybody.header("if-none-match", &known).get(path).await;
            assert_eq!(
                (again.status, again.bytes.len()),
                (304, 0),
                "{path} {known}"
            );
            assert_eq!(again.header("etag"), Some(etag));
        }
        let other = anybody.header("if-none-match", "\"x\"").get(path).await;
        assert_eq!(other.status, 200);
    }
}

#[tokio::test]
async fn what_a_page_loads_is_there_and_may_be_kept_for_a_year() {
    let server = TestServer::start().await;
    if !are_built(&server).await {
        return;
    }
    for page in ["/widget", "/console", "/docs", "/docs/reference"] {
        let html = html(&server.anonymous().get(page).await.expecting(200));
        let files: Vec<&str> = html
            .split('"')
            .filter(|text| text.starts_with("/console/assets/"))
            .collect();
        assert!(files.len() >= 2, "{html}");
        for file in files {
            let reply = server.anonymous().get(file).await.expecting(200);
            let keep = reply.header("cache-control").expect("a header");
            assert!(keep.contains("immutable"), "{file}: {keep}");
        }
    }
}

#[tokio::test]
async fn the_openapi_document_is_given_as_it_is_committed() {
    let server = TestServer::start().await;
    let given = server.anonymous().get("/openapi.json").await.expecting(200);
    assert_eq!(given.header("content-type"), Some("application/json"));
    assert_eq!(given.body["info"]["title"], "Latchkey");
    assert!(given.body["paths"]["/openapi.json"].is_object());
}

#[tokio::test]
async fn a_file_that_is_not_there_is_404_in_our_shape() {
    let server = TestServer::start().await;
    for path in [
        "/widget/none.js",
        "/widget/..%2Fbook.html",
        "/console/assets/none.js",
        "/console/assets/..%2Findex.html",
    ] {
        let reply = server.anonymous().get(path).await.expecting(404);
        assert_eq!(reply.body["code"], "not_found", "{path}");
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
    let head = server.anonymous().send(Method::HEAD, "/widget", "").await;
    assert_eq!(head.status, 200);
}

#[tokio::test]
async fn the_widgets_embed_code_names_files_of_this_server_that_ask_no_other_host() {
    let server = TestServer::start().await;
    if !are_built(&server).await {
        return;
    }
    let path = format!("/v2/projects/{TEST_PROJECT}/embed-code");
    let code = server.app().get(&path).await.expecting(200);
    let code = html(&code);
    let names = |attribute: &str| {
        let begin = format!("{attribute}=\"");
        let parts = code.split(&begin).skip(1);
        let names = parts.filter_map(|part| part.split('"').next());
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    let (styles, scripts) = (names("href"), names("src"));
    assert_eq!((styles.len(), scripts.len()), (1, 1), "{code}");
    let style = server.anonymous().get(&styles[0]).await.expecting(200);
    let style = html(&style);
    assert!(style.contains(".bookingjs"), "no style sheet of the widget");
    for foreign in ["@import", "url(http", "url(//", "fonts.g"] {
        assert!(!style.contains(foreign), "{foreign}");
    }
    server.anonymous().get(&scripts[0]).await.expecting(200);
}
