//! What lists cost, however much there is: the store's calls and the rows it reads, counted.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::TimeDelta;
use model::TimeSlot;
use model::booking::{Booking, Customer, EventText, NewBooking, Notice};
use model::graph::{BookingState, Graph};
use model::ids::{BookingId, CalendarId, CustomerId, ProjectId, ResourceId};
use model::occupancy::Buffers;
use model::time::Tz;
use rusqlite::Connection;
use serde_json::{Map, Value};
use tests::{Client, NOW, Reply, TestServer, instant};
use uuid::Uuid;

/// An app is filled with copies of so many bookings, each moved to another month and with ids and customers of its own.
const BLOCK: i32 = 500;

/// How many copies the large app has, which is 100,000 bookings, and the small one beside it.
const LARGE: i32 = 200;
const SMALL: i32 = 2;

/// When both apps were made. The bookings were made within 22 months from then on.
const SINCE: &str = "2025-01-01T00:00:00Z";

/// The most rows that may be read where matches are only counted, for a page of 50, and for one request at all. What is
/// read twice or in vain where a month ends is counted in.
const COUNTED: u64 = 1_001 + 500;
const PAGE: u64 = 51 + 100;
const SCANNED: u64 = 5_000 + 500;

/// The most calls for one page: one for each month that the app can have, and one for each 250 rows.
const MOST_CALLS: u64 = 100;

fn id(group: u128, number: i32) -> Uuid {
    Uuid::from_u128((group << 96) + u128::from(number.unsigned_abs()))
}

/// Booking `number` of the block, for the app that `group` stands for. It is made in January, and starts in February.
pub(crate) fn block_booking(group: u128, number: i32) -> Booking {
    let created_at = instant(SINCE) + TimeDelta::minutes(i64::from(number) * 80);
    let start = created_at + TimeDelta::days(31);
    let graphs = i32::try_from(Graph::ALL.len()).expect("a few");
    let graph = Graph::ALL[(number % graphs) as usize];
    let mut meta = Map::new();
    meta.insert("batch".to_owned(), number.into());
    let new = NewBooking {
        resource_id: ResourceId::new(id(1, number % 100)),
        further_resources: Vec::new(),
        calendar_id: CalendarId::new(id(2, 1)),
        project_id: Some(ProjectId::new(id(3, number % 20))),
        graph,
        slot: TimeSlot::new(start, start + TimeDelta::hours(1)).expect("a slot"),
        buffers: Buffers::default(),
        allow_double_bookings: true,
        ignore_all_day_events: false,
        only_offered: false,
        notice: Notice::default(),
        locale: None,
        payment_time: model::payment::DEFAULT_PAYMENT_TIME,
        max_seats: (graph == Graph::GroupOwner).then_some(10),
        owner_id: None,
        related: Vec::new(),
        timezone: Tz::UTC,
        event: EventText {
            what: "Lightning".to_owned(),
            place: "Courthouse".to_owned(),
            description: String::new(),
            participants: Vec::new(),
        },
        customers: vec![Customer {
            id: CustomerId::new(id(4, number)),
            name: "Marty McFly".to_owned(),
            email: Some(format!("marty{number}.copy0000@timekit.io")),
            phone: None,
            voip: None,
            timezone: None,
            fields: Map::new(),
        }],
        reminders: Vec::new(),
        meta,
    };
    let mut booking = Booking::create(new, BookingId::new(id(group, number)), "key", created_at);
    if number == 7 {
        booking.state = BookingState::Cancelled;
    }
    booking.log.clear();
    booking.version = "1".to_owned();
    booking
}

/// An app with so many copies of the block. `group` is what its bookings' ids begin with, eight digits.
async fn filled_app(server: &TestServer, file: &Path, group: u128, copies: i32) -> Client {
    server.clock.set(instant(SINCE));
    let (live, _) = server.sign_up(&format!("app{group}@example.com")).await;
    let identity = server.state.store().find_app(&live.slug).await;
    let app = identity.expect("an answer").expect("an app").app;
    let block: Vec<_> = (0..BLOCK)
        .map(|number| block_booking(group, number))
        .collect();
    server.fill(app, &block);
    copy_rows(file, &format!("{group:08x}"), copies).expect("copied");
    server.clock.set(instant(NOW));
    server.with_key(&live.api_key)
}

/// Copies the block in the store's own file, table by table: past the engine this takes seconds and not minutes. In each
/// copy months, ids and customers differ. An index's rows are left only what is read of them.
fn copy_rows(file: &Path, block: &str, copies: i32) -> rusqlite::Result<()> {
    let database = Connection::open(file)?;
    database.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000;")?;
    let names = |sql: &str| -> rusqlite::Result<Vec<String>> {
        let mut statement = database.prepare(sql)?;
        statement.query_map([], |row| row.get(0))?.collect()
    };
    let tables = names(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'latchkey-data%'",
    )?;
    for table in tables {
        let columns = names(&format!("SELECT name FROM pragma_table_info('{table}')"))?;
        if table.contains("::gsi::") {
            let partitions = [
                "month_pk",
                "resource_pk",
                "customer_pk",
                "project_pk",
                "start_pk",
                "group_pk",
            ];
            let others = partitions.map(|name| {
                format!("CASE WHEN json_extract(item_json, '$.{name}.S') = gsi_pk THEN '$.none' ELSE '$.{name}' END")
            });
            let lean = format!("json_remove(item_json, {})", others.join(", "));
            database.execute(
                &format!(
                    "UPDATE \"{table}\" SET item_json = {lean} WHERE instr(item_json, '{block}')"
                ),
                [],
            )?;
        }
        let (short, group) = ("copy % 22", &block[..4]);
        let copied: Vec<_> = columns
            .iter()
            .map(|column| {
                format!(
                    "replace(replace(replace(replace({column}, '{block}', '{group}' || printf('%04x', copy)), \
                     'copy0000', printf('copy%04d', copy % 10)), '2025-02', starts), '2025-01', made)"
                )
            })
            .collect();
        let sql = format!(
            "WITH RECURSIVE
               copies(copy) AS (SELECT 1 UNION ALL SELECT copy + 1 FROM copies WHERE copy < {copies} - 1),
               months AS (SELECT copy, strftime('%Y-%m', '2025-01-01', ({short}) || ' months') AS made,
                                 strftime('%Y-%m', '2025-02-01', ({short}) || ' months') AS starts FROM copies)
             INSERT INTO \"{table}\" ({}) SELECT {} FROM \"{table}\", months WHERE instr(item_json, '{block}')",
            columns.join(", "),
            copied.join(", "),
        );
        database.execute(&sql, [])?;
        database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    }
    Ok(())
}

#[derive(Debug)]
struct Cost {
    calls: u64,
    rows: u64,
}

/// A page, and what it cost the store.
async fn priced(server: &TestServer, client: &Client, path: &str) -> (Reply, Cost) {
    let store = server.state.store();
    let (calls, rows) = (store.calls(), store.rows_listed());
    let page = client.get(path).await.expecting(200);
    let cost = Cost {
        calls: store.calls() - calls,
        rows: store.rows_listed() - rows,
    };
    (page, cost)
}

fn ids(page: &Reply) -> Vec<String> {
    let rows = page.body["data"].as_array().expect("rows");
    let id = |row: &Value| row["id"].as_str().expect("an id").to_owned();
    rows.iter().map(id).collect()
}

fn next(page: &Reply) -> Option<String> {
    let url = page.body["next_page_url"].as_str()?;
    Some(url[url.find("/v2/").expect("an address of this API")..].to_owned())
}

/// A search, and the most rows that may be read for its first page and for the next one.
fn searches() -> Vec<(String, u64, u64)> {
    let search = |criterion: String| format!("/v2/bookings?search={criterion}");
    let day = "/v2/bookings?start=2025-06-10T00:00:00Z&end=2025-06-11T00:00:00Z";
    vec![
        // Whatever matches by index is counted up to 1,000, and then a page is a page.
        ("/v2/bookings".to_owned(), COUNTED, PAGE),
        ("/v2/bookings?orderBy=event.start".to_owned(), COUNTED, PAGE),
        (search(format!("resource.id:{}", id(1, 3))), COUNTED, PAGE),
        (
            search("customer.email:marty7.copy0003@timekit.io".to_owned()),
            COUNTED,
            PAGE,
        ),
        (search(format!("project.id:{}", id(3, 3))), COUNTED, PAGE),
        // What no index serves is read up to the bound of one request.
        (search("graph:instant".to_owned()), SCANNED, SCANNED),
        (search("state:cancelled".to_owned()), SCANNED, SCANNED),
        (search("meta.batch:5".to_owned()), SCANNED, SCANNED),
        // A window by its index, and the 31 days before, for bookings that reach into it.
        (day.to_owned(), SCANNED, SCANNED),
        (
            format!("{day}&sortedBy=asc&orderBy=event.start"),
            SCANNED,
            SCANNED,
        ),
    ]
}

#[tokio::test]
async fn what_a_list_costs_does_not_depend_on_how_much_an_app_has() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = TestServer::start_in(folder.path()).await;
    let file = folder.path().join("latchkey.db");
    let small = filled_app(&server, &file, 0xa1fa_0000, SMALL).await;
    let large = filled_app(&server, &file, 0xb19b_0000, LARGE).await;
    for (path, most_first, most_next) in searches() {
        for (name, app) in [("small", &small), ("large", &large)] {
            let (page, cost) = priced(&server, app, &path).await;
            assert!(
                cost.rows <= most_first,
                "{path} of the {name} app: {cost:?}"
            );
            assert!(
                cost.calls <= MOST_CALLS,
                "{path} of the {name} app: {cost:?}"
            );
            if let Some(path) = next(&page).filter(|_| most_next == PAGE) {
                let (_, cost) = priced(&server, app, &path).await;
                assert!(cost.rows <= most_next, "{path} of the {name} app: {cost:?}");
                assert!(
                    cost.calls <= MOST_CALLS,
                    "{path} of the {name} app: {cost:?}"
                );
            }
        }
    }

    // The thousandth page costs what the second did.
    let (mut page, _) = priced(&server, &large, "/v2/bookings?limit=1").await;
    let mut seen: BTreeSet<String> = ids(&page).into_iter().collect();
    for number in 2..=1_000 {
        // At most 600 requests a minute are allowed.
        server.clock.advance(TimeDelta::milliseconds(150));
        let (followed, cost) = priced(&server, &large, &next(&page).expect("more")).await;
        assert!(
            cost.rows <= 3 && cost.calls <= 12,
            "page {number}: {cost:?}"
        );
        page = followed;
        seen.extend(ids(&page));
    }
    assert_eq!(seen.len(), 1_000);
    assert_eq!(page.body["current_page"], 1_000);
    let path = next(&page).expect("more").replace("limit=1&", "limit=50&");
    let (page, cost) = priced(&server, &large, &path).await;
    assert_eq!(ids(&page).len(), 50);
    assert!(cost.rows <= PAGE, "{cost:?}");
}
