//! The function `pages`: what customers book on, without JavaScript. What is read off a page is what its forms and links say.

mod booked;
mod choice;
mod form;
mod limits;
mod menu;
mod moving;
mod shown;
mod trouble;

use std::collections::BTreeMap;

use http::Method;
use local::demo::TEST_SLUG;
use serde_json::{Value, json};
use tests::{Client, Reply, TestServer};

/// The path of the demo's page.
pub(crate) fn demo() -> String {
    format!("/book/{TEST_SLUG}")
}

pub(crate) fn html(reply: &Reply) -> String {
    String::from_utf8(reply.bytes.to_vec()).expect("UTF-8")
}

/// Gets a page, which must be HTML.
pub(crate) async fn get(client: &Client, path: &str, status: u16) -> String {
    let reply = client.get(path).await;
    page(&reply, status)
}

/// The HTML of a reply, which must be a page whatever its status.
#[track_caller]
pub(crate) fn page(reply: &Reply, status: u16) -> String {
    let html = html(reply);
    assert_eq!(reply.status, status, "{html}");
    let html_type = Some("text/html; charset=utf-8");
    assert_eq!(reply.header("content-type"), html_type, "{html}");
    html
}

/// The addresses of the links of this class, e.g. `time`.
pub(crate) fn links(html: &str, class: &str) -> Vec<String> {
    let tag = format!("<a class=\"{class}\" href=\"");
    let found = html.split(&tag).skip(1);
    found
        .filter_map(|rest| rest.split_once('"'))
        .map(|(address, _)| address.replace("&amp;", "&"))
        .collect()
}

/// The hidden fields of the form that books.
pub(crate) fn hidden(html: &str) -> BTreeMap<String, String> {
    let form = html.split_once("id=\"book\"").expect("a form").1;
    let form = form.split_once("</form>").expect("its end").0;
    let value = |tag: &str, name: &str| {
        let rest = tag.split_once(&format!("{name}=\""))?.1;
        Some(rest.split_once('"')?.0.to_owned())
    };
    form.split("<input type=\"hidden\"")
        .skip(1)
        .filter_map(|tag| Some((value(tag, " name")?, value(tag, "value")?)))
        .collect()
}

/// What a form sends, encoded.
pub(crate) fn encoded(fields: &BTreeMap<String, String>) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// Sends a form.
pub(crate) async fn send(client: &Client, path: &str, fields: &BTreeMap<String, String>) -> Reply {
    let form = client.header("content-type", "application/x-www-form-urlencoded");
    form.send(Method::POST, path, &encoded(fields)).await
}

/// The form behind a time, filled in by Marty.
pub(crate) async fn filled(client: &Client, time: &str) -> BTreeMap<String, String> {
    let mut fields = hidden(&get(client, time, 200).await);
    fields.insert("customer.name".to_owned(), "Marty McFly".to_owned());
    fields.insert("customer.email".to_owned(), "marty@example.com".to_owned());
    fields
}

/// The form of the first time that the page at `path` shows, filled in by Marty.
pub(crate) async fn first_form(client: &Client, path: &str) -> BTreeMap<String, String> {
    let times = links(&get(client, path, 200).await, "time");
    filled(client, times.first().expect("a time")).await
}

/// Books on the page at `path`, and answers the address that it leads to.
pub(crate) async fn book(client: &Client, path: &str) -> String {
    let fields = first_form(client, path).await;
    let reply = send(client, path, &fields).await;
    let address = reply.header("location");
    let address = address.unwrap_or_else(|| panic!("{} {}", reply.status, html(&reply)));
    address.to_owned()
}

/// The bookings of the test app.
pub(crate) async fn bookings(server: &TestServer) -> Vec<Value> {
    let include = "include=customers,resource,project";
    let list = server.app().get(&format!("/v2/bookings?{include}")).await;
    let rows = list.expecting(200).body["data"].clone();
    rows.as_array().expect("a list").clone()
}

/// How many bookings Marty has made on pages.
pub(crate) async fn made(server: &TestServer) -> usize {
    let is_his = |booking: &Value| booking["customers"][0]["email"] == "marty@example.com";
    bookings(server)
        .await
        .iter()
        .filter(|one| is_his(one))
        .count()
}

/// Creates a project with this slug and these other fields, over a resource of its own for each of `names`.
pub(crate) async fn project(
    server: &TestServer,
    slug: &str,
    names: &[&str],
    fields: Value,
) -> Vec<String> {
    let app = server.app();
    let mut ids = Vec::new();
    for name in names {
        let body = json!({ "name": name, "timezone": "Europe/Copenhagen" });
        ids.push(app.post("/v2/resources", body).await.expecting(201).id());
    }
    let mut body = json!({ "name": "Haircut", "slug": slug, "resources": ids });
    let fields = fields.as_object().expect("an object").clone();
    body.as_object_mut().expect("an object").extend(fields);
    app.post("/v2/projects", body).await.expecting(201);
    ids
}
