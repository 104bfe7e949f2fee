//! What an app has signed: which action on which booking.

use api::{ApiError, Query, State};
use auth::signature;
use model::app::App;
use model::graph::BookingState;
use model::ids::BookingId;
use scheduling::Actor;
use store::Tenant;

use super::outcome::LinkError;

/// What an app has signed for this booking and action.
pub(super) struct Signed {
    pub(super) app: App,
    pub(super) id: BookingId,
    /// The state that the booking must be in, if it says so.
    pub(super) made_for: Option<BookingState>,
    pub(super) claims: signature::Claims,
}

impl Signed {
    /// The app is the one that the signature names or, for those made elsewhere, `Timekit-App` in the query.
    pub(super) async fn read(
        state: &State,
        (id, action): (&str, &str),
        query: &Query,
    ) -> Result<Self, LinkError> {
        let token = query.get("signature").ok_or(LinkError::Invalid)?;
        let id: BookingId = id.parse().map_err(|_| LinkError::Invalid)?;
        let slug =
            signature::named_app(token).or_else(|| query.get("Timekit-App").map(str::to_owned));
        let slug = slug.ok_or(LinkError::Invalid)?;
        let app = state.store().find_app(&slug).await?;
        let app = app.ok_or(LinkError::Invalid)?.app;
        let master = state.master_secret().await?;
        let secrets = master.signing_secrets(app).map_err(ApiError::from)?;
        let claims = signature::verify(token, &secrets).map_err(|_| LinkError::Invalid)?;

        let is_for_this = claims.text("booking_id").and_then(|id| id.parse().ok()) == Some(id)
            && claims.text("action") == Some(action);
        if !is_for_this {
            return Err(LinkError::Invalid);
        }
        let made_for = if claims.has("state") {
            let state = claims.text("state").and_then(|state| state.parse().ok());
            Some(state.ok_or(LinkError::Invalid)?)
        } else {
            None
        };
        let app = state.store().get_app(app).await?;
        Ok(Self {
            app: app.ok_or(LinkError::Invalid)?,
            id,
            made_for,
            claims,
        })
    }

    pub(super) fn tenant(&self) -> Tenant {
        Actor::link(self.app.id).tenant
    }
}
