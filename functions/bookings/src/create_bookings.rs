use api::caller::App;
use api::idempotency::Idempotency;
use api::{ApiError, Body, Field, OutputZone, Shaped, State};
use auth::Principal;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use model::ids::BookingId;
use scheduling::plan::BookingPlan;
use serde::Deserialize;
use serde_json::Value;
use store::{Attempt, Seed};

use crate::access::Write;
use crate::bulk::{Bulk, BulkAnswer, BulkRequest, item, of_many, of_part, turn_for};
use crate::includes::Includes;
use crate::request::CreateBookingRequest;
use crate::view::{BookingView, Presenter};

/// Makes many bookings.
///
/// Each is made in a transaction of its own, in order; one that fails does not keep the others from being made, unless
/// `stop_on_first_error`. With `delete_all_on_error` all are made in one transaction or none is; the error says how many
/// fit if they are too many. With an `Idempotency-Key`, a request that broke off goes on where it stopped when it is sent
/// again. `relate_bookings` makes bookings on which one action acts together.
#[utoipa::path(
    post,
    path = "/v2/bookings/bulk",
    tag = "bookings",
    params(("include" = Option<String>, Query, description = "What to show beside the base fields, separated by commas.")),
    request_body = BulkRequest,
    responses(
        (status = 201, description = "All of them.", body = BulkAnswer),
        (status = 207, description = "Those that could be made, and what was wrong with the others.", body = BulkAnswer),
        (status = 409, description = "None could be made: the first one's error, with its `index`."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn create_bookings(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    include: Includes,
    zone: OutputZone,
    mut once: Idempotency,
    Body(Shaped(request, _)): Body<Shaped<BulkRequest, NewBookings>>,
) -> Result<BulkAnswer, ApiError> {
    let bulk = request.parse()?;
    let _turn = turn_for(&state, principal.app, bulk.bookings.len()).await?;
    let now = state.now();
    let seed = if bulk.is_all_or_nothing {
        Seed::random(state.random())
    } else {
        once.begin(&state).await?
    };
    let ids: Vec<BookingId> = (0..)
        .zip(&bulk.bookings)
        .map(|(index, _)| BookingId::new(seed.id(index)))
        .collect();
    let related = if bulk.relates {
        ids.clone()
    } else {
        Vec::new()
    };
    let presenter = Presenter {
        principal: &principal,
        store: state.store(),
        include: &include,
        zone,
        now,
    };
    let maker = Maker {
        state: &state,
        principal: &principal,
        presenter,
        related,
    };
    if bulk.is_all_or_nothing {
        return maker.make_all_or_nothing(bulk.bookings, &ids, &once).await;
    }
    let results = maker.make_each(bulk, &ids, once.is_keyed()).await?;
    let mut answer = BulkAnswer::new(StatusCode::CREATED, results)?;
    let links = answer.take_links();
    once.finish(&state, &answer).await?;
    Ok(answer.with_links(links))
}

/// What is read of the request, its bookings included.
#[derive(Deserialize)]
#[expect(dead_code, reason = "only looked at")]
pub(crate) struct NewBookings {
    #[serde(default)]
    bookings: Field<Vec<CreateBookingRequest>>,
    #[serde(default)]
    stop_on_first_error: Field<bool>,
    #[serde(default)]
    relate_bookings: Field<bool>,
    #[serde(default)]
    delete_all_on_error: Field<bool>,
}

struct Maker<'a> {
    state: &'a State,
    principal: &'a Principal,
    presenter: Presenter<'a>,
    related: Vec<BookingId>,
}

impl Maker<'_> {
    async fn plan(&self, booking: Value, id: BookingId) -> Result<BookingPlan, ApiError> {
        let request: CreateBookingRequest = item(booking)?;
        let plan = request.plan(self.principal, self.state, id).await?;
        Ok(plan.related_to(self.related.clone()))
    }

    async fn make_each(
        &self,
        bulk: Bulk,
        ids: &[BookingId],
        can_be_resumed: bool,
    ) -> Result<Vec<Result<BookingView, ApiError>>, ApiError> {
        let mut results = Vec::with_capacity(ids.len());
        for (index, (booking, id)) in bulk.bookings.into_iter().zip(ids).enumerate() {
            let result = self.make(booking, *id).await;
            let is_ours = matches!(&result, Err(error) if error.status().is_server_error());
            let stops = is_ours || (result.is_err() && bulk.stops_on_error);
            match result {
                // Sent again with its key the request goes on here. Without one, what has been made must be told.
                Err(error) if is_ours && can_be_resumed => return Err(of_many(index, error)),
                result => results.push(result),
            }
            if stops {
                break;
            }
        }
        Ok(results)
    }

    async fn make(&self, booking: Value, id: BookingId) -> Result<BookingView, ApiError> {
        let (writer, tenant, now) = (
            self.state.writer(),
            self.principal.tenant(),
            self.presenter.now,
        );
        // A request that is sent again finds what it made before, whatever has become of what it refers to.
        let mut decision = writer.decision(tenant, now);
        if let Some(made) = decision.booking(id).await? {
            return self.presenter.decided(made, &mut decision).await;
        }
        let plan = self.plan(booking, id).await?;
        writer
            .until_decided(|| async {
                let mut decision = writer.decision(tenant, now);
                if let Some(made) = decision.booking(id).await? {
                    let view = self.presenter.decided(made, &mut decision).await?;
                    return Ok(Attempt::Decided(view));
                }
                let booking = plan.decide(&mut decision, now).await?;
                let view = self.presenter.decided(booking, &mut decision).await?;
                Ok::<_, ApiError>(decision.commit(view).await?)
            })
            .await
    }

    async fn make_all_or_nothing(
        &self,
        bookings: Vec<Value>,
        ids: &[BookingId],
        once: &Idempotency,
    ) -> Result<BulkAnswer, ApiError> {
        let mut plans = Vec::with_capacity(ids.len());
        for (index, (booking, id)) in bookings.into_iter().zip(ids).enumerate() {
            let plan = self.plan(booking, *id).await;
            plans.push(plan.map_err(|error| of_many(index, error))?);
        }
        let (writer, tenant, now) = (
            once.writer(self.state),
            self.principal.tenant(),
            self.presenter.now,
        );
        writer
            .until_decided(|| async {
                let mut decision = writer.decision(tenant, now);
                let mut made = Vec::with_capacity(plans.len());
                for (index, plan) in plans.iter().enumerate() {
                    decision.next_part();
                    let booking = plan.decide(&mut decision, now).await;
                    made.push(booking.map_err(|error| of_many(index, error.into()))?);
                }
                let included = self.presenter.load(&made).await?;
                let decided = decision.changed().await.map_err(of_part)?;
                let included = included.with_changed(decided);
                let views = made.into_iter().map(|booking| Ok(included.show(booking)));
                let mut answer = BulkAnswer::new(StatusCode::CREATED, views.collect())?;
                let links = answer.take_links();
                once.keep(&answer)?;
                let answer = answer.with_links(links);
                decision.commit(answer).await.map_err(of_part)
            })
            .await
    }
}
