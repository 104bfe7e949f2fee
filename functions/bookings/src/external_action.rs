//! What a link asks for: whether it holds, and doing it.

use api::{ApiError, Faults, Query, State};
use auth::signature;
use axum::response::{IntoResponse as _, Redirect, Response};
use chrono::{DateTime, Utc};
use model::app::LinkSettings;
use model::booking::{Act, Booking, WrongMoment};
use model::graph::{Action, BookingState};
use model::ids::BookingId;
use model::time::Tz;
use store::{Decision, DecisionError, Expected, StoreError, Tenant};
use url::Url;

use crate::acting::Acting;
use crate::external_action_page as page;

/// Who is named in the log for what a link did.
const BY_LINK: &str = "link";

/// A link that holds.
pub(crate) struct Link {
    tenant: Tenant,
    acting: Acting,
    made_for: Option<BookingState>,
    redirect: Option<Url>,
    /// Whether opening it is enough.
    pub(crate) act_on_get: bool,
}

/// Why a link does nothing.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Nobody signed it who may, or not for this. Whoever made it up learns no more than that.
    Invalid,
    /// Its time is over.
    Expired,
    /// The booking is in another state than the one it was made for.
    Moved(BookingState),
    /// The booking is gone.
    Gone,
    /// It is too late since then; the zone is the booking's.
    TooLate(DateTime<Utc>, Tz),
    /// The booking, as it stands, does not allow it.
    Impossible(ApiError),
    /// Everything that is not the link's.
    Other(ApiError),
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::NotFound("Booking") => Self::Gone,
            ApiError::IllegalAction(_)
            | ApiError::SlotTaken
            | ApiError::GroupFull(_)
            | ApiError::Conflict(_) => Self::Impossible(error),
            other => Self::Other(other),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Other(error.into())
    }
}

impl From<DecisionError> for Refusal {
    fn from(error: DecisionError) -> Self {
        ApiError::from(error).into()
    }
}

impl Link {
    /// Reads a link to do `action` to the booking `id`. The app is the one that the signature names or, for those made
    /// elsewhere, `Timekit-App` in the query.
    pub(crate) async fn read(
        state: &State,
        (id, action): (&str, &str),
        query: &Query,
    ) -> Result<Self, Refusal> {
        let token = query.get("signature").ok_or(Refusal::Invalid)?;
        let id: BookingId = id.parse().map_err(|_| Refusal::Invalid)?;
        let slug =
            signature::named_app(token).or_else(|| query.get("Timekit-App").map(str::to_owned));
        let slug = slug.ok_or(Refusal::Invalid)?;
        let app = state.store().find_app(&slug).await?;
        let app = app.ok_or(Refusal::Invalid)?.app;
        let master = state.master_secret().await?;
        let secrets = master.signing_secrets(app).map_err(ApiError::from)?;
        let claims = signature::verify(token, &secrets).map_err(|_| Refusal::Invalid)?;

        let is_for_this = claims.text("booking_id").and_then(|id| id.parse().ok()) == Some(id)
            && claims.text("action") == Some(action);
        if !is_for_this {
            return Err(Refusal::Invalid);
        }
        let made_for = if claims.has("state") {
            let state = claims.text("state").and_then(|state| state.parse().ok());
            Some(state.ok_or(Refusal::Invalid)?)
        } else {
            None
        };
        if claims.is_out_of_time(state.now()) {
            return Err(Refusal::Expired);
        }
        let action: Action = action.parse().map_err(|_| ApiError::NotFound("Action"))?;
        let app = state.store().get_app(app).await?.ok_or(Refusal::Invalid)?;
        let redirect = query.get_with_plus("redirect");
        Ok(Self {
            tenant: Tenant {
                app: app.id,
                only_resource: None,
            },
            acting: Acting {
                id,
                act: Act {
                    action,
                    by: BY_LINK.to_owned(),
                    message: None,
                    payment_id: None,
                },
                with_related: true,
                expected: Expected::Any,
            },
            made_for,
            redirect: redirect.map(|to| allowed(to, &app.links)).transpose()?,
            act_on_get: app.links.act_on_get,
        })
    }

    async fn decide(
        &self,
        decision: &mut Decision<'_>,
        now: DateTime<Utc>,
    ) -> Result<Booking, Refusal> {
        let booking = decision.booking(self.acting.id).await?;
        let booking = booking.ok_or(Refusal::Gone)?.settled(now);
        if self
            .made_for
            .is_some_and(|made_for| made_for != booking.state)
        {
            return Err(Refusal::Moved(booking.state));
        }
        let decided = self.acting.decide(decision, now).await;
        let booking_after = decided.map(|acted| acted.booking);
        booking_after.map_err(|error| match error {
            ApiError::WrongMoment(WrongMoment::TooLateToCancel(at)) => {
                Refusal::TooLate(at, booking.timezone)
            }
            other => other.into(),
        })
    }

    /// The page that asks whether it shall be done.
    pub(crate) async fn ask(&self, state: &State) -> Result<Response, Refusal> {
        let now = state.now();
        // Decided and not committed, so that nobody is asked for what cannot be done.
        let mut decision = state.store().decision(self.tenant, now);
        let booking = self.decide(&mut decision, now).await?;
        let action = self.acting.act.action;
        Ok(page::question(action, &booking, self.redirect.as_ref()))
    }

    /// Does it, and leads on.
    pub(crate) async fn perform(&self, state: &State) -> Result<Response, Refusal> {
        let (store, now) = (state.store(), state.now());
        let booking = store
            .until_decided(|| async {
                let mut decision = store.decision(self.tenant, now);
                let booking = self.decide(&mut decision, now).await?;
                Ok::<_, Refusal>(decision.commit(booking).await?)
            })
            .await?;
        Ok(match &self.redirect {
            Some(redirect) => Redirect::to(redirect.as_str()).into_response(),
            None => page::done(&booking),
        })
    }
}

/// The longest address that a link leads to, in bytes.
const MAX_REDIRECT: usize = 2_000;

/// An address that an app's links may lead to.
fn allowed(redirect: &str, links: &LinkSettings) -> Result<Url, ApiError> {
    // Read, compared and sent as browsers read it, so that no spelling leads them elsewhere.
    let read = |text: &str| Url::parse(text).ok();
    let url = read(redirect).filter(|url| {
        let origin = url.origin();
        let mut known = links.redirect_origins.iter();
        redirect.len() <= MAX_REDIRECT
            && matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && known
                .any(|known| read(&known.to_string()).is_some_and(|known| known.origin() == origin))
    });
    url.ok_or_else(|| {
        ApiError::Invalid(Faults::one(
            "redirect",
            "must be an address of at most 2,000 characters, without user name, whose origin is one of the app's settings.redirect_origins",
        ))
    })
}

/// The answer to a link: a page, but for what is wrong with more than the link.
pub(crate) fn answer(outcome: Result<Response, Refusal>) -> Result<Response, ApiError> {
    match outcome {
        Ok(response) => Ok(response),
        Err(Refusal::Other(error)) => Err(error),
        Err(refusal) => Ok(page::refusal(&refusal)),
    }
}
