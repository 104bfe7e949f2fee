//! What a link does: it asks, or acts, or leaves everything as it is.

use api::{ApiError, Faults, Query, State};
use chrono::{DateTime, Utc};
use model::app::LinkSettings;
use model::booking::{Act, Booking};
use model::graph::{Action, BookingState};
use model::outbox::LINK;
use scheduling::Actor;
use scheduling::plan::ActionPlan;
use store::{Attempt, Decision, Expected, Tenant};
use url::Url;

use super::found::{Found, find};
use super::outcome::{LinkError, Outcome, Why};
use super::signed::Signed;
use super::visit::Visit;

/// How somebody follows a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    /// They ask what the page is like, which never does anything.
    Looked,
    /// They open it, which is enough for apps that have said so.
    Opened,
    /// They press the page's button.
    Pressed,
}

/// A link that is valid now.
pub(super) struct Link {
    tenant: Tenant,
    plan: ActionPlan,
    made_for: Option<BookingState>,
    redirect: Option<Url>,
    /// Whether opening it is enough.
    act_on_get: bool,
}

impl Link {
    pub(super) fn of(
        signed: &Signed,
        action: &str,
        query: &Query,
        now: DateTime<Utc>,
    ) -> Result<Self, LinkError> {
        if signed.claims.is_out_of_time(now) {
            return Err(LinkError::Expired);
        }
        let action: Action = action.parse().map_err(|_| ApiError::NotFound("Action"))?;
        let redirect = query.get_with_plus("redirect");
        let links = &signed.app.links;
        let actor = Actor::link(signed.app.id);
        Ok(Self {
            tenant: actor.tenant,
            plan: ActionPlan {
                id: signed.id,
                act: Act {
                    action,
                    by: actor.name,
                    message: None,
                    payment_id: None,
                },
                with_related: true,
                expected: Expected::Any,
            },
            made_for: signed.made_for,
            redirect: redirect.map(|to| allowed(to, links)).transpose()?,
            act_on_get: links.act_on_get,
        })
    }

    pub(super) async fn follow(
        &self,
        state: &State,
        visit: &Visit,
        opening: Opening,
    ) -> Result<Outcome, LinkError> {
        match opening {
            Opening::Pressed => self.perform(state, opening).await,
            Opening::Opened if self.act_on_get && !visit.is_on_the_page() => {
                self.perform(state, opening).await
            }
            Opening::Opened if visit.keeps() => self.keep(state).await,
            Opening::Opened | Opening::Looked => self.ask(state).await,
        }
    }

    /// The booking after the action, as far as `decision` goes.
    async fn decide(
        &self,
        decision: &mut Decision<'_>,
        now: DateTime<Utc>,
    ) -> Result<(Found, Booking), LinkError> {
        let found = find(decision, self.plan.id, now)
            .await?
            .ok_or(LinkError::Gone)?;
        let state = found.booking.state;
        if self.made_for.is_some_and(|made_for| made_for != state) {
            return Err(LinkError::Refused(Why::Changed));
        }
        let plan = ActionPlan {
            id: found.booking.id,
            ..self.plan.clone()
        };
        let after = plan.decide(decision, now).await?.booking;
        Ok((found, after))
    }

    /// Asks for confirmation before the action is taken.
    async fn ask(&self, state: &State) -> Result<Outcome, LinkError> {
        let now = state.now();
        // Decided and not committed, so that nobody is asked for what cannot be done.
        let writer = state.writer();
        let mut decision = writer.decision(self.tenant, now);
        let (found, _) = self.decide(&mut decision, now).await?;
        Ok(self.question(found))
    }

    fn question(&self, found: Found) -> Outcome {
        Outcome::Question {
            action: self.plan.act.action,
            found: Box::new(found),
            redirect: self.redirect.clone(),
        }
    }

    /// Leaves everything as it is.
    async fn keep(&self, state: &State) -> Result<Outcome, LinkError> {
        let now = state.now();
        let writer = state.writer();
        let mut decision = writer.decision(self.tenant, now);
        let found = find(&mut decision, self.plan.id, now)
            .await?
            .ok_or(LinkError::Gone)?;
        Ok(Outcome::Kept(Box::new(found.booking)))
    }

    /// Does it, and leads on. An app may have said that its links act when they are opened, but not that old ones act on other
    /// bookings than they were made for: those ask first.
    async fn perform(&self, state: &State, opening: Opening) -> Result<Outcome, LinkError> {
        let (writer, now) = (state.writer().by(LINK), state.now());
        writer
            .until_decided(|| async {
                let mut decision = writer.decision(self.tenant, now);
                let (found, after) = self.decide(&mut decision, now).await?;
                if found.was_moved && opening == Opening::Opened {
                    return Ok(Attempt::Decided(self.question(found)));
                }
                Ok::<_, LinkError>(decision.commit(self.done(after)).await?)
            })
            .await
    }

    fn done(&self, booking: Booking) -> Outcome {
        match &self.redirect {
            Some(redirect) => Outcome::Redirect(redirect.clone()),
            None => Outcome::Done {
                action: self.plan.act.action,
                booking: Box::new(booking),
            },
        }
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
