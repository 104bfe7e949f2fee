//! The server: state, routes and listener.

use std::net::SocketAddr;
use std::sync::Arc;

use api::address::Peer;
use api::ambient::SystemRandom;
use api::{Config, Secrets, State};
use auth::MasterSecret;
use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use model::{Clock, Random};
use store::{Connection, Store, Tables};
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use crate::error::LocalError;
use crate::listener::{self, Limits};
use crate::tables;

/// What a server is made of.
pub struct Parts {
    /// The way to DynamoDB.
    pub connection: Connection,
    /// The master secret.
    pub secret: MasterSecret,
    /// Its clock.
    pub clock: Arc<dyn Clock>,
    /// What the deployment decides.
    pub config: Config,
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<usize>,
}

/// Creates missing tables and puts a state together.
///
/// # Errors
///
/// If DynamoDB does not answer.
pub async fn state(parts: Parts) -> Result<State, LocalError> {
    state_waking(parts, Arc::default()).await
}

/// As [`state`]. `workers` is notified after each commit that gives workers something to do.
///
/// # Errors
///
/// If DynamoDB does not answer.
pub async fn state_waking(parts: Parts, workers: Arc<Notify>) -> Result<State, LocalError> {
    let client = parts.connection.client().await;
    tables::create(&client, tables::PREFIX).await?;
    let random: Arc<dyn Random> = Arc::new(SystemRandom);
    let store = Store::new(
        client,
        Tables::with_prefix(tables::PREFIX),
        random.clone(),
        parts.clock.clone(),
    )
    .waking(workers);
    Ok(State::new(
        store,
        parts.clock,
        random,
        Secrets::Here(parts.secret),
        parts.config,
    ))
}

/// Every function's routes, as one router.
pub fn router(state: &State) -> Router {
    crate::operations()
        .into_router_with_cors(state)
        .layer(from_fn(with_peer))
}

/// Tells the operations who is at the other end of the connection.
async fn with_peer(mut request: Request, next: Next) -> Response {
    if let Some(ConnectInfo(peer)) = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .copied()
    {
        request.extensions_mut().insert(Peer(peer.ip()));
    }
    next.run(request).await
}

/// Takes an address to listen on.
///
/// # Errors
///
/// If it is in use or cannot be had.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, LocalError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| listen_error(address, source))
}

/// A port in use is said apart: it is what happens, and what can be mended.
fn listen_error(address: SocketAddr, source: std::io::Error) -> LocalError {
    if source.kind() == std::io::ErrorKind::AddrInUse {
        LocalError::PortInUse { address }
    } else {
        LocalError::Listen { address, source }
    }
}

impl Server {
    /// Serves `state` on `listener`, with the usual limits.
    ///
    /// # Errors
    ///
    /// If the listener has no address.
    pub fn start(listener: TcpListener, state: &State) -> std::io::Result<Self> {
        Self::start_routes(listener, router(state))
    }

    /// As [`Server::start`], by other routes.
    ///
    /// # Errors
    ///
    /// If the listener has no address.
    pub fn start_routes(listener: TcpListener, router: Router) -> std::io::Result<Self> {
        Self::start_within(listener, router, Limits::default())
    }

    /// As [`Server::start_routes`], with other limits.
    ///
    /// # Errors
    ///
    /// If the listener has no address.
    pub fn start_within(
        listener: TcpListener,
        router: Router,
        limits: Limits,
    ) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        // If the handle is dropped, that counts as stopping it.
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(listener::serve(listener, router, limits, stopped));
        Ok(Self {
            address,
            stop,
            task,
        })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more requests, waits for those begun for as long as its limits say, and cuts off the rest.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        if let Ok(connections @ 1..) = self.task.await {
            tracing::warn!(
                connections,
                "connections were cut off: their requests took too long to end"
            );
        }
    }
}
