use api::caller::App;
use api::concurrency::{IfMatch, Tagged};
use api::idempotency::Idempotency;
use api::{ApiError, Body, Data, Faults, Field, OutputZone, Path, State};
use axum::extract::State as Extract;
use model::booking::Act;
use model::graph::Action;
use model::ids::BookingId;
use scheduling::plan::ActionPlan;
use serde_json::{Map, Value};
use store::Expected;

use crate::access::Write;
use crate::includes::Includes;
use crate::view::{BookingView, Presenter};

/// Takes an action on a booking, such as `confirm`, `decline` or `cancel`.
///
/// The body may be empty, or carry a message for the booking's history: `{"decline": {"message": "…"}}`, or what a
/// payment is called: `{"pay": {"payment_id": "…"}}`. A confirmation takes the time, and is refused if it has been taken
/// meanwhile. Calling off a group calls off its customers' bookings. Bookings that were made with `relate_bookings` are
/// changed together unless `apply_to_bulked_bookings` is false: all of them, or none.
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
#[expect(clippy::too_many_arguments, reason = "each is one part of the request")]
pub(crate) async fn act_on_booking(
    App(principal): App<Write>,
    Extract(state): Extract<State>,
    Path((id, action)): Path<(String, String)>,
    include: Includes,
    zone: OutputZone,
    once: Idempotency,
    IfMatch(expected): IfMatch,
    Body(body): Body<Map<String, Value>>,
) -> Result<Tagged<Data<BookingView>>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound("Booking"))?;
    let action: Action = action.parse().map_err(|_| ApiError::NotFound("Action"))?;
    let plan = ActionPlan {
        expected,
        ..parse(&body, id, action, principal.actor())?
    };
    let (writer, tenant, now) = (once.writer(&state), principal.tenant(), state.now());
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
            let acted = plan.decide(&mut decision, now).await?;
            let mut view = presenter.decided(acted.booking, &mut decision).await?;
            let (links, version) = (view.take_links(), view.version());
            let answer = Tagged::new(Data { data: view }, &version);
            once.keep(&answer)?;
            let answer = answer.map(|Data { data: view }| Data {
                data: view.with_links(links),
            });
            Ok(decision.commit(answer).await?)
        })
        .await
}

/// What the body says about an action: a message, a payment's name, and whether related bookings are meant too.
pub(crate) fn parse(
    body: &Map<String, Value>,
    id: BookingId,
    action: Action,
    by: String,
) -> Result<ActionPlan, ApiError> {
    let mut faults = Faults::none();
    let message = action_field(&mut faults, body, action, "message");
    let payment_id = if action == Action::Pay {
        action_field(&mut faults, body, action, "payment_id")
    } else {
        None
    };
    let name = "apply_to_bulked_bookings";
    let with_related = body.get(name).map(|value| Field::read(value.clone()));
    let with_related = faults.optional(name, with_related.unwrap_or_default());
    faults.check()?;
    let act = Act {
        action,
        by,
        message,
        payment_id,
    };
    Ok(ActionPlan {
        id,
        act,
        with_related: with_related.unwrap_or(true),
        expected: Expected::Any,
    })
}

/// The longest message, in characters.
pub(crate) const MAX_MESSAGE: usize = 2_000;

/// A field of the object that has the action's own name, or an older one: any object with such a field will do.
fn action_field(
    faults: &mut Faults,
    body: &Map<String, Value>,
    action: Action,
    name: &str,
) -> Option<String> {
    let named = body
        .get(action.name())
        .or_else(|| body.values().find(|value| value.get(name).is_some()));
    let text = named.and_then(|value| value.get(name)).cloned()?;
    let field = format!("{}.{name}", action.name());
    let text = faults.optional(&field, Field::read(text));
    faults.text(&field, text, 0..=MAX_MESSAGE)
}
