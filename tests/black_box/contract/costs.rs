//! What a million of each operation costs on AWS: counted calls and capacity units, times the list prices written in
//! `docs/prices.json`. The table in `docs/OPERATIONS.md` is this one; `make costs` writes it.

use std::fmt::Write as _;

use local::tables::TEMPLATE;
use serde::Deserialize;
use serde_norway::Value as Yaml;

use crate::contract::described::{assert_described, with_part};
use crate::contract::every_operation::{self, Called};
use crate::contract::template::metrics_of_alarms;

/// List prices in dollars, and what cannot be counted here and is assumed instead.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Prices {
    #[serde(rename = "about")]
    _about: String,
    region: String,
    as_of: String,
    dollars: Dollars,
    assumed: Assumed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dollars {
    http_api_per_million_requests: f64,
    lambda_per_million_requests: f64,
    lambda_arm64_per_gb_second: f64,
    dynamodb_per_million_read_request_units: f64,
    dynamodb_per_million_write_request_units: f64,
    logs_per_gb_ingested: f64,
    xray_per_million_traces: f64,
    secret_per_month: f64,
    alarm_per_month: f64,
    dashboard_per_month: f64,
    metric_per_month: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Assumed {
    /// What a function works on a request beside its calls to the store.
    function_ms: f64,
    /// What it waits for one.
    store_call_ms: f64,
    /// What all logs together say of a request.
    log_bytes: f64,
    /// The part of all requests that X-Ray takes traces of.
    traced_share: f64,
}

impl Prices {
    fn read() -> Self {
        serde_json::from_str(include_str!("../../../docs/prices.json")).expect("docs/prices.json")
    }

    /// Dollars for a million requests like this one.
    fn per_million(&self, called: &Called) -> f64 {
        let (dollars, assumed) = (&self.dollars, &self.assumed);
        let [calls, reads, writes] = counts(called);
        let billed_s = (assumed.function_ms + calls * assumed.store_call_ms) / 1_000.0;
        let million = 1_000_000.0;
        dollars.http_api_per_million_requests
            + dollars.lambda_per_million_requests
            + billed_s * memory_gb() * dollars.lambda_arm64_per_gb_second * million
            + reads * dollars.dynamodb_per_million_read_request_units
            + writes * dollars.dynamodb_per_million_write_request_units
            + assumed.log_bytes / 1e9 * dollars.logs_per_gb_ingested * million
            + assumed.traced_share * dollars.xray_per_million_traces
    }
}

/// The functions' memory in GB.
fn memory_gb() -> f64 {
    let template: Yaml = serde_norway::from_str(TEMPLATE).expect("template.yaml is YAML");
    let megabytes = template["Globals"]["Function"]["MemorySize"].as_f64();
    megabytes.expect("one size for all functions") / 1_024.0
}

/// Calls to the store, read units and write units.
fn counts(called: &Called) -> [f64; 3] {
    ["StoreCalls", "ReadUnits", "WriteUnits"]
        .map(|name| called.line()[name].as_f64().expect("a number"))
}

/// The counted part of a row: what a call costs one kind of app.
fn cells(prices: &Prices, called: &Called) -> String {
    let [calls, reads, writes] = counts(called);
    let dollars = prices.per_million(called);
    format!("{calls} | {reads} | {writes} | {dollars:.2}")
}

fn table(prices: &Prices, of_test_app: &[Called], of_live_app: &[Called]) -> String {
    let mut table = format!(
        "List prices of {} as of {}.\n\n\
         | operation | test app: store calls | read units | write units | dollars per million \
         | live app: store calls | read units | write units | dollars per million |\n\
         | --- | --: | --: | --: | --: | --: | --: | --: | --: |\n",
        prices.region, prices.as_of
    );
    for (test, live) in of_test_app.iter().zip(of_live_app) {
        assert_eq!(test.operation.id, live.operation.id);
        let operation = &test.operation.id;
        let (test, live) = (cells(prices, test), cells(prices, live));
        writeln!(table, "| `{operation}` | {test} | {live} |").expect("text");
    }
    let Dollars {
        secret_per_month: secret,
        alarm_per_month: alarm,
        dashboard_per_month: dashboard,
        metric_per_month: metric,
        ..
    } = &prices.dollars;
    let watched = metrics_of_alarms();
    writeln!(
        table,
        "\nDollars a month besides, whoever asks: {secret:.2} for the master secret, {dashboard:.2} for the \
         dashboard, {alarm:.2}\nfor each of the {watched} metrics that alarms look at, and {metric:.2} for a metric that has a value at \
         every hour."
    )
    .expect("text");
    table
}

const BEGIN: &str = "<!-- Written by `make costs`: change docs/prices.json instead. -->\n\n";
const END: &str = "\n<!-- Here it ends. -->";

#[tokio::test]
async fn the_table_of_costs_is_what_the_operations_were_counted_to_cost() {
    let of_test_app = &every_operation::called().await.called;
    let of_live_app = every_operation::called_for_a_live_app().await.called;
    let counted = table(&Prices::read(), of_test_app, &of_live_app);
    let path = "docs/OPERATIONS.md";
    assert_described(path, &with_part(path, BEGIN, END, &counted));
}

#[tokio::test]
async fn the_functions_own_lines_are_at_most_half_of_what_logs_are_assumed_to_take() {
    let prices = Prices::read();
    for called in &every_operation::called().await.called {
        let bytes = called.line().to_string().len() as f64;
        assert!(
            bytes <= prices.assumed.log_bytes / 2.0,
            "{bytes} bytes: {}. Raise log_bytes in docs/prices.json",
            called.line()
        );
    }
}
