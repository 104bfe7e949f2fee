use api::body::MAX_FREE_FORM;
use api::caller::App;
use api::{ApiError, Body, Data, Faults, Field, Include, OutputZone, Path, State};
use axum::extract::State as Extract;
use model::booking::Booking;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::convert::Infallible;
use utoipa::ToSchema;

use crate::view::{BookingView, Viewer};

/// What may be changed of a booking without an action: what its maker keeps with it.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct UpdateBookingRequest {
    /// Replaces the booking's `meta`.
    #[serde(default)]
    #[schema(value_type = Object)]
    meta: Field<Map<String, Value>>,
}

/// Replaces a booking's meta data. Everything else changes by actions.
#[utoipa::path(
    put,
    path = "/v2/bookings/{id}",
    tag = "bookings",
    params(("id" = String, Path, description = "The booking's id.")),
    request_body = UpdateBookingRequest,
    responses(
        (status = 200, description = "The booking.", body = BookingView),
        (status = 404, description = "There is none, or it is not yours."),
        (status = 422, description = "`meta` is missing or no object."),
    )
)]
pub(crate) async fn update_booking(
    Extract(state): Extract<State>,
    App(principal): App,
    Path(id): Path<String>,
    include: Include,
    zone: OutputZone,
    Body(request): Body<UpdateBookingRequest>,
) -> Result<Data<BookingView>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Booking"))?;
    let mut faults = Faults::none();
    let meta = faults.required("meta", request.meta);
    if let Some(meta) = &meta {
        faults.size("meta", meta, MAX_FREE_FORM);
    }
    let meta = faults.finish(meta)?;
    let now = state.now();
    let change = |booking: Booking| {
        let booking = booking.settled(now);
        Ok::<_, Infallible>(Booking {
            meta: meta.clone(),
            updated_at: now,
            ..booking
        })
    };
    let booking = state
        .store()
        .change_booking(principal.tenant(), id, now, change)
        .await?;
    let viewer = Viewer::of(
        &principal,
        state.store(),
        &include,
        zone,
        std::slice::from_ref(&booking),
    )
    .await?;
    Ok(Data {
        data: viewer.show(booking, now),
    })
}
