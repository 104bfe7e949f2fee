//! What the real program does when its surroundings are bad: other users of the machine, slow clients, signals amid requests,
//! files that are gone, damaged or open to others, and a full disk.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Stdio;

use http::Method;
use local::demo::ROOM;
use serde_json::{Value, json};
use tests::{Client, Reply};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::timeout;

use crate::platform::process::{
    FIRST, LATER, PATIENCE, Running, assert_refused, folder, hour, program, run, run_with_input,
    text, word_after,
};

/// A port for the store and one for the master secret.
const PORTS: [&str; 4] = [
    "--store-listen",
    "127.0.0.1:0",
    "--secret-listen",
    "127.0.0.1:0",
];

impl Running {
    fn store(&self) -> String {
        word_after(&self.printed, "Its store is at ")
    }

    fn secret_port(&self) -> String {
        word_after(&self.printed, "Its master secret is at ")
    }

    /// A connection to one of its ports.
    async fn connect(&self, base: &str) -> TcpStream {
        let address = base.trim_start_matches("http://");
        TcpStream::connect(address).await.expect("it listens")
    }

    /// A connection on which `bytes` have been sent, and nothing more is.
    async fn sent(&self, base: &str, bytes: &str) -> TcpStream {
        let mut stream = self.connect(base).await;
        stream.write_all(bytes.as_bytes()).await.expect("sent");
        stream
    }
}

fn path_of(data: &Path) -> &str {
    data.to_str().expect("text")
}

/// A server on `data` refuses to start, in a sentence with these parts.
async fn assert_does_not_start(data: &Path, parts: &[&str]) {
    let output = run(&["serve", "--port", "0", "--data", path_of(data)]).await;
    assert_refused(&output, parts);
}

mod ports {
    use super::*;

    /// How many ports a process listens on: its sockets among those of the machine.
    #[cfg(target_os = "linux")]
    fn listening(process: u32) -> usize {
        let sockets: BTreeSet<String> = fs::read_dir(format!("/proc/{process}/fd"))
            .expect("its files")
            .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
            .filter_map(|link| {
                let inode = link.to_str()?.strip_prefix("socket:[")?;
                Some(inode.trim_end_matches(']').to_owned())
            })
            .collect();
        let is_listening = |line: &&str| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            fields.get(3) == Some(&"0A")
                && fields.get(9).is_some_and(|inode| sockets.contains(*inode))
        };
        ["tcp", "tcp6"]
            .iter()
            .filter_map(|table| fs::read_to_string(format!("/proc/{process}/net/{table}")).ok())
            .map(|table| table.lines().filter(is_listening).count())
            .sum()
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn without_being_asked_the_server_opens_no_port_but_the_apis() {
        let data = folder();
        for (more, last_line, ports) in [(&[][..], FIRST, 1), (&PORTS[..], LATER, 3)] {
            let server = Running::start(data.path(), more, last_line).await;
            let process = server.child.id().expect("it runs");
            assert_eq!(listening(process), ports);
            assert_eq!(data.path().join("port-secret").exists(), ports > 1);
            server.stop().await;
        }
    }

    /// Every way to each port, with what is asked there and a right answer to it.
    fn asked(server: &Running) -> [(String, &'static str, Value); 2] {
        [
            (server.store(), "DynamoDB_20120810.ListTables", json!({})),
            (
                server.secret_port(),
                "secretsmanager.GetSecretValue",
                json!({ "SecretId": "MasterSecret" }),
            ),
        ]
    }

    #[tokio::test]
    async fn the_stores_and_the_secrets_port_answer_only_who_has_the_secret_of_the_folder() {
        let data = folder();
        let server = Running::start(data.path(), &PORTS, FIRST).await;
        let secret = fs::read_to_string(data.path().join("port-secret")).expect("a secret");
        for (base, target, body) in asked(&server) {
            let nobody = Client::new(&base).header("x-amz-target", target);
            let owner = nobody.header("x-amz-security-token", &secret);
            let said = owner.post("/", body.clone()).await.expecting(200);
            assert!(said.body.is_object(), "{}", said.body);
            let wrong = [
                nobody.clone(),
                nobody.header("x-amz-security-token", "another"),
                // As the key's id, which logs show, it counts for nothing.
                nobody.header(
                    "authorization",
                    &format!("AWS4-HMAC-SHA256 Credential={secret}/20261128/us-east-1/dynamodb/aws4_request"),
                ),
                owner.header("origin", "http://127.0.0.1:8080"),
                owner.header("sec-fetch-site", "same-origin"),
                owner.header("host", "rebound.example"),
            ];
            for caller in wrong {
                let refused = caller.post("/", body.clone()).await.expecting(403);
                assert_eq!(refused.body["__type"], "AccessDeniedException");
                let said = refused.body.to_string();
                assert!(!said.contains(&secret) && !said.contains("SecretString"));
            }
            let preflight = owner.header("origin", "http://rebound.example");
            let refused = preflight.send(Method::OPTIONS, "/", "").await;
            assert_eq!(refused.status, 403);
            assert!(refused.header("access-control-allow-origin").is_none());
        }
        let (printed, log) = server.stop().await;
        assert!(!printed.contains(&secret) && !log.contains(&secret));
    }

    #[tokio::test]
    async fn the_secrets_port_gives_the_master_secret_and_nothing_else() {
        let data = folder();
        let server = Running::start(data.path(), &PORTS, FIRST).await;
        let secret = fs::read_to_string(data.path().join("port-secret")).expect("a secret");
        let caller = Client::new(&server.secret_port()).header("x-amz-security-token", &secret);
        let asked = |operation: &str| caller.header("x-amz-target", operation);
        let right = asked("secretsmanager.GetSecretValue");
        let answer = right.post("/", json!({})).await.expecting(200);
        let kept = fs::read_to_string(data.path().join("master-secret.json")).expect("a file");
        assert_eq!(answer.body["SecretString"], kept);
        let other = asked("secretsmanager.PutSecretValue");
        other.post("/", json!({})).await.expecting(400);
    }

    #[tokio::test]
    async fn the_secret_of_the_ports_is_kept_and_one_cut_short_opens_nothing() {
        let data = folder();
        let file = data.path().join("port-secret");
        Running::start(data.path(), &PORTS, FIRST)
            .await
            .stop()
            .await;
        let secret = fs::read_to_string(&file).expect("a secret");
        Running::start(data.path(), &PORTS, LATER)
            .await
            .stop()
            .await;
        assert_eq!(fs::read_to_string(&file).expect("a secret"), secret);
        for short in ["", "\n", &secret[..20]] {
            fs::write(&file, short).expect("a file");
            let serve = ["serve", "--port", "0", "--data", path_of(data.path())];
            let output = run(&[&serve[..], &PORTS].concat()).await;
            assert_refused(&output, &["port-secret", "Delete it"]);
        }
    }
}

mod stopping {
    use super::*;

    const HALF_A_HEAD: &str = "POST /v2/bookings HTTP/1.1\r\nhost: here\r\n";
    const HALF_A_BODY: &str =
        "POST /v2/sessions HTTP/1.1\r\nhost: here\r\ncontent-length: 100\r\n\r\n{";

    #[tokio::test]
    async fn requests_that_do_not_end_hold_up_the_end_no_longer_than_the_drain_timeout() {
        let data = folder();
        let mut last_line = FIRST;
        for signal in ["TERM", "INT"] {
            let options = [&PORTS[..], &["--drain-timeout", "1"]].concat();
            let server = Running::start(data.path(), &options, last_line).await;
            last_line = LATER;
            let mut held = Vec::new();
            for base in [server.base.clone(), server.store(), server.secret_port()] {
                for half in ["", "P", HALF_A_HEAD, HALF_A_BODY] {
                    held.push(server.sent(&base, half).await);
                }
                // Connections are accepted in order, so what came before this one has been.
                let whole = "GET / HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n";
                let mut answered = server.sent(&base, whole).await;
                let mut answer = Vec::new();
                answered.read_to_end(&mut answer).await.expect("an answer");
                assert!(answer.starts_with(b"HTTP/1.1 "));
            }
            server.signal(signal).await;
            let (code, log) = server.ends().await;
            assert_eq!(code, Some(0), "{log}");
            assert!(log.contains("latchkey: stopping"), "{log}");
            assert!(log.contains("were cut off"), "{log}");
        }
    }

    #[tokio::test]
    async fn a_second_signal_ends_the_server_at_once() {
        let data = folder();
        let mut last_line = FIRST;
        for signals in [["TERM", "TERM"], ["INT", "TERM"], ["INT", "INT"]] {
            let server = Running::start(data.path(), &PORTS, last_line).await;
            last_line = LATER;
            let store = server.store();
            let _held = server.sent(&server.base, HALF_A_BODY).await;
            let _held_too = server.sent(&store, HALF_A_HEAD).await;
            server.signal(signals[0]).await;
            server.logs("latchkey: stopping").await;
            server.signal(signals[1]).await;
            let (code, log) = server.ends().await;
            assert_eq!(code, Some(1), "{log}");
            assert!(log.contains("stopped at once"), "{log}");
            assert!(!log.contains("were cut off:"), "it drained: {log}");
        }
    }

    #[tokio::test]
    async fn a_request_that_has_begun_is_answered_while_the_server_stops() {
        let data = folder();
        let server = Running::start(data.path(), &[], FIRST).await;
        let body = json!({ "email": "nobody@example.com", "password": "great scott 1955" });
        let (body, host) = (body.to_string(), "host: here\r\nconnection: close");
        let head = format!(
            "POST /v2/sessions HTTP/1.1\r\n{host}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let mut client = server.sent(&server.base, &head).await;
        server.signal("TERM").await;
        server.logs("latchkey: stopping").await;
        client.write_all(body.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        let read = timeout(PATIENCE, client.read_to_string(&mut answer)).await;
        read.expect("an answer").expect("text");
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        let (code, log) = server.ends().await;
        assert_eq!(code, Some(0));
        assert!(!log.contains("were cut off"), "{log}");
    }
}

mod clients {
    use super::*;

    /// A server that gives a client a second, and has one connection for all.
    async fn impatient(data: &Path, last_line: &str) -> Running {
        let options = ["--client-timeout", "1", "--max-connections", "1"];
        Running::start(data, &[&options[..], &PORTS].concat(), last_line).await
    }

    /// Sends requests and reads no answer, until nothing more can be sent.
    async fn sent_without_reading(server: &Running) -> TcpStream {
        let mut stream = server.connect(&server.base).await;
        let requests = "GET /openapi.json HTTP/1.1\r\nhost: here\r\n\r\n".repeat(100);
        let sending = async { while stream.write_all(requests.as_bytes()).await.is_ok() {} };
        timeout(PATIENCE, sending).await.expect("it is cut off");
        stream
    }

    #[tokio::test]
    async fn a_client_that_sends_nothing_more_does_not_keep_its_connection() {
        let data = folder();
        let server = impatient(data.path(), FIRST).await;
        let body_to_come = "content-length: 100\r\n\r\n{";
        let halves = [
            String::new(),
            "G".to_owned(),
            "GET /v2/bookings HTTP/1.1\r\nhost: he".to_owned(),
            // A whole request, after which the connection is idle.
            "GET /v2/bookings HTTP/1.1\r\nhost: here\r\n\r\n".to_owned(),
            format!("POST /v2/sessions HTTP/1.1\r\nhost: here\r\n{body_to_come}"),
            "POST /v2/sessions HTTP/1.1\r\nhost: here\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"a".to_owned(),
        ];
        for base in [server.base.clone(), server.store()] {
            for half in &halves {
                let mut held = server.sent(&base, half).await;
                let mut rest = Vec::new();
                let ended = timeout(PATIENCE, held.read_to_end(&mut rest)).await;
                assert!(ended.is_ok(), "{base} waits after {half:?}");
            }
        }
        sent_without_reading(&server).await;
        server.anonymous().get("/v2/bookings").await.expecting(401);
    }

    #[tokio::test]
    async fn a_body_that_does_not_arrive_in_time_is_refused_and_nothing_is_done() {
        let data = folder();
        let server = impatient(data.path(), FIRST).await;
        let key = server.key_to_try();
        let basic = auth::presented::basic_with_key(&key);
        let begun = format!(
            "POST /v2/bookings HTTP/1.1\r\nhost: here\r\nauthorization: {basic}\r\ncontent-length: 100\r\n\r\n{{}}"
        );
        let mut client = server.sent(&server.base, &begun).await;
        let mut answer = String::new();
        let read = timeout(PATIENCE, client.read_to_string(&mut answer)).await;
        read.expect("an answer").expect("text");
        assert!(answer.starts_with("HTTP/1.1 422 "), "{answer}");
        assert!(answer.contains("did not arrive whole"), "{answer}");
        let list = server.with_key(&key).get("/v2/bookings").await;
        assert_eq!(list.expecting(200).body["total"], 3);
    }

    #[tokio::test]
    async fn connections_beyond_the_cap_wait_and_the_log_says_so() {
        let data = folder();
        let options = ["--max-connections", "5"];
        let server = Running::start(data.path(), &options, FIRST).await;
        let mut held = Vec::new();
        for _ in 0..5 {
            held.push(server.connect(&server.base).await);
        }
        let key = server.key_to_try();
        let waiting = server.with_key(&key);
        let waiting = tokio::spawn(async move { waiting.get("/v2/bookings").await });
        server.logs("all connections are in use").await;
        assert!(!waiting.is_finished());
        held.pop();
        let answer = timeout(PATIENCE, waiting).await.expect("it has its turn");
        answer.expect("no panic").expecting(200);
    }

    /// More sockets than the process may have open files.
    #[tokio::test]
    async fn running_out_of_descriptors_is_said_in_the_log_and_survived() {
        let data = folder();
        let mut command = Command::new("sh");
        command
            .args([
                "-c",
                "ulimit -n 64; exec \"$0\" serve --port 0 --data \"$1\"",
            ])
            .arg(program())
            .arg(data.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let server = Running::of(command, FIRST).await;
        let mut held = Vec::new();
        for _ in 0..100 {
            held.push(server.connect(&server.base).await);
        }
        server.logs("no further connection can be accepted").await;
        drop(held);
        let key = server.key_to_try();
        let app = server.with_key(&key);
        app.get("/v2/bookings").await.expecting(200);
        app.post("/v2/bookings", hour(0)).await.expecting(201);
        let (_, log) = server.stop().await;
        assert_eq!(log.matches("no further connection").count(), 1, "{log}");
    }
}

mod files {
    use super::*;

    /// Every file below `data` with its rights.
    fn rights(data: &Path) -> Vec<(String, u32)> {
        let entries = fs::read_dir(data).expect("a folder");
        entries
            .map(|entry| entry.expect("an entry"))
            .map(|entry| {
                let mode = entry.metadata().expect("a file").permissions().mode();
                (
                    entry.file_name().to_string_lossy().into_owned(),
                    mode & 0o777,
                )
            })
            .collect()
    }

    #[track_caller]
    fn assert_private(data: &Path, expected: &[&str]) {
        let rights = rights(data);
        for name in expected {
            assert!(rights.iter().any(|(file, _)| file == name), "{name}");
        }
        for (name, mode) in rights {
            assert_eq!(mode, 0o600, "{name} is {mode:o}");
        }
    }

    const WHILE_IT_RUNS: [&str; 7] = [
        "lock",
        "latchkey.db",
        "latchkey.db-wal",
        "latchkey.db-shm",
        "master-secret.json",
        "database-made",
        "port-secret",
    ];

    fn open_to_all(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("rights");
    }

    #[tokio::test]
    async fn every_file_of_the_data_is_its_owners_alone_in_a_folder_that_others_may_read() {
        let data = folder();
        open_to_all(data.path(), 0o755);
        let server = Running::start(data.path(), &PORTS, FIRST).await;
        assert_private(data.path(), &WHILE_IT_RUNS);
        // What a crash leaves, made open to others as an older version did.
        server.kill().await;
        for (name, _) in rights(data.path()) {
            open_to_all(&data.path().join(name), 0o644);
        }
        let server = Running::start(data.path(), &PORTS, LATER).await;
        assert_private(data.path(), &WHILE_IT_RUNS);
        server.stop().await;
        assert_private(data.path(), &["latchkey.db"]);
    }

    #[tokio::test]
    async fn files_that_another_command_makes_are_its_owners_alone_too() {
        let data = folder();
        open_to_all(data.path(), 0o755);
        let create = ["accounts", "create", "--email", "a@example.com", "--data"];
        let create = [&create[..], &[path_of(data.path())]].concat();
        let made = run_with_input(&create, "great scott 1955").await;
        assert!(made.status.success(), "{}", text(&made.stderr));
        assert_private(data.path(), &["latchkey.db", "master-secret.json", "lock"]);
        // The server goes on with that folder: there are accounts, so no demo.
        Running::start(data.path(), &[], LATER).await.stop().await;
        assert_private(data.path(), &["latchkey.db", "master-secret.json", "lock"]);
    }

    #[tokio::test]
    async fn a_start_on_a_full_disk_names_the_cause_and_the_fix() {
        let data = folder();
        let aside = data.path().join("master-secret.json.new");
        symlink("/dev/full", aside).expect("a link");
        assert_does_not_start(data.path(), &["No space left", "full", "Free", "--data"]).await;
    }

    /// The database alone finds no room: a limit on the size of files is what can be set without a disk.
    #[tokio::test]
    async fn a_database_that_cannot_grow_names_the_cause_and_not_only_an_io_error() {
        let data = folder();
        Running::start(data.path(), &[], FIRST).await.stop().await;
        let script = "trap '' XFSZ; ulimit -f 4; exec \"$0\" serve --port 0 --data \"$1\"";
        let output = Command::new("sh")
            .args(["-c", script])
            .arg(program())
            .arg(data.path())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = timeout(PATIENCE, output).await.expect("it ends");
        let output = output.expect("it starts");
        assert_refused(&output, &["File too large", "--data"]);
        // Nothing was lost by the attempt.
        Running::start(data.path(), &[], LATER).await.stop().await;
    }
}

mod losses {
    use super::*;

    const SECRET: &str = "master-secret.json";
    const DATABASE: &str = "latchkey.db";

    /// A folder in which a server has run.
    async fn used() -> tempfile::TempDir {
        let data = folder();
        Running::start(data.path(), &[], FIRST).await.stop().await;
        data
    }

    #[tokio::test]
    async fn a_master_secret_that_is_missing_beside_data_is_not_replaced() {
        let data = used().await;
        let secret = data.path().join(SECRET);
        let kept = fs::read_to_string(&secret).expect("a secret");
        fs::remove_file(&secret).expect("removed");
        let parts = [SECRET, "missing", "Restore", "delete"];
        assert_does_not_start(data.path(), &parts).await;
        // Nor does any other command make one.
        let create = ["accounts", "create", "--email", "a@example.com", "--data"];
        let create = [&create[..], &[path_of(data.path())]].concat();
        assert_refused(&run_with_input(&create, "great scott 1955").await, &parts);
        // A folder of an older version has no mark.
        fs::remove_file(data.path().join("database-made")).expect("removed");
        assert_does_not_start(data.path(), &parts).await;
        assert!(!secret.exists());
        fs::write(&secret, kept).expect("restored");
        Running::start(data.path(), &[], LATER).await.stop().await;
    }

    #[tokio::test]
    async fn a_database_that_is_gone_or_emptied_is_not_replaced() {
        type Loss = fn(&Path);
        let losses: [(&str, Loss); 3] = [
            ("deleted", |database| {
                fs::remove_file(database).expect("removed");
            }),
            ("cut to nothing", |database| {
                fs::write(database, "").expect("emptied");
            }),
            ("without a table", |database| {
                fs::remove_file(database).expect("removed");
                let other = rusqlite::Connection::open(database).expect("a database");
                other.execute_batch("CREATE TABLE t (v)").expect("written");
            }),
        ];
        for (what, lose) in losses {
            let data = used().await;
            let database = data.path().join(DATABASE);
            let kept = fs::read(&database).expect("a database");
            lose(&database);
            let parts = [DATABASE, "Restore", "delete master-secret.json"];
            for _ in 0..2 {
                assert_does_not_start(data.path(), &parts).await;
            }
            for beside in ["latchkey.db-wal", "latchkey.db-shm"] {
                let _ = fs::remove_file(data.path().join(beside));
            }
            fs::write(&database, kept).expect("restored");
            let server = Running::start(data.path(), &[], LATER).await;
            server.stop().await;
            assert!(database.exists(), "{what}");
        }
    }

    #[tokio::test]
    async fn a_first_start_that_was_broken_off_is_finished_by_the_next() {
        // With the secret alone; and with a database in which there is no table yet.
        for has_database in [false, true] {
            let data = used().await;
            for name in [DATABASE, "database-made"] {
                fs::remove_file(data.path().join(name)).expect("removed");
            }
            if has_database {
                let other = rusqlite::Connection::open(data.path().join(DATABASE));
                let other = other.expect("a database");
                other.execute_batch("CREATE TABLE t (v)").expect("written");
            }
            Running::start(data.path(), &[], FIRST).await.stop().await;
        }
    }

    #[tokio::test]
    async fn after_a_clean_stop_secret_and_database_alone_are_a_backup() {
        let data = folder();
        let server = Running::start(data.path(), &[], FIRST).await;
        let key = server.key_to_try();
        let app = server.with_key(&key);
        let made = app.post("/v2/bookings", hour(0)).await.expecting(201);
        server.stop().await;
        let restored = folder();
        for name in [DATABASE, SECRET] {
            let from = data.path().join(name);
            fs::copy(from, restored.path().join(name)).expect("a copy");
        }
        let server = Running::start(restored.path(), &[], LATER).await;
        let path = format!("/v2/bookings/{}", made.id());
        server.with_key(&key).get(&path).await.expecting(200);
    }

    #[tokio::test]
    async fn who_deletes_secret_and_database_begins_from_nothing() {
        let data = used().await;
        for name in [DATABASE, SECRET] {
            fs::remove_file(data.path().join(name)).expect("removed");
        }
        let server = Running::start(data.path(), &[], FIRST).await;
        let key = server.key_to_try();
        server.with_key(&key).get("/v2/me").await.expecting(200);
        server.stop().await;
        assert!(data.path().join("database-made").exists());
    }
}

mod damage {
    use super::*;

    const PAGE: usize = 4096;
    const DATABASE: &str = "latchkey.db";
    const MARK: &str = "Flux Capacitor Repairs";

    /// A folder whose database has pages with bookings on them, and the key for them.
    async fn with_bookings() -> (tempfile::TempDir, String) {
        let data = folder();
        let server = Running::start(data.path(), &[], FIRST).await;
        let key = server.key_to_try();
        let app = server.with_key(&key);
        for number in 0..60 {
            let mut body = hour(number);
            body["description"] = format!("{MARK} {}", "x".repeat(900)).into();
            app.post("/v2/bookings", body).await.expecting(201);
        }
        server.stop().await;
        (data, key)
    }

    /// Spoils the pages on which bookings are, as a bad disk does. Returns how many.
    fn spoil(data: &Path) -> usize {
        let path = data.join(DATABASE);
        let mut bytes = fs::read(&path).expect("a database");
        let mut spoilt = 0;
        for page in bytes.chunks_mut(PAGE).skip(1) {
            // The leaves of a table: their first byte says so.
            let is_leaf = page.first() == Some(&13);
            if is_leaf && page.windows(MARK.len()).any(|text| text == MARK.as_bytes()) {
                page[..64].fill(0xFF);
                spoilt += 1;
            }
        }
        fs::write(&path, bytes).expect("written");
        spoilt
    }

    async fn assert_writes_nothing_more(app: &Client) {
        let refused = app
            .post("/v2/resources", json!({ "name": "Doc", "timezone": "UTC" }))
            .await
            .expecting(500);
        assert_eq!(refused.body["code"], "internal", "{}", refused.body);
        assert!(refused.header("retry-after").is_none());
    }

    #[tokio::test]
    async fn a_damaged_page_is_found_after_the_start_and_nothing_is_written_any_more() {
        let (data, key) = with_bookings().await;
        assert!(spoil(data.path()) > 3);
        let server = Running::start(data.path(), &[], LATER).await;
        // Nobody has asked for anything yet.
        server.logs("the database is damaged").await;
        let app = server.with_key(&key);
        assert_writes_nothing_more(&app).await;
        let room = format!("/v2/resources/{ROOM}");
        app.put(&room, json!({ "name": "Other" }))
            .await
            .expecting(500);
        // What can be read still is.
        let shown = app.get(&room).await.expecting(200);
        assert_ne!(shown.body["data"]["name"], "Other");
        app.get("/v2/resources").await.expecting(200);
        let list = app.get("/v2/bookings").await.expecting(500);
        assert_eq!(list.body["code"], "internal", "{}", list.body);
        let (_, log) = server.stop().await;
        assert_eq!(log.matches("the database is damaged").count(), 1, "{log}");
        assert!(log.contains("nothing is written any more"), "{log}");
        assert!(log.contains("restore latchkey.db from a backup"), "{log}");
    }

    #[tokio::test]
    async fn a_page_that_is_damaged_while_the_server_runs_is_500_once_it_is_met() {
        let (data, key) = with_bookings().await;
        let server = Running::start(data.path(), &[], LATER).await;
        let app = server.with_key(&key);
        app.get("/v2/resources").await.expecting(200);
        assert!(spoil(data.path()) > 3);
        let met: Reply = app.get("/v2/bookings?limit=100").await.expecting(500);
        assert_eq!(met.body["code"], "internal", "{}", met.body);
        assert!(met.header("retry-after").is_none());
        server.logs("the database is damaged").await;
        assert_writes_nothing_more(&app).await;
        app.get("/v2/resources").await.expecting(200);
    }

    #[tokio::test]
    async fn a_database_cut_short_is_500_and_writes_nothing_more() {
        let (data, key) = with_bookings().await;
        let path = data.path().join(DATABASE);
        let length = fs::metadata(&path).expect("a file").len();
        let server = Running::start(data.path(), &[], LATER).await;
        let file = fs::OpenOptions::new().write(true).open(&path);
        let kept = length / PAGE as u64 / 2 * PAGE as u64;
        file.expect("a file").set_len(kept).expect("cut");
        let app = server.with_key(&key);
        let list = app.get("/v2/bookings?limit=100").await.expecting(500);
        assert_eq!(list.body["code"], "internal", "{}", list.body);
        server.logs("the database is damaged").await;
        server.kill().await;
        let parts = [DATABASE, "is damaged", "restore latchkey.db from a backup"];
        assert_does_not_start(data.path(), &parts).await;
    }
}
