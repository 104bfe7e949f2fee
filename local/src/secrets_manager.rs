//! As much of AWS Secrets Manager as functions need that run in containers on this machine: the master secret, for
//! callers with the secret of the ports. It is there only if it was asked for, because the master secret is what every resource
//! token is derived from.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::error::LocalError;
use crate::listener::Limits;
use crate::port_secret::{self, PortSecret};
use crate::server::{self, Server};

/// Listens on `address` and gives `secret` to callers that present the ports' secret.
///
/// # Errors
///
/// If the address is in use or cannot be had.
pub async fn start(
    address: SocketAddr,
    secret: SecretString,
    guard: PortSecret,
    limits: Limits,
) -> Result<Server, LocalError> {
    let listener = server::listen(address).await?;
    let router = Router::new()
        .route("/", post(get_secret_value))
        .with_state(Arc::new(secret))
        .layer(from_fn_with_state(guard, port_secret::guard));
    Server::start_within(listener, router, limits)
        .map_err(|source| LocalError::Listen { address, source })
}

/// There is one secret here, so it does not matter which one is asked for.
async fn get_secret_value(State(secret): State<Arc<SecretString>>, headers: HeaderMap) -> Response {
    let operation = headers.get("x-amz-target");
    if operation.is_none_or(|operation| operation != "secretsmanager.GetSecretValue") {
        return refused(StatusCode::BAD_REQUEST, "UnknownOperationException");
    }
    Json(json!({ "Name": "master-secret", "SecretString": secret.expose_secret() })).into_response()
}

fn refused(status: StatusCode, code: &str) -> Response {
    (status, Json(json!({ "__type": code }))).into_response()
}
