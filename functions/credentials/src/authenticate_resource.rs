use api::caller::{Address, Public};
use api::password_check::PasswordCheck;
use api::{ApiError, Body, Data, Faults, Field, State};
use axum::extract::State as Extract;
use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use model::ids::CredentialId;
use model::key::{Credential, TokenType};
use model::resource::Resource;
use model::time::format_instant;
use serde::Deserialize;
use serde_json::{Value, json};
use store::Tenant;
use utoipa::ToSchema;

use crate::access::Anybody;

/// A resource's e-mail address and password.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct AuthenticateResourceRequest {
    /// The resource's e-mail address.
    #[serde(default)]
    #[schema(value_type = String, required)]
    email: Field<String>,
    /// Its password.
    #[serde(default)]
    #[schema(value_type = String, required)]
    password: Field<String>,
}

/// Signs a resource in: answers its record with its `server-token` as `api_token`. Deprecated; use an app's API key.
///
/// `Timekit-App` names the app. Wrong passwords are limited per resource and per address.
#[utoipa::path(
    post,
    path = "/v2/auth",
    tag = "credentials",
    params(("Timekit-App" = String, Header, pattern = "^[a-z0-9-]+$", description = "The app, by its slug.")),
    request_body = AuthenticateResourceRequest,
    responses(
        (status = 200, description = "The resource, with `api_token`.", body = Object),
        (status = 401, description = "Unknown app, unknown address or wrong password."),
        (status = 422, description = "A field or `Timekit-App` is missing."),
        (status = 429, description = "Too many wrong passwords."),
    )
)]
pub(crate) async fn authenticate_resource(
    _: Public<Anybody>,
    Extract(state): Extract<State>,
    Address(address): Address,
    headers: HeaderMap,
    Body(request): Body<AuthenticateResourceRequest>,
) -> Result<Data<Value>, ApiError> {
    let mut faults = Faults::none();
    let email = faults.required("email", request.email);
    let password = faults.required("password", request.password);
    let slug = headers
        .get("timekit-app")
        .and_then(|slug| slug.to_str().ok())
        .filter(|slug| !slug.is_empty());
    if slug.is_none() {
        faults.add("Timekit-App", "is required: name the app by its slug");
    }
    let (slug, (email, password)) = faults.finish(slug.zip(email.zip(password)))?;

    let check = PasswordCheck::begin(&state, &format!("{slug} {email}"), address).await?;
    let (app, store) = (state.store().find_app(slug).await?, state.store());
    let found = match app {
        Some(app) => {
            store
                .get_resource_by_email(Tenant::app(app.app), &email)
                .await?
        }
        None => None,
    };
    let hash = found
        .as_ref()
        .and_then(|(_, secret)| secret.password_hash.clone());
    check.finish(&state, password.into(), hash).await?;
    let (Some(app), Some((resource, _))) = (app, found) else {
        return Err(api::authorize::bad_credentials());
    };

    let credentials = store
        .list_credentials_of(Tenant::app(app.app), resource.id)
        .await?;
    let Some((version, id)) = server_token(&credentials, state.now()) else {
        return Err(ApiError::Conflict(
            "This resource has no server-token. Make one with an app's API key.",
        ));
    };
    let token = state.master_secret().await?.resource_token(version, id)?;
    Ok(Data {
        data: view(&resource, token.expose()),
    })
}

/// What the newest server-token that holds at `now` is derived from: a version of the master secret and the token's id.
fn server_token(credentials: &[Credential], now: DateTime<Utc>) -> Option<(u32, CredentialId)> {
    let mut credentials = credentials.iter();
    credentials.find_map(|credential| {
        let is_valid = credential.expires_at.is_none_or(|at| at > now);
        let is_one = credential.token_type == TokenType::ServerToken && is_valid;
        let version = credential.secret_version.filter(|_| is_one)?;
        Some((version, credential.id))
    })
}

fn view(resource: &Resource, api_token: &str) -> Value {
    let zone = resource.timezone;
    json!({
        "id": resource.id.to_string(),
        "name": resource.name,
        "first_name": resource.first_name,
        "last_name": resource.last_name,
        "email": resource.email,
        "image": resource.image,
        "img": resource.image,
        "activated": true,
        "timezone": zone.name(),
        "last_sync": Value::Null,
        "created_at": format_instant(resource.created_at, zone),
        "updated_at": format_instant(resource.updated_at, zone),
        "api_token": api_token,
        "token_type": TokenType::ServerToken.name(),
        "deprecated": "server-tokens are kept for old integrations; use an app's API key",
    })
}
