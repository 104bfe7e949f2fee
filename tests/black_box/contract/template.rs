//! What `template.yaml` watches and what its documents tell of it: every alarm is explained, every parameter is listed,
//! and no function, table or index goes unwatched.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use api::log::METRICS;
use axum::body::Body;
use http::StatusCode;
use http_body_util::BodyExt as _;
use local::tables::TEMPLATE;
use serde_norway::Value;
use tests::TestServer;
use tower::ServiceExt as _;

fn template() -> Value {
    serde_norway::from_str(TEMPLATE).expect("template.yaml is YAML")
}

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let path = root.expect("the workspace").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The part of a document below a heading of the second level, up to the next one.
fn section(document: &str, heading: &str) -> String {
    let text = read(document);
    let start = format!("\n## {heading}\n");
    let below = text
        .split_once(&start)
        .unwrap_or_else(|| panic!("{document} has a section {heading}"))
        .1;
    below.split("\n## ").next().expect("a section").to_owned()
}

/// The template's resources of a type, by their logical names.
fn resources(of_type: &str) -> BTreeMap<String, Value> {
    let template = template();
    let resources = template["Resources"].as_mapping().expect("resources");
    resources
        .iter()
        .filter(|(_, resource)| resource["Type"].as_str() == Some(of_type))
        .map(|(name, resource)| (name.as_str().expect("a name").to_owned(), resource.clone()))
        .collect()
}

/// A value without its tag, such as `!Sub`.
fn untagged(value: &Value) -> &Value {
    match value {
        Value::Tagged(tagged) => &tagged.value,
        plain => plain,
    }
}

/// What a value names by `!Ref`, however deep inside.
fn references(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Tagged(tagged) if tagged.tag == "Ref" => {
            BTreeSet::from([tagged.value.as_str().expect("a name").to_owned()])
        }
        Value::Tagged(tagged) => references(&tagged.value),
        Value::Sequence(items) => items.iter().flat_map(references).collect(),
        Value::Mapping(members) => members.values().flat_map(references).collect(),
        _ => BTreeSet::new(),
    }
}

fn names(resources: &BTreeMap<String, Value>) -> BTreeSet<String> {
    resources.keys().cloned().collect()
}

/// The metrics that an alarm looks at, each with its namespace, its name and its dimensions.
fn metrics(alarm: &Value) -> Vec<Value> {
    let properties = &alarm["Properties"];
    match properties["Metrics"].as_sequence() {
        None => vec![properties.clone()],
        Some(listed) => listed
            .iter()
            .map(|metric| metric["MetricStat"]["Metric"].clone())
            .filter(|metric| !metric.is_null())
            .collect(),
    }
}

/// How many metrics all alarms look at together, which is what AWS charges for.
pub(crate) fn metrics_of_alarms() -> usize {
    let alarms = resources("AWS::CloudWatch::Alarm");
    alarms.values().map(|alarm| metrics(alarm).len()).sum()
}

/// The gateway hands what no other route matches to one function. Alone it must answer as all do together.
#[tokio::test]
async fn what_no_route_matches_gets_a_404_in_our_shape() {
    let behind: Vec<String> = resources("AWS::Serverless::Function")
        .values()
        .filter(|function| {
            let events = function["Properties"]["Events"].as_mapping();
            let mut events = events.expect("events").values();
            events.any(|event| event["Properties"]["Path"].as_str() == Some("$default"))
        })
        .filter_map(|function| function["Metadata"]["BuildProperties"]["Binary"].as_str())
        .map(str::to_owned)
        .collect();
    assert_eq!(behind.len(), 1, "template.yaml: one function has $default");
    let server = TestServer::start().await;
    for path in ["/", "/favicon.ico", "/v2", "/v2/nothing/", "/v3/bookings"] {
        let functions = local::functions();
        let function = functions.into_iter().find(|(name, _)| *name == behind[0]);
        let (_, operations) = function.expect("the function is served here too");
        let request = http::Request::get(path).body(Body::empty());
        let router = operations.into_router(&server.state);
        let response = router.oneshot(request.expect("a request")).await;
        let response = response.expect("an answer");
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        let request_id = response.headers()["x-request-id"].clone();
        let body = response.into_body().collect().await.expect("a body");
        let body: serde_json::Value = serde_json::from_slice(&body.to_bytes()).expect("JSON");
        assert_eq!(body["code"], "not_found", "{path}");
        assert_eq!(
            body["request_id"].as_str(),
            request_id.to_str().ok(),
            "{path}"
        );
    }
}

/// A path may hold a calendar feed's secret, a query a signed link, a header a key.
#[test]
fn the_gateways_log_has_no_path_query_header_or_address() {
    let apis = resources("AWS::Serverless::HttpApi");
    let api = apis.values().next().expect("an API");
    let format = api["Properties"]["AccessLogSettings"]["Format"].as_str();
    let line: BTreeMap<String, String> =
        serde_json::from_str(format.expect("a format")).expect("the line is JSON");
    let logged: BTreeSet<&str> = line.values().map(String::as_str).collect();
    let harmless = BTreeSet::from([
        "$context.requestTime",
        "$context.requestId",
        "$context.httpMethod",
        "$context.routeKey",
        "$context.status",
        "$context.responseLength",
        "$context.responseLatency",
        "$context.integrationLatency",
        "$context.integrationErrorMessage",
    ]);
    assert_eq!(
        logged, harmless,
        "template.yaml, AccessLogSettings: think of secrets before you add one here"
    );
}

#[test]
fn every_alarm_has_an_entry_in_the_runbook_and_every_entry_an_alarm() {
    let alarms: BTreeSet<String> = resources("AWS::CloudWatch::Alarm")
        .values()
        .map(|alarm| {
            let name = untagged(&alarm["Properties"]["AlarmName"]).as_str();
            let name = name.expect("an alarm has a name");
            name.replace("${AWS::StackName}", "latchkey")
        })
        .collect();
    let explained: BTreeSet<String> = section("docs/OPERATIONS.md", "Alarms")
        .lines()
        .filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`'))
        .map(str::to_owned)
        .collect();
    let missing: Vec<_> = alarms.difference(&explained).collect();
    let stray: Vec<_> = explained.difference(&alarms).collect();
    assert!(
        missing.is_empty(),
        "docs/OPERATIONS.md, Alarms: say under ### `<name>` when it sounds and what to do, for {missing:?}"
    );
    assert!(
        stray.is_empty(),
        "docs/OPERATIONS.md, Alarms: template.yaml has no {stray:?}"
    );
}

#[test]
fn the_runbook_looks_for_words_that_are_logged() {
    let words = auth::limiter::METERS_AWAY.split(':').next();
    let words = words.expect("a message");
    assert!(
        section("docs/OPERATIONS.md", "Alarms").contains(&format!("`{words}`")),
        "docs/OPERATIONS.md, Alarms, latchkey-meters-away: tell to look for `{words}`"
    );
}

#[test]
fn the_readme_lists_every_parameter_with_its_default() {
    let listed: BTreeMap<String, String> = section("README.md", "Deploying")
        .lines()
        .filter(|line| line.starts_with("| `"))
        .flat_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let of = |cell: &str| -> Vec<String> {
                let words = cell.split(", ");
                words.map(|word| word.replace('`', "")).collect()
            };
            let (names, defaults) = (of(cells[1]), of(cells[2]));
            assert_eq!(names.len(), defaults.len(), "README.md, Deploying: {line}");
            names.into_iter().zip(defaults)
        })
        .collect();
    let template = template();
    let parameters = template["Parameters"].as_mapping().expect("parameters");
    let defined: BTreeMap<String, String> = parameters
        .iter()
        .map(|(name, parameter)| {
            let default = match &parameter["Default"] {
                Value::String(text) if text.is_empty() => "none".to_owned(),
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                other => panic!("{name:?}: give it a default, not {other:?}"),
            };
            (name.as_str().expect("a name").to_owned(), default)
        })
        .collect();
    for (name, default) in &defined {
        assert_eq!(
            listed.get(name),
            Some(default),
            "README.md, Deploying, must have in its table: | `{name}` | `{default}` | what it decides |"
        );
    }
    for name in listed.keys() {
        assert!(
            defined.contains_key(name),
            "README.md, Deploying: template.yaml has no parameter {name}"
        );
    }
}

/// The metrics that filters take from logs.
fn filtered_metrics() -> BTreeSet<String> {
    let filters = resources("AWS::Logs::MetricFilter");
    let transformations = filters.values().flat_map(|filter| {
        let listed = filter["Properties"]["MetricTransformations"].as_sequence();
        listed.expect("transformations").clone()
    });
    transformations
        .map(|metric| metric["MetricName"].as_str().expect("a name").to_owned())
        .collect()
}

/// A filter that looks for what its log does not have counts nothing, and its alarm is silent for ever.
#[test]
fn filters_look_for_fields_that_the_gateways_log_has() {
    let apis = resources("AWS::Serverless::HttpApi");
    let api = apis.values().next().expect("an API");
    let settings = &api["Properties"]["AccessLogSettings"];
    let line: BTreeMap<String, String> =
        serde_json::from_str(settings["Format"].as_str().expect("a format")).expect("JSON");
    let filters = resources("AWS::Logs::MetricFilter");
    assert!(!filters.is_empty());
    for (name, filter) in filters {
        let log = references(&filter["Properties"]["LogGroupName"]);
        assert_eq!(log, BTreeSet::from(["ApiLog".to_owned()]), "{name}");
        let pattern = filter["Properties"]["FilterPattern"].as_str();
        let fields = pattern.expect("a pattern").split("$.").skip(1);
        for field in fields {
            let field = field.split(' ').next().expect("a name");
            assert!(line.contains_key(field), "{name}: no {field} in {line:?}");
        }
    }
}

/// Whoever needs no key must not use up what the API takes of those with one.
#[test]
fn pages_and_sign_ins_have_throttles_of_their_own_and_the_api_has_none() {
    let apis = resources("AWS::Serverless::HttpApi");
    let api = apis.values().next().expect("an API");
    let settings = api["Properties"]["RouteSettings"].as_mapping();
    let throttled: BTreeSet<String> = settings
        .expect("RouteSettings")
        .iter()
        .map(|(route, settings)| {
            let rate = settings["ThrottlingRateLimit"].as_u64();
            assert!(
                rate.is_some_and(|rate| rate < 500),
                "{route:?}: {settings:?}"
            );
            assert!(settings["ThrottlingBurstLimit"].is_u64(), "{route:?}");
            let route = route.as_str().expect("a route");
            route.trim_start_matches("ANY ").to_owned()
        })
        .collect();
    let sign_ins = ["/v2/sessions", "/v2/accounts", "/v2/auth"];
    let expected: BTreeSet<String> = tests::roles::routes()
        .into_iter()
        .filter(|(route, function)| {
            let path = route.trim_end_matches("/{proxy+}");
            ["console", "pages"].contains(&function.as_str())
                || route == "$default"
                || sign_ins.contains(&path)
        })
        .map(|(route, _)| route)
        .collect();
    let differing: Vec<_> = throttled.symmetric_difference(&expected).collect();
    assert!(
        differing.is_empty(),
        "template.yaml, RouteSettings: exactly the routes of pages and sign-ins; look at {differing:?}"
    );
}

/// An alarm on a metric that nobody writes is silent for ever.
#[test]
fn alarms_and_dashboard_show_metrics_that_functions_or_filters_write() {
    let filtered = filtered_metrics();
    let mut written: BTreeSet<&str> = METRICS.iter().map(|(name, _)| *name).collect();
    written.extend(filtered.iter().map(String::as_str));
    let alarms = resources("AWS::CloudWatch::Alarm");
    let ours = alarms
        .values()
        .flat_map(metrics)
        .filter(|metric| references(&metric["Namespace"]).contains("AWS::StackName"));
    let mut looked_at = BTreeSet::new();
    for metric in ours {
        assert!(
            metric["Dimensions"].is_null(),
            "they are sums of all functions: {metric:?}"
        );
        looked_at.insert(metric["MetricName"].as_str().expect("a name").to_owned());
    }
    let alarming = [
        "ServerErrors",
        "Conflicts",
        "Contended",
        "AuthRefusals",
        "MetersAway",
        "GatewayThrottles",
        "FailedAttempts",
        "DisabledWebhooks",
        "UnreadableRows",
        "OldestDue",
        "FailedSteps",
    ];
    for name in alarming {
        assert!(
            looked_at.contains(name),
            "template.yaml: give {name} an alarm"
        );
    }
    let dashboards = resources("AWS::CloudWatch::Dashboard");
    let dashboard = dashboards.values().next().expect("a dashboard");
    let body = untagged(&dashboard["Properties"]["DashboardBody"]);
    let body = body[0].as_str().expect("its body");
    let own = body.split("[\"${AWS::StackName}\", \"").skip(1);
    looked_at.extend(
        own.filter_map(|rest| rest.split('"').next())
            .map(str::to_owned),
    );
    for name in &looked_at {
        assert!(
            written.contains(name.as_str()),
            "template.yaml: nobody writes {name}; see METRICS in shared/api/src/log.rs"
        );
    }
    let shown = written
        .iter()
        .all(|name| *name == "Duration" || looked_at.contains(*name));
    assert!(
        shown,
        "template.yaml: the Dashboard leaves out one of {written:?}"
    );
}

/// An alarm over many things lists them, and so does the dashboard: CloudWatch knows no "all".
#[test]
fn every_function_table_and_index_is_watched() {
    let functions = resources("AWS::Serverless::Function");
    // How long a sender takes depends on who is at the other end.
    let serves = |function: &Value| {
        let binary = function["Metadata"]["BuildProperties"]["Binary"].as_str();
        binary.is_some_and(|binary| tests::roles::api_functions().contains(binary))
    };
    let mut of_api = functions.clone();
    of_api.retain(|_, function| serves(function));
    let (functions, api_functions) = (names(&functions), names(&of_api));
    let tables = resources("AWS::DynamoDB::Table");
    let mut indexes = BTreeSet::new();
    for (table, definition) in &tables {
        let defined = definition["Properties"]["GlobalSecondaryIndexes"].as_sequence();
        for index in defined.into_iter().flatten() {
            indexes.insert((
                table.clone(),
                index["IndexName"].as_str().map(str::to_owned),
            ));
        }
    }

    let mut watched: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    let mut watched_indexes = BTreeSet::new();
    for (name, alarm) in resources("AWS::CloudWatch::Alarm") {
        let metrics = metrics(&alarm);
        assert!(
            metrics.len() <= 10,
            "{name}: an alarm may look at ten metrics; divide it"
        );
        for metric in metrics {
            let dimensions = metric["Dimensions"].as_sequence();
            let index = dimensions
                .into_iter()
                .flatten()
                .find(|dimension| dimension["Name"].as_str() == Some("GlobalSecondaryIndexName"));
            let of = references(&metric["Dimensions"]);
            if let Some(index) = index {
                let index = index["Value"].as_str().map(str::to_owned);
                let table = of.into_iter().next().expect("an index is of a table");
                watched_indexes.insert((table, index));
                continue;
            }
            let text = |field: &str| untagged(&metric[field]).as_str().expect("text").to_owned();
            let metric = (text("Namespace"), text("MetricName"));
            watched.entry(metric).or_default().extend(of);
        }
    }

    for (namespace, metric, all) in [
        ("AWS/Lambda", "Errors", &functions),
        ("AWS/Lambda", "Throttles", &functions),
        ("AWS/Lambda", "Duration", &api_functions),
        ("AWS/DynamoDB", "ReadThrottleEvents", &names(&tables)),
        ("AWS/DynamoDB", "WriteThrottleEvents", &names(&tables)),
    ] {
        let watched = watched.get(&(namespace.to_owned(), metric.to_owned()));
        assert_eq!(
            watched,
            Some(all),
            "template.yaml: the alarm on {metric} must list exactly these"
        );
    }
    assert_eq!(
        watched_indexes, indexes,
        "template.yaml: IndexesThrottledAlarm must list exactly these"
    );
}

#[test]
fn the_dashboard_is_valid_and_shows_every_alarm_function_and_table() {
    let dashboards = resources("AWS::CloudWatch::Dashboard");
    let dashboard = dashboards.values().next().expect("a dashboard");
    let body = untagged(&dashboard["Properties"]["DashboardBody"]);
    let text = body[0].as_str().expect("its body");

    // CloudFormation puts names in, in whose place any text does as well.
    let mut filled = String::new();
    for (at, part) in text.split("${").enumerate() {
        let rest = if at == 0 {
            part
        } else {
            filled.push('x');
            part.split_once('}').expect("a closed brace").1
        };
        filled.push_str(rest);
    }
    let parsed: serde_json::Value = serde_json::from_str(&filled).expect("the body is JSON");
    let widgets = parsed["widgets"].as_array().expect("widgets");
    let mut taken = BTreeSet::new();
    for widget in widgets {
        let number = |field: &str| widget[field].as_u64().expect("a number");
        assert!(number("x") + number("width") <= 24, "too wide: {widget}");
        for (x, y) in (number("x")..number("x") + number("width"))
            .flat_map(|x| (number("y")..number("y") + number("height")).map(move |y| (x, y)))
        {
            assert!(taken.insert((x, y)), "it covers another: {widget}");
        }
    }

    for alarm in resources("AWS::CloudWatch::Alarm").keys() {
        assert!(
            text.contains(&format!("${{{alarm}.Arn}}")),
            "template.yaml: add {alarm} to the Dashboard"
        );
    }
    let mut all = names(&resources("AWS::Serverless::Function"));
    all.extend(names(&resources("AWS::DynamoDB::Table")));
    let shown = references(body);
    assert_eq!(
        shown, all,
        "template.yaml: the Dashboard must list exactly these"
    );
}

#[test]
fn the_outputs_name_every_table() {
    let template = template();
    let named = references(&template["Outputs"]["TableNames"]);
    let tables = names(&resources("AWS::DynamoDB::Table"));
    assert_eq!(named, tables, "template.yaml: TableNames must list these");
}
