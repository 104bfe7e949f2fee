use api::Path;
use api::State;
use api::caller::{Address, Public};
use axum::extract::{RawQuery, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;

use crate::access::Visitor;
use crate::page::ask::Ask;
use crate::page::site::Site;
use crate::show::{self, Page};
use crate::view;

/// Shows the page of a project on which its customers book.
///
/// It is whole without JavaScript: who, what, where and for how much, the nearest times, a month, the times of a day, and the
/// form. Links to reschedule lead here: `?uuid=…&action=reschedule&event.start=…&event.end=…`. Every refusal is a page too.
#[utoipa::path(
    get,
    path = "/book/{slug}",
    tag = "pages",
    params(
        ("slug" = String, Path, description = "The project's slug."),
        ("resource" = Option<String>, Query, description = "Whom to book, of the project's resources: an id."),
        ("month" = Option<String>, Query, description = "The month to show, e.g. `2026-12`."),
        ("date" = Option<String>, Query, description = "The day to show the times of, e.g. `2026-12-01`."),
        ("start" = Option<String>, Query, description = "The time that was chosen, for which the form is shown: RFC 3339; for a seat in a group, a comma and the group's id after it."),
        ("zone" = Option<String>, Query, description = "The time zone to show times in. Defaults to the zone of whom is booked."),
        ("lang" = Option<String>, Query, description = "The language, as a BCP 47 tag. Defaults to the browser's."),
        ("uuid" = Option<String>, Query, description = "With `action=reschedule`: the booking to be moved."),
        ("action" = Option<String>, Query, description = "`reschedule`, to move a booking."),
    ),
    responses(
        (status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 404, description = "A page: there is no such project, its app has no widget key, or there is no such booking to move.", content_type = "text/html", body = String),
        (status = 409, description = "A page: the booking cannot be moved.", content_type = "text/html", body = String),
        (status = 429, description = "A page: too many requests from this address.", content_type = "text/html", body = String),
        (status = 503, description = "A page: not available right now.", content_type = "text/html", body = String),
    )
)]
pub(crate) async fn show_booking_page(
    _: Public<Visitor>,
    Extract(state): Extract<State>,
    Address(address): Address,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let ask = Ask::parse(query.as_deref().unwrap_or_default(), "");
    let language = view::language(&ask, &headers);
    let site = match Site::open(&state, &slug, address).await {
        Ok(site) => site,
        Err(none) => return view::no_site(none, language, Some(&ask.link(&slug, &[]))),
    };
    let page = Page {
        state: &state,
        site: &site,
        ask: &ask,
        language,
    };
    let shown = show::page(&page, show::Outcome::Asked).await;
    view::compressed(show::or_problem(&page, shown), &headers).await
}
