//! A customer's link: whether it is valid, and what it does.

mod outcome;
mod page;

use api::{ApiError, Faults, Query, State};
use auth::signature;
use axum::response::Response;
use chrono::{DateTime, Utc};
use model::app::LinkSettings;
use model::booking::{Act, Booking, CannotAct, WrongMoment};
use model::graph::{Action, BookingState};
use model::ids::BookingId;
use scheduling::plan::ActionPlan;
use scheduling::{Actor, SchedulingError};
use store::{Decision, Expected, Tenant};
use url::Url;

use outcome::{LinkError, Outcome};

/// A link that is valid.
pub(crate) struct Link {
    tenant: Tenant,
    plan: ActionPlan,
    made_for: Option<BookingState>,
    redirect: Option<Url>,
    /// Whether opening it is enough.
    pub(crate) act_on_get: bool,
}

impl Link {
    /// Reads a link to do `action` to the booking `id`. The app is the one that the signature names or, for those made
    /// elsewhere, `Timekit-App` in the query.
    pub(crate) async fn read(
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
        if claims.is_out_of_time(state.now()) {
            return Err(LinkError::Expired);
        }
        let action: Action = action.parse().map_err(|_| ApiError::NotFound("Action"))?;
        let app = state
            .store()
            .get_app(app)
            .await?
            .ok_or(LinkError::Invalid)?;
        let redirect = query.get_with_plus("redirect");
        let actor = Actor::link(app.id);
        Ok(Self {
            tenant: actor.tenant,
            plan: ActionPlan {
                id,
                act: Act {
                    action,
                    by: actor.name,
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
    ) -> Result<Booking, LinkError> {
        let booking = decision.booking(self.plan.id).await?;
        let booking = booking.ok_or(LinkError::Gone)?.settled(now);
        if self
            .made_for
            .is_some_and(|made_for| made_for != booking.state)
        {
            return Err(LinkError::StateChanged(booking.state));
        }
        let acted = self.plan.decide(decision, now).await;
        let after = acted.map(|acted| acted.booking);
        after.map_err(|error| match error {
            SchedulingError::CannotAct(CannotAct::WrongMoment(WrongMoment::TooLateToCancel(
                at,
            ))) => LinkError::TooLate(at, booking.timezone),
            other => other.into(),
        })
    }

    /// Asks for confirmation before the action is taken.
    pub(crate) async fn ask(&self, state: &State) -> Result<Outcome, LinkError> {
        let now = state.now();
        // Decided and not committed, so that nobody is asked for what cannot be done.
        let writer = state.writer();
        let mut decision = writer.decision(self.tenant, now);
        let booking = self.decide(&mut decision, now).await?;
        Ok(Outcome::Question {
            action: self.plan.act.action,
            booking: Box::new(booking),
            redirect: self.redirect.clone(),
        })
    }

    /// Does it, and leads on.
    pub(crate) async fn perform(&self, state: &State) -> Result<Outcome, LinkError> {
        let (writer, now) = (state.writer(), state.now());
        let booking = writer
            .until_decided(|| async {
                let mut decision = writer.decision(self.tenant, now);
                let booking = self.decide(&mut decision, now).await?;
                Ok::<_, LinkError>(decision.commit(booking).await?)
            })
            .await?;
        Ok(match &self.redirect {
            Some(redirect) => Outcome::Redirect(redirect.clone()),
            None => Outcome::Done(Box::new(booking)),
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

/// The response to a link: a page, but for what is wrong with more than the link.
pub(crate) fn respond(outcome: Result<Outcome, LinkError>) -> Result<Response, ApiError> {
    match outcome {
        Ok(outcome) => Ok(page::of(&outcome)),
        Err(LinkError::Other(error)) => Err(error),
        Err(error) => Ok(page::error(&error)),
    }
}
