use api::caller::App;
use api::{ApiError, Body, Faults, Field, Idempotency, State};
use auth::Principal;
use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use model::delivery::Health;
use model::ids::WebhookId;
use model::webhook::{BODY_VERSION, Payload, SecretVersion, Webhook, WebhookFilter};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Write;
use crate::common;
use crate::fields::webhook::{CreateWebhookRequest, WebhookFields, WebhookRequest};
use crate::views::webhook::WebhookView;

/// An endpoint that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreatedWebhookAnswer {
    /// The endpoint.
    data: WebhookView,
    /// What Timekit's clients read.
    meta: CreatedWebhookMeta,
}

/// What Timekit's clients read of a webhook that was made.
#[derive(Debug, Serialize, ToSchema)]
struct CreatedWebhookMeta {
    /// A sentence that ends in `id` and the endpoint's id: Timekit's clients take the id from there.
    #[schema(example = "Webhook created with id 8c2f6f4e-8a43-4f0c-9f3e-2b8f1c7a5d10")]
    message: String,
}

/// Makes a webhook endpoint: events are sent there from now on. The answer shows its secret, and no later answer does.
///
/// It sees what you may: it keeps your scopes, also when your key is changed, replaced, revoked or expires. One that is made with
/// a resource's server-token gets the events of that resource.
///
/// Timekit's own form, `{url, graph, state, method}`, works too, and makes an endpoint of the format `timekit`. Its requests are
/// also signed by `x-timekit-signature` with the app's `webhook_secret`.
#[utoipa::path(
    post,
    path = "/v2/webhooks",
    tag = "webhooks",
    request_body = CreateWebhookRequest,
    responses(
        (status = 201, description = "The endpoint, with `secret`: store it now.", body = CreatedWebhookAnswer),
        (status = 422, description = "Something is wrong with the request: `errors`, by field. Or the app has 64 endpoints."),
    )
)]
pub(crate) async fn create_webhook(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    once: Idempotency,
    Body(request): Body<WebhookRequest>,
) -> Result<(StatusCode, Json<CreatedWebhookAnswer>), ApiError> {
    let mut faults = Faults::none();
    if matches!(request.url, Field::Absent | Field::Null) {
        faults.missing("url");
    }
    let fields = WebhookFields::read(request, &state, &principal, &mut faults).await?;
    let url = faults.finish(fields.url.clone())?;
    let webhook = new(url, &fields, &principal, &state).await?;
    let webhook = fields.apply(webhook, state.now())?;
    let secret = common::secret(&state, &webhook, webhook.secret).await?;

    let view = || WebhookView::of(&webhook, &Health::default(), state.now());
    once.keep(&created(&webhook, view().without_secret()))?;
    once.writer(&state)
        .create_webhook(principal.app, &webhook)
        .await?;
    Ok(created(&webhook, view().with_secret(secret)))
}

/// The endpoint before anything but its address is said of it.
async fn new(
    url: String,
    fields: &WebhookFields,
    principal: &Principal,
    state: &State,
) -> Result<Webhook, ApiError> {
    Ok(Webhook {
        id: WebhookId::random(state.random()),
        url,
        events: Vec::new(),
        format: fields.usual_format(),
        payload: Payload::Fat,
        filter: WebhookFilter::default(),
        only_resource: principal.tenant().only_resource,
        scopes: principal.scopes.clone(),
        created_by: principal.actor(),
        created_at: state.now(),
        secret: SecretVersion {
            number: 1,
            master: state.master_secret().await?.current(),
        },
        previous_secrets: Vec::new(),
        body_version: BODY_VERSION,
        disabled_at: None,
    })
}

fn created(webhook: &Webhook, data: WebhookView) -> (StatusCode, Json<CreatedWebhookAnswer>) {
    let message = format!("Webhook created with id {}", webhook.id);
    let meta = CreatedWebhookMeta { message };
    (
        StatusCode::CREATED,
        Json(CreatedWebhookAnswer { data, meta }),
    )
}
