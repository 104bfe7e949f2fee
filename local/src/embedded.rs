//! The embedded store: a DynamoDB of our own, within this process, and on a port for other processes if that is asked for. The
//! same client talks to it as to AWS's.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::config::SharedHttpClient;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use store::Connection;

use crate::connections::Connections;
use crate::damage::is_damage;
use crate::data_folder::{DATABASE, DataFolder};
use crate::engine::{self, Engine};
use crate::error::LocalError;
use crate::group_commit::GroupCommit;
use crate::listener::Limits;
use crate::port_secret::{self, PortSecret};
use crate::server::{self, Server};

/// An embedded store. Its port, if it has one, is open until this is stopped or dropped.
pub struct EmbeddedStore {
    engine: Engine,
    /// The path of its file, if it has one.
    database: Option<String>,
    port: Option<Server>,
}

/// How much a request may hold, in bytes. Source: DynamoDB's quota for a transaction and for a batch.
const MAX_BODY: usize = 16 * 1024 * 1024;

impl std::fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbeddedStore")
            .field("endpoint", &self.endpoint())
            .finish_non_exhaustive()
    }
}

impl EmbeddedStore {
    /// Opens the database in `folder`, which is created if it is missing.
    ///
    /// # Errors
    ///
    /// If the file does not open.
    pub fn open(folder: &DataFolder) -> Result<Self, LocalError> {
        folder.withdraw()?;
        let path = folder.database()?;
        open(&path).map_err(|error| folder.explain(error))
    }

    /// Opens the database in a folder whose server runs, beside it: SQLite keeps the two apart.
    ///
    /// # Errors
    ///
    /// If the file does not open.
    pub fn open_beside(folder: &Path) -> Result<Self, LocalError> {
        open(&folder.join(DATABASE))
    }

    /// A store in memory, which goes when it stops. It has a port that asks its callers for nothing, because there is nothing
    /// in it that is not the caller's own.
    ///
    /// # Errors
    ///
    /// If no port is free.
    pub async fn in_memory() -> Result<Self, LocalError> {
        let connections = Connections::in_memory().map_err(|error| LocalError::EmbeddedStore {
            path: PathBuf::from(":memory:"),
            reason: error.to_string(),
        })?;
        let engine = Engine::of(connections, None);
        let mut store = Self {
            engine,
            database: None,
            port: None,
        };
        let routes = store.routes();
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        store.serve(any_port, routes, Limits::default()).await?;
        Ok(store)
    }

    /// Begins to read the whole database beside everybody else. Once a part of it is found damaged, nothing more is written.
    pub fn look_for_damage(&self) {
        if let Some(database) = &self.database {
            self.engine.look_for_damage(database.clone());
        }
    }

    /// Serves the store on `address` too, for other processes that present the secret of the ports.
    ///
    /// # Errors
    ///
    /// If the address cannot be listened on.
    pub async fn listen(
        &mut self,
        address: SocketAddr,
        guard: PortSecret,
        limits: Limits,
    ) -> Result<(), LocalError> {
        let routes = self
            .routes()
            .layer(from_fn_with_state(guard, port_secret::guard));
        self.serve(address, routes, limits).await
    }

    fn routes(&self) -> Router {
        Router::new()
            .route("/", post(answer))
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .with_state(self.engine.clone())
    }

    async fn serve(
        &mut self,
        address: SocketAddr,
        routes: Router,
        limits: Limits,
    ) -> Result<(), LocalError> {
        let listener = server::listen(address).await?;
        let server = Server::start_within(listener, routes, limits)
            .map_err(|source| LocalError::Listen { address, source })?;
        self.port = Some(server);
        Ok(())
    }

    /// The database itself, for filling it with more than its own door takes in good time.
    pub fn connections(&self) -> &Connections {
        self.engine.connections()
    }

    /// The way to it within this process.
    pub fn connection(&self) -> Connection {
        Connection::Here(SharedHttpClient::new(self.engine.without_tokens()))
    }

    /// Where it listens for other processes, if it does.
    pub fn endpoint(&self) -> Option<String> {
        let address = self.port.as_ref()?.address();
        // Whoever listens on every address is reached on this machine's own.
        let ip = if address.ip().is_unspecified() {
            [127, 0, 0, 1].into()
        } else {
            address.ip()
        };
        Some(format!("http://{}", SocketAddr::new(ip, address.port())))
    }

    /// Closes its port, if it has one, and waits for the requests that have begun there.
    pub async fn stop_listening(&mut self) {
        if let Some(port) = self.port.take() {
            port.stop().await;
        }
    }

    /// Stops it, and waits until all that was begun is in the database's file.
    pub async fn stop(mut self) {
        self.stop_listening().await;
        let engine = self.engine;
        let closed = tokio::task::spawn_blocking(move || engine.close()).await;
        if let Err(error) = closed {
            tracing::warn!(%error, "the database was not closed");
        }
    }
}

fn open(path: &Path) -> Result<EmbeddedStore, LocalError> {
    let name = path.to_string_lossy().into_owned();
    let broken = |reason: String| LocalError::EmbeddedStore {
        path: path.to_owned(),
        reason,
    };
    let connections = Connections::open(&name).map_err(|error| {
        if is_damage(&error) {
            LocalError::DatabaseDamaged {
                path: path.to_owned(),
                reason: error.to_string(),
            }
        } else {
            broken(error.to_string())
        }
    })?;
    // To write, because Windows writes nothing through for those who may only read.
    let log = File::options().write(true).open(format!("{name}-wal"));
    let log = log.map_err(|error| broken(error.to_string()))?;
    Ok(EmbeddedStore {
        engine: Engine::of(connections, Some(GroupCommit::of(log))),
        database: Some(name),
        port: None,
    })
}

/// Answers other processes.
async fn answer(State(engine): State<Engine>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get(engine::TARGET);
    let target = target.and_then(|target| target.to_str().ok());
    let (status, body) = engine.answer(target.map(engine::action_of), &body).await;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(CONTENT_TYPE, engine::CONTENT_TYPE)], body).into_response()
}
