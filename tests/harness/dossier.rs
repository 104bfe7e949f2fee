//! What is known of each operation beside its code: the facts in `events/<operation_id>/operation.json`, which
//! `events/README.md` explains.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

/// The facts of one operation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dossier {
    /// An example request, on the demo as it is created.
    pub request: ExampleRequest,
    /// The status of its response.
    pub status: u16,
    /// How the operation succeeds, if the example is refused.
    #[serde(default)]
    pub done: Done,
    /// Why it succeeds nowhere in the tests, if it does not.
    pub never_done: Option<String>,
    /// Whether its response gives away something that must not reach further than the caller.
    #[serde(default)]
    pub gives_away: bool,
    sound_body: Option<Value>,
    /// Why there is no body for tests to spoil, of an operation that takes one.
    pub no_sound_body: Option<String>,
    /// What somebody asks for who wants something of another tenant's.
    #[serde(default)]
    pub attacks: Vec<Attack>,
    /// Why nobody can ask for something of another tenant's, though the path names something.
    pub no_attack: Option<String>,
    /// What one request may take.
    pub bound: Bound,
}

/// An example request; its method and route are those of the operation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExampleRequest {
    /// The path with its query.
    pub path: String,
    /// Who sends it.
    #[serde(default)]
    pub by: Sender,
    /// The headers that are not the usual ones.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body: JSON, or text that is sent as it is.
    pub body: Option<Value>,
}

/// Who sends a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sender {
    /// The demo's test app, with the published development key.
    #[default]
    App,
    /// Somebody without a credential.
    Nobody,
    /// The demo's person, with a session.
    Person,
    /// A resource, with its server-token.
    Resource,
}

/// How an operation succeeds: what differs from its example.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Done {
    /// What must be there first.
    #[serde(default)]
    pub first: Vec<Step>,
    /// Who calls.
    pub by: Option<Sender>,
    /// The path with its query.
    pub path: Option<String>,
    /// Other values of some fields of the body.
    pub body: Option<Value>,
}

/// Something that must be there before an operation can succeed.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Step {
    /// The example of another operation is sent.
    Call(Call),
    /// What no operation does, which the harness knows by this name.
    Named {
        /// The name.
        setup: String,
    },
}

/// The example of another operation, sent by the test app.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Its id; also the name under which a part of its response is kept.
    pub operation: String,
    /// Another path with its query.
    pub path: Option<String>,
    /// Other values of some fields of the body.
    pub body: Option<Value>,
    /// Which part of the response is kept, as a JSON pointer.
    #[serde(default = "Call::id_of_data")]
    pub keep: String,
}

impl Call {
    fn id_of_data() -> String {
        "/data/id".to_owned()
    }
}

/// A request for something of another tenant's. Names in braces are those of `Things` in `access/tenants.rs`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attack {
    /// The path with its query; the operation's own by default.
    pub path: Option<String>,
    /// The body; an empty object by default.
    pub body: Option<Value>,
}

/// What bounds one request of an operation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    /// The kind of bound, which `docs/API-DESIGN.md` explains.
    pub kind: String,
    /// The most calls to the store.
    pub store_calls: u64,
    /// Whether the response to its largest request may be too large to send, though the request is carried out.
    #[serde(default)]
    pub may_be_too_large_to_show: bool,
}

/// The folder of all facts.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../events")
}

impl Dossier {
    /// The facts of an operation.
    pub fn of(operation: &str) -> Self {
        let path = folder().join(operation).join("operation.json");
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| {
            panic!(
                "write events/{operation}/operation.json, which events/README.md explains: {error}"
            )
        });
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// A body with every field that the operation reads, for tests to spoil: its own, or that of the example.
    pub fn sound_body(&self) -> Option<&Value> {
        if self.no_sound_body.is_some() {
            return None;
        }
        let own = self.sound_body.as_ref();
        own.or(self.request.body.as_ref())
            .filter(|body| body.is_object())
    }
}
