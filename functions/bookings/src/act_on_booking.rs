use api::caller::App;
use api::{ApiError, Body, Data, Faults, Include, OutputZone, Path, State};
use axum::extract::State as Extract;
use model::booking::Booking;
use model::graph::Action;
use serde_json::{Map, Value};

use crate::view::{BookingView, Viewer};

/// Takes an action on a booking, such as `confirm`, `decline` or `cancel`.
///
/// The body may be empty, or carry a message for the booking's history: `{"decline": {"message": "…"}}`.
/// A confirmation takes the time, and is refused if it has been taken meanwhile.
#[utoipa::path(
    method(put, post),
    path = "/v2/bookings/{id}/{action}",
    tag = "bookings",
    params(
        ("id" = String, Path, description = "The booking's id."),
        ("action" = String, Path, description = "The action; `include=available_actions` shows which are possible."),
    ),
    responses(
        (status = 200, description = "The booking in its new state.", body = BookingView),
        (status = 404, description = "There is no such booking, or it is not yours; or there is no such action."),
        (status = 409, description = "The booking's state does not allow the action, or its time is taken."),
    )
)]
pub(crate) async fn act_on_booking(
    Extract(state): Extract<State>,
    App(principal): App,
    Path((id, action)): Path<(String, String)>,
    include: Include,
    zone: OutputZone,
    Body(body): Body<Map<String, Value>>,
) -> Result<Data<BookingView>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Booking"))?;
    let action: Action = action.parse().map_err(|_| ApiError::NotFound("Action"))?;
    let message = message(&body, action)?;
    let now = state.now();
    let by = principal.actor();
    let change = |booking: Booking| booking.act(action, &by, message.clone(), now);
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

/// The longest message, in characters.
const MAX_MESSAGE: usize = 2_000;

/// The message under the action's own name, or under an older one: any object with a `message` will do.
fn message(body: &Map<String, Value>, action: Action) -> Result<Option<String>, ApiError> {
    let named = body
        .get(action.name())
        .or_else(|| body.values().find(|value| value.get("message").is_some()));
    let Some(message) = named
        .and_then(|value| value.get("message"))
        .filter(|message| !message.is_null())
    else {
        return Ok(None);
    };
    let field = format!("{}.message", action.name());
    let mut faults = Faults::none();
    match message.as_str() {
        Some(text) => {
            let text = faults.text(&field, Some(text.to_owned()), 0..=MAX_MESSAGE);
            faults.finish(text).map(Some)
        }
        None => Err(ApiError::Invalid(Faults::one(&field, "must be a string"))),
    }
}
