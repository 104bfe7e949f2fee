//! What every port of this program has in common: how many connections it keeps, how long a client may take, and how it ends.
//! `axum::serve` has none of these bounds.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt as _;

use crate::timed_body::TimedBody;

/// The bounds of one port.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many connections there may be at once. Those beyond wait, in the system's queue.
    pub max_connections: usize,
    /// How long a client may take to send a request's head, to send its body, and to read some of the answer. A connection
    /// without a request is closed after as long.
    pub client_timeout: Duration,
    /// How long requests that have begun are waited for in the end.
    pub drain_timeout: Duration,
}

impl Limits {
    /// How many connections a port keeps by default: with those of the other ports and the database's files, less than the 1,024
    /// files that most systems let a process have open.
    pub const MAX_CONNECTIONS: usize = 768;
    /// How long a client may take by default, in seconds.
    pub const CLIENT_TIMEOUT_S: u64 = 30;
    /// The longest time that requests are waited for in the end, in seconds. It is the default too.
    pub const DRAIN_TIMEOUT_S: u64 = 10;

    /// The same, for a port that only programs of this machine's owner call.
    #[must_use]
    pub fn of_a_side_door(self) -> Self {
        const SIDE_DOOR: usize = 64;
        Self {
            max_connections: self.max_connections.min(SIDE_DOOR),
            ..self
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: Self::MAX_CONNECTIONS,
            client_timeout: Duration::from_secs(Self::CLIENT_TIMEOUT_S),
            drain_timeout: Duration::from_secs(Self::DRAIN_TIMEOUT_S),
        }
    }
}

/// The most bytes of a request's head that are kept: a few times what AWS takes, and small enough for every connection to have it.
const MAX_HEAD: usize = 64 * 1024;

/// How long to wait after the system had nothing for another connection.
const PAUSE: Duration = Duration::from_millis(100);

/// How often the log says the same about connections.
const BETWEEN_LINES: Duration = Duration::from_secs(60);

/// Serves until `stopped`, then waits for what has begun. Returns how many connections were cut off because that took too long.
/// It is one function because each of its waits ends when it is stopped.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    mut stopped: oneshot::Receiver<()>,
) -> usize {
    let (closing, closed) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut is_full = Seldom::default();
    let mut has_nothing_left = Seldom::default();
    loop {
        while connections.try_join_next().is_some() {}
        if connections.len() >= limits.max_connections {
            if is_full.is_due() {
                let connections = limits.max_connections;
                tracing::warn!(
                    connections,
                    "all connections are in use: new ones wait until one ends. Look who holds them open, or raise --max-connections"
                );
            }
            tokio::select! {
                _ = &mut stopped => break,
                _ = connections.join_next() => continue,
            }
        }
        let accepted = tokio::select! {
            _ = &mut stopped => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                connections.spawn(connection(
                    stream,
                    peer,
                    router.clone(),
                    limits,
                    closed.clone(),
                ));
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                if has_nothing_left.is_due() {
                    let connections = connections.len();
                    tracing::error!(
                        %error,
                        connections,
                        "no further connection can be accepted for now. Allow this process more open files (ulimit -n), or lower --max-connections"
                    );
                }
                tokio::select! {
                    _ = &mut stopped => break,
                    () = sleep(PAUSE) => {}
                }
            }
        }
    }
    drop(listener);
    drop(closing);
    let ended = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(limits.drain_timeout, ended).await;
    connections.len()
}

/// Serves one connection, until it ends or, once `closed`, until its request is answered.
async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    limits: Limits,
    mut closed: watch::Receiver<()>,
) {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limits.client_timeout));
    let answer = service_fn(move |request| answer(router.clone(), request, peer, limits));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.client_timeout)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(Box::pin(stream)), answer);
    let mut connection = pin!(connection);
    tokio::select! {
        // What a client does wrong on its connection ends it, and is nobody else's concern.
        _ = connection.as_mut() => return,
        _ = closed.changed() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

async fn answer(
    router: Router,
    request: hyper::Request<Incoming>,
    peer: SocketAddr,
    limits: Limits,
) -> Result<Response, Infallible> {
    let mut request = request.map(|body| {
        if body.is_end_stream() {
            Body::empty()
        } else {
            Body::new(TimedBody::new(body, limits.client_timeout))
        }
    });
    request.extensions_mut().insert(ConnectInfo(peer));
    router.oneshot(request).await
}

/// Whether only the connection that was to be accepted is gone.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}

/// Lets the log say something now and then, however often it happens.
#[derive(Debug, Default)]
struct Seldom(Option<Instant>);

impl Seldom {
    fn is_due(&mut self) -> bool {
        let is_due = self.0.is_none_or(|last| last.elapsed() >= BETWEEN_LINES);
        if is_due {
            self.0 = Some(Instant::now());
        }
        is_due
    }
}
