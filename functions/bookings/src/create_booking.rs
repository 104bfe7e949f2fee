use api::caller::App;
use api::concurrency::Tagged;
use api::idempotency::Idempotency;
use api::{ApiError, Body, Created, OutputZone, State};
use axum::extract::State as Extract;
use model::ids::BookingId;

use crate::access::Book;
use crate::includes::IncludesOfNew;
use crate::request::CreateBookingRequest;
use crate::view::{BookingView, Presenter};

/// Makes a booking.
///
/// Time that is taken is refused with 409, also for a tentative booking, which does not take any itself; so is a seat in
/// a group that is full, over or not open for booking. A booking that waits for a payment holds its time or seat until
/// `attributes.payment_due_at`: for five minutes, unless its `timeout` or its project says otherwise.
///
/// `include=customer_action_links` shows the links by which the customer cancels or reschedules, here to a widget key and
/// client-token too, so that a page can show them to the customer who has just booked.
#[utoipa::path(
    post,
    path = "/v2/bookings",
    tag = "bookings",
    params(("include" = Option<String>, Query, description = "What to show beside the base fields, separated by commas.")),
    request_body = CreateBookingRequest,
    responses(
        (status = 201, description = "The booking.", body = BookingView),
        (status = 404, description = "There is no such resource or reservation, or it is not yours."),
        (status = 409, description = "The time or every seat is taken, or it is too early or too late: `errors.event`."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn create_booking(
    App(principal): App<Book>,
    Extract(state): Extract<State>,
    IncludesOfNew(include): IncludesOfNew,
    zone: OutputZone,
    once: Idempotency,
    Body(request): Body<CreateBookingRequest>,
) -> Result<Tagged<Created<BookingView>>, ApiError> {
    let id = BookingId::random(state.random());
    let plan = request.plan(&principal, &state, id).await?;
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
            let booking = plan.decide(&mut decision, now).await?;
            let mut view = presenter.decided(booking, &mut decision).await?;
            let (links, version) = (view.take_links(), view.version());
            let answer = Tagged::new(Created(view), &version);
            once.keep(&answer)?;
            let answer = answer.map(|Created(view)| Created(view.with_links(links)));
            Ok(decision.commit(answer).await?)
        })
        .await
}
