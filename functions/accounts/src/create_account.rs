use api::address::stranger;
use api::caller::{Address, Public};
use api::{ApiError, Body, Created, Faults, Field, PublicTexts, State};
use auth::issue;
use axum::extract::State as Extract;
use model::account::Account;
use model::ids::AccountId;
use model::text::email_key;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::Anybody;
use crate::views::app::NewAppView;

/// Who signs up.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateAccountRequest {
    /// What to call you.
    #[serde(default)]
    #[schema(value_type = String, required, min_length = 1, max_length = 100, pattern = r"\S")]
    name: Field<String>,
    /// Where you sign in.
    #[serde(default)]
    #[schema(value_type = String, required, format = Email)]
    email: Field<String>,
    /// 10 to 200 characters.
    #[serde(default)]
    #[schema(value_type = String, required, min_length = 10, max_length = 200)]
    password: Field<String>,
}

/// A new account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewAccountView {
    /// Names it.
    #[schema(format = Uuid)]
    id: String,
    /// Where you sign in.
    email: String,
    /// What to call you.
    name: String,
    /// A live app and a test app, with their keys.
    apps: Vec<NewAppView>,
}

/// Signs up: makes an account with a live and a test app. The only answer that shows their API keys.
#[utoipa::path(
    post,
    path = "/v2/accounts",
    tag = "accounts",
    request_body = CreateAccountRequest,
    responses(
        (status = 201, description = "The account, its apps and their keys.", body = NewAccountView),
        (status = 403, description = "Sign-up is closed here."),
        (status = 422, description = "Something is wrong with the request, or the address has an account: `errors`, by field."),
    )
)]
pub(crate) async fn create_account(
    _: Public<Anybody>,
    Extract(state): Extract<State>,
    Address(address): Address,
    Body(request): Body<CreateAccountRequest>,
) -> Result<Created<NewAccountView>, ApiError> {
    if !state.config().sign_up_open {
        return Err(ApiError::SignUpClosed);
    }
    let mut faults = Faults::none();
    let name = faults.required("name", request.name);
    let name = faults.text("name", name, 1..=100);
    PublicTexts::default().check_text(&mut faults, "name", name.as_deref());
    let email = faults.required("email", request.email);
    let email = faults.parsed("email", email.as_deref(), api::body::parse_email);
    let password = faults.required("password", request.password);
    let password = api::body::sound_password(&mut faults, "password", password);
    let (name, (email, password)) = faults.finish(name.zip(email.zip(password)))?;

    let password_hash = state
        .hashing()
        .hash(stranger(address), password.into(), state.random())
        .await?;
    let now = state.now();
    let account = Account {
        id: AccountId::random(state.random()),
        name,
        email: email_key(&email),
        created_at: now,
    };
    let apps = issue::first_apps(account.id, &account.name, state.random(), now);
    let new: Vec<_> = apps.iter().map(|app| app.new.clone()).collect();
    state
        .writer()
        .create_account(&account, &password_hash, &new)
        .await?;
    Ok(Created(NewAccountView {
        id: account.id.to_string(),
        email: account.email,
        name: account.name,
        apps: apps.iter().map(NewAppView::of).collect(),
    }))
}
