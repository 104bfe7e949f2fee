//! The real program, as somebody starts it on a laptop: what it prints, what it keeps when it is killed, how it
//! refuses to start, and what it never writes down.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use local::demo::{CONFIRMED, DOC_BROWN, EMAIL, ROOM, TEST_SLUG};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{Client, booking};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStderr, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Whoever waits this long waits for something that will not happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The last line of what a first start prints begins so, and that of a later start.
pub(crate) const FIRST: &str = "  curl ";
pub(crate) const LATER: &str = "Keys are shown once";
pub(crate) const NO_DEMO: &str = "Its data is in";

/// The program, which cargo puts beside the folder of the tests.
pub(crate) fn program() -> PathBuf {
    let tests = std::env::current_exe().expect("a test is a program too");
    let folder = tests.ancestors().nth(2).expect("target/debug");
    let program = folder.join("latchkey");
    assert!(
        program.is_file(),
        "{} is not there. Run `make test`, which builds it first.",
        program.display()
    );
    program
}

pub(crate) fn latchkey(arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command
        .args(arguments)
        .env_remove("LATCHKEY_LOG")
        .env_remove("AWS_SESSION_TOKEN")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// `latchkey serve` on `data`, on a port of its own choosing.
pub(crate) fn serving(data: &Path, more: &[&str]) -> Command {
    let data = data.to_str().expect("text");
    latchkey(&[&["serve", "--port", "0", "--data", data], more].concat())
}

/// Runs a command that ends by itself.
pub(crate) async fn run(arguments: &[&str]) -> Output {
    let ended = timeout(PATIENCE, latchkey(arguments).output()).await;
    ended.expect("it ends").expect("it starts")
}

/// Runs a command that reads a password.
pub(crate) async fn run_with_input(arguments: &[&str], input: &str) -> Output {
    let mut child = latchkey(arguments)
        .stdin(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // A command that refuses its arguments does not read its input.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    let ended = timeout(PATIENCE, child.wait_with_output()).await;
    ended.expect("it ends").expect("an output")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The command failed and said so in one sentence, which holds all of these.
#[track_caller]
pub(crate) fn assert_refused(output: &Output, parts: &[&str]) {
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(text(&output.stdout), "", "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("latchkey: "), "{said}");
    for part in parts {
        assert!(said.contains(part), "{part:?} is not in: {said}");
    }
}

/// A running `latchkey serve`, on a port of its own choosing.
pub(crate) struct Running {
    pub(crate) child: Child,
    /// Where it listens.
    pub(crate) base: String,
    /// What it printed at its start.
    pub(crate) printed: String,
    rest: JoinHandle<String>,
    /// What it has logged so far.
    log: watch::Sender<String>,
    logging: JoinHandle<()>,
}

async fn follow(mut lines: BufReader<ChildStderr>, log: watch::Sender<String>) {
    let mut line = Vec::new();
    while lines
        .read_until(b'\n', &mut line)
        .await
        .is_ok_and(|read| read > 0)
    {
        log.send_modify(|log| log.push_str(&text(&line)));
        line.clear();
    }
}

impl Running {
    /// Starts one on `data` and waits for the line that ends its greeting.
    pub(crate) async fn start(data: &Path, more: &[&str], last_line: &str) -> Self {
        Self::start_logging(data, more, last_line, "info").await
    }

    async fn start_logging(data: &Path, more: &[&str], last_line: &str, level: &str) -> Self {
        let mut command = serving(data, more);
        command.env("LATCHKEY_LOG", level);
        Self::of(command, last_line).await
    }

    /// Runs `command`, which starts one, and waits for the line that ends its greeting.
    pub(crate) async fn of(mut command: Command, last_line: &str) -> Self {
        let mut child = command.spawn().expect("it starts");
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let (log, _) = watch::channel(String::new());
        let logging = tokio::spawn(follow(stderr, log.clone()));
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut printed = String::new();
        let greeting = async {
            while !printed.lines().any(|line| line.starts_with(last_line)) {
                let read = stdout
                    .read_line(&mut printed)
                    .await
                    .expect("what it prints");
                assert!(read > 0, "it ended after: {printed}");
            }
        };
        timeout(PATIENCE, greeting).await.expect("a greeting");
        let rest = tokio::spawn(async move {
            let mut rest = String::new();
            stdout
                .read_to_string(&mut rest)
                .await
                .expect("what it prints");
            rest
        });
        let base = word_after(&printed, "Latchkey is listening on ");
        Self {
            child,
            base,
            printed,
            rest,
            log,
            logging,
        }
    }

    /// Waits until it has logged something with `part` in it.
    pub(crate) async fn logs(&self, part: &str) {
        let mut log = self.log.subscribe();
        let logged = timeout(PATIENCE, log.wait_for(|log| log.contains(part))).await;
        assert!(logged.is_ok(), "no {part:?} in: {}", *self.log.borrow());
    }

    /// Waits until it ends by itself, and returns its code and all that it has logged.
    pub(crate) async fn ends(mut self) -> (Option<i32>, String) {
        let status = timeout(PATIENCE, self.child.wait()).await;
        let status = status.expect("it ends").expect("a status");
        self.logging.await.expect("what it logged");
        (status.code(), self.log.borrow().clone())
    }

    pub(crate) fn anonymous(&self) -> Client {
        Client::new(&self.base)
    }

    pub(crate) fn with_key(&self, key: &str) -> Client {
        self.anonymous()
            .header("authorization", &auth::presented::basic_with_key(key))
    }

    /// The key in the line that the greeting says to try.
    pub(crate) fn key_to_try(&self) -> String {
        word_after(&self.printed, "curl --user :")
    }

    pub(crate) async fn signal(&self, name: &str) {
        let process = self.child.id().expect("it runs").to_string();
        let sent = Command::new("sh")
            .args(["-c", "kill -s \"$0\" \"$1\"", name, &process])
            .status()
            .await;
        assert!(sent.expect("a shell").success());
    }

    /// Kills it where it stands, with no chance to put anything in order.
    pub(crate) async fn kill(mut self) -> String {
        self.child.kill().await.expect("killed");
        self.ends().await.1
    }

    /// Stops it as Ctrl-C does and answers all that it printed and logged.
    pub(crate) async fn stop(self) -> (String, String) {
        self.signal("INT").await;
        let Self {
            mut child,
            printed,
            rest,
            log,
            logging,
            ..
        } = self;
        let status = timeout(PATIENCE, child.wait())
            .await
            .expect("it stops")
            .expect("a status");
        assert_eq!(status.code(), Some(0));
        logging.await.expect("what it logged");
        let printed = printed + &rest.await.expect("what it printed");
        (printed, log.borrow().clone())
    }
}

/// The word that follows `before`.
#[track_caller]
pub(crate) fn word_after(text: &str, before: &str) -> String {
    let rest = text
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before:?} in {text}"))
        .1;
    rest.split_whitespace().next().expect("a word").to_owned()
}

/// Every word in `text` that is an API key: the secret kind.
pub(crate) fn api_keys(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words
        .filter(|word| word.contains("_api_key_"))
        .map(str::to_owned)
        .collect()
}

/// A request for the `number`th hour of 2031, of the room.
pub(crate) fn hour(number: usize) -> Value {
    let at = |hour: usize| format!("2031-01-{:02}T{:02}:00:00Z", 1 + hour / 24, hour % 24);
    booking(&ROOM.to_string(), "instant", &at(number), &at(number + 1))
}

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

#[tokio::test]
async fn a_first_start_prints_keys_that_work_and_a_line_to_try_them_with() {
    let data = folder();
    // Folders above the data are made too.
    let server = Running::start(&data.path().join("a/b"), &[], FIRST).await;
    let key = server.key_to_try();
    let line = format!("  curl --user :{key} {}/v2/bookings\n", server.base);
    assert!(server.printed.ends_with(&line), "{}", server.printed);
    let list = server
        .with_key(&key)
        .get("/v2/bookings")
        .await
        .expecting(200);
    assert_eq!(list.body["total"], 3);
    assert_eq!(list.header("timekit-testmode"), Some("true"));

    let keys = api_keys(&server.printed);
    assert_eq!(keys.len(), 2, "one of the live and one of the test app");
    for key in &keys {
        let me = server.with_key(key).get("/v2/me").await.expecting(200);
        let mode = key.split('_').next();
        assert_eq!(me.body["data"]["mode"].as_str(), mode);
    }
    let widget = word_after(&server.printed, "widget key");
    let me = server.with_key(&widget).get("/v2/me").await.expecting(200);
    assert_eq!(me.body["data"]["kind"], "widget");
    let password = word_after(&server.printed, &format!("{EMAIL} password "));
    let person = json!({ "email": EMAIL, "password": password });
    server
        .anonymous()
        .post("/v2/sessions", person)
        .await
        .expecting(201);
}

#[tokio::test]
async fn a_second_start_finds_everything_and_shows_no_secret() {
    let data = folder();
    let first = Running::start(data.path(), &[], FIRST).await;
    let key = first.key_to_try();
    let app = first.with_key(&key);
    let made = app.post("/v2/bookings", hour(0)).await.expecting(201);
    let credentials = format!("/v2/credentials?search=resource.id:{ROOM}");
    let tokens = app.get(&credentials).await.expecting(200).body["data"].take();
    first.stop().await;

    let second = Running::start(data.path(), &[], LATER).await;
    let app = second.with_key(&key);
    assert_eq!(
        app.get("/v2/bookings").await.expecting(200).body["total"],
        4
    );
    let shown = app
        .get(&format!("/v2/bookings/{}", made.id()))
        .await
        .expecting(200);
    assert_eq!(shown.body["data"], made.body["data"]);
    // They are derived from a secret that has been kept as well.
    assert_eq!(
        app.get(&credentials).await.expecting(200).body["data"],
        tokens
    );
    let (printed, _) = second.stop().await;
    assert!(api_keys(&printed).is_empty(), "{printed}");
    assert!(!printed.contains("password "), "{printed}");
}

#[tokio::test]
async fn addresses_of_other_pages_are_those_the_server_is_reached_at() {
    let data = folder();
    let server = Running::start(data.path(), &[], FIRST).await;
    let app = server.with_key(&server.key_to_try());
    let first = app.get("/v2/bookings?limit=2").await.expecting(200);
    let next = first.body["next_page_url"].as_str().expect("there is more");
    let path = next
        .strip_prefix(server.base.as_str())
        .expect("on this server");
    let second = app.get(path).await.expecting(200);
    let back = format!("{}/v2/bookings?limit=2&page=1", server.base);
    assert_eq!(second.body["prev_page_url"], back);
}

#[tokio::test]
async fn a_kill_loses_nothing_that_was_acknowledged() {
    let data = folder();
    let server = Running::start(data.path(), &[], FIRST).await;
    let key = server.key_to_try();
    let app = server.with_key(&key);
    let mut made = Vec::new();
    for number in 0..50 {
        made.push(app.post("/v2/bookings", hour(number)).await.expecting(201));
    }
    let cancel = format!("/v2/bookings/{}/cancel", made[0].id());
    app.put(&cancel, json!({})).await.expecting(200);
    server.kill().await;

    let server = Running::start(data.path(), &[], LATER).await;
    let app = server.with_key(&key);
    for (number, made) in made.iter().enumerate().skip(1) {
        let shown = app
            .get(&format!("/v2/bookings/{}", made.id()))
            .await
            .expecting(200);
        assert_eq!(shown.body["data"], made.body["data"]);
        app.post("/v2/bookings", hour(number)).await.expecting(409);
    }
    let cancelled = app
        .get(&format!("/v2/bookings/{}", made[0].id()))
        .await
        .expecting(200);
    assert_eq!(cancelled.body["data"]["state"], "cancelled");
    app.post("/v2/bookings", hour(0)).await.expecting(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_amid_many_requests_loses_nothing_acknowledged_and_leaves_nothing_half_done() {
    const ALL: usize = 80;
    let data = folder();
    let mut key = None;
    // One round after the other on the same data, each killed after another number of answers.
    for (round, answers) in [1, 10, 25].into_iter().enumerate() {
        let last_line = if round == 0 { FIRST } else { LATER };
        let server = Running::start(data.path(), &[], last_line).await;
        let key = key.get_or_insert_with(|| server.key_to_try());
        let hours = round * ALL..(round + 1) * ALL;
        let (answered, mut answers_seen) = tokio::sync::mpsc::unbounded_channel();
        let sent: Vec<_> = hours
            .clone()
            .map(|number| {
                let (app, answered) = (server.with_key(key), answered.clone());
                tokio::spawn(async move {
                    let body = hour(number).to_string();
                    let reply = app.try_send(Method::POST, "/v2/bookings", body).await?;
                    let _ = answered.send(());
                    (reply.status == 201).then(|| (number, reply.id()))
                })
            })
            .collect();
        for _ in 0..answers {
            timeout(PATIENCE, answers_seen.recv())
                .await
                .expect("an answer");
        }
        server.kill().await;
        let mut acknowledged = Vec::new();
        for reply in sent {
            acknowledged.extend(reply.await.expect("no panic"));
        }
        assert!(acknowledged.len() >= answers, "{}", acknowledged.len());

        let server = Running::start(data.path(), &[], LATER).await;
        let app = server.with_key(key);
        for (_, id) in &acknowledged {
            app.get(&format!("/v2/bookings/{id}")).await.expecting(200);
        }
        let path = format!("/v2/bookings?search=resource.id:{ROOM}&limit=1000");
        let list = app
            .header("timekit-timezone", "UTC")
            .get(&path)
            .await
            .expecting(200);
        let starts: BTreeSet<String> = list.body["data"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| {
                row["attributes"]["event_info"]["start"]
                    .as_str()
                    .expect("a start")
                    .replace("+00:00", "Z")
            })
            .collect();
        // A booking and its time are there together, or neither is.
        for number in hours {
            let wanted = hour(number);
            let is_there = starts.contains(wanted["start"].as_str().expect("a start"));
            let expected = if is_there { 409 } else { 201 };
            app.post("/v2/bookings", wanted).await.expecting(expected);
        }
        server.kill().await;
    }
}

#[tokio::test]
async fn a_port_in_use_gets_one_clear_sentence_and_nothing_is_begun() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address");
    let data = folder();
    let folder = data.path().join("data");
    let output = run(&[
        "serve",
        "--port",
        &address.port().to_string(),
        "--data",
        folder.to_str().expect("text"),
    ])
    .await;
    assert_refused(&output, &[&address.to_string(), "in use", "--port"]);
    assert!(!folder.exists());
}

#[tokio::test]
async fn data_in_use_gets_one_clear_sentence_and_its_user_is_not_disturbed() {
    let data = folder();
    let server = Running::start(data.path(), &[], FIRST).await;
    let path = data.path().to_str().expect("text");
    let output = run(&["serve", "--port", "0", "--data", path]).await;
    assert_refused(&output, &[path, "already", "--data"]);
    let app = server.with_key(&server.key_to_try());
    app.get("/v2/bookings").await.expecting(200);
    app.post("/v2/bookings", hour(0)).await.expecting(201);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_gets_one_clear_sentence() {
    let data = folder();
    let file = data.path().join("file");
    std::fs::write(&file, "something else").expect("a file");
    for place in [
        file.clone(),
        file.join("below"),
        PathBuf::from("/proc/latchkey"),
    ] {
        let place = place.to_str().expect("text");
        let output = run(&["serve", "--port", "0", "--data", place]).await;
        assert_refused(&output, &[place, "--data"]);
    }
    assert_eq!(
        std::fs::read_to_string(&file).expect("the file"),
        "something else"
    );
}

#[tokio::test]
async fn a_damaged_file_gets_one_clear_sentence_and_is_left_as_it_is() {
    for name in ["master-secret.json", "latchkey.db"] {
        let data = folder();
        let path = data.path().to_str().expect("text");
        let file = data.path().join(name);
        let garbage = "this is neither JSON nor a database, whatever its name says. ".repeat(100);
        std::fs::write(&file, &garbage).expect("a file");
        let output = run(&["serve", "--port", "0", "--data", path]).await;
        assert_refused(&output, &[name]);
        assert_eq!(std::fs::read_to_string(&file).expect("the file"), garbage);
    }
}

#[tokio::test]
async fn a_store_that_is_not_there_gets_one_clear_sentence() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let endpoint = format!("http://{}", nobody.local_addr().expect("an address"));
    drop(nobody);
    let data = folder();
    let path = data.path().to_str().expect("text");
    let output = run(&[
        "serve",
        "--port",
        "0",
        "--data",
        path,
        "--dynamodb-endpoint",
        &endpoint,
    ])
    .await;
    assert_refused(&output, &["store"]);
}

/// As Lambda's runtime sets it for each request.
#[tokio::test]
async fn calls_to_the_store_carry_the_trace_that_the_environment_names() {
    let trace = "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1";
    let store = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let store = store.expect("a free port");
    let url = format!("http://{}", store.local_addr().expect("an address"));
    let data = folder();
    let data = data.path().to_str().expect("text");
    let mut child = latchkey(&[
        "serve",
        "--port",
        "0",
        "--data",
        data,
        "--dynamodb-endpoint",
        &url,
    ])
    .env("AWS_LAMBDA_FUNCTION_NAME", "latchkey-bookings")
    .env("_X_AMZN_TRACE_ID", trace)
    .spawn()
    .expect("it starts");
    let (connection, _) = timeout(PATIENCE, store.accept())
        .await
        .expect("it calls")
        .expect("a call");
    let mut head = BufReader::new(connection).lines();
    let mut sent = None;
    while let Ok(Some(line)) = head.next_line().await {
        let header = line
            .split_once(": ")
            .filter(|(name, _)| name.eq_ignore_ascii_case("x-amzn-trace-id"));
        sent = header.map(|(_, value)| value.to_owned()).or(sent);
        if line.is_empty() {
            break;
        }
    }
    assert_eq!(sent.as_deref(), Some(trace));
    child.kill().await.expect("it ends");
}

#[tokio::test]
async fn ctrl_c_and_a_request_to_terminate_stop_it_cleanly() {
    let data = folder();
    let mut last_line = FIRST;
    for signal in ["INT", "TERM"] {
        let mut server = Running::start(data.path(), &[], last_line).await;
        last_line = LATER;
        // A connection that stays open does not hold it up.
        let client = server.anonymous();
        client.get("/v2/bookings").await.expecting(401);
        server.signal(signal).await;
        let status = timeout(PATIENCE, server.child.wait())
            .await
            .expect("it stops");
        assert_eq!(status.expect("a status").code(), Some(0), "{signal}");
        server.logs("latchkey: stopping").await;
        assert!(
            client
                .try_send(Method::GET, "/v2/bookings", "")
                .await
                .is_none()
        );
    }
}

#[tokio::test]
async fn accounts_are_made_beside_a_running_server_and_without_one() {
    let data = folder();
    let path = data.path().to_str().expect("text");
    let server = Running::start(data.path(), &["--closed-sign-up"], FIRST).await;
    let body = json!({ "name": "A", "email": "a@example.com", "password": "great scott 1955" });
    let closed = server
        .anonymous()
        .post("/v2/accounts", body)
        .await
        .expecting(403);
    assert_eq!(closed.body["code"], "sign_up_closed");

    let create = async |email: &str, password: &str| {
        run_with_input(
            &["accounts", "create", "--email", email, "--data", path],
            password,
        )
        .await
    };
    let made = create("Running@example.com", "great scott 1955\n").await;
    assert!(made.status.success(), "{}", text(&made.stderr));
    let keys = api_keys(&text(&made.stdout));
    assert_eq!(keys.len(), 2);
    for key in &keys {
        server.with_key(key).get("/v2/me").await.expecting(200);
    }
    assert_refused(
        &create("running@EXAMPLE.com", "another password\n").await,
        &["running@EXAMPLE.com"],
    );
    assert_refused(
        &create("short@example.com", "short\n").await,
        &["password", "10"],
    );
    assert_refused(&create("nobody", "great scott 1955\n").await, &["--email"]);
    server.stop().await;

    let made = create("stopped@example.com", "great scott 1955").await;
    assert!(made.status.success(), "{}", text(&made.stderr));
    let more = api_keys(&text(&made.stdout));
    let server = Running::start(data.path(), &[], LATER).await;
    for key in keys.iter().chain(&more) {
        server.with_key(key).get("/v2/me").await.expecting(200);
    }
    for email in ["running@example.com", "stopped@example.com"] {
        let person = json!({ "email": email, "password": "great scott 1955" });
        server
            .anonymous()
            .post("/v2/sessions", person)
            .await
            .expecting(201);
    }
}

#[tokio::test]
async fn a_reset_link_made_beside_a_running_server_or_without_one_sets_a_password_once() {
    let data = folder();
    let path = data.path().to_str().expect("text");
    let link = async || {
        let url = ["--url", "https://book.example/"];
        let made =
            run(&[&["accounts", "reset-link", EMAIL, "--data", path][..], &url].concat()).await;
        assert!(made.status.success(), "{}", text(&made.stderr));
        let printed = text(&made.stdout);
        let token = printed
            .trim()
            .strip_prefix("https://book.example/v2/accounts/reset-password#");
        token.unwrap_or_else(|| panic!("{printed}")).to_owned()
    };
    let server = Running::start(data.path(), &[], FIRST).await;
    let beside = link().await;
    let reset = json!({ "token": beside, "password": "set beside it" });
    server
        .anonymous()
        .post("/v2/accounts/reset-password", reset.clone())
        .await
        .expecting(204);
    server
        .anonymous()
        .post("/v2/accounts/reset-password", reset)
        .await
        .expecting(422);
    let person = json!({ "email": EMAIL, "password": "set beside it" });
    server
        .anonymous()
        .post("/v2/sessions", person)
        .await
        .expecting(201);
    server.stop().await;

    let without = link().await;
    let nobody = run(&[
        "accounts",
        "reset-link",
        "nobody@example.com",
        "--data",
        path,
    ])
    .await;
    assert_refused(&nobody, &["nobody@example.com"]);
    let server = Running::start(data.path(), &[], LATER).await;
    let reset = json!({ "token": without, "password": "set without it" });
    server
        .anonymous()
        .post("/v2/accounts/reset-password", reset)
        .await
        .expecting(204);
    for (password, status) in [("set beside it", 401), ("set without it", 201)] {
        let person = json!({ "email": EMAIL, "password": password });
        server
            .anonymous()
            .post("/v2/sessions", person)
            .await
            .expecting(status);
    }
}

#[tokio::test]
async fn accounts_of_a_folder_that_is_not_there_are_refused_and_no_folder_is_made() {
    let data = folder();
    let missing = data.path().join("missing");
    let path = missing.to_str().expect("text");
    let create = [
        "accounts",
        "create",
        "--email",
        "a@example.com",
        "--data",
        path,
    ];
    assert_refused(
        &run_with_input(&create, "great scott 1955").await,
        &[path, "--data"],
    );
    assert_refused(
        &run(&["accounts", "reset-link", EMAIL, "--data", path]).await,
        &[path, "--data"],
    );
    assert!(!missing.exists());
}

#[tokio::test]
async fn without_demo_there_is_nothing_and_the_published_key_is_refused() {
    let data = folder();
    let published = auth::development::DEVELOPMENT_KEY;
    let server = Running::start(data.path(), &["--no-demo"], NO_DEMO).await;
    server
        .with_key(published)
        .get("/v2/bookings")
        .await
        .expecting(401);
    let person = json!({ "email": EMAIL, "password": "great scott 1955" });
    server
        .anonymous()
        .post("/v2/sessions", person)
        .await
        .expecting(401);
    let (printed, _) = server.stop().await;
    assert!(api_keys(&printed).is_empty(), "{printed}");

    let with_demo = folder();
    let server = Running::start(with_demo.path(), &[], FIRST).await;
    server
        .with_key(published)
        .get("/v2/bookings")
        .await
        .expecting(200);
    server.stop().await;
    let server = Running::start(with_demo.path(), &["--no-demo"], NO_DEMO).await;
    server
        .with_key(published)
        .get("/v2/bookings")
        .await
        .expecting(401);
}

/// As any AWS SDK calls another DynamoDB: its session token is in the environment.
#[tokio::test]
async fn another_dynamodb_can_be_used_instead_of_the_embedded_store() {
    let (data, other) = (folder(), folder());
    let owner = Running::start(data.path(), &["--store-listen", "127.0.0.1:0"], FIRST).await;
    let endpoint = word_after(&owner.printed, "Its store is at ");
    let token = std::fs::read_to_string(data.path().join("port-secret")).expect("a secret");
    let guest = |token: &str| {
        let mut command = serving(other.path(), &["--dynamodb-endpoint", &endpoint]);
        command.env("AWS_SESSION_TOKEN", token);
        command
    };
    for wrong in ["", "another"] {
        let output = timeout(PATIENCE, guest(wrong).output()).await;
        let output = output.expect("it ends").expect("it starts");
        assert_refused(&output, &["port-secret", "AWS_SESSION_TOKEN"]);
    }
    // What the store has was made with the owner's master secret: another one must not begin beside it.
    let output = timeout(PATIENCE, guest(&token).output()).await;
    let output = output.expect("it ends").expect("it starts");
    assert_refused(&output, &["master-secret.json", "missing"]);
    let secret = "master-secret.json";
    std::fs::copy(data.path().join(secret), other.path().join(secret)).expect("a copy");

    let guest = Running::of(guest(&token), LATER).await;
    let key = owner.key_to_try();
    let made = guest
        .with_key(&key)
        .post("/v2/bookings", hour(0))
        .await
        .expecting(201);
    let path = format!("/v2/bookings/{}", made.id());
    owner.with_key(&key).get(&path).await.expecting(200);
    owner
        .with_key(&key)
        .post("/v2/bookings", hour(0))
        .await
        .expecting(409);
    assert!(!other.path().join("latchkey.db").exists());
}

#[tokio::test]
async fn keys_brought_along_are_accepted_only_where_that_is_asked_for() {
    let data = folder();
    let server = Running::start(data.path(), &["--allow-imported-keys"], FIRST).await;
    let sha256 = auth::plain_key::hash_secret("test_api_key_foobar").to_hex();
    let import = json!({ "name": "From Timekit", "kind": "api", "sha256": sha256 });
    let app = server.with_key(&server.key_to_try());
    app.post("/v2/keys/import", import).await.expecting(201);
    server
        .with_key("test_api_key_foobar")
        .get("/v2/bookings")
        .await
        .expecting(200);
    server.stop().await;
    let server = Running::start(data.path(), &[], LATER).await;
    server
        .with_key("test_api_key_foobar")
        .get("/v2/bookings")
        .await
        .expecting(401);
}

#[tokio::test]
async fn the_help_names_every_command_and_option() {
    let help = async |arguments: &[&str]| {
        let output = run(arguments).await;
        assert!(output.status.success());
        text(&output.stdout)
    };
    let all = help(&["--help"]).await;
    for command in ["serve", "accounts", "openapi"] {
        assert!(all.contains(command), "{all}");
    }
    let serve = help(&["serve", "--help"]).await;
    for option in [
        "--port",
        "--data",
        "--no-demo",
        "--store-listen",
        "--secret-listen",
        "--dynamodb-endpoint",
        "--allow-imported-keys",
        "--closed-sign-up",
        "--max-connections",
        "--client-timeout",
        "--drain-timeout",
    ] {
        assert!(serve.contains(option), "{option} is not in {serve}");
    }
    for default in ["8080", ".latchkey", "768", "30", "10"] {
        assert!(serve.contains(default), "{default} is not in {serve}");
    }
    let accounts = help(&["accounts", "--help"]).await;
    assert!(
        accounts.contains("create") && accounts.contains("reset-link"),
        "{accounts}"
    );
    let create = help(&["accounts", "create", "--help"]).await;
    for word in ["--email", "--data", "standard input"] {
        assert!(create.contains(word), "{word} is not in {create}");
    }
    let reset = help(&["accounts", "reset-link", "--help"]).await;
    assert!(
        reset.contains("--url") && reset.contains("30 minutes"),
        "{reset}"
    );
    let version = help(&["--version"]).await;
    assert!(version.starts_with("latchkey 0."), "{version}");

    let openapi: Value = serde_json::from_str(&help(&["openapi"]).await).expect("JSON");
    assert!(openapi["paths"]["/v2/bookings"]["post"].is_object());
    for wrong in [
        &["serve", "--prot", "1"][..],
        &["dance"],
        &["serve", "--port", "70000"],
    ] {
        let output = run(wrong).await;
        assert!(!output.status.success() && !output.stderr.is_empty());
    }
}

/// The secrets of a run, by what they are.
#[derive(Default)]
struct Secrets(Vec<(String, String)>);

impl Secrets {
    fn add(&mut self, what: &str, secret: &str) {
        assert!(
            secret.len() >= 10,
            "{what} is too short to look for: {secret:?}"
        );
        self.0.push((what.to_owned(), secret.to_owned()));
    }

    /// A key, also as it stands in a header.
    fn add_key(&mut self, what: &str, key: &str) {
        self.add(what, key);
        self.add(
            &format!("{what} in Basic"),
            &STANDARD.encode(format!(":{key}")),
        );
    }

    /// A token, also as it stands in a header.
    fn add_token(&mut self, what: &str, user: &str, token: &str) {
        self.add(what, token);
        self.add(
            &format!("{what} in Basic"),
            &STANDARD.encode(format!("{user}:{token}")),
        );
    }

    /// The secrets that stand in `bytes`.
    fn found_in(&self, bytes: &[u8]) -> Vec<&str> {
        // What is no text becomes other characters, and no secret has those.
        let haystack = String::from_utf8_lossy(bytes);
        let found = self
            .0
            .iter()
            .filter(|(_, secret)| haystack.contains(secret.as_str()));
        found.map(|(what, _)| what.as_str()).collect()
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// No file below `data` holds a secret, but the one that is there for it.
fn assert_no_secret_at_rest(data: &Path, secrets: &Secrets) {
    let files = files_below(data);
    assert!(files.iter().any(|file| file.ends_with("latchkey.db")));
    for file in files {
        if !file.ends_with("master-secret.json") {
            let found = secrets.found_in(&std::fs::read(&file).expect("a file"));
            assert!(found.is_empty(), "{found:?} in {}", file.display());
        }
    }
}

/// Uses every kind of secret there is, rightly and wrongly, and answers them.
async fn use_every_secret(server: &Running, data: &Path) -> Secrets {
    let mut secrets = Secrets::default();
    let password = word_after(&server.printed, &format!("{EMAIL} password "));
    secrets.add("the demo's password", &password);
    for key in api_keys(&server.printed) {
        secrets.add_key("an App API key", &key);
    }
    let key = server.key_to_try();
    let app = server.with_key(&key);
    let field = |reply: &tests::Reply, name: &str| {
        reply.body["data"][name].as_str().expect("text").to_owned()
    };

    let named = app
        .post("/v2/keys", json!({ "name": "Partner" }))
        .await
        .expecting(201);
    let named = field(&named, "key");
    secrets.add_key("a named key", &named);
    let bearer = |value: &str| server.anonymous().header("authorization", value);
    bearer(&format!("Bearer {named}"))
        .get("/v2/bookings")
        .await
        .expecting(200);
    bearer(&format!("Bearer: {named}"))
        .get("/v2/bookings")
        .await
        .expecting(401);
    let as_user = STANDARD.encode(format!("{key}:"));
    bearer(&format!("Basic {as_user}"))
        .get("/v2/bookings")
        .await
        .expecting(401);
    secrets.add("a key in the user part", &as_user);
    let mistyped = format!("{key}x");
    server
        .with_key(&mistyped)
        .get("/v2/bookings")
        .await
        .expecting(401);
    server
        .with_key(&key)
        .get(&format!("/v2/nothing?api_key={key}"))
        .await
        .expecting(404);
    server
        .anonymous()
        .get(&format!("/v2/{key}"))
        .await
        .expecting(404);

    let resource = json!({
        "name": "Doc", "timezone": "UTC", "email": "doc@example.com", "password": "the flux capacitor",
    });
    app.post("/v2/resources", resource).await.expecting(201);
    secrets.add("a resource's password", "the flux capacitor");
    let auth = json!({ "email": "doc@example.com", "password": "the flux capacitor" });
    let slug = server.anonymous().header("timekit-app", TEST_SLUG);
    slug.post("/v2/auth", auth).await.expecting(200);
    let wrong = json!({ "email": "doc@example.com", "password": "a wrong password of somebody" });
    slug.post("/v2/auth", wrong).await.expecting(401);
    secrets.add("a wrong password", "a wrong password of somebody");
    let list = app.get("/v2/credentials").await.expecting(200);
    for credential in list.body["data"].as_array().expect("credentials") {
        let (user, token) = (credential["user"].as_str(), credential["token"].as_str());
        let (user, token) = (user.expect("a user"), token.expect("a token"));
        secrets.add_token("a resource token", user, token);
        let encoded = STANDARD.encode(format!("{user}:{token}"));
        let caller = slug.header("authorization", &format!("Basic {encoded}"));
        caller.get("/v2/me").await.expecting(200);
    }

    let feed = format!("/v2/resources/{ROOM}/calendar_feed");
    let made = app.post(&feed, json!({})).await.expecting(201);
    let url = field(&made, "url");
    let path = url.strip_prefix(&server.base).expect("an address here");
    server.anonymous().get(path).await.expecting(200);
    let segment = path.rsplit('/').next().expect("a segment");
    secrets.add("a calendar's address", segment);
    // Past what names the app and the resource.
    secrets.add("a calendar's code", &segment[43..]);
    app.delete(&feed).await.expecting(204);
    server.anonymous().get(path).await.expecting(404);

    let person = json!({ "email": EMAIL, "password": password });
    let session = server
        .anonymous()
        .post("/v2/sessions", person)
        .await
        .expecting(201);
    let cookie = session
        .header("set-cookie")
        .and_then(|cookie| cookie.split(';').next())
        .expect("a cookie");
    secrets.add("a session token", cookie.split_once('=').expect("a pair").1);
    let csrf = field(&session, "csrf_token");
    secrets.add("a CSRF token", &csrf);
    let person = server
        .anonymous()
        .header("cookie", cookie)
        .header("x-csrf-token", &csrf)
        .header("origin", &server.base)
        .header("timekit-app", TEST_SLUG);
    let made = person
        .post("/v2/keys", json!({ "name": "By hand", "kind": "api" }))
        .await
        .expecting(201);
    secrets.add_key("a key made at the console", &field(&made, "key"));
    let made = person
        .post("/v2/apps", json!({ "name": "Another" }))
        .await
        .expecting(201);
    secrets.add_key("a new app's key", &field(&made, "api_key"));

    let path = data.to_str().expect("text");
    let create = [
        "accounts",
        "create",
        "--email",
        "b@example.com",
        "--data",
        path,
    ];
    let made = run_with_input(&create, "hill valley 1885").await;
    secrets.add("an account's password", "hill valley 1885");
    for key in api_keys(&text(&made.stdout)) {
        secrets.add_key("an account's key", &key);
    }
    let body = json!({ "name": "C", "email": "c@example.com", "password": "hill valley 2015" });
    let made = server
        .anonymous()
        .post("/v2/accounts", body)
        .await
        .expecting(201);
    secrets.add("a password at sign-up", "hill valley 2015");
    for key in api_keys(&made.body.to_string()) {
        secrets.add_key("a key at sign-up", &key);
    }
    for used in [true, false] {
        let made = run(&["accounts", "reset-link", "b@example.com", "--data", path]).await;
        let link = text(&made.stdout);
        let token = link.trim().split_once('#').expect("a link").1;
        secrets.add("a link's token", token);
        let password = if used { "hill valley 1955" } else { "short" };
        let reset = json!({ "token": token, "password": password });
        let status = if used { 204 } else { 422 };
        server
            .anonymous()
            .post("/v2/accounts/reset-password", reset)
            .await
            .expecting(status);
    }
    secrets.add("a password set by a link", "hill valley 1955");

    let master = std::fs::read_to_string(data.join("master-secret.json")).expect("a file");
    let master: Value = serde_json::from_str(&master).expect("JSON");
    for (version, secret) in master.as_object().expect("an object") {
        if version != "current" {
            secrets.add("the master secret", secret.as_str().expect("text"));
        }
    }
    let shown = app.get("/v2/app").await.expecting(200);
    secrets.add("a signing secret", &field(&shown, "signing_secret"));
    secrets.add("an app's webhook secret", &field(&shown, "webhook_secret"));
    let path = format!("/v2/bookings/{CONFIRMED}?include=customer_action_links");
    let shown = app.get(&path).await.expecting(200);
    let link = shown.body["data"]["customer_action_links"]["cancel_by_customer"].as_str();
    let link = link.expect("a link").to_owned();
    let token = link.split_once("signature=").expect("a signature").1;
    secrets.add("a link's signature", token);
    let mac = token.rsplit('.').next().expect("three parts");
    secrets.add("a link's code", mac);
    let link = link
        .strip_prefix(&server.base)
        .expect("it names the server");
    server.anonymous().get(link).await.expecting(200);
    server
        .anonymous()
        .send(http::Method::POST, link, "")
        .await
        .expecting(200);
    let path = format!("/v2/bookings?search=customer.email:a&signed_search={token}");
    server.anonymous().get(&path).await.expecting(403);

    // What fails on our side is logged with its cause; what is sent may stand in neither.
    app.get(&format!("/v2/bookings/{CONFIRMED}?include=customers,logs"))
        .await
        .expecting(200);
    app.delete(&format!("/v2/resources/{DOC_BROWN}?bookings=keep"))
        .await
        .expecting(204);
    secrets
}

#[tokio::test]
async fn no_secret_of_a_run_stands_in_its_log_or_its_data_however_much_it_logs() {
    for level in ["debug", "trace"] {
        let data = folder();
        let server = Running::start_logging(data.path(), &[], FIRST, level).await;
        let secrets = use_every_secret(&server, data.path()).await;
        assert!(secrets.0.len() > 40, "{}", secrets.0.len());
        // While it runs the newest of it stands in files beside the database.
        assert_no_secret_at_rest(data.path(), &secrets);
        let (_, log) = server.stop().await;
        assert_no_secret_at_rest(data.path(), &secrets);
        assert!(
            log.lines().count() > 500,
            "it logged nothing that could be looked through"
        );
        let found = secrets.found_in(log.as_bytes());
        assert!(found.is_empty(), "{found:?} in the log at {level}");
        // At trace, what goes to the store is logged by its client; before that, nobody's words are.
        if level == "debug" {
            for word in ["Marty", "marty", "doc@example.com", "argon2"] {
                assert!(!log.contains(word), "{word} in the log");
            }
        }
    }
}

#[tokio::test]
async fn no_secret_of_a_run_stands_in_the_data_of_a_server_that_was_killed() {
    let data = folder();
    let server = Running::start(data.path(), &[], FIRST).await;
    let secrets = use_every_secret(&server, data.path()).await;
    let log = server.kill().await;
    assert_no_secret_at_rest(data.path(), &secrets);
    assert!(secrets.found_in(log.as_bytes()).is_empty());
}
