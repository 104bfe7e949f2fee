use api::caller::Anyone;
use api::{ApiError, Body, Created, Faults, Field, Idempotency, PublicTexts, State};
use auth::{Caller, Reach, issue};
use axum::extract::State as Extract;
use model::app::AppSettings;
use model::key::Mode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::CreateApp;
use crate::common::own_app::account;
use crate::views::app::NewAppView;

/// The most apps of an account: each live one has a rate limit of its own.
const MAX_APPS: u32 = 50;

/// An app to make.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateAppRequest {
    /// What to call it.
    #[serde(default)]
    #[schema(value_type = String, required, min_length = 1, max_length = 100, pattern = r"\S")]
    name: Field<String>,
    /// Whether it is for trying things out; a key makes apps of its own mode only. Live unless said.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    test_mode: Field<bool>,
}

/// Makes an app. The only answer that shows its API key.
///
/// A key must be able to do everything, and be bound to no time or address: the new app's key is not.
#[utoipa::path(
    post,
    path = "/v2/apps",
    tag = "accounts",
    request_body = CreateAppRequest,
    responses(
        (status = 201, description = "The app and its keys.", body = NewAppView),
        (status = 403, description = "The new app's key would reach further than your own."),
        (status = 409, description = "The account has 50 apps, which is the most."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn create_app(
    Anyone(caller): Anyone<CreateApp>,
    Extract(state): Extract<State>,
    once: Idempotency,
    Body(request): Body<CreateAppRequest>,
) -> Result<Created<NewAppView>, ApiError> {
    let mut faults = Faults::none();
    let name = faults.required("name", request.name);
    let name = faults.text("name", name, 1..=100);
    PublicTexts::default().check_text(&mut faults, "name", name.as_deref());
    let wanted = faults
        .optional("test_mode", request.test_mode)
        .map(|test| if test { Mode::Test } else { Mode::Live });
    let (owner, mode) = match &caller {
        Caller::App(principal) if account(&caller).is_none() => {
            if wanted.is_some_and(|mode| mode != principal.mode) {
                faults.add("test_mode", "a key makes apps of its own mode only");
            }
            let own = state
                .store()
                .get_app(principal.app)
                .await?
                .ok_or(ApiError::NotFound("App"))?;
            principal.reach().covers(&Reach::unbound())?;
            (own.account, principal.mode)
        }
        _ => (
            account(&caller).ok_or(ApiError::NotFound("App"))?,
            wanted.unwrap_or(Mode::Live),
        ),
    };
    let name = faults.finish(name)?;
    let issued = issue::app(owner, &name, mode, state.random(), state.now());
    let view = NewAppView::of(&issued);
    once.keep(&Created(view.without_api_key()))?;
    once.writer(&state)
        .create_app(&issued.new, &AppSettings::default(), MAX_APPS)
        .await?;
    Ok(Created(view))
}
