//! Servers under test may do what the roles of `template.yaml` allow, and nothing else: between the store and DynamoDB
//! stands a layer that knows which function would be serving the request on AWS, refuses what its role does not grant as
//! IAM would, and remembers what was used. All functions share one process here, so the path tells which one it is, by
//! the routes that API Gateway has.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex};

use aws_sdk_dynamodb::config::{HttpClient, RuntimeComponents, SharedHttpClient};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use local::engine::response;
use local::tables::{PREFIX, TEMPLATE};
use serde_json::{Value, json};
use serde_norway::Value as Yaml;

use crate::engine::{action, body};

tokio::task_local! {
    /// The function that serves the request.
    static FUNCTION: String;
}

/// One action on one thing: a table or an index of it, as `data` or `data/by_month`, or the master secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// On what.
    pub resource: String,
    /// The action, as IAM calls it.
    pub action: String,
}

impl Right {
    /// To do `action` to `resource`.
    pub fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self {
            resource: resource.into(),
            action: action.into(),
        }
    }

    /// To read the master secret.
    fn to_master_secret() -> Self {
        Self::new("secretsmanager:GetSecretValue", MASTER_SECRET)
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.action, self.resource)
    }
}

/// What the master secret is called in a [`Right`].
pub const MASTER_SECRET: &str = "the master secret";

/// Rights by the function that has or used them.
pub type Rights = BTreeMap<String, BTreeSet<Right>>;

/// The resources of the template.
fn resources() -> Yaml {
    let template: Yaml = serde_norway::from_str(TEMPLATE).expect("template.yaml is YAML");
    template["Resources"].clone()
}

/// The template's functions by the name of their binary.
pub fn template_functions() -> BTreeMap<String, Yaml> {
    let resources = resources();
    let resources = resources.as_mapping().expect("resources").clone();
    resources
        .into_iter()
        .filter(|(_, resource)| resource["Type"].as_str() == Some("AWS::Serverless::Function"))
        .map(|(_, resource)| {
            let binary = &resource["Metadata"]["BuildProperties"]["Binary"];
            (binary.as_str().expect("a binary").to_owned(), resource)
        })
        .collect()
}

/// The functions that serve routes; the others are workers.
pub fn api_functions() -> BTreeSet<String> {
    routes().into_iter().map(|(_, function)| function).collect()
}

/// What the functions that serve no route are called, by the folder of their source.
pub const WORKERS: [&str; 3] = ["clock", "dispatcher", "sender"];

/// Every route of the template with the function that it leads to.
pub fn routes() -> Vec<(String, String)> {
    let routes_of = |(function, resource): (String, Yaml)| {
        let events = &resource["Properties"]["Events"];
        let events = events.as_mapping().expect("events").clone();
        let events = events.into_iter().map(|(_, event)| event);
        let routes = events.filter(|event| event["Type"].as_str() == Some("HttpApi"));
        routes.map(move |event| {
            let path = event["Properties"]["Path"].as_str().expect("a path");
            (path.to_owned(), function.clone())
        })
    };
    template_functions()
        .into_iter()
        .flat_map(routes_of)
        .collect()
}

/// The function that API Gateway hands a path to: an exact route before a greedy one, a longer greedy one before a
/// shorter, `$default` last.
pub fn served_by<'a>(path: &str, routes: &'a [(String, String)]) -> &'a str {
    &serving(path, routes).1
}

/// The route by which API Gateway does so.
pub fn served_by_route<'a>(path: &str, routes: &'a [(String, String)]) -> &'a str {
    &serving(path, routes).0
}

fn serving<'a>(path: &str, routes: &'a [(String, String)]) -> &'a (String, String) {
    let rank = |route: &str| match route.strip_suffix("{proxy+}") {
        _ if route == path => Some(usize::MAX),
        Some(prefix) if path.starts_with(prefix) => Some(prefix.len()),
        None if route == "$default" => Some(0),
        _ => None,
    };
    let best = routes
        .iter()
        .filter_map(|route| rank(&route.0).map(|rank| (rank, route)))
        .max();
    best.expect("the template has a $default route").1
}

/// Whether an action is Lambda's own, or one of the ways between workers: writing logs and traces, reading a stream or a queue,
/// and sending messages. A test of its own says who has these.
fn is_of_the_runtime(action: &str) -> bool {
    let of_streams = [
        "DescribeStream",
        "GetRecords",
        "GetShardIterator",
        "ListStreams",
    ];
    let of_stream = action.strip_prefix("dynamodb:");
    ["logs:", "xray:", "sqs:"]
        .iter()
        .any(|service| action.starts_with(service))
        || of_stream.is_some_and(|action| of_streams.contains(&action))
}

/// What the role of each function allows, but for the rights that the runtime itself needs: to write its log and its
/// traces.
pub fn granted() -> Rights {
    let resources = resources();
    let rights_of = |(function, resource): (String, Yaml)| {
        let properties = &resource["Properties"];
        for name in ["Policies", "ManagedPolicyArns"] {
            assert!(
                properties.get(name).is_none(),
                "{function}: what it may do stands in its own role alone, not in {name}"
            );
        }
        let role = text(&properties["Role"]);
        let role = role.strip_suffix(".Arn").unwrap_or_else(|| {
            panic!("{function}: its Role must be !GetAtt <role>.Arn, not {role}")
        });
        let role = &resources[role]["Properties"];
        assert!(
            role.get("ManagedPolicyArns").is_none(),
            "{function}: its role must list what it allows"
        );
        let mut rights = BTreeSet::new();
        for policy in list(&role["Policies"]) {
            for statement in list(&policy["PolicyDocument"]["Statement"]) {
                assert_eq!(statement["Effect"].as_str(), Some("Allow"), "{function}");
                for action in list(&statement["Action"]).map(text) {
                    assert!(!action.contains('*'), "{function}: {action}");
                    if is_of_the_runtime(action) {
                        continue;
                    }
                    for resource in list(&statement["Resource"]) {
                        let named = named(text(resource)).unwrap_or_else(|| {
                            panic!("{function} may {action} on {resource:?}: name a table, an index or the master secret")
                        });
                        rights.insert(Right::new(action, named));
                    }
                }
            }
        }
        (function, rights)
    };
    template_functions().into_iter().map(rights_of).collect()
}

/// A list, or the one thing that stands instead of it.
fn list(value: &Yaml) -> impl Iterator<Item = &Yaml> {
    let many = value.as_sequence();
    let one = many.is_none().then_some(value);
    many.into_iter().flatten().chain(one)
}

/// The text of a value, whether plain or behind a tag such as `!Sub`.
fn text(value: &Yaml) -> &str {
    match value {
        Yaml::Tagged(tagged) => text(&tagged.value),
        plain => plain
            .as_str()
            .unwrap_or_else(|| panic!("not a text: {plain:?}")),
    }
}

/// What an ARN of the template is called here: of `KeysTable.Arn` it is `keys`.
fn named(arn: &str) -> Option<String> {
    if arn == "MasterSecret" {
        return Some(MASTER_SECRET.to_owned());
    }
    let (table, rest) = arn.trim_start_matches("${").split_once("Table.Arn")?;
    let table = table.to_lowercase();
    match rest {
        "" | "}" => Some(table),
        index => Some(format!("{table}/{}", index.strip_prefix("}/index/")?)),
    }
}

/// Which rights the functions of one server have used so far. Clones are the same record.
#[derive(Clone, Debug, Default)]
pub struct Roles {
    used: Arc<Mutex<Rights>>,
}

static GRANTED: LazyLock<Rights> = LazyLock::new(granted);
static ROUTES: LazyLock<Vec<(String, String)>> = LazyLock::new(routes);

impl Roles {
    /// What each function has used so far, whether or not it was allowed.
    pub fn used(&self) -> Rights {
        self.used.lock().expect("no test panicked in here").clone()
    }

    /// These routes, of which each is served with the rights of its function.
    pub fn apply(router: Router) -> Router {
        router.layer(from_fn(|request: Request, next: Next| {
            let function = served_by(request.uri().path(), &ROUTES).to_owned();
            FUNCTION.scope(function, next.run(request))
        }))
    }

    /// Does work with the rights of a function that serves no route.
    pub async fn as_worker<F: Future>(function: &str, work: F) -> F::Output {
        FUNCTION.scope(function.to_owned(), work).await
    }

    /// This way to DynamoDB, for the functions' calls that their roles allow.
    pub fn guard(&self, inner: impl HttpClient + 'static) -> SharedHttpClient {
        SharedHttpClient::new(Guard {
            inner: SharedHttpClient::new(inner),
            roles: self.clone(),
        })
    }

    /// Whether the function that serves the request may read the master secret. Whoever serves none, may.
    pub fn may_read_master_secret(&self) -> bool {
        self.refused([Right::to_master_secret()]).is_none()
    }

    /// The first of these rights that the function which serves the request does not have; none if no request is served,
    /// as by a command.
    fn refused(&self, needed: impl IntoIterator<Item = Right>) -> Option<String> {
        let function = FUNCTION.try_with(Clone::clone).ok()?;
        let granted = GRANTED.get(&function);
        let mut used = self.used.lock().expect("no test panicked in here");
        let used = used.entry(function.clone()).or_default();
        let mut refused = None;
        for right in needed {
            if !granted.is_some_and(|granted| granted.contains(&right)) {
                let sentence = format!(
                    "{function} may not {right}: let its role in template.yaml, or do without"
                );
                eprintln!("{sentence}");
                refused = refused.or(Some(sentence));
            }
            used.insert(right);
        }
        refused
    }
}

#[derive(Debug)]
struct Guard {
    inner: SharedHttpClient,
    roles: Roles,
}

impl HttpClient for Guard {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(GuardedConnector {
            inner: self.inner.http_connector(settings, components),
            roles: self.roles.clone(),
        })
    }
}

#[derive(Debug)]
struct GuardedConnector {
    inner: SharedHttpConnector,
    roles: Roles,
}

impl HttpConnector for GuardedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let call: Value = serde_json::from_slice(body(&request)).expect("JSON");
        let action = action(&request);
        if FUNCTION.try_with(|_| ()).is_ok() {
            let asked = &call["ReturnConsumedCapacity"];
            assert_eq!(
                asked, "TOTAL",
                "{action}: ask what it consumes, or no log says it"
            );
        }
        match self.roles.refused(needed_for(action, &call)) {
            None => {
                let inner = self.inner.clone();
                HttpConnectorFuture::new(async move {
                    // The engine answers at once: without this, no two requests would ever be under way together.
                    tokio::task::yield_now().await;
                    inner.call(request).await
                })
            }
            Some(sentence) => {
                let refusal = json!({
                    "__type": "com.amazon.coral.service#AccessDeniedException",
                    "Message": sentence,
                });
                HttpConnectorFuture::ready(Ok(response(400, refusal.to_string())))
            }
        }
    }
}

/// What IAM asks for before it lets a call through.
fn needed_for(action: &str, call: &Value) -> Vec<Right> {
    let right = |action: &str, table: &Value, index: &Value| {
        let table = table.as_str().expect("a table's name");
        let table = table.strip_prefix(PREFIX).unwrap_or(table);
        let resource = match index.as_str() {
            None => table.to_owned(),
            Some(index) => format!("{table}/{index}"),
        };
        Right::new(format!("dynamodb:{action}"), resource)
    };
    match action {
        "TransactWriteItems" => {
            let items = call["TransactItems"].as_array().expect("actions");
            let items = items
                .iter()
                .flat_map(|item| item.as_object().expect("an action"));
            items
                .map(|(kind, item)| {
                    let action = match kind.as_str() {
                        "Put" => "PutItem",
                        "Update" => "UpdateItem",
                        "Delete" => "DeleteItem",
                        "ConditionCheck" => "ConditionCheckItem",
                        other => panic!("{other} is no action of a transaction"),
                    };
                    right(action, &item["TableName"], &Value::Null)
                })
                .collect()
        }
        "BatchGetItem" => {
            let tables = call["RequestItems"].as_object().expect("tables").keys();
            tables
                .map(|table| right("BatchGetItem", &table.as_str().into(), &Value::Null))
                .collect()
        }
        action => vec![right(action, &call["TableName"], &call["IndexName"])],
    }
}
