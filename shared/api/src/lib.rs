//! The HTTP conventions that every operation shares: who calls, what a body may be, how an answer and an
//! error look, lists, includes, search. No operation of its own.

pub mod acting;
pub mod address;
pub mod ambient;
pub mod answer;
pub mod answer_size;
pub mod authorize;
pub mod body;
pub mod caller;
pub mod change;
pub mod concurrency;
pub mod cors;
pub mod customer;
pub mod edge;
pub mod error;
pub mod error_page;
pub mod form_once;
#[cfg(feature = "gateway")]
pub mod gateway;
pub mod headers;
pub mod heavy;
pub mod idempotency;
pub mod include;
#[cfg(feature = "gateway")]
pub mod invocations;
#[cfg(feature = "lambda")]
pub mod lambda;
mod lenient;
mod letters;
pub mod limits;
#[cfg(feature = "log")]
pub mod log;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod operation;
pub mod operations;
pub mod overlap;
pub mod page;
mod parameters;
pub mod password_check;
pub mod path;
pub mod public_texts;
pub mod query;
#[cfg(feature = "gateway")]
mod refused;
pub mod replay;
pub mod request_log;
pub mod required;
pub mod schemas;
pub mod search;
pub mod search_words;
#[cfg(feature = "lambda")]
pub mod secret_in_aws;
pub mod shape;
pub mod signed_search;
pub mod sizes;
pub mod state;
mod warnings;
pub mod zone;

pub use answer::{Created, Data, NoContent};
pub use answer_size::Written;
pub use body::{BareArray, Body, Field, Object};
pub use change::{Change, cleared};
pub use concurrency::{IfMatch, Tagged};
pub use error::ApiError;
pub use error_page::ErrorPages;
pub use idempotency::Idempotency;
pub use include::Include;
pub use model::fault::Faults;
pub use operations::Operations;
pub use path::Path;
pub use public_texts::PublicTexts;
pub use query::Query;
pub use search_words::SearchWords;
pub use shape::{Named, Names, Shaped};
pub use state::{Config, Secrets, State};
pub use zone::OutputZone;
