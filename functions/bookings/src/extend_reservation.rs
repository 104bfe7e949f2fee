use api::caller::App;
use api::{ApiError, Body, Data, Faults, Field, OutputZone, State};
use axum::extract::State as Extract;
use model::ids::ReservationId;
use scheduling::Actor;
use scheduling::plan::ExtensionPlan;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::access::Write;
use crate::view::reservation::{ReservationView, reservation_time};

/// A reservation to hold for longer.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ExtendReservationRequest {
    /// The reservation.
    #[serde(default)]
    #[schema(value_type = String, format = Uuid, required)]
    reservation_id: Field<String>,
    /// For how long from now on: seconds, 1 to 86,400, or a duration like `"5 minutes"`. Defaults to 30 seconds.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 86400)]
    reservation_time: Field<Value>,
}

/// Holds a reserved slot from now on for another while. One that has lapsed must be reserved anew.
#[utoipa::path(
    put,
    path = "/v2/bookings/reserve/extend",
    tag = "bookings",
    request_body = ExtendReservationRequest,
    responses(
        (status = 200, description = "The reservation.", body = ReservationView),
        (status = 404, description = "There is no such reservation, or it is not yours, or it has been booked; or its resource or project is gone."),
        (status = 409, description = "It has lapsed."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn extend_reservation(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    zone: OutputZone,
    Body(request): Body<ExtendReservationRequest>,
) -> Result<Data<ReservationView>, ApiError> {
    let plan = parse(request)?;
    let (writer, actor, now) = (state.writer(), Actor::from(&principal), state.now());
    let reservation = writer
        .until_decided(|| async {
            let mut decision = writer.decision(actor.tenant, now);
            let reservation = plan.decide(&writer, &actor, &mut decision, now).await?;
            Ok::<_, ApiError>(decision.commit(reservation).await?)
        })
        .await?;
    Ok(Data {
        data: ReservationView::new(&reservation, zone),
    })
}

fn parse(request: ExtendReservationRequest) -> Result<ExtensionPlan, ApiError> {
    let mut faults = Faults::none();
    let hold = reservation_time(&mut faults, request.reservation_time);
    let named = faults.required("reservation_id", request.reservation_id);
    let id: Option<ReservationId> = faults.parsed_id("reservation_id", named.as_deref());
    Ok(faults.finish(id.map(|id| ExtensionPlan { id, hold }))?)
}
