//! The body of a delivery, as it is made for the first attempt.

use chrono::{DateTime, SecondsFormat, Utc};
use model::ids::AppId;
use model::outbox::ToldEvent;
use model::webhook::Webhook;
use serde_json::json;
use store::StoreError;

use crate::Jobs;

impl Jobs {
    /// The body of what was told, for an endpoint.
    ///
    /// # Errors
    ///
    /// If the store fails, or what is told of cannot be read.
    #[expect(
        clippy::unused_async,
        reason = "what a fat body says of the booking is read from the store"
    )]
    pub(crate) async fn body_of(
        &self,
        _app: AppId,
        _webhook: &Webhook,
        told: &ToldEvent,
        _now: DateTime<Utc>,
    ) -> Result<String, StoreError> {
        let timestamp = told.at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let body = json!({ "type": told.event.kind, "timestamp": timestamp, "data": told.event });
        Ok(body.to_string())
    }
}
