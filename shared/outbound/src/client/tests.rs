use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::connect::Resolving;

macro_rules! answering {
    ($text:expr) => {
        |mut stream| {
            Box::pin(async move {
                read_request(&mut stream).await;
                let text: String = $text;
                let _ = stream.write_all(text.as_bytes()).await;
                let _ = stream.shutdown().await;
            })
        }
    };
}

mod reach;

/// Answers with what it is given, one list each time it is asked, and counts.
#[derive(Default)]
struct Scripted {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Scripted {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |texts: &&[&str]| texts.iter().map(|text| text.parse().expect(text)).collect();
        Arc::new(Self {
            answers: Mutex::new(answers.iter().map(parse).collect()),
            asked: AtomicUsize::new(0),
        })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Resolve for Scripted {
    fn resolve<'a>(&'a self, _: &'a str) -> Resolving<'a> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers.lock().expect("a lock").pop_front();
        Box::pin(async move { answer.ok_or_else(|| io::Error::other("no such name")) })
    }
}

/// A receiver on this machine that counts its connections.
struct Receiver {
    at: SocketAddr,
    connections: Arc<AtomicUsize>,
}

/// What a receiver does with a connection, after it has read the request or not.
type Behaviour = fn(tokio::net::TcpStream) -> Pin<Box<dyn Future<Output = ()> + Send>>;

impl Receiver {
    async fn start(behave: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let at = listener.local_addr().expect("an address");
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(behave(stream));
            }
        });
        Self { at, connections }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn target(&self) -> Target {
        let url = format!("http://{}/hook", self.at);
        Target::parse(&url, Reach::AlsoLocal).expect("a target")
    }
}

/// Reads a request with its body of [`BODY`].
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut read = Vec::new();
    let mut buffer = [0; 4_096];
    while !read.ends_with(BODY.as_bytes()) {
        match stream.read(&mut buffer).await {
            Ok(length) if length > 0 => read.extend(&buffer[..length]),
            _ => break,
        }
    }
    String::from_utf8(read).expect("text")
}

const BODY: &str = r#"{"type":"endpoint.test"}"#;

/// Long enough on a slow machine, short enough for what hangs.
const SHORT: Duration = Duration::from_millis(300);

fn local(resolver: Arc<dyn Resolve>) -> Client {
    Client::trusting(resolver, Reach::AlsoLocal, RootCertStore::empty())
}

async fn attempt(target: &Target, deadline: Duration) -> Attempt {
    let client = local(Scripted::new(&[]));
    post(&client, target, deadline).await
}

async fn post(client: &Client, target: &Target, deadline: Duration) -> Attempt {
    let body = Bytes::from_static(BODY.as_bytes());
    client.post(target, HeaderMap::new(), body, deadline).await
}

#[tokio::test]
async fn a_response_is_kept_with_its_status_and_the_beginning_of_its_body() {
    let receiver = Receiver::start(answering!({
        let body = "é".repeat(1_000);
        format!("HTTP/1.1 500 Oh\r\nretry-after: 7\r\ncontent-length: 2000\r\n\r\n{body}")
    }))
    .await;
    let attempt = attempt(&receiver.target(), DEADLINE).await;
    assert_eq!((attempt.status, attempt.reason), (Some(500), None));
    assert_eq!(attempt.excerpt, "é".repeat(EXCERPT / 2));
    assert_eq!(attempt.retry_after, Some(Duration::from_secs(7)));
    assert_eq!(attempt.outcome(), Outcome::Failed);
}

#[test]
fn a_character_that_is_cut_in_two_is_left_out_and_nonsense_is_replaced() {
    let odd = format!("a{}", "é".repeat(EXCERPT / 2));
    assert_eq!(excerpt(&odd.as_bytes()[..EXCERPT]), odd[..EXCERPT - 1]);
    assert_eq!(excerpt(b"a\xffb"), "a\u{fffd}b");
    assert_eq!(excerpt(&[0xff; EXCERPT]).len(), EXCERPT / 3 * 3);
}

#[tokio::test]
async fn a_request_names_its_sender_and_carries_what_it_is_given() {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let url = format!(
        "http://{}/hook?a=b",
        listener.local_addr().expect("an address")
    );
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let request = read_request(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 204 Good\r\n\r\n").await;
        let _ = sender.send(request);
    });
    let target = Target::parse(&url, Reach::AlsoLocal).expect("a target");
    let mut headers = HeaderMap::new();
    headers.insert("webhook-id", HeaderValue::from_static("1"));
    let client = local(Scripted::new(&[]));
    let body = Bytes::from_static(BODY.as_bytes());
    let attempt = client.post(&target, headers, body, DEADLINE).await;
    assert_eq!(attempt.outcome(), Outcome::Delivered);
    let request = receiver.await.expect("a request");
    assert!(
        request.starts_with("POST /hook?a=b HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(request.ends_with(BODY), "{request}");
    for header in [
        "webhook-id: 1",
        "content-type: application/json",
        "user-agent: Latchkey-Webhooks/",
    ] {
        assert!(request.contains(header), "{header}: {request}");
    }
}

#[tokio::test]
async fn a_receiver_that_sends_a_gigabyte_is_cut_off() {
    let receiver = Receiver::start(|mut stream| {
        Box::pin(async move {
            read_request(&mut stream).await;
            let head = "HTTP/1.1 200 Fine\r\ncontent-length: 1073741824\r\n\r\n";
            let _ = stream.write_all(head.as_bytes()).await;
            // Ends when the other side does.
            while stream.write_all(&[b'x'; 65_536]).await.is_ok() {}
        })
    })
    .await;
    let attempt = attempt(&receiver.target(), DEADLINE).await;
    assert_eq!(attempt.reason, Some(Reason::ResponseTooLarge));
    assert_eq!(attempt.excerpt.len(), EXCERPT);
    // It had answered.
    assert_eq!(attempt.outcome(), Outcome::Delivered);
}

#[tokio::test]
async fn a_head_without_end_is_cut_off() {
    let receiver = Receiver::start(|mut stream| {
        Box::pin(async move {
            read_request(&mut stream).await;
            let _ = stream.write_all(b"HTTP/1.1 200 Fine\r\n").await;
            while stream.write_all(b"x-more: and more\r\n").await.is_ok() {}
        })
    })
    .await;
    let attempt = attempt(&receiver.target(), DEADLINE).await;
    assert_eq!(attempt.status, None);
    assert_eq!(attempt.reason, Some(Reason::ResponseTooLarge));
}

#[tokio::test]
async fn a_receiver_that_hangs_is_given_up_at_the_deadline() {
    let silent = Receiver::start(|mut stream| {
        Box::pin(async move {
            read_request(&mut stream).await;
            std::future::pending::<()>().await;
        })
    })
    .await;
    let attempt_of_silent = attempt(&silent.target(), SHORT).await;
    assert_eq!(attempt_of_silent.status, None);
    assert_eq!(attempt_of_silent.reason, Some(Reason::TimedOut));
    assert!(attempt_of_silent.millis >= 300);
    assert_eq!(attempt_of_silent.outcome(), Outcome::SlowDown);

    let stuck = Receiver::start(|mut stream| {
        Box::pin(async move {
            read_request(&mut stream).await;
            let head = "HTTP/1.1 503 Busy\r\ncontent-length: 100\r\n\r\nwait";
            let _ = stream.write_all(head.as_bytes()).await;
            std::future::pending::<()>().await;
        })
    })
    .await;
    let attempt = attempt(&stuck.target(), SHORT).await;
    assert_eq!(
        (attempt.status, attempt.reason),
        (Some(503), Some(Reason::TimedOut))
    );
    assert_eq!(attempt.excerpt, "wait");
    assert_eq!(attempt.outcome(), Outcome::Failed);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = Receiver::start(answering!("HTTP/1.1 200 Fine\r\n\r\n".to_owned())).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let to = other.at;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        read_request(&mut stream).await;
        let head =
            format!("HTTP/1.1 307 There\r\nlocation: http://{to}/\r\ncontent-length: 0\r\n\r\n");
        let _ = stream.write_all(head.as_bytes()).await;
    });
    let target = Target::parse(&url, Reach::AlsoLocal).expect("a target");
    let attempt = attempt(&target, DEADLINE).await;
    assert_eq!(
        (attempt.status, attempt.reason),
        (Some(307), Some(Reason::Redirect))
    );
    assert_eq!(attempt.outcome(), Outcome::Failed);
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn a_receiver_that_closes_or_talks_nonsense_is_an_attempt_with_its_reason() {
    let nothing = Receiver::start(answering!(String::new())).await;
    let half = Receiver::start(answering!("HTTP/1.1 200 Fi".to_owned())).await;
    let nonsense = Receiver::start(answering!("SSH-2.0-OpenSSH_9.2\r\n\r\n".to_owned())).await;
    for (receiver, reason) in [
        (&nothing, Reason::ConnectionClosed),
        (&half, Reason::ConnectionClosed),
        (&nonsense, Reason::InvalidResponse),
    ] {
        let attempt = attempt(&receiver.target(), DEADLINE).await;
        assert_eq!((attempt.status, attempt.reason), (None, Some(reason)));
        assert_eq!(attempt.outcome(), Outcome::Failed);
        assert_eq!(receiver.connections(), 1, "an attempt is one request");
    }
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let at = free.local_addr().expect("an address");
    drop(free);
    let target = Target::parse(&format!("http://{at}/"), Reach::AlsoLocal).expect("a target");
    let attempt = attempt(&target, DEADLINE).await;
    assert_eq!(attempt.reason, Some(Reason::ConnectionRefused));
}

#[test]
fn only_the_status_decides_what_becomes_of_the_delivery() {
    for (status, outcome) in [
        (200, Outcome::Delivered),
        (204, Outcome::Delivered),
        (299, Outcome::Delivered),
        (199, Outcome::Failed),
        (301, Outcome::Failed),
        (400, Outcome::Failed),
        (404, Outcome::Failed),
        (410, Outcome::Gone),
        (429, Outcome::SlowDown),
        (500, Outcome::Failed),
        (502, Outcome::SlowDown),
        (503, Outcome::Failed),
        (504, Outcome::SlowDown),
    ] {
        let attempt = Attempt {
            status: Some(status),
            ..Attempt::default()
        };
        assert_eq!(attempt.outcome(), outcome, "{status}");
    }
}

#[tokio::test]
async fn connections_are_used_again_for_the_same_receiver() {
    let receiver = Receiver::start(|mut stream| {
        Box::pin(async move {
            while !read_request(&mut stream).await.is_empty() {
                let answer = b"HTTP/1.1 200 Fine\r\ncontent-length: 2\r\n\r\nok";
                let _ = stream.write_all(answer).await;
            }
        })
    })
    .await;
    let client = local(Scripted::new(&[]));
    for _ in 0..10 {
        let attempt = post(&client, &receiver.target(), DEADLINE).await;
        assert_eq!(attempt.outcome(), Outcome::Delivered);
    }
    assert!(receiver.connections() < 10);
}
