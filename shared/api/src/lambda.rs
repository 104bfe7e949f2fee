//! A function on AWS: its state from the environment, its master secret from Secrets Manager, its requests
//! from API Gateway (payloads of both versions), its log as JSON.

use std::env;
use std::sync::Arc;

use auth::Policy;
use auth::principal::{APP_RATE, MAX_KEYS, MAX_RATE};
use axum::Router;
use lambda_http::Error;
use model::rate::RateLimit;
use store::{Connection, Store, Tables};

use crate::ambient::{SystemClock, SystemRandom};
use crate::invocations;
use crate::log::{self, Metrics};
use crate::operations::Operations;
use crate::secret_in_aws::SecretInAws;
use crate::state::{Config, Secrets, State};

/// Serves a function's operations until Lambda ends the instance. One thread is enough for it: an instance has one
/// request at a time, and each thread more would cost every cold start.
///
/// # Errors
///
/// If the environment lacks a variable that the template sets, or Lambda's runtime cannot be reached.
pub async fn run(operations: Operations) -> Result<(), Error> {
    let state = start().await?;
    let router: Router = operations.into_router(&state);
    invocations::serve(router).await
}

/// What every function that has a state begins with, workers too: its log, and the state that its environment describes.
///
/// # Errors
///
/// If the environment lacks a variable that the template sets.
pub async fn start() -> Result<State, Error> {
    start_log()?;
    state_from_environment()
        .await
        .inspect_err(|error| tracing::error!(%error, "the function cannot start"))
}

/// Begins the log of a function.
///
/// # Errors
///
/// If there is one already.
pub fn start_log() -> Result<(), Error> {
    let levels = variable("LOG_LEVEL").unwrap_or_else(|| "info".to_owned());
    let metrics = variable("METRICS_NAMESPACE").map(|namespace| Metrics {
        namespace,
        function: variable("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default(),
    });
    tracing::subscriber::set_global_default(log::subscriber(&levels, metrics, std::io::stdout))?;
    Ok(())
}

/// The state that a function's environment describes.
///
/// # Errors
///
/// If a variable is missing or cannot be read; the message names it.
pub async fn state_from_environment() -> Result<State, Error> {
    let endpoint = variable("DYNAMODB_ENDPOINT");
    let secrets_endpoint = variable("SECRETS_MANAGER_ENDPOINT");
    if secrets_endpoint.is_some() && endpoint.is_none() {
        return Err("SECRETS_MANAGER_ENDPOINT is for functions whose DYNAMODB_ENDPOINT is set: this one asks AWS".into());
    }
    let connection = match endpoint.clone() {
        Some(endpoint) => Connection::at(endpoint),
        None => Connection::from_function().await,
    };
    let prefix = variable("TABLE_PREFIX").ok_or(
        "TABLE_PREFIX is not set: give what the names of the tables begin with, as template.yaml does",
    )?;
    let random = Arc::new(SystemRandom);
    let store = Store::new(
        connection.client().await,
        Tables::with_prefix(prefix),
        random.clone(),
        Arc::new(SystemClock),
    );
    // Only a function that is pointed at another store than AWS's, as `sam local` does, is a development one.
    let config = config_from_environment(endpoint.is_some())?;
    let secrets = Secrets::SecretsManager(SecretInAws::new(
        variable("MASTER_SECRET_ID").unwrap_or_default(),
        secrets_endpoint,
    ));
    Ok(State::new(
        store,
        Arc::new(SystemClock),
        random,
        secrets,
        config,
    ))
}

fn config_from_environment(is_development: bool) -> Result<Config, Error> {
    Ok(Config {
        policy: Policy {
            allow_imported_keys: is_on("ALLOW_IMPORTED_KEYS"),
            is_development,
        },
        sign_up_open: is_on("SIGN_UP_OPEN"),
        base_url: variable("BASE_URL"),
        secure_cookies: true,
        auth_cache_s: number("AUTH_CACHE_SECONDS", 0, "0 to 5")?,
        max_rate: RateLimit::per_minute(number(
            "MAX_RATE_PER_MINUTE",
            MAX_RATE.limit,
            "the most requests a minute that a key may be given",
        )?),
        app_rate: RateLimit::per_minute(number(
            "APP_RATE_PER_MINUTE",
            APP_RATE.limit,
            "the most requests a minute that a live app's keys may send together",
        )?),
        max_keys: number(
            "MAX_KEYS_PER_APP",
            MAX_KEYS,
            "the most keys of an app that work at the same time",
        )?,
        allow_local_webhooks: false,
        trusted_proxies: variable("TRUSTED_PROXIES")
            .unwrap_or_default()
            .split(',')
            .filter(|net| !net.trim().is_empty())
            .map(|net| net.trim().parse())
            .collect::<Result<_, _>>()
            .map_err(|_| "TRUSTED_PROXIES is not a list of networks like 10.0.0.0/8")?,
    })
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// A variable that is a whole number, or what is usual if it is not set.
fn number(name: &str, usual: u32, meaning: &str) -> Result<u32, Error> {
    let Some(text) = variable(name) else {
        return Ok(usual);
    };
    text.parse().map_err(|_| {
        format!("{name} is not a whole number: give {meaning}, or leave it out").into()
    })
}

fn is_on(name: &str) -> bool {
    variable(name).is_some_and(|value| value == "true")
}
