//! The embedded store: a DynamoDB of our own, within this process and on a port of its own. The same client talks to it as
//! to AWS's.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::config::SharedHttpClient;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use store::Connection;

use crate::connections::Connections;
use crate::engine::{self, Engine};
use crate::error::LocalError;
use crate::group_commit::GroupCommit;
use crate::server::{self, Server};

/// A running embedded store. It stops when this is stopped or dropped.
pub struct EmbeddedStore {
    server: Server,
    folder: Option<DataFolder>,
    engine: Engine,
}

/// How much a request may hold, in bytes. Source: DynamoDB's quota for a transaction and for a batch.
const MAX_BODY: usize = 16 * 1024 * 1024;

impl std::fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbeddedStore")
            .field("address", &self.server.address())
            .finish_non_exhaustive()
    }
}

/// A data folder that this process alone uses.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    // Locked for as long as it is open.
    _lock: File,
}

impl DataFolder {
    /// Makes the folder if need be, and takes it.
    ///
    /// # Errors
    ///
    /// If it cannot be written, or another process has it.
    pub fn take(path: &Path) -> Result<Self, LocalError> {
        let io = |source| LocalError::DataFolder {
            path: path.to_owned(),
            source,
        };
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        // Hashes and bookings are nobody else's business on a shared machine.
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path).map_err(io)?;
        let lock = File::create(path.join("lock")).map_err(io)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                _lock: lock,
            }),
            Err(std::fs::TryLockError::WouldBlock) => Err(LocalError::DataInUse {
                path: path.to_owned(),
            }),
            Err(std::fs::TryLockError::Error(source)) => Err(io(source)),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Says, for other commands on this folder, where the running server's store is.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn announce(&self, endpoint: &str) -> Result<(), LocalError> {
        let path = Self::endpoint_file(&self.path);
        std::fs::write(&path, endpoint).map_err(|source| LocalError::DataFolder { path, source })
    }

    /// The file in which a running server says where its store is.
    pub fn endpoint_file(path: &Path) -> PathBuf {
        path.join("store-endpoint")
    }
}

impl EmbeddedStore {
    /// Opens the database in `folder` and serves it on `address`.
    ///
    /// # Errors
    ///
    /// If the file does not open or the address cannot be listened on.
    pub async fn open(folder: DataFolder, address: SocketAddr) -> Result<Self, LocalError> {
        let path = folder.path.join("latchkey.db");
        let name = path.to_string_lossy().into_owned();
        let broken = |reason: String| LocalError::EmbeddedStore {
            path: path.clone(),
            reason,
        };
        let connections = Connections::open(&name).map_err(|error| broken(error.to_string()))?;
        // To write, because Windows writes nothing through for those who may only read.
        let log = File::options().write(true).open(format!("{name}-wal"));
        let log = log.map_err(|error| broken(error.to_string()))?;
        let engine = Engine::of(connections, Some(GroupCommit::of(log)));
        let store = Self::serve(engine, address, Some(folder)).await?;
        if let Some(folder) = &store.folder {
            folder.announce(&store.endpoint())?;
        }
        Ok(store)
    }

    /// A store in memory, which goes when it stops.
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
        Self::serve(engine, SocketAddr::from(([127, 0, 0, 1], 0)), None).await
    }

    async fn serve(
        engine: Engine,
        address: SocketAddr,
        folder: Option<DataFolder>,
    ) -> Result<Self, LocalError> {
        let listener = server::listen(address).await?;
        let router = Router::new()
            .route("/", post(answer))
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .with_state(engine.clone());
        let server = Server::start_routes(listener, router)
            .map_err(|source| LocalError::Listen { address, source })?;
        Ok(Self {
            server,
            folder,
            engine,
        })
    }

    /// The database itself, for filling it with more than its own door takes in good time.
    pub fn connections(&self) -> &Connections {
        self.engine.connections()
    }

    /// The way to it within this process.
    pub fn connection(&self) -> Connection {
        Connection::Here(SharedHttpClient::new(self.engine.without_tokens()))
    }

    /// Where it listens, for other processes.
    pub fn endpoint(&self) -> String {
        // Whoever listens on every address is reached on this machine's own.
        let address = self.server.address();
        let ip = if address.ip().is_unspecified() {
            [127, 0, 0, 1].into()
        } else {
            address.ip()
        };
        format!("http://{}", SocketAddr::new(ip, address.port()))
    }

    /// Stops it, and waits until all that was begun is written.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

/// Answers other processes.
async fn answer(State(engine): State<Engine>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get(engine::TARGET);
    let target = target.and_then(|target| target.to_str().ok());
    let (status, body) = engine.answer(target.map(engine::action_of), &body).await;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(CONTENT_TYPE, engine::CONTENT_TYPE)], body).into_response()
}

/// A port in use is said apart: it is what happens, and what can be mended.
pub fn listen_error(address: SocketAddr, source: std::io::Error) -> LocalError {
    if source.kind() == std::io::ErrorKind::AddrInUse {
        LocalError::PortInUse { address }
    } else {
        LocalError::Listen { address, source }
    }
}
