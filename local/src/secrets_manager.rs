//! As much of AWS Secrets Manager as functions need that run in containers on this machine: the master secret, for
//! whoever asks. It is there only if it was asked for, because whoever has the secret can derive every resource token.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::error::LocalError;
use crate::server;

/// Listens on `address` and gives `secret` to whoever asks, until the program ends. Answers where it listens.
///
/// # Errors
///
/// If the address is in use or cannot be had.
pub async fn start(address: SocketAddr, secret: SecretString) -> Result<SocketAddr, LocalError> {
    let listener = server::listen(address).await?;
    let address = listener
        .local_addr()
        .map_err(|source| LocalError::Listen { address, source })?;
    let router = Router::new()
        .route("/", post(get_secret_value))
        .with_state(Arc::new(secret));
    tokio::spawn(async { axum::serve(listener, router).await });
    Ok(address)
}

/// There is one secret here, so it does not matter which one is asked for.
async fn get_secret_value(State(secret): State<Arc<SecretString>>, headers: HeaderMap) -> Response {
    // Browsers name the page that a request comes from, and no page has any business here.
    if headers.contains_key(header::ORIGIN) {
        return refused(StatusCode::FORBIDDEN, "AccessDeniedException");
    }
    let operation = headers.get("x-amz-target");
    if operation.is_none_or(|operation| operation != "secretsmanager.GetSecretValue") {
        return refused(StatusCode::BAD_REQUEST, "UnknownOperationException");
    }
    Json(json!({ "Name": "master-secret", "SecretString": secret.expose_secret() })).into_response()
}

fn refused(status: StatusCode, code: &str) -> Response {
    (status, Json(json!({ "__type": code }))).into_response()
}
