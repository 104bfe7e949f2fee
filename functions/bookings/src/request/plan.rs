//! From a request to create a booking to its plan.

use api::{ApiError, Faults, PublicTexts, State};
use auth::Principal;
use model::graph::Graph;
use model::ids::{BookingId, ProjectId, ReservationId};
use outbound::{Reach, check_reminder_url};
use scheduling::plan::{BookingPlan, BookingRequest};
use scheduling::{Actor, References};

use super::body::CreateBookingRequest;
use super::parse::parse;

impl CreateBookingRequest {
    /// The plan to create the booking `id`, with everything read that the request refers to.
    pub(crate) async fn plan(
        self,
        principal: &Principal,
        state: &State,
        id: BookingId,
    ) -> Result<BookingPlan, ApiError> {
        let (store, actor, now) = (state.store(), Actor::from(principal), state.now());
        let (reservation, project) = (self.reservation_id()?, self.project_id());
        let at = (store, actor.tenant);
        let references = References::read(at, reservation, project, now).await?;
        let defaults = references.defaults()?;
        let reach = Reach::of(state.config().allow_local_webhooks);
        let check_url = |url: &str| check_reminder_url(url, reach, &principal.scopes);
        let request = parse(self, &defaults, &actor, &check_url, state.random())?;
        if request.graph == Graph::GroupOwner {
            let public = PublicTexts::of(state, principal.app).await?;
            refuse_secrets(&request, &public)?;
        }
        let plan = BookingPlan::read(store, &actor, request, &defaults, id, now);
        Ok(plan.await?)
    }

    /// The project that it names, if that can be read; what is wrong with it is told with everything else.
    fn project_id(&self) -> Option<ProjectId> {
        self.project_id.clone().value()?.parse().ok()
    }

    /// The reservation that it names. What is left out is taken from there, so nothing else can be told without it.
    fn reservation_id(&self) -> Result<Option<ReservationId>, ApiError> {
        let mut faults = Faults::none();
        let id = faults.id("reservation_id", self.reservation_id.clone());
        faults.check()?;
        Ok(id)
    }
}

/// Refuses secrets in a group's texts, which pages show to everybody.
fn refuse_secrets(request: &BookingRequest, public: &PublicTexts) -> Result<(), ApiError> {
    let (mut faults, texts) = (Faults::none(), &request.texts);
    public.check_text(&mut faults, "what", texts.what.as_deref());
    public.check_text(&mut faults, "where", texts.place.as_deref());
    public.check_text(&mut faults, "description", texts.description.as_deref());
    Ok(faults.check()?)
}
