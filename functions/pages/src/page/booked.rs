//! The signed address that a customer is redirected to after booking. It says which booking it is, and shows it for a day: no more than the
//! visitor has just sent.

use api::{ApiError, State};
use auth::signature;
use chrono::TimeDelta;
use model::app::App;
use model::booking::Booking;
use model::ids::{AppId, BookingId};
use serde::Serialize;
use store::Tenant;

/// How long the address shows the booking.
const SHOWN_FOR: TimeDelta = TimeDelta::days(1);

/// What the token is for, so that none of another kind is taken for it: to show a booking to its customer.
const BOOKED: &str = "booked";

/// The same, for somebody who moved the booking by its id alone.
const MOVED: &str = "moved";

#[derive(Serialize)]
struct BookedClaims<'a> {
    app_slug: &'a str,
    booking_id: BookingId,
    purpose: &'static str,
    /// In seconds.
    exp: i64,
}

/// The token of the address that shows `booking` to the customer who just booked it or, if it is not the customer, no more of it
/// than that it is moved.
pub(crate) async fn token(
    state: &State,
    app: &App,
    booking: BookingId,
    is_customer: bool,
) -> Result<String, ApiError> {
    let secret = state.master_secret().await?.signing_secret(app.id)?;
    let claims = BookedClaims {
        app_slug: &app.slug,
        booking_id: booking,
        purpose: if is_customer { BOOKED } else { MOVED },
        exp: (state.now() + SHOWN_FOR).timestamp(),
    };
    secret
        .sign(&claims)
        .map_err(|error| ApiError::Internal(error.into()))
}

/// Why there is nothing to show.
#[derive(Debug)]
pub(crate) enum NotShown {
    /// It was not signed for this.
    Invalid,
    /// It has expired.
    Expired,
    /// Another reason.
    Other(ApiError),
}

impl<E: Into<ApiError>> From<E> for NotShown {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

/// What a token shows.
pub(crate) struct Shown {
    /// The booking's app.
    pub(crate) app: App,
    /// The booking as it is now.
    pub(crate) booking: Booking,
    /// Whether its customer is shown it.
    pub(crate) is_customer: bool,
}

/// What a token shows.
pub(crate) async fn read(state: &State, token: &str) -> Result<Shown, NotShown> {
    let slug = signature::named_app(token).ok_or(NotShown::Invalid)?;
    let app = state.store().find_app(&slug).await?;
    let app = app.ok_or(NotShown::Invalid)?.app;
    let (id, is_customer) = verified(state, app, token).await?;
    let booking = state.store().get_booking(Tenant::app(app), id).await?;
    let booking = booking.ok_or(NotShown::Invalid)?.settled(state.now());
    let app = state.store().get_app(app).await?;
    Ok(Shown {
        app: app.ok_or(NotShown::Invalid)?,
        booking,
        is_customer,
    })
}

async fn verified(state: &State, app: AppId, token: &str) -> Result<(BookingId, bool), NotShown> {
    let secrets = state.master_secret().await?.signing_secrets(app)?;
    let claims = signature::verify(token, &secrets).map_err(|_| NotShown::Invalid)?;
    let is_customer = match claims.text("purpose") {
        Some(BOOKED) => true,
        Some(MOVED) => false,
        _ => return Err(NotShown::Invalid),
    };
    if claims.is_out_of_time(state.now()) {
        return Err(NotShown::Expired);
    }
    let id = claims.text("booking_id").and_then(|id| id.parse().ok());
    Ok((id.ok_or(NotShown::Invalid)?, is_customer))
}
