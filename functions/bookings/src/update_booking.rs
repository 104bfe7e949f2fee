use api::body::MAX_FREE_FORM;
use api::caller::App;
use api::concurrency::{IfMatch, Tagged};
use api::{ApiError, Body, Data, Faults, Field, OutputZone, Path, State};
use axum::extract::State as Extract;
use scheduling::plan::act::check_resources;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::access::Write;
use crate::includes::Includes;
use crate::view::{BookingView, Presenter, version};

/// What may be changed of a booking without an action: what its maker keeps with it.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct UpdateBookingRequest {
    /// Replaces the booking's `meta`.
    #[serde(default)]
    #[schema(value_type = Object, required)]
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
        (status = 409, description = "Its resource was deleted."),
        (status = 422, description = "`meta` is missing or no object."),
    )
)]
pub(crate) async fn update_booking(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    include: Includes,
    zone: OutputZone,
    IfMatch(expected): IfMatch,
    Body(request): Body<UpdateBookingRequest>,
) -> Result<Tagged<Data<BookingView>>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Booking"))?;
    let mut faults = Faults::none();
    let meta = faults.required("meta", request.meta);
    if let Some(meta) = &meta {
        faults.size("meta", meta, MAX_FREE_FORM);
    }
    let meta = faults.finish(meta)?;
    let now = state.now();
    let (writer, tenant) = (state.writer(), principal.tenant());
    let presenter = Presenter {
        principal: &principal,
        store: state.store(),
        include: &include,
        zone,
        now,
    };
    writer
        .until_decided(|| async {
            let mut decision = writer.decision(tenant, now);
            let booking = decision.booking(id).await?;
            let booking = booking.ok_or(ApiError::NotFound("Booking"))?.settled(now);
            expected.check(&version(&booking))?;
            check_resources(&mut decision, &booking).await?;
            let booking = if booking.meta == meta {
                booking
            } else {
                decision.put(booking.with_meta(meta.clone(), now))
            };
            let view = presenter.decided(booking, &mut decision).await?;
            let version = view.version();
            let answer = Tagged::new(Data { data: view }, &version);
            Ok(decision.commit(answer).await?)
        })
        .await
}
