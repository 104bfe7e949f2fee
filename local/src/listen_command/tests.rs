//! The command, against a whole server in this process and a receiver beside it.

use super::*;
use axum::Router;
use axum::extract::Request;
use axum::routing::post;
use clap::Parser;
use http_body_util::BodyExt as _;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::demo::ROOM;
use crate::deployment::running::Running;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    options: ListenOptions,
}

/// A request as the receiver got it.
struct Received {
    headers: HeaderMap,
    body: Vec<u8>,
}

/// Where a receiver listens, and what it gets.
async fn receiver() -> (String, UnboundedReceiver<Received>) {
    let (sender, received) = unbounded_channel();
    let receive = move |request: Request| async move {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.expect("a body").to_bytes().to_vec();
        let headers = parts.headers;
        sender.send(Received { headers, body }).expect("a test");
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
    let router = Router::new().route("/hook", post(receive));
    tokio::spawn(async { axum::serve(listener, router).await });
    (url, received)
}

async fn book(server: &Running, day: u32) {
    let key = Some(server.key.as_str());
    let remote = Remote::new(&server.url, false, key).expect("a deployment");
    let booking = json!({
        "resource_id": ROOM.to_string(), "graph": "instant",
        "start": format!("2030-01-{day:02}T10:00:00Z"), "end": format!("2030-01-{day:02}T11:00:00Z"),
        "what": "Fusion", "where": "Lab", "description": "",
        "customer": { "name": "Marty", "email": "marty@example.com" },
    });
    let made = remote.post("/v2/bookings", &booking).await;
    made.expect("booked");
}

fn follower(
    server: &Running,
    forward_to: &str,
    more: &[&str],
    secret: Option<&str>,
) -> Result<(Follower, String), ListenError> {
    let line = ["listen", "--url", &server.url, "--forward-to", forward_to];
    let line = line.iter().chain(more).copied();
    let options = Line::try_parse_from(line).expect("options").options;
    let mut notes = Vec::new();
    let mut terminal = Terminal {
        input: &mut io::empty(),
        output: &mut io::sink(),
        notes: &mut notes,
    };
    let (key, now) = (Some(server.key.as_str()), SystemClock.now());
    let follower = Follower::new(&options, key, secret, &SystemRandom, now, &mut terminal)?;
    Ok((follower, String::from_utf8(notes).expect("text")))
}

async fn forward(follower: &mut Follower) -> String {
    let news = follower.look().await.expect("news");
    let mut output = Vec::new();
    let mut terminal = Terminal {
        input: &mut io::empty(),
        output: &mut output,
        notes: &mut io::sink(),
    };
    let forwarded = follower.forward(&news, &SystemClock, &mut terminal);
    forwarded.await.expect("forwarded");
    String::from_utf8(output).expect("text")
}

#[tokio::test]
async fn every_event_after_the_start_is_forwarded_once_and_signed_with_the_secret_that_was_printed()
{
    let server = Running::start().await;
    let (url, mut received) = receiver().await;
    book(&server, 1).await;
    let (mut follower, notes) = follower(&server, &url, &[], None).expect("a follower");
    follower.look().await.expect("what is there");
    book(&server, 2).await;
    book(&server, 3).await;
    let told = forward(&mut follower).await;
    assert_eq!(told.matches("booking.confirmed").count(), 2, "{told}");
    assert!(told.contains(": 200 in "), "{told}");
    assert_eq!(forward(&mut follower).await, "", "sent twice");
    let secret = notes.trim().rsplit(' ').next().expect("a secret");
    let secret = EndpointSecret::parse(secret).expect("a secret");
    for _ in 0..2 {
        let Received { headers, body } = received.try_recv().expect("a request");
        let header = |name: &str| headers[name].to_str().expect("text");
        let at: i64 = header("webhook-timestamp").parse().expect("a time");
        let expected = sign_standard(
            &[EndpointSecret::parse(&secret.expose()).expect("one")],
            header("webhook-id"),
            at,
            &body,
        );
        assert_eq!(header(SIGNATURE), expected);
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(body["type"], "booking.confirmed");
        assert_eq!(body["data"]["resource_id"], ROOM.to_string());
        assert!(body["timestamp"].is_string(), "{body}");
    }
    assert!(received.try_recv().is_err());
}

#[tokio::test]
async fn a_receiver_that_is_not_there_is_told_and_does_not_end_the_listening() {
    let server = Running::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let gone = format!("http://{}/", listener.local_addr().expect("an address"));
    drop(listener);
    let (mut follower, notes) = follower(
        &server,
        &gone,
        &["--event=booking.*"],
        Some("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"),
    )
    .expect("a follower");
    assert_eq!(notes, "", "a secret that is known is not printed");
    follower.look().await.expect("what is there");
    book(&server, 4).await;
    let told = forward(&mut follower).await;
    assert!(told.contains("connection_refused"), "{told}");
    assert_eq!(forward(&mut follower).await, "");
}

#[tokio::test]
async fn what_cannot_be_forwarded_to_or_signed_with_is_refused() {
    let server = Running::start().await;
    for (url, secret) in [
        ("ftp://127.0.0.1/", None),
        ("http://127.0.0.1:9000/", Some("secret")),
    ] {
        let refused = follower(&server, url, &[], secret).err();
        assert!(refused.is_some(), "{url}");
    }
}
