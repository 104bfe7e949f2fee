use api::caller::App;
use api::{ApiError, Data, Include, State};
use auth::{Principal, Reach, SigningSecret, Who};
use axum::extract::State as Extract;

use crate::access::ReadApp;
use crate::views::app::{AppSecrets, AppView};

/// Shows the app that the caller acts for.
///
/// `signing_secret` is what the app's programs sign customers' links and searches with. Only a caller sees it that may
/// do everything, from anywhere and at any time, for whoever has the secret can. The same holds for `webhook_secret`, the key of
/// `x-timekit-signature` on webhooks of the format `timekit`.
#[utoipa::path(
    get,
    path = "/v2/app",
    tag = "accounts",
    params(("include" = Option<String>, Query, description = "`app_token` adds a sentence that says how to roll the key: it cannot be shown again.")),
    responses((status = 200, description = "The app.", body = AppView))
)]
pub(crate) async fn get_app(
    App(principal): App<ReadApp>,
    Extract(state): Extract<State>,
    include: Include,
) -> Result<Data<AppView>, ApiError> {
    let app = state
        .store()
        .get_app(principal.app)
        .await?
        .ok_or(ApiError::NotFound("App"))?;
    let settings = state.store().get_app_settings(principal.app).await?;
    let secrets = if may_sign(&principal) {
        let master = state.master_secret().await?;
        Some(AppSecrets {
            signing: master.signing_secret(principal.app)?,
            webhook: SigningSecret::from_bytes(master.app_webhook_secret(principal.app)?),
        })
    } else {
        None
    };
    let view = AppView::of(app, settings).with_secrets(secrets.as_ref());
    Ok(Data {
        data: if include.has("app_token") {
            view.with_app_token_note()
        } else {
            view
        },
    })
}

/// Whether the caller reaches as far as the signing secret, which neither expires nor is bound to an address.
fn may_sign(principal: &Principal) -> bool {
    let is_the_app = match principal.who {
        Who::Key { .. } | Who::Session { .. } => true,
        Who::Resource { .. } | Who::SignedSearch => false,
    };
    let own = principal.reach();
    // How often a key may call says nothing about what it may see.
    let rate = own.rate;
    let reaches = own.covers(&Reach {
        rate,
        ..Reach::unbound()
    });
    is_the_app && reaches.is_ok()
}
