//! What the first answer shows.

use serde_json::json;
use tests::TestServer;

use super::{demo, get, links, project};

#[tokio::test]
async fn the_first_answer_says_who_what_where_how_long_and_for_how_much_and_links_ten_times() {
    let server = TestServer::start().await;
    let fields = json!({
        "availability": { "mode": "roundrobin_random", "length": "90 minutes" },
        "booking": { "graph": "instant", "where": "12 High Street" },
        "price": "from 40 €",
    });
    project(&server, "cut", &["Emmett"], fields).await;
    let page = get(&server.anonymous(), "/book/cut", 200).await;
    let head = page.split_once("id=\"who\"").expect("a head").1;
    let head = head.split_once("</header>").expect("its end").0;
    for said in [
        "Haircut",
        "Emmett",
        "12 High Street",
        "1 hour",
        "30 minutes",
        "from 40 €",
    ] {
        assert!(head.contains(said), "{said}: {head}");
    }
    assert!(page.contains("<div class=\"brand\"><span><bdi>"), "{page}");
    let times = page.split_once("id=\"times\"").expect("times").1;
    let times = times.split_once("</section>").expect("their end").0;
    assert_eq!(links(times, "time").len(), 10);
}

#[tokio::test]
async fn every_day_that_has_times_leads_to_them_and_the_months_lead_on() {
    let server = TestServer::start().await;
    let anybody = server.anonymous();
    let page = get(&anybody, &demo(), 200).await;
    let days = links(&page, "day");
    assert!(!days.is_empty(), "{page}");
    let day = get(&anybody, &days[0], 200).await;
    let section = day.split_once("id=\"day\"").expect("a day").1;
    let section = section.split_once("</section>").expect("its end").0;
    assert!(!links(section, "time").is_empty(), "{section}");
    let next = links(&page, "next");
    let month = get(&anybody, &next[0], 200).await;
    assert!(month.contains("December 2026"), "{month}");
    assert_eq!(links(&month, "prev").len(), 1);
}

#[tokio::test]
async fn a_month_without_times_says_when_the_next_is_free() {
    let server = TestServer::start().await;
    let fields = json!({
        "availability": { "mode": "roundrobin_random", "length": "1 hour", "to": "20 weeks" },
        "availability_constraints": [{ "block_period": { "start": "2026-11-01T00:00:00Z", "end": "2027-02-02T00:00:00Z" } }],
    });
    project(&server, "later", &["Emmett"], fields).await;
    let anybody = server.anonymous();
    let page = get(&anybody, "/book/later?month=2026-12", 200).await;
    assert!(
        page.contains("No times are available in December 2026."),
        "{page}"
    );
    assert!(
        page.contains("Next available: Tuesday, February 2, 2027"),
        "{page}"
    );
    // Who asks for no month is shown the first that has times.
    let page = get(&anybody, "/book/later", 200).await;
    assert!(page.contains("February 2027"), "{page}");
    assert!(!links(&page, "time").is_empty());
}

#[tokio::test]
async fn both_clocks_are_told_where_they_differ_and_utc_is_called_utc() {
    let server = TestServer::start().await;
    let anybody = server.anonymous();
    let path = format!("{}?zone=Etc/UTC", demo());
    let page = get(&anybody, &path, 200).await;
    assert!(page.contains("time zone: UTC"), "{page}");
    assert!(page.contains("Los Angeles (UTC"), "{page}");
    let form = get(&anybody, &links(&page, "time")[0], 200).await;
    assert!(form.contains(", UTC</time>"), "{form}");
    assert!(form.contains("Los Angeles (UTC"), "{form}");
    let choice = get(&anybody, &format!("{}?choose=zone", demo()), 200).await;
    assert!(
        choice.contains("<option value=\"Europe/Berlin\""),
        "{choice}"
    );
}

#[tokio::test]
async fn the_zone_is_told_as_it_is_when_the_times_are() {
    let server = TestServer::start().await;
    let anybody = server.anonymous();
    let fields = json!({
        "availability": { "mode": "roundrobin_random", "length": "1 hour", "to": "6 months" },
        "booking": { "graph": "instant" },
    });
    project(&server, "summer", &["Emmett"], fields).await;
    let winter = get(&anybody, "/book/summer?month=2026-12", 200).await;
    assert!(winter.contains("Copenhagen (UTC+1)"), "{winter}");
    let summer = get(&anybody, "/book/summer?month=2027-04", 200).await;
    assert!(summer.contains("Copenhagen (UTC+2)"), "{summer}");
}

#[tokio::test]
async fn only_what_is_next_is_called_so() {
    let server = TestServer::start().await;
    let anybody = server.anonymous();
    let page = get(&anybody, &demo(), 200).await;
    assert!(page.contains("id=\"times\""), "{page}");
    let next = get(&anybody, &links(&page, "next")[0], 200).await;
    assert!(!next.contains("id=\"times\""), "{next}");
    let back = get(&anybody, &links(&next, "prev")[0], 200).await;
    assert!(back.contains("id=\"times\""), "{back}");
    let day = get(&anybody, &links(&next, "day")[0], 200).await;
    assert!(!day.contains("id=\"times\""), "{day}");
}

#[tokio::test]
async fn the_page_is_in_the_language_that_is_asked_for_or_the_browsers() {
    let server = TestServer::start().await;
    let anybody = server.anonymous();
    let german = anybody.header("accept-language", "de-DE,de;q=0.9,en;q=0.1");
    let page = get(&german, &demo(), 200).await;
    assert!(page.contains("<html lang=\"de"), "{page}");
    let arabic = get(&german, &format!("{}?lang=ar", demo()), 200).await;
    assert!(arabic.contains("<html lang=\"ar\" dir=\"rtl\""), "{arabic}");
    assert!(links(&arabic, "time")[0].contains("lang=ar"));
}

#[tokio::test]
async fn an_unknown_page_is_a_page_with_404_and_says_what_to_do() {
    let server = TestServer::start().await;
    let page = get(&server.anonymous(), "/book/none-such", 404).await;
    assert!(page.contains("This page does not exist"), "{page}");
}

#[tokio::test]
async fn a_page_that_cannot_work_says_so_to_the_customer_and_books_nothing() {
    let server = TestServer::start().await;
    let always = json!({ "mode": "roundrobin_random", "length": "1 hour" });
    for (slug, names, graph) in [
        ("nobody", &[][..], "instant"),
        ("payment", &["Emmett"][..], "instant_payment"),
    ] {
        let fields =
            json!({ "availability": always, "booking": { "graph": graph, "where": "Here" } });
        project(&server, slug, names, fields).await;
        let path = format!("/book/{slug}");
        let page = get(&server.anonymous(), &path, 200).await;
        assert!(
            page.contains("Online booking is not available here"),
            "{page}"
        );
        assert!(
            links(&page, "time").is_empty() && !page.contains("id=\"book\""),
            "{page}"
        );
        let fields = [
            ("once", "AbCdEfGhIjKlMnOpQrStUv"),
            ("start", "2026-12-01T10:00:00Z"),
            ("customer.name", "Marty"),
            ("customer.email", "marty@example.com"),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let reply = super::send(&server.anonymous(), &path, &fields.into()).await;
        super::page(&reply, 409);
    }
    assert_eq!(super::made(&server).await, 0);
}

#[tokio::test]
async fn hostile_texts_show_as_text() {
    let server = TestServer::start().await;
    let evil = "\"><script>alert(1)</script><img src=x onerror=alert(2)>";
    let fields = json!({
        "name": evil,
        "price": "<b>1</b>",
        "booking": { "graph": "instant", "where": evil, "what": evil },
        "customer_fields": {
            "name": { "title": evil, "required": true },
            "why\"><i>": { "title": evil, "enum": [evil, "</select>"], "required": true },
        },
    });
    project(&server, "evil", &[evil], fields).await;
    let anybody = server.anonymous();
    let page = get(&anybody, "/book/evil", 200).await;
    let time = links(&page, "time")[0].clone();
    let form = get(&anybody, &time, 200).await;
    let mut fields = super::filled(&anybody, &time).await;
    fields.insert("customer.name".to_owned(), evil.to_owned());
    fields.insert("customer.email".to_owned(), evil.to_owned());
    let again = super::page(&super::send(&anybody, "/book/evil", &fields).await, 422);
    let address = format!("/book/evil?lang={evil}&zone={evil}&date={evil}&start={evil}");
    let address = address
        .replace('"', "%22")
        .replace('<', "%3C")
        .replace('>', "%3E")
        .replace(' ', "+");
    let asked = get(&anybody, &address, 200).await;
    for page in [page, form, again, asked] {
        for tag in [
            "<script>alert",
            "<img src=x",
            "<b>1",
            "<i>\"",
            "</select></option>",
        ] {
            assert!(!page.contains(tag), "{tag}: {page}");
        }
    }
}

#[tokio::test]
async fn only_origins_of_the_apps_widget_keys_may_frame_the_page() {
    let server = TestServer::start().await;
    let app = server.app();
    let policy = async || {
        let reply = server.anonymous().get(&demo()).await.expecting(200);
        let policy = reply.header("content-security-policy").expect("a policy");
        policy
            .split_once("frame-ancestors ")
            .expect("ancestors")
            .1
            .to_owned()
    };
    // Any page may use a key without origins.
    assert_eq!(policy().await, "*");
    let keys = app.get("/v2/keys").await.expecting(200);
    let keys = keys.body["data"].as_array().expect("keys").clone();
    for key in keys.iter().filter(|key| key["kind"] == "widget") {
        let path = format!("/v2/keys/{}", key["id"].as_str().expect("an id"));
        let body = json!({ "allowed_origins": ["https://clinic.example"] });
        let body = body.to_string();
        app.send(http::Method::PATCH, &path, &body)
            .await
            .expecting(200);
    }
    assert_eq!(policy().await, "'self' https://clinic.example");
}

#[tokio::test]
async fn a_place_that_the_customer_names_is_shown_by_the_labels_of_its_fields() {
    let server = TestServer::start().await;
    let fields = json!({
        "name": { "title": "Name", "required": true },
        "street": { "title": "Your <street>", "required": true },
    });
    for (slug, place, shown_as) in [
        (
            "street",
            "{{customer.street}}",
            Some("[Your &lt;street&gt;]"),
        ),
        (
            "both",
            "At {{ customer.street }}, {{customer.nope}}Hill Valley",
            Some("At [Your &lt;street&gt;], Hill Valley"),
        ),
        ("usual", "{{customer.name}}", Some("[Name]")),
        ("nothing", "{{customer.nope}}", None),
    ] {
        let body = json!({
            "customer_fields": fields, "booking": { "graph": "instant", "what": "Haircut", "where": place },
        });
        project(&server, slug, &["Doc"], body).await;
        let shown = get(&server.anonymous(), &format!("/book/{slug}"), 200).await;
        let said = shown_as.map(|place| format!("<dt>Where</dt><dd><bdi>{place}</bdi></dd>"));
        assert_eq!(
            shown.contains("<dt>Where</dt>"),
            said.is_some(),
            "{slug}: {shown}"
        );
        assert!(
            said.is_none_or(|said| shown.contains(&said)),
            "{slug}: {shown}"
        );
    }
}
