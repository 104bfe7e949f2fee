use std::collections::BTreeSet;

use api::caller::App;
use api::{ApiError, Body, Faults, OutputZone, State};
use axum::extract::State as Extract;
use axum::http::StatusCode;
use model::graph::Action;
use model::ids::BookingId;
use scheduling::plan::ActionPlan;
use serde_json::{Map, Value};
use store::{Tenant, Writer};

use crate::access::Write;
use crate::act_on_booking::parse;
use crate::bulk::{BulkAnswer, BulkRequest, item, of_many, of_part, turn_for};
use crate::includes::Includes;
use crate::view::{BookingView, Presenter};

/// Acts on many bookings: `{"bookings": [{"id": "…", "action": "cancel"}]}`, each with what the action's own body has.
///
/// Each is acted on in a transaction of its own, in order; one that fails does not keep the others from being acted on,
/// unless `stop_on_first_error`. With `delete_all_on_error` all actions are taken in one transaction or none is.
#[utoipa::path(
    put,
    path = "/v2/bookings/bulk",
    tag = "bookings",
    params(("include" = Option<String>, Query, description = "What to show beside the base fields, separated by commas.")),
    request_body = BulkRequest,
    responses(
        (status = 200, description = "All of them.", body = BulkAnswer),
        (status = 207, description = "Those that could be acted on, and what was wrong with the others.", body = BulkAnswer),
        (status = 409, description = "None could be acted on: the first one's error, with its `index`."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn act_on_bookings(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    include: Includes,
    zone: OutputZone,
    Body(request): Body<BulkRequest>,
) -> Result<BulkAnswer, ApiError> {
    let bulk = request.parse()?;
    let _turn = turn_for(&state, principal.app, bulk.bookings.len()).await?;
    let now = state.now();
    let presenter = Presenter {
        principal: &principal,
        store: state.store(),
        include: &include,
        zone,
        now,
    };
    let actors = Actors {
        writer: state.writer(),
        tenant: principal.tenant(),
        presenter,
    };
    let plans = bulk
        .bookings
        .into_iter()
        .map(|booking| read(booking, principal.actor()));
    if bulk.is_all_or_nothing {
        return actors.act_all_or_nothing(plans).await;
    }
    let results = actors.act_on_each(plans, bulk.stops_on_error).await;
    BulkAnswer::new(StatusCode::OK, results)
}

type Done = BTreeSet<(BookingId, Action)>;

/// What it takes to act on many bookings.
struct Actors<'a> {
    writer: Writer,
    tenant: Tenant,
    presenter: Presenter<'a>,
}

impl Actors<'_> {
    async fn act_on_each(
        &self,
        plans: impl Iterator<Item = Result<ActionPlan, ApiError>>,
        stops_on_error: bool,
    ) -> Vec<Result<BookingView, ApiError>> {
        let (mut results, mut done) = (Vec::new(), Done::new());
        for plan in plans {
            let result = match plan {
                Ok(plan) => self.act(&plan, &mut done).await,
                Err(error) => Err(error),
            };
            let is_ours = matches!(&result, Err(error) if error.status().is_server_error());
            let stops = is_ours || (result.is_err() && stops_on_error);
            results.push(result);
            if stops {
                break;
            }
        }
        results
    }

    /// Acts in a transaction of its own. `done` is what was done before, and is done after.
    async fn act(&self, plan: &ActionPlan, done: &mut Done) -> Result<BookingView, ApiError> {
        let now = self.presenter.now;
        let before = &*done;
        let acted = self.writer.until_decided(|| async {
            let mut decision = self.writer.decision(self.tenant, now);
            let mut done = before.clone();
            let booking = plan.decide_once(&mut decision, &mut done, now).await?;
            let view = self.presenter.decided(booking, &mut decision).await?;
            Ok::<_, ApiError>(decision.commit((view, done)).await?)
        });
        let (view, now_done) = acted.await?;
        *done = now_done;
        Ok(view)
    }

    async fn act_all_or_nothing(
        &self,
        plans: impl Iterator<Item = Result<ActionPlan, ApiError>>,
    ) -> Result<BulkAnswer, ApiError> {
        let plans: Vec<ActionPlan> = plans
            .enumerate()
            .map(|(index, plan)| plan.map_err(|error| of_many(index, error)))
            .collect::<Result<_, _>>()?;
        let now = self.presenter.now;
        self.writer
            .until_decided(|| async {
                let mut decision = self.writer.decision(self.tenant, now);
                let mut changed = Vec::with_capacity(plans.len());
                let mut done = Done::new();
                for (index, plan) in plans.iter().enumerate() {
                    decision.next_part();
                    let booking = plan.decide_once(&mut decision, &mut done, now).await;
                    changed.push(booking.map_err(|error| of_many(index, error.into()))?);
                }
                let included = self.presenter.load(&changed).await?;
                let decided = decision.changed().await.map_err(of_part)?;
                let included = included.with_changed(decided);
                let views = changed
                    .into_iter()
                    .map(|booking| Ok(included.show(booking)));
                let answer = BulkAnswer::new(StatusCode::OK, views.collect())?;
                decision.commit(answer).await.map_err(of_part)
            })
            .await
    }
}

fn read(booking: Value, by: String) -> Result<ActionPlan, ApiError> {
    let body: Map<String, Value> = item(booking)?;
    let mut faults = Faults::none();
    let mut text = |name: &str| {
        let text = body.get(name).and_then(Value::as_str);
        if text.is_none() {
            faults.add(name, "is required, as a string");
        }
        text
    };
    let (id, action) = (text("id"), text("action"));
    let id = faults.parsed("id", id, |id| {
        id.parse().map_err(|_| "must be a valid UUID")
    });
    let action = faults.parsed("action", action, str::parse::<Action>);
    let (id, action) = faults.finish(id.zip(action))?;
    parse(&body, id, action, by)
}
