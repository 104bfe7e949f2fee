//! A proxy before the store that counts calls, and lets each take longer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// A proxy.
pub(crate) struct Proxy {
    /// Where it listens.
    pub(crate) endpoint: String,
    calls: Arc<AtomicU64>,
}

impl Proxy {
    /// One before `store`, through which each call takes `delay` longer.
    pub(crate) async fn start(store: &str, delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let store = store.trim_start_matches("http://").to_owned();
        let calls = Arc::new(AtomicU64::new(0));
        let counted = calls.clone();
        tokio::spawn(async move {
            while let Ok((caller, _)) = listener.accept().await {
                let store = TcpStream::connect(&store).await.expect("the store listens");
                for stream in [&caller, &store] {
                    stream.set_nodelay(true).expect("no delay but ours");
                }
                let (from_caller, to_caller) = caller.into_split();
                let (from_store, to_store) = store.into_split();
                // Whether a call is under way. Nobody sends a second one before the first is answered.
                let called = Arc::new(AtomicBool::new(false));
                tokio::spawn(pass_calls(from_caller, to_store, called.clone()));
                tokio::spawn(pass_answers(
                    from_store,
                    to_caller,
                    called,
                    delay,
                    counted.clone(),
                ));
            }
        });
        Self {
            endpoint: format!("http://{address}"),
            calls,
        }
    }

    /// How many calls have been answered so far.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }
}

async fn pass_calls(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, called: Arc<AtomicBool>) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        called.store(true, Ordering::Release);
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}

async fn pass_answers(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    called: Arc<AtomicBool>,
    delay: Duration,
    calls: Arc<AtomicU64>,
) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        if called.swap(false, Ordering::AcqRel) {
            calls.fetch_add(1, Ordering::Relaxed);
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
        }
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}
