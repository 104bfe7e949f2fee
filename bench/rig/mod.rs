//! What measurements are made with.

pub(crate) mod binaries;
pub(crate) mod caller;
pub(crate) mod emulator;
pub(crate) mod event;
pub(crate) mod http;
pub(crate) mod proxy;
pub(crate) mod runtime_api;
pub(crate) mod server;
pub(crate) mod table;
pub(crate) mod thread;
pub(crate) mod tls;
