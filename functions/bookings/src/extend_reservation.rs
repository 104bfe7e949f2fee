use api::caller::App;
use api::{ApiError, Body, Data, Faults, Field, OutputZone, State};
use axum::extract::State as Extract;
use model::ids::ReservationId;
use model::reservation::Reservation;
use serde::Deserialize;
use serde_json::Value;
use store::{Decision, Store, Tenant};
use utoipa::ToSchema;

use crate::request::id;
use crate::reservation_view::{ReservationView, reservation_time, until};

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
    Extract(state): Extract<State>,
    App(principal): App,
    zone: OutputZone,
    Body(request): Body<ExtendReservationRequest>,
) -> Result<Data<ReservationView>, ApiError> {
    let mut faults = Faults::none();
    let asked = reservation_time(&mut faults, request.reservation_time);
    let named = faults.required("reservation_id", request.reservation_id);
    let id: Option<ReservationId> = id(
        &mut faults,
        "reservation_id",
        named.map_or(Field::Absent, Field::Value),
    );
    let id = faults.finish(id)?;
    let (store, tenant, now) = (state.store(), principal.tenant(), state.now());
    let reservation = store
        .until_decided(|| async {
            let mut decision = store.decision(tenant, now);
            let held = decision.reservation(id).await?;
            let held = held.ok_or(ApiError::NotFound("Reservation"))?;
            let held = held.standing(now)?;
            refuse_orphan(store, tenant, &mut decision, &held).await?;
            let until = until(now, held.timezone, asked, None);
            let is_the_same = until == held.until;
            let reservation = Reservation { until, ..held };
            let reservation = if is_the_same {
                reservation
            } else {
                decision.put_reservation(reservation)
            };
            Ok::<_, ApiError>(decision.commit(reservation).await?)
        })
        .await?;
    Ok(Data {
        data: ReservationView::new(&reservation, zone),
    })
}

/// Refuses to hold a slot on for a resource or project that is gone: no booking could be made of it.
async fn refuse_orphan(
    store: &Store,
    tenant: Tenant,
    decision: &mut Decision<'_>,
    held: &Reservation,
) -> Result<(), ApiError> {
    if !decision.has_resource(held.resource_id).await? {
        return Err(ApiError::NotFound("Resource"));
    }
    if let Some(id) = held.project_id {
        let project = store.get_project(tenant, id).await?;
        project.ok_or(ApiError::NotFound("Project"))?;
    }
    Ok(())
}
