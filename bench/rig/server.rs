//! `latchkey serve` in a process of its own: the store of every measurement, and what the last ones measure.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use aws_sdk_dynamodb::Client as DynamoDb;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
    ScalarAttributeType,
};
use serde_json::{Value, json};
use store::Connection;

use crate::rig::binaries::{self, Running};
use crate::rig::http::{Client, request};

/// What the keys that call may do at most: what the server lets any key do.
const RATE: u32 = 100_000;
/// What all of them may do together: more than any machine answers.
pub(crate) const APP_RATE: &str = "4294967295";

/// A running server with its demo, and a folder that goes with it.
pub(crate) struct Server {
    process: Running,
    /// Where the API listens.
    pub(crate) base: String,
    /// Where its store listens.
    pub(crate) store: String,
    /// What the store asks its callers for.
    pub(crate) store_token: String,
    /// What the demo's live app calls with: as many keys as there are callers.
    pub(crate) authorizations: Vec<String>,
    http: Client,
    _folder: tempfile::TempDir,
}

impl Server {
    /// Starts one on an empty folder, with keys for so many callers.
    pub(crate) async fn start(callers: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut process = Command::new(binaries::server())
            .args(["serve", "--port", "0", "--store-listen", "127.0.0.1:0"])
            .args(["--allow-local-webhooks"])
            .args(["--app-rate-per-minute", APP_RATE, "--data"])
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let said = process.stdout.take().expect("a pipe");
        let process = Running(process);
        let (mut base, mut store) = (String::new(), String::new());
        let (mut account, mut slug) = (None, String::new());
        for line in BufReader::new(said).lines() {
            let line = line.expect("text");
            if let Some(url) = line.strip_prefix("Latchkey is listening on ") {
                base = url.to_owned();
            } else if let Some(url) = line.strip_prefix("Its store is at ") {
                store = url.to_owned();
            }
            match *line.split_whitespace().collect::<Vec<_>>() {
                ["demo", "account", email, "password", password] => {
                    account = Some(json!({ "email": email, "password": password }));
                }
                ["live", "app", live] => slug = live.to_owned(),
                ["curl", ..] => break,
                _ => {}
            }
        }
        let http = Client::new();
        let account = account.expect("the server said who may sign in");
        let authorizations = keys(&http, &base, &account, &slug, callers).await;
        let store_token = std::fs::read_to_string(folder.path().join("port-secret"));
        Self {
            process,
            base,
            store,
            store_token: store_token.expect("the store's port has a secret"),
            authorizations,
            http,
            _folder: folder,
        }
    }

    /// Signs somebody up, and answers what so many callers call their live app with.
    pub(crate) async fn sign_up(&self, email: &str, callers: usize) -> Vec<String> {
        let account =
            json!({ "name": "Other", "email": email, "password": "correct horse battery" });
        let url = format!("{}/v2/accounts", self.base);
        let made = created(&self.http, &url, &[], &account).await;
        let slug = made["data"]["apps"][0]["slug"].as_str().expect("a slug");
        keys(&self.http, &self.base, &account, slug, callers).await
    }

    /// `POST`s what must be created, and answers its id.
    pub(crate) async fn create(&self, path: &str, body: &Value) -> String {
        self.create_as(&self.authorizations[0], path, body).await
    }

    /// As [`Server::create`], by somebody else.
    pub(crate) async fn create_as(&self, authorization: &str, path: &str, body: &Value) -> String {
        let headers = [("authorization", authorization)];
        let url = format!("{}{path}", self.base);
        let said = created(&self.http, &url, &headers, body).await;
        said["data"]["id"].as_str().expect("an id").to_owned()
    }

    /// A resource that can be booked around the clock.
    pub(crate) async fn create_resource(&self, name: &str) -> String {
        let body = json!({ "name": name, "timezone": "Etc/UTC" });
        self.create("/v2/resources", &body).await
    }

    /// A table with two items, which the bare functions read.
    pub(crate) async fn create_items(&self) {
        let client: DynamoDb = self.way_to_store().client().await;
        let id = AttributeDefinition::builder()
            .attribute_name("id")
            .attribute_type(ScalarAttributeType::S)
            .build();
        let key = KeySchemaElement::builder()
            .attribute_name("id")
            .key_type(KeyType::Hash)
            .build();
        client
            .create_table()
            .table_name("bench-items")
            .billing_mode(BillingMode::PayPerRequest)
            .attribute_definitions(id.expect("a definition"))
            .key_schema(key.expect("a key"))
            .send()
            .await
            .expect("a table");
        for number in 0..2 {
            let mut put = client
                .put_item()
                .table_name("bench-items")
                .item("id", AttributeValue::S(number.to_string()));
            // About as much as a booking has.
            for attribute in 0..16 {
                let text = AttributeValue::S("a value of some length, as texts have it".to_owned());
                put = put.item(format!("attribute_{attribute}"), text);
            }
            put.send().await.expect("an item");
        }
    }

    /// The way to its store.
    pub(crate) fn way_to_store(&self) -> Connection {
        Connection::guarded(self.store.clone(), self.store_token.clone())
    }

    /// The memory that it has now, in megabytes.
    pub(crate) fn resident_mb(&self) -> f64 {
        self.process.resident_mb()
    }

    /// The most memory that it has had, in megabytes.
    pub(crate) fn peak_mb(&self) -> f64 {
        self.process.peak_mb()
    }
}

/// Makes keys as the demo's account: only a person may give a key more than they have themselves.
async fn keys(
    http: &Client,
    base: &str,
    account: &Value,
    slug: &str,
    callers: usize,
) -> Vec<String> {
    let sent = request(
        "POST",
        &format!("{base}/v2/sessions"),
        &[],
        account.to_string(),
    );
    let answer = http.send(sent).await;
    let cookie = answer
        .headers
        .get("set-cookie")
        .and_then(|cookie| cookie.to_str().ok());
    let cookie = cookie
        .and_then(|cookie| cookie.split(';').next())
        .expect("a session");
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let headers = [
        ("cookie", cookie),
        (
            "x-csrf-token",
            said["data"]["csrf_token"].as_str().expect("a token"),
        ),
        ("origin", base),
        ("timekit-app", slug),
    ];
    let rate = json!({ "limit": RATE, "window": "1 minute" });
    let mut authorizations = Vec::new();
    for caller in 0..callers {
        let wanted = json!({ "name": format!("Caller {caller}"), "rate_limit": rate });
        let said = created(http, &format!("{base}/v2/keys"), &headers, &wanted).await;
        let key = said["data"]["key"].as_str().expect("it is shown once");
        authorizations.push(format!("Bearer {key}"));
    }
    authorizations
}

async fn created(http: &Client, url: &str, headers: &[(&str, &str)], body: &Value) -> Value {
    let answer = http
        .send(request("POST", url, headers, body.to_string()))
        .await;
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    assert_eq!(answer.status, 201, "{said}");
    said
}
