//! Which test saw which status of which operation: written to the file that `LATCHKEY_ANSWERS` names, a line for each, of which
//! `scripts/answers` makes `tests/ANSWERS.md`.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::sync::{LazyLock, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};

/// The file that is written to.
static FILE: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("LATCHKEY_ANSWERS").ok());

/// What is in it already, of this process.
static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// The method and the parts of the path of each operation, with its id; those without parameters first.
static OPERATIONS: LazyLock<Vec<(http::Method, Vec<String>, String)>> = LazyLock::new(|| {
    let operations = local::operations();
    let operations = operations.list().iter();
    let mut operations: Vec<_> = operations
        .map(|one| (one.method.clone(), parts(&one.path), one.id.clone()))
        .collect();
    operations.sort_by_key(|(_, path, _)| path.iter().filter(|part| part.starts_with('{')).count());
    operations
});

/// The same routes, of which each response is noted for the test that this is called by.
pub(crate) fn noted(routes: Router) -> Router {
    let Some(file) = FILE.as_deref() else {
        return routes;
    };
    let test = std::thread::current().name().unwrap_or("?").to_owned();
    routes.layer(from_fn(move |request: Request, next: Next| {
        let test = test.clone();
        async move {
            let operation = operation_of(request.method(), request.uri().path());
            let response = next.run(request).await;
            if let Some(operation) = operation {
                let status = response.status().as_u16();
                note(file, &format!("{operation}\t{status}\t{test}\n"));
            }
            response
        }
    }))
}

fn note(file: &str, line: &str) {
    let mut seen = SEEN.lock().expect("no test panicked in here");
    if seen.insert(line.to_owned()) {
        let opened = OpenOptions::new().create(true).append(true).open(file);
        let written = opened.and_then(|mut file| file.write_all(line.as_bytes()));
        written.unwrap_or_else(|error| panic!("{file}: {error}"));
    }
}

fn operation_of(method: &http::Method, path: &str) -> Option<&'static str> {
    let path = parts(path.trim_end_matches('/'));
    let fits = |pattern: &[String]| {
        let mut pairs = pattern.iter().zip(&path);
        pattern.len() == path.len() && pairs.all(|(own, sent)| own.starts_with('{') || own == sent)
    };
    let mut operations = OPERATIONS.iter();
    let found = operations.find(|(own, pattern, _)| own == method && fits(pattern));
    found.map(|(_, _, id)| id.as_str())
}

fn parts(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}
