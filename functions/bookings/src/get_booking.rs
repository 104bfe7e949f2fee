use api::caller::App;
use api::concurrency::Tagged;
use api::{ApiError, Data, OutputZone, Path, State};
use axum::extract::State as Extract;

use crate::access::Read;
use crate::includes::Includes;
use crate::view::{BookingView, Presenter};

/// Shows one booking.
#[utoipa::path(
    get,
    path = "/v2/bookings/{id}",
    tag = "bookings",
    params(
        ("id" = String, Path, description = "The booking's id."),
        ("include" = Option<String>, Query, description = "What to show beside the base fields, separated by commas."),
    ),
    responses(
        (status = 200, description = "The booking.", body = BookingView),
        (status = 404, description = "There is none, or it is not yours."),
    )
)]
pub(crate) async fn get_booking(
    App(principal): App<Read>,
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    include: Includes,
    zone: OutputZone,
) -> Result<Tagged<Data<BookingView>>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Booking"))?;
    let booking = state
        .store()
        .get_booking(principal.tenant(), id)
        .await?
        .ok_or(ApiError::NotFound("Booking"))?;
    let presenter = Presenter {
        principal: &principal,
        store: state.store(),
        include: &include,
        zone,
        now: state.now(),
    };
    let view = presenter.one(booking).await?;
    let version = view.version();
    Ok(Tagged::new(Data { data: view }, &version))
}
