//! Connections to targets: a name is resolved once, and a connection is made to one of the addresses that were judged. So a name
//! that leads elsewhere the next time it is asked gains nothing.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tower::Service;

use crate::reason::Reason;
use crate::target::Reach;

/// How long one address may take to accept a connection, so that the next one is tried.
const CONNECT: Duration = Duration::from_secs(4);

/// How many addresses of a name are tried.
const MAX_ADDRESSES: usize = 4;

/// What a name is being resolved to.
pub type Resolving<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// Resolves names.
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of a host name.
    fn resolve<'a>(&'a self, host: &'a str) -> Resolving<'a>;
}

/// Resolves names as the operating system does.
#[derive(Clone, Copy, Debug)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> Resolving<'a> {
        Box::pin(async move {
            let found = lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// No connection was made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotConnected {
    #[error("the name could not be resolved")]
    NameNotResolved(#[source] io::Error),
    #[error("the name leads to no allowed address")]
    Forbidden,
    #[error("the connection was refused")]
    Refused(#[source] io::Error),
    #[error("the connection failed")]
    Failed(#[source] io::Error),
    #[error("no address accepted a connection in time")]
    TimedOut,
}

impl NotConnected {
    pub(crate) const fn reason(&self) -> Reason {
        match self {
            Self::NameNotResolved(_) => Reason::NameNotResolved,
            Self::Forbidden => Reason::ForbiddenAddress,
            Self::Refused(_) => Reason::ConnectionRefused,
            Self::Failed(_) => Reason::ConnectionFailed,
            Self::TimedOut => Reason::TimedOut,
        }
    }
}

/// Makes connections for the client's pool.
#[derive(Clone)]
pub(crate) struct Connector {
    pub(crate) resolver: Arc<dyn Resolve>,
    pub(crate) reach: Reach,
}

impl Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = NotConnected;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, NotConnected>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NotConnected>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let Self { resolver, reach } = self.clone();
        Box::pin(connect(uri, resolver, reach))
    }
}

/// Connects to the host and port of `uri`.
async fn connect(
    uri: Uri,
    resolver: Arc<dyn Resolve>,
    reach: Reach,
) -> Result<TokioIo<TcpStream>, NotConnected> {
    let port = uri.port_u16().unwrap_or(match uri.scheme_str() {
        Some("http") => 80,
        _ => 443,
    });
    let host = uri.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let found = match bare.parse() {
        Ok(address) => vec![address],
        Err(_) => {
            let found = resolver.resolve(bare).await;
            found.map_err(NotConnected::NameNotResolved)?
        }
    };
    if found.is_empty() {
        let nothing = io::Error::new(io::ErrorKind::NotFound, "it has no address");
        return Err(NotConnected::NameNotResolved(nothing));
    }
    let allowed = found.into_iter().filter(|address| reach.allows(*address));
    let mut failed = NotConnected::Forbidden;
    for address in allowed.take(MAX_ADDRESSES) {
        let connecting = TcpStream::connect(SocketAddr::new(address, port));
        failed = match timeout(CONNECT, connecting).await {
            Ok(Ok(stream)) => {
                stream.set_nodelay(true).map_err(NotConnected::Failed)?;
                return Ok(TokioIo::new(stream));
            }
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                NotConnected::Refused(error)
            }
            Ok(Err(error)) => NotConnected::Failed(error),
            Err(_) => NotConnected::TimedOut,
        };
    }
    Err(failed)
}
