//! What guards the ports for other processes, the store's and the master secret's. Every user of a machine reaches its
//! loopback address, and so does every page in a browser there. So callers must present a secret that is in the data folder, as
//! the session token of AWS's credentials: every AWS SDK sends that with each request, once it is in the environment.

use std::path::Path;

use auth::token::PlainToken;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use model::Random;
use model::key::HashedKey;
use serde_json::json;

use crate::data_folder::{DataFolder, PORT_SECRET};
use crate::error::LocalError;

/// The header in which AWS's SDKs send a session token.
const SESSION_TOKEN: &str = "x-amz-security-token";

/// The names that this machine has for programs on it and for its containers. A page whose own name was made to lead here
/// sends that name, and is refused.
const NAMES: [&str; 2] = ["localhost", "host.docker.internal"];

/// How short a secret may be, in characters: a file cut short opens nothing.
const SHORTEST: usize = 32;

/// The secret of the ports.
#[derive(Clone, Copy, Debug)]
pub struct PortSecret(HashedKey);

/// Why a caller is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Refusal {
    #[error("Pages in a browser have no access here.")]
    Page,
    #[error("Call this port by its address, e.g. 127.0.0.1, or as localhost.")]
    Name,
    #[error(
        "Set AWS_SESSION_TOKEN to the text in the file port-secret of the server's data folder."
    )]
    Secret,
}

impl PortSecret {
    /// Reads the secret in `folder`, or makes one.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or written, or is cut short.
    pub fn load_or_create(folder: &DataFolder, random: &dyn Random) -> Result<Self, LocalError> {
        let path = folder.path().join(PORT_SECRET);
        if !path.exists() {
            folder.write(PORT_SECRET, PlainToken::generate(random).expose())?;
        }
        let text = read(&path)?;
        if text.len() < SHORTEST {
            return Err(LocalError::PortSecret { path });
        }
        Ok(Self(PlainToken::presented(&text).hashed()))
    }

    fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        // Browsers name the page that a request comes from.
        if headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site") {
            return Err(Refusal::Page);
        }
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        if !text("host").is_some_and(is_this_machine) {
            return Err(Refusal::Name);
        }
        let presented = text(SESSION_TOKEN).map(|token| PlainToken::presented(token).hashed());
        if presented.as_ref() == Some(&self.0) {
            Ok(())
        } else {
            Err(Refusal::Secret)
        }
    }
}

/// The text of the secret in `folder`, for those who call a port.
///
/// # Errors
///
/// If there is none, or it cannot be read.
pub fn text(folder: &Path) -> Result<String, LocalError> {
    read(&folder.join(PORT_SECRET))
}

fn read(path: &Path) -> Result<String, LocalError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(source) => Err(LocalError::data_folder(path.to_owned(), source)),
    }
}

fn is_this_machine(host: &str) -> bool {
    let Ok(authority) = host.parse::<axum::http::uri::Authority>() else {
        return false;
    };
    let name = authority.host();
    let address = name.trim_start_matches('[').trim_end_matches(']');
    address.parse::<std::net::IpAddr>().is_ok()
        || NAMES.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Refuses callers without the secret, as AWS refuses those without a right.
pub(crate) async fn guard(
    State(secret): State<PortSecret>,
    request: Request,
    next: Next,
) -> Response {
    match secret.check(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => {
            let message = refusal.to_string();
            let said = json!({ "__type": "AccessDeniedException", "message": message });
            (StatusCode::FORBIDDEN, Json(said)).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(headers: &[(&'static str, &str)]) -> Result<(), Refusal> {
        let secret = PortSecret(PlainToken::presented("the secret").hashed());
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("text")))
            .collect();
        secret.check(&headers)
    }

    #[test]
    fn only_who_has_the_secret_and_calls_this_machine_by_its_own_name_is_let_in() {
        let token = (SESSION_TOKEN, "the secret");
        for host in [
            "127.0.0.1:8000",
            "172.17.0.1",
            "[::1]:8000",
            "localhost:1",
            "LocalHost",
            "host.docker.internal:8000",
        ] {
            assert_eq!(checked(&[("host", host), token]), Ok(()), "{host}");
            assert_eq!(checked(&[("host", host)]), Err(Refusal::Secret));
            for wrong in ["", "the secre", "the secret ", "another"] {
                let headers = [("host", host), (SESSION_TOKEN, wrong)];
                assert_eq!(checked(&headers), Err(Refusal::Secret), "{wrong:?}");
            }
            for of_a_page in [
                ("origin", "http://127.0.0.1:8000"),
                ("origin", "null"),
                ("sec-fetch-site", "same-origin"),
            ] {
                let headers = [("host", host), token, of_a_page];
                assert_eq!(checked(&headers), Err(Refusal::Page), "{of_a_page:?}");
            }
        }
        for host in [
            "rebound.example:8000",
            "localhost.example",
            "127.0.0.1.example:8000",
            "localhost@rebound.example",
            "",
            ":8000",
        ] {
            let refused = checked(&[("host", host), token]);
            assert_eq!(refused, Err(Refusal::Name), "{host:?}");
        }
        assert_eq!(checked(&[token]), Err(Refusal::Name));
    }
}
