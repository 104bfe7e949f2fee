use api::caller::Public;
use api::{Path, State};
use axum::extract::State as Extract;
use axum::http::Method;
use axum::response::Response;

use crate::access::Anybody;
use crate::link::{Opening, Visit, follow};

/// Shows the page behind a customer's link, which asks before anything is done.
///
/// Programs that look through mail open links too: nothing changes until the page's button is pressed, unless the app
/// has switched on `settings.act_on_get`. `signature` is a JSON Web Token, HS256 under the app's signing secret, that
/// says `booking_id` and `action`. If it says `exp` or `nbf`, it holds until or from then on; if it says `state`, it
/// holds while the booking is in that state. It names its app by `app_slug`, or the query does by `Timekit-App`.
#[utoipa::path(
    get,
    path = "/v2/bookings/{id}/external_action/{action}",
    tag = "bookings",
    params(
        ("id" = String, Path, description = "The booking's id."),
        ("action" = String, Path, description = "The action."),
        ("signature" = String, Query, description = "What the app has signed."),
        ("redirect" = Option<String>, Query, description = "Where to lead afterwards: an address of an origin in the app's `settings.redirect_origins`."),
        ("Timekit-App" = Option<String>, Query, description = "The app's slug, if the signature does not name it."),
        ("lang" = Option<String>, Query, description = "The page's language, as a BCP 47 tag; defaults to the booking's `locale`, then to `Accept-Language`."),
        ("zone" = Option<String>, Query, description = "The zone that times are shown in; defaults to the customer's, then to the booking's."),
    ),
    responses(
        (status = 200, description = "A page that asks; with `act_on_get`, one that says what was done.", content_type = "text/html", body = String),
        (status = 303, description = "With `act_on_get` and `redirect`: it is done."),
        (status = 403, description = "A page: the link was not signed for this.", content_type = "text/html", body = String),
        (status = 409, description = "A page: the booking does not allow it.", content_type = "text/html", body = String),
        (status = 410, description = "A page: the link has expired, or the booking has changed since it was made and was not only moved.", content_type = "text/html", body = String),
        (status = 422, description = "It may not lead there: `errors.redirect`; to browsers, a page."),
        (status = 429, description = "A page: too many requests.", content_type = "text/html", body = String),
        (status = 500, description = "A page: our mistake.", content_type = "text/html", body = String),
        (status = 503, description = "A page: not available right now.", content_type = "text/html", body = String),
    )
)]
pub(crate) async fn show_external_action(
    _: Public<Anybody>,
    Extract(state): Extract<State>,
    Path((id, action)): Path<(String, String)>,
    visit: Visit,
    method: Method,
) -> Response {
    // Asking for the head of a page never does anything.
    let opening = match method {
        Method::GET => Opening::Opened,
        _ => Opening::Looked,
    };
    follow(&state, (&id, &action), &visit, opening).await
}
