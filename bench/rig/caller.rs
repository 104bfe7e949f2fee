//! A load generator's end of a connection: it writes a request and finds the end of the answer, and does nothing else.
//! What it shares the machine with is measured, and not it.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// One connection, kept, with one authorization.
pub(crate) struct Caller {
    stream: TcpStream,
    /// The header lines that all requests have.
    always: String,
    received: Vec<u8>,
}

/// An answer, and how long it took.
pub(crate) struct Answered<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
    pub(crate) took: Duration,
}

impl Caller {
    /// Connects to the server at `base`, an `http://` address without a path.
    pub(crate) async fn connect(base: &str, authorization: &str) -> Self {
        Self::connect_from(Ipv4Addr::LOCALHOST, base, authorization).await
    }

    /// As [`Caller::connect`], from another address of this machine.
    pub(crate) async fn connect_from(from: Ipv4Addr, base: &str, authorization: &str) -> Self {
        let host = base.trim_start_matches("http://");
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind((from, 0).into()).expect("an address");
        let server = host.parse().expect("an address and a port");
        let stream = socket.connect(server).await.expect("a connection");
        stream.set_nodelay(true).expect("a connection");
        let always = format!(
            "host: {host}\r\nauthorization: {authorization}\r\ncontent-type: application/json\r\n"
        );
        Self {
            stream,
            always,
            received: Vec::new(),
        }
    }

    /// Sends a request, and reads all of the answer.
    pub(crate) async fn send(&mut self, method: &str, path: &str, body: &str) -> Answered<'_> {
        let (always, length) = (&self.always, body.len());
        let request =
            format!("{method} {path} HTTP/1.1\r\n{always}content-length: {length}\r\n\r\n{body}");
        let begun = Instant::now();
        let written = self.stream.write_all(request.as_bytes()).await;
        written.expect("the server listens");
        self.received.clear();
        loop {
            let read = self.stream.read_buf(&mut self.received).await;
            assert_ne!(read.expect("an answer"), 0, "the connection ended");
            if let Some((status, body)) = parse(&self.received) {
                let took = begun.elapsed();
                let body = &self.received[body..];
                return Answered { status, body, took };
            }
        }
    }
}

/// The status of an answer, and where its body begins, once all of it is there.
fn parse(received: &[u8]) -> Option<(u16, usize)> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut answer = httparse::Response::new(&mut headers);
    let head = answer.parse(received).expect("HTTP");
    let httparse::Status::Complete(head) = head else {
        return None;
    };
    let length = answer
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"))
        .and_then(|header| std::str::from_utf8(header.value).ok()?.parse().ok());
    let length: usize = length.expect("an answer that says how long it is");
    (received.len() >= head + length).then_some((answer.code?, head))
}
