//! Records outlive versions: what another version wrote is read, changed and listed, and nothing of it is lost.
//!
//! `tests/fixtures/records/` has every record that version 54d4092 wrote for the demo and a resource of its own, table by
//! table, with hashes and keys replaced by others.

use std::collections::HashMap;

use auth::token::PlainToken;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::TimeDelta;
use http::Method;
use local::demo::{EMAIL, NAMED_KEY, TEST_SLUG};
use serde_json::{Map, Value, json};
use store::Table;
use tests::{Client, TestServer, instant};

/// When the fixtures' reservation still holds.
const AT: &str = "2026-11-29T02:30:00Z";

const RESOURCE: &str = "5f18e12e-5c92-4a8a-b797-b097cf46b303";
const CALENDAR: &str = "35d3d412-15ec-4b70-a7cb-e82e6537fee3";
const EVENT: &str = "149a6076-8866-48fd-9418-d289135169d6";
const TENTATIVE: &str = "4db97c7c-d2d6-4df2-9b67-a29f0c49eb8a";
const CONFIRMED: &str = "6f4a9eef-7578-4311-8619-3b58be6fdd97";
const GROUP: &str = "9bc069eb-2a33-47bc-ae08-b04cb0dbb9c3";
const RESERVATION: &str = "203848a4-fe23-4e70-9869-499bc94a89a6";
const PROJECT: &str = "537dc1af-03ca-454b-a1e8-eee1e0bc5630";
const LOCATION: &str = "018e96a6-4723-433b-b672-28ee7dc9cd58";
const SERVICE: &str = "64713c33-df3e-493d-82ef-838cc0f518d5";
const FILTERS: &str = "1afc7660-9313-4b11-8fcd-359d4df4161c";
const WIDGET: &str = "814cba4c-4531-4599-ae99-24258cbf689f";

/// A member and an attribute that this version does not know.
const LATER: &str = "t_of_a_later_version";

/// The version of the records of that later version.
const LATER_VERSION: &str = "7";

fn fixtures(table: Table) -> Vec<Map<String, Value>> {
    let name = table.suffix();
    let path = format!(
        "{}/fixtures/records/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).expect("items")
}

fn attribute(value: &Value) -> AttributeValue {
    let Some((kind, value)) = value.as_object().and_then(|typed| typed.iter().next()) else {
        panic!("no attribute: {value}");
    };
    let text = || value.as_str().expect("text").to_owned();
    match kind.as_str() {
        "S" => AttributeValue::S(text()),
        "N" => AttributeValue::N(text()),
        "L" => AttributeValue::L(
            value
                .as_array()
                .expect("a list")
                .iter()
                .map(attribute)
                .collect(),
        ),
        "M" => {
            let members = value.as_object().expect("a map").iter();
            AttributeValue::M(
                members
                    .map(|(name, value)| (name.clone(), attribute(value)))
                    .collect(),
            )
        }
        _ => panic!("{kind} in a fixture"),
    }
}

/// Puts the fixtures into the server's tables, each as `change` makes it.
async fn load(server: &TestServer, change: impl Fn(&mut HashMap<String, AttributeValue>)) {
    server.clock.set(instant(AT));
    let client = server.dynamodb().await;
    for table in Table::ALL {
        for item in fixtures(table) {
            let item = item
                .iter()
                .map(|(name, value)| (name.clone(), attribute(value)));
            let mut item: HashMap<_, _> = item.collect();
            change(&mut item);
            let put = client.put_item().table_name(name_of(table));
            put.set_item(Some(item)).send().await.expect("put");
        }
    }
}

fn name_of(table: Table) -> String {
    format!("{}{}", local::tables::PREFIX, table.suffix())
}

/// Changes each kind of record that can be changed, through the API.
async fn change_everything(server: &TestServer) {
    let app = server.app();
    let change = async |path: String, body: Value| {
        let reply = app.put(&path, body).await;
        assert!(
            reply.status < 300,
            "{path}: {} {}",
            reply.status,
            reply.body
        );
    };
    let renamed = || json!({ "name": "Renamed" });
    change(format!("/v2/resources/{RESOURCE}"), renamed()).await;
    change(format!("/v2/calendars/{CALENDAR}"), renamed()).await;
    change(format!("/v2/events/{EVENT}"), json!({ "what": "New Year" })).await;
    change(format!("/v2/projects/{PROJECT}"), renamed()).await;
    change(format!("/v2/locations/{LOCATION}"), renamed()).await;
    change(format!("/v2/location/services/{SERVICE}"), renamed()).await;
    let filters = format!("/v2/findtime/filtercollections/{FILTERS}");
    change(filters, renamed()).await;
    change(format!("/v2/widgets/{WIDGET}"), renamed()).await;
    let mail = json!({ "subject": "Soon", "body": "Confirmed.", "enabled": true });
    change("/v2/templates/booking_confirmed".to_owned(), mail).await;
    change(format!("/v2/bookings/{TENTATIVE}/confirm"), json!({})).await;
    change(
        format!("/v2/bookings/{CONFIRMED}"),
        json!({ "meta": { "t_a": 1 } }),
    )
    .await;
    let extension = json!({ "reservation_id": RESERVATION, "reservation_time": 7_200 });
    change("/v2/bookings/reserve/extend".to_owned(), extension).await;
    let key = format!("/v2/keys/{NAMED_KEY}");
    let body = renamed().to_string();
    app.send(Method::PATCH, &key, &body).await.expecting(200);
    let settings = json!({ "name": "Renamed", "settings": { "contact_name": "Jennifer" } });
    change(format!("/v2/apps/{TEST_SLUG}"), settings).await;
    take_a_seat_and_time(&app).await;
    set_password(server).await;
}

/// Rewrites a group's booking, and a sheet beside what is in it.
async fn take_a_seat_and_time(app: &Client) {
    let customer = json!({ "name": "Lorraine", "email": "lorraine@latchkey.example" });
    let seat = json!({
        "graph": "group_customer",
        "related": { "owner_booking_id": GROUP },
        "customer": customer,
    });
    app.post("/v2/bookings", seat).await.expecting(201);
    let booking = json!({
        "resource_id": RESOURCE, "graph": "instant", "customer": customer,
        "start": "2026-12-03T15:00:00Z", "end": "2026-12-03T16:00:00Z",
        "what": "Lightning", "where": "Clock tower", "description": "",
    });
    app.post("/v2/bookings", booking).await.expecting(201);
}

/// Rewrites the account.
async fn set_password(server: &TestServer) {
    let writer = server.state.writer();
    let link = PlainToken::generate(server.state.random());
    let (now, hour) = (server.state.now(), TimeDelta::hours(1));
    let is_made = writer.create_reset(EMAIL, link.hashed(), now + hour).await;
    assert!(is_made.expect("a link"));
    let hash = "$argon2id$v=19$m=19456,t=2,p=1$b3RoZXI$b3RoZXI";
    let reset = writer.reset_password(link.hashed(), hash, now).await;
    reset.expect("reset");
}

/// What a list of the API shows, and what must be in it.
const LISTS: [(&str, &str); 9] = [
    ("/v2/resources", RESOURCE),
    ("/v2/calendars", CALENDAR),
    (
        "/v2/events?start=2026-12-01T00:00:00Z&end=2026-12-31T00:00:00Z",
        EVENT,
    ),
    ("/v2/projects", PROJECT),
    ("/v2/bookings", TENTATIVE),
    ("/v2/locations", LOCATION),
    ("/v2/location/services", SERVICE),
    ("/v2/findtime/filtercollections", FILTERS),
    ("/v2/widgets", WIDGET),
];

#[tokio::test]
async fn records_of_the_version_before_are_listed_read_and_changed() {
    let server = TestServer::start().await;
    load(&server, |_| {}).await;
    let app = server.app();
    for (path, id) in LISTS {
        let list = app.get(path).await.expecting(200);
        assert!(list.body.to_string().contains(id), "{path}: {}", list.body);
    }
    for path in [
        format!("/v2/resources/{RESOURCE}"),
        format!("/v2/calendars/{CALENDAR}"),
        format!("/v2/events/{EVENT}"),
        format!("/v2/projects/{PROJECT}"),
        format!("/v2/bookings/{GROUP}"),
        format!("/v2/locations/{LOCATION}"),
        format!("/v2/location/services/{SERVICE}"),
        format!("/v2/widgets/{WIDGET}"),
        format!("/v2/keys/{NAMED_KEY}"),
        format!("/v2/credentials?resource_id={RESOURCE}"),
        "/v2/keys".to_owned(),
        "/v2/templates".to_owned(),
        "/v2/audit".to_owned(),
    ] {
        let read = app.get(&path).await;
        assert_ne!(read.status / 100, 5, "{path}: {}", read.body);
    }
    change_everything(&server).await;
    let confirmed = app.get(&format!("/v2/bookings/{TENTATIVE}")).await;
    assert_eq!(confirmed.body["data"]["state"], "confirmed");
}

/// Adds what a later version might write: an attribute, its number, and members of the record, of objects in it and of
/// objects in its lists.
fn of_a_later_version(item: &mut HashMap<String, AttributeValue>) {
    item.insert(LATER.to_owned(), AttributeValue::S("kept".to_owned()));
    item.insert("v".to_owned(), AttributeValue::N(LATER_VERSION.to_owned()));
    let Some(AttributeValue::S(record)) = item.get("record") else {
        return;
    };
    let mut record: Value = serde_json::from_str(record).expect("JSON");
    add_members(&mut record);
    let record = AttributeValue::S(record.to_string());
    item.insert("record".to_owned(), record);
}

/// The members whose objects are no maps of ids or of what clients sent.
const NESTED: [&str; 8] = [
    "event",
    "text",
    "slot",
    "buffers",
    "customers",
    "log",
    "calendars",
    "related",
];

fn add_members(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members.iter_mut() {
                if NESTED.contains(&name.as_str()) {
                    add_members(value);
                }
            }
            members.insert(LATER.to_owned(), json!({ "kept": [1, null] }));
        }
        Value::Array(elements) => elements.iter_mut().for_each(add_members),
        _ => {}
    }
}

/// How many members of a later version a record has.
fn members_kept(value: &Value) -> usize {
    match value {
        Value::Object(members) => {
            usize::from(members.contains_key(LATER))
                + members.values().map(members_kept).sum::<usize>()
        }
        Value::Array(elements) => elements.iter().map(members_kept).sum(),
        _ => 0,
    }
}

#[tokio::test]
async fn what_a_later_version_wrote_survives_a_change_of_every_kind_of_record() {
    let server = TestServer::start().await;
    load(&server, of_a_later_version).await;
    change_everything(&server).await;
    let client = server.dynamodb().await;
    let mut changed = 0;
    for table in Table::ALL {
        for item in fixtures(table) {
            let mut before: HashMap<_, _> = item
                .iter()
                .map(|(name, value)| (name.clone(), attribute(value)))
                .collect();
            of_a_later_version(&mut before);
            let key = ["pk", "sk"].map(|name| (name.to_owned(), before[name].clone()));
            let get = client.get_item().table_name(name_of(table));
            let found = get.set_key(Some(key.clone().into())).send().await;
            let Some(after) = found.expect("read").item else {
                continue;
            };
            if after.get("version") == before.get("version") {
                continue;
            }
            changed += 1;
            assert_eq!(after.get(LATER), before.get(LATER), "{key:?}");
            assert_eq!(after.get("v"), before.get("v"), "{key:?}");
            let kept = |item: &HashMap<String, AttributeValue>| {
                let record = item.get("record").and_then(|record| record.as_s().ok());
                let record = record.map(|record| serde_json::from_str(record).expect("JSON"));
                record.as_ref().map_or(0, members_kept)
            };
            assert!(
                kept(&after) >= kept(&before),
                "{key:?}: {before:?} became {after:?}"
            );
        }
    }
    // Resource, event, project, location, service, filters, widget, template, three bookings, reservation, key, app,
    // account, and the sheet.
    assert!(changed >= 16, "only {changed} were changed");
}

#[tokio::test]
async fn a_key_with_a_later_version_s_scope_does_everything_else_and_keeps_the_scope() {
    let server = TestServer::start().await;
    let app = server.app();
    let wanted = json!({ "name": "Reader", "scopes": ["bookings.read"] });
    let (id, reader) = server.make_key(&app, wanted).await;
    let client = server.dynamodb().await;
    let table = name_of(Table::Keys);
    let record_of = async |id: &str| {
        let items = client.scan().table_name(&table).send().await;
        let items = items.expect("scan").items.unwrap_or_default();
        let of_key = |item: &HashMap<String, AttributeValue>| {
            let record = item.get("record").and_then(|record| record.as_s().ok());
            record.is_some_and(|record| record.starts_with(&format!("{{\"id\":\"{id}\"")))
        };
        items.into_iter().find(of_key).expect("the key's item")
    };
    let mut item = record_of(&id).await;
    let record = item["record"].as_s().expect("text");
    let later = record.replace(
        r#"["bookings.read"]"#,
        r#"["rockets.launch","bookings.read"]"#,
    );
    assert_ne!(record, &later);
    item.insert("record".to_owned(), AttributeValue::S(later));
    let put = client.put_item().table_name(&table).set_item(Some(item));
    put.send().await.expect("put");

    reader.get("/v2/bookings").await.expecting(200);
    reader.get("/v2/keys").await.expecting(403);
    let path = format!("/v2/keys/{id}");
    let renamed = json!({ "name": "Renamed" }).to_string();
    let renamed = app
        .send(Method::PATCH, &path, &renamed)
        .await
        .expecting(200);
    let both = json!(["bookings.read", "rockets.launch"]);
    assert_eq!(renamed.body["data"]["scopes"], both);
    assert!(
        record_of(&id).await["record"]
            .as_s()
            .is_ok_and(|kept| kept.contains("rockets.launch"))
    );
    let rotated = app
        .post(&format!("{path}/rotate"), json!({}))
        .await
        .expecting(201);
    assert_eq!(rotated.body["data"]["scopes"], both);
    // What it allows is not known, so nobody without it may hand it on.
    let wanted = json!({ "name": "Keys", "scopes": ["keys.write", "bookings.read"] });
    let (_, maker) = server.make_key(&app, wanted).await;
    let path = format!("/v2/keys/{}", rotated.id());
    let refused = maker.send(Method::PATCH, &path, r#"{"name":"Mine"}"#).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_costs_a_list_that_row_alone() {
    let server = TestServer::start().await;
    load(&server, |item| {
        let broken = [RESOURCE, TENTATIVE, PROJECT, LOCATION, WIDGET];
        let is_of = |id: &str| {
            let pk = item["pk"].as_s().expect("text");
            pk.ends_with(id) && !pk.contains("sheets") && !pk.contains("events")
        };
        if broken.into_iter().any(is_of) && item["pk"].as_s().is_ok_and(|pk| pk.contains("app#")) {
            let record = AttributeValue::S("{\"id\":1}".to_owned());
            item.insert("record".to_owned(), record);
        }
    })
    .await;
    let app = server.app();
    for (path, id) in [
        ("/v2/resources", RESOURCE),
        ("/v2/bookings", TENTATIVE),
        ("/v2/bookings?limit=2", TENTATIVE),
        ("/v2/projects", PROJECT),
        ("/v2/locations", LOCATION),
        ("/v2/widgets", WIDGET),
        ("/v2/calendars", CALENDAR),
    ] {
        let list = app.get(path).await.expecting(200);
        let rows = list.body["data"].as_array().expect("rows");
        assert!(
            rows.iter().all(|row| row["id"] != id),
            "{path}: {}",
            list.body
        );
        assert!(
            !rows.is_empty() || path == "/v2/widgets",
            "{path}: {}",
            list.body
        );
    }
    let read = app.get(&format!("/v2/bookings/{TENTATIVE}")).await;
    assert_eq!(read.status, 500, "{}", read.body);
}
