//! What stands in more than one place says the same in all of them: operations in code, OpenAPI, template,
//! events and access table; CORS in code and template; what each function may do.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use api::operations::Operation;
use api::{cors, openapi};
use auth::{Access, Proof};
use local::tables::TEMPLATE;
use model::audit::AuditAction;
use model::graph::BookingState;
use model::scope::Scope;
use serde_json::Value;
use serde_norway::Value as Yaml;
use tests::TestServer;
use tests::dossier::Dossier;
use tests::events::{Event, function_request, request};
use tests::roles::{WORKERS, api_functions, routes, served_by, template_functions};
use tower::ServiceExt as _;

use crate::contract::circles::crates;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
        .to_owned()
}

pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(crate) fn operations() -> Vec<Operation> {
    local::operations().list().to_vec()
}

fn template() -> Yaml {
    serde_norway::from_str(TEMPLATE).expect("template.yaml is YAML")
}

#[test]
fn every_path_with_and_without_its_slash_falls_to_the_function_that_serves_it() {
    let routes = routes();
    for (function, operations) in local::functions() {
        for operation in operations.list() {
            let path = operation.path.replace(['{', '}'], "");
            for path in [path.clone(), path + "/"] {
                assert_eq!(
                    served_by(&path, &routes),
                    function,
                    "{}: give {function} the routes ANY <prefix> and ANY <prefix>/{{proxy+}} in template.yaml",
                    operation.id
                );
            }
        }
    }
}

#[test]
fn only_variables_that_functions_have_are_set_for_containers_and_no_deployed_one_has_another_store_or_secret()
 {
    let environment: Value = serde_json::from_str(&read("events/env.json")).expect("JSON");
    let template = template();
    let globals = &template["Globals"]["Function"]["Environment"]["Variables"];
    let set = environment["Parameters"].as_object().expect("variables");
    for name in set.keys() {
        assert!(
            name.starts_with("AWS_") || !globals[name.as_str()].is_null(),
            "events/env.json: `sam local` sets only what is declared, so give {name} a value in Globals of template.yaml"
        );
    }
    for name in [
        "DYNAMODB_ENDPOINT",
        "SECRETS_MANAGER_ENDPOINT",
        "SQS_ENDPOINT",
    ] {
        assert_eq!(
            globals[name].as_str(),
            Some(""),
            "{name} in Globals of template.yaml"
        );
        for (function, resource) in template_functions() {
            let own = &resource["Properties"]["Environment"]["Variables"][name];
            assert!(
                own.is_null(),
                "{function} of template.yaml has its own {name}"
            );
        }
    }
}

#[test]
fn every_function_folder_is_a_function_of_the_template() {
    let folders: BTreeSet<String> = std::fs::read_dir(root().join("functions"))
        .expect("functions/")
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let defined = api_functions();
    let workers = template_functions()
        .into_keys()
        .filter(|name| !defined.contains(name));
    assert_eq!(
        workers.collect::<Vec<_>>(),
        WORKERS,
        "workers/src/bin has one of each"
    );
    let served: BTreeSet<String> = local::functions()
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    assert_eq!(
        folders, defined,
        "add the function to template.yaml, with Binary named as its folder"
    );
    assert_eq!(
        folders, served,
        "add the function to functions() in local/src/lib.rs"
    );
}

/// Our shared crates, each of which may use those to its left only, and what speaks HTTP.
#[test]
fn shared_crates_depend_one_way_and_none_below_api_knows_http() {
    let order = [
        "model",
        "store",
        "auth",
        "scheduling",
        "api",
        "html",
        "assets",
        "views",
    ];
    let http = [
        "axum",
        "http",
        "http-body-util",
        "lambda_http",
        "lambda_runtime",
        "tower",
        "tower-http",
        "utoipa",
        "utoipa-axum",
    ];
    for (place, name) in order.iter().enumerate() {
        let file = format!("shared/{name}/Cargo.toml");
        let text = read(&file);
        let used: Vec<&str> = text
            .lines()
            .skip_while(|line| *line != "[dependencies]")
            .filter_map(|line| line.split(['.', ' ', '=']).next())
            .collect();
        for other in &order[place..] {
            assert!(
                !used.contains(other),
                "{file}: {name} must not use {other}; docs/ARCHITECTURE.md has the order"
            );
        }
        if !["api", "html", "assets", "views"].contains(name) {
            let speaks = used.iter().find(|one| http.contains(one));
            assert_eq!(speaks, None, "{file}: {name} must know no HTTP");
        }
    }
}

/// A crate without tests says so, because to build and link none takes time; so nobody may write one that is never run.
#[test]
fn no_test_is_in_a_crate_that_says_it_has_none() {
    for folder in crates() {
        let manifest = read(&format!("{folder}/Cargo.toml"));
        let library = manifest.split("[lib]").nth(1).unwrap_or_default();
        let library = library.split("\n[").next().unwrap_or_default();
        let says = |line: &str| library.lines().any(|one| one == line);
        for file in sources_below(&root().join(&folder).join("src")) {
            let source = std::fs::read_to_string(&file).expect("text");
            let (test, example) = (["#[test", "#[tokio::test"], ["/// ```", "//! ```"]);
            let has = |marks: [&str; 2]| {
                let mut lines = source.lines().map(str::trim_start);
                lines.any(|line| marks.iter().any(|mark| line.starts_with(mark)))
            };
            assert!(
                !(says("test = false") && has(test) || says("doctest = false") && has(example)),
                "{}: take `test = false` or `doctest = false` out of [lib] in {folder}/Cargo.toml",
                file.display()
            );
        }
    }
}

fn sources_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("sources");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                sources_below(&path)
            } else {
                vec![path]
            }
        })
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .collect()
}

#[test]
fn every_operation_has_a_file_of_its_own() {
    for (function, operations) in local::functions() {
        for operation in operations
            .list()
            .iter()
            .filter(|operation| !operation.id.contains("_by_p"))
        {
            let file = format!("functions/{function}/src/{}.rs", operation.id);
            assert!(
                root().join(&file).is_file(),
                "{}: its handler belongs in {file}",
                operation.id
            );
        }
    }
}

#[test]
fn every_operation_of_the_openapi_document_has_an_id_of_its_own_and_a_summary() {
    let described: Value =
        serde_json::from_str(&local::operations().openapi().to_json().expect("a document"))
            .expect("JSON");
    let mut ids = BTreeSet::new();
    for path in described["paths"].as_object().expect("paths").values() {
        for operation in path
            .as_object()
            .expect("operations")
            .values()
            .filter(|o| o["operationId"].is_string())
        {
            let id = operation["operationId"].as_str().expect("an id").to_owned();
            assert!(
                operation["summary"].is_string(),
                "{id}: begin its handler's doc comment with one sentence"
            );
            assert!(ids.insert(id.clone()), "{id}: two operations share this id");
        }
    }
    let listed: BTreeSet<String> = operations()
        .into_iter()
        .map(|operation| operation.id)
        .collect();
    assert_eq!(ids, listed);
}

#[test]
fn every_operation_is_documented_with_its_callers_its_cost_and_its_errors() {
    let document: Value = serde_json::from_str(&read("docs/openapi.json")).expect("JSON");
    for operation in operations() {
        let (id, access) = (&operation.id, operation.access);
        let method = operation.method.as_str().to_lowercase();
        let described = &document["paths"][&operation.path][&method];
        let description = described["description"].as_str().expect("a description");
        for said in ["May be called by: ", &openapi::callers(access)] {
            assert!(description.contains(said), "{id}: {description}");
        }
        let cost = [
            "A call takes one permit",
            "times a minute.",
            "It is not limited.",
        ];
        assert!(
            cost.iter().any(|words| description.contains(words)),
            "{id} does not say what it costs: {description}"
        );
        let responses = described["responses"].as_object().expect("responses");
        let may_refuse = !access.is_anonymous();
        for (status, may_be) in [("401", may_refuse), ("403", may_refuse), ("503", true)] {
            assert!(!may_be || responses.contains_key(status), "{id}: {status}");
        }
        let is_limited = !description.contains("It is not limited.");
        assert!(!is_limited || responses.contains_key("429"), "{id}: 429");
        for (status, response) in responses {
            let words = response["description"].as_str().unwrap_or_default();
            assert!(!words.is_empty(), "{id}: say what {status} means");
            let is_error = status.starts_with(['4', '5']);
            assert!(
                !is_error || response["content"].is_object(),
                "{id}: {status} has no body"
            );
        }
        let sends = described["requestBody"]["required"] == true;
        let example = Dossier::of(id).request;
        assert!(
            !sends || example.body.is_some(),
            "{id}: its body has no example; write one in events/{id}/operation.json"
        );
    }
}

/// The console's sources name what the API has, with its own words.
#[test]
fn the_console_knows_every_scope_every_state_and_everything_that_happens_to_keys() {
    let sources = Path::new("functions/console/web/src/console");
    let knows = |file: &str, name: &str, line: String| {
        let path = sources.join(file);
        let source = read(&path.to_string_lossy());
        let (_, rest) = source
            .split_once(&format!("const {name}"))
            .unwrap_or_else(|| panic!("{} has no {name}", path.display()));
        let ends = ["];", "] as const;"].map(|end| rest.find(end).unwrap_or(rest.len()));
        let list = &rest[..ends.into_iter().min().unwrap_or_default()];
        assert!(
            list.contains(&line),
            "add {line} to {name} in {}",
            path.display()
        );
    };
    for scope in Scope::ALL {
        let line = format!("[{:?}, {:?}]", scope.name(), scope.allows());
        knows("keys.tsx", "SCOPES", line);
    }
    for action in AuditAction::ALL {
        knows("audit-table.tsx", "ACTIONS", format!("{:?}", action.name()));
    }
    for state in BookingState::ALL {
        knows("booking.ts", "STATES", format!("{:?}", state.name()));
    }
}

#[test]
fn the_same_node_is_asked_for_wherever_one_is() {
    for path in [
        "functions/console/web/package.json",
        "functions/console/src/not_built.html",
        "scripts/build-web",
        "scripts/node-is-new-enough",
        "tests/clients/package.json",
        "tests/clients/prepare",
        "README.md",
    ] {
        let text = read(path);
        assert!(
            text.contains("20.19"),
            "{path}: name the oldest Node, 20.19"
        );
    }
}

#[test]
fn the_openapi_document_shows_the_envelope_that_answers_come_in() {
    let described: Value =
        serde_json::from_str(&local::operations().openapi().to_json().expect("a document"))
            .expect("JSON");
    let schema = |path: &str, method: &str, status: &str| {
        described["paths"][path][method]["responses"][status]["content"]["application/json"]
            ["schema"]
            .clone()
    };
    let one = schema("/v2/bookings/{id}", "get", "200");
    assert_eq!(
        one["properties"]["data"]["$ref"],
        "#/components/schemas/BookingView"
    );
    let made = schema("/v2/keys", "post", "201");
    assert_eq!(
        made["properties"]["data"]["$ref"],
        "#/components/schemas/KeyView"
    );
    let page = schema("/v2/bookings", "get", "200");
    assert_eq!(page["properties"]["data"]["type"], "array");
    assert_eq!(page["properties"]["last_page"]["type"], "integer");
    // TimeTime's answers have none, and an answer about many bookings is one itself.
    assert_eq!(schema("/v1/api-keys", "get", "200")["type"], "array");
    assert_eq!(
        schema("/v2/bookings/bulk", "put", "200")["$ref"],
        "#/components/schemas/BulkAnswer"
    );
}

#[test]
fn every_error_code_stands_in_the_documents() {
    let in_code: BTreeSet<&str> = api::ApiError::ROWS.iter().map(|(_, code)| *code).collect();
    let documents = read("docs/API-DESIGN.md");
    let section = documents.split("\n## Errors\n").nth(1).expect("a section");
    let section = section.split("\n## ").next().expect("its end");
    let written: BTreeSet<&str> = section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .filter_map(|line| line.split('|').nth(1))
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    assert_eq!(
        written, in_code,
        "make the table below Errors in docs/API-DESIGN.md say what shared/api/src/error/table.rs has"
    );
}

/// The routes that a list of the documents names, like `POST /v2/bookings`.
fn routes_listed_below(documents: &str, heading: &str) -> BTreeSet<String> {
    let list = documents.split(heading).nth(1);
    let list = list.and_then(|rest| rest.split("\n\n").nth(1));
    list.unwrap_or_else(|| panic!("docs/API-DESIGN.md has a list below: {heading}"))
        .split('`')
        .filter(|text| text.contains(" /v"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn what_public_keys_and_tokens_may_call_is_listed_in_the_documents() {
    let documents = read("docs/API-DESIGN.md");
    let open_to = |may: fn(&Access) -> bool| -> BTreeSet<String> {
        let operations = operations().into_iter();
        operations
            .filter(|operation| may(&operation.access))
            .map(|operation| format!("{} {}", operation.method, operation.path))
            .collect()
    };
    for (heading, open) in [
        (
            "**A client-token** may call exactly these",
            open_to(|access| access.is_open_to(Proof::ClientToken)),
        ),
        (
            "**A widget key** may call exactly these",
            open_to(|access| access.is_open_to(Proof::WidgetKey)),
        ),
    ] {
        assert_eq!(
            routes_listed_below(&documents, heading),
            open,
            "make the list in docs/API-DESIGN.md below \"{heading}\" say what the code does"
        );
    }
}

#[test]
fn the_gateway_and_the_local_server_allow_pages_the_same() {
    let template = template();
    let cors_of_gateway = &template["Resources"]["HttpApi"]["Properties"]["CorsConfiguration"];
    let list = |name: &str| -> BTreeSet<String> {
        let list = cors_of_gateway[name]
            .as_sequence()
            .unwrap_or_else(|| panic!("{name} in template.yaml"));
        list.iter()
            .map(|item| item.as_str().expect("text").to_lowercase())
            .collect()
    };
    let set = |items: &[&str]| -> BTreeSet<String> {
        items.iter().map(|item| item.to_lowercase()).collect()
    };
    let methods: Vec<&str> = cors::METHODS.iter().map(http::Method::as_str).collect();
    let advice = "make CorsConfiguration in template.yaml and shared/api/src/cors.rs agree";
    assert_eq!(list("AllowOrigins"), set(&["*"]), "{advice}");
    assert_eq!(list("AllowMethods"), set(&methods), "{advice}");
    assert_eq!(
        list("AllowHeaders"),
        set(&cors::ALLOWED_HEADERS),
        "{advice}"
    );
    assert_eq!(
        list("ExposeHeaders"),
        set(&cors::EXPOSED_HEADERS),
        "{advice}"
    );
    assert_eq!(
        cors_of_gateway["MaxAge"].as_u64(),
        Some(cors::MAX_AGE_S),
        "{advice}"
    );
    assert_ne!(
        cors_of_gateway["AllowCredentials"].as_bool(),
        Some(true),
        "{advice}"
    );
}

#[test]
fn every_operation_has_a_folder_of_facts_and_nothing_else_has() {
    let folders: BTreeSet<String> = std::fs::read_dir(root().join("events"))
        .expect("events/")
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let ids: BTreeSet<String> = operations().into_iter().map(|one| one.id).collect();
    let missing: Vec<_> = ids.difference(&folders).collect();
    let stray: Vec<_> = folders.difference(&ids).collect();
    assert!(
        missing.is_empty(),
        "write events/<operation>/operation.json, which events/README.md explains, for {missing:?}"
    );
    assert!(
        stray.is_empty(),
        "no operation is called {stray:?}: remove their folders from events/"
    );
}

/// Each event on a fresh demo, through the very conversion that Lambda uses.
#[tokio::test]
async fn every_event_reaches_its_operation_and_gets_the_status_written_beside_it() {
    for operation in operations() {
        let request = request(Event::of(&operation.id).value());
        assert_eq!(request.method(), operation.method, "{}", operation.id);
        assert!(
            fits(request.uri().path(), &operation.path),
            "{}: {}",
            operation.id,
            request.uri().path()
        );
        let server = TestServer::start().await;
        let response = server.router().oneshot(function_request(request)).await;
        let response = response.expect("an answer");
        let status = response.status().as_u16();
        assert_eq!(
            status,
            Dossier::of(&operation.id).status,
            "events/{}/operation.json",
            operation.id
        );
    }
}

fn fits(path: &str, pattern: &str) -> bool {
    let (path, pattern): (Vec<&str>, Vec<&str>) =
        (path.split('/').collect(), pattern.split('/').collect());
    path.len() == pattern.len()
        && path
            .iter()
            .zip(pattern)
            .all(|(part, wanted)| wanted.starts_with('{') || *part == wanted)
}

#[test]
fn no_event_holds_a_secret_but_the_published_key() {
    let published = auth::presented::basic_with_key(auth::development::DEVELOPMENT_KEY);
    for operation in operations() {
        let Event(event) = Event::of(&operation.id);
        let sent = event["headers"]
            .as_object()
            .expect("headers")
            .get("authorization");
        assert!(
            sent.is_none_or(|value| *value == *published),
            "events/{}",
            operation.id
        );
    }
}
