use api::caller::Public;
use api::{ApiError, Path, Query, State};
use axum::extract::State as Extract;
use axum::response::Response;

use crate::access::Anybody;
use crate::link::{Link, respond};

/// Does what a customer's link is for, in one transaction, and leads on. The page behind the link posts here.
#[utoipa::path(
    post,
    path = "/v2/bookings/{id}/external_action/{action}",
    tag = "bookings",
    params(
        ("id" = String, Path, description = "The booking's id."),
        ("action" = String, Path, description = "The action."),
        ("signature" = String, Query, description = "What the app has signed."),
        ("redirect" = Option<String>, Query, description = "Where to lead afterwards: an address of an origin in the app's `settings.redirect_origins`."),
        ("Timekit-App" = Option<String>, Query, description = "The app's slug, if the signature does not name it."),
    ),
    responses(
        (status = 200, description = "A page that says what was done.", content_type = "text/html", body = String),
        (status = 303, description = "With `redirect`: it is done."),
        (status = 403, description = "A page: the link was not signed for this.", content_type = "text/html", body = String),
        (status = 409, description = "A page: the booking does not allow it.", content_type = "text/html", body = String),
        (status = 410, description = "A page: the link has expired, or the booking has changed since it was made.", content_type = "text/html", body = String),
        (status = 422, description = "It may not lead there: `errors.redirect`."),
    )
)]
pub(crate) async fn perform_external_action(
    _: Public<Anybody>,
    Extract(state): Extract<State>,
    Path((id, action)): Path<(String, String)>,
    query: Query,
) -> Result<Response, ApiError> {
    let outcome = async {
        let link = Link::read(&state, (&id, &action), &query).await?;
        link.perform(&state).await
    };
    respond(outcome.await)
}
