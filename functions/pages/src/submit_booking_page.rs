use api::State;
use api::caller::{Address, Public};
use api::form_once::{FormOnce, Sent, is_one_time_value};
use api::{ApiError, Path};
use axum::body::{Body, to_bytes};
use axum::extract::{RawQuery, State as Extract};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use model::ids::BookingId;

use crate::access::Visitor;
use crate::page::ask::Ask;
use crate::page::book::{Order, book, reschedule};
use crate::page::booked;
use crate::page::form::Form;
use crate::page::site::Site;
use crate::page::times::{Choice, Free, Offering};
use crate::show::{self, Outcome, Page};
use crate::view;

/// The largest form, in bytes.
const MAX_FORM: usize = 256 * 1024;

/// The route by which one-time values are told apart.
const ROUTE: &str = "POST /book/{slug}";

/// Books what the form of a project's page says, or moves a booking, and leads to the page that shows it.
///
/// What is booked is held to what a widget key of the app may book. The form's `once` makes it once: sent again, it leads to the
/// same page. What cannot be booked is answered with the page again, with what was filled in, what is wrong with it and, if the
/// time is not free, the nearest times.
#[utoipa::path(
    post,
    path = "/book/{slug}",
    tag = "pages",
    params(("slug" = String, Path, description = "The project's slug.")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "`once`, `start`, `resource`, and the customer's fields as `customer.<name>`; `lang` and `zone` as in the page's address; `uuid` and `action=reschedule` to move a booking."),
    responses(
        (status = 303, description = "Booked: to the page that shows it."),
        (status = 404, description = "A page: there is no such project, its app has no widget key, or there is no such booking to move.", content_type = "text/html", body = String),
        (status = 409, description = "A page: the time is not free, or the booking cannot be moved, or nobody can book here.", content_type = "text/html", body = String),
        (status = 413, description = "A page: the form is larger than 256 KiB.", content_type = "text/html", body = String),
        (status = 422, description = "A page: something is wrong with a field.", content_type = "text/html", body = String),
        (status = 429, description = "A page: too many requests from this address.", content_type = "text/html", body = String),
        (status = 503, description = "A page: not available right now.", content_type = "text/html", body = String),
    )
)]
pub(crate) async fn submit_booking_page(
    _: Public<Visitor>,
    Extract(state): Extract<State>,
    Address(address): Address,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let body = to_bytes(body, MAX_FORM).await;
    let form = body.as_deref().map(String::from_utf8_lossy);
    let form = form.unwrap_or_default();
    let ask = Ask::parse(query.as_deref().unwrap_or_default(), &form);
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
    let done = match body {
        Ok(_) => submit(&page).await,
        Err(_) => Err(ApiError::TooLarge),
    };
    view::compressed(show::or_problem(&page, done), &headers).await
}

/// Does what the form says, or shows the page again.
async fn submit(page: &Page<'_>) -> Result<Response, ApiError> {
    let once = page.ask.get("once").filter(|once| is_one_time_value(once));
    let Some(once) = once else {
        // No form of ours: the page has one.
        return show::page(page, Outcome::Asked).await;
    };
    match FormOnce::begin(page.state, &page.site.principal, ROUTE, once).await? {
        Sent::First(once) => submit_first(page, &once).await,
        Sent::Before(booking) => lead_to(page, booking).await,
    }
}

/// Does what a form says that was not sent before, or shows the page again.
async fn submit_first(page: &Page<'_>, once: &FormOnce) -> Result<Response, ApiError> {
    let Page {
        state, site, ask, ..
    } = *page;
    let moving = show::moving(page).await?;
    let offering = Offering::read(state, site, ask, moving).await?;
    if site.is_closed(!offering.resources.is_empty())? {
        return Ok(show::closed(page, StatusCode::CONFLICT));
    }
    let mut form = Form::read(site, ask, page.language)?;
    let customer = match &offering.moving {
        Some(_) => None,
        None => form.customer(state, ask, page.language),
    };
    let Some(pick) = ask.start else {
        return show::step(page, &offering, Outcome::Asked).await;
    };
    let refused = async |form, error| refused((page, &offering), once, form, error).await;
    let free = match offering.at(state, pick).await? {
        Choice::Free(free) => free,
        Choice::Refused(refusal) => return refused(form, refusal.into()).await,
    };
    let free = with_chosen(page, &offering, free, &mut form);
    if form.has_errors() {
        return show::step(page, &offering, Outcome::Invalid(form)).await;
    }
    let done = match (&offering.moving, customer) {
        (Some((_, booking)), _) => reschedule(state, site, once, (booking, &free)).await,
        (None, Some(customer)) => {
            let order = Order {
                offering: &offering,
                free: &free,
                customer,
                language: page.language,
            };
            book(state, site, once, order).await
        }
        (None, None) => return show::step(page, &offering, Outcome::Invalid(form)).await,
    };
    match done {
        Ok(booking) => lead_to(page, booking).await,
        Err(error) if show::is_about_time(&error) => refused(form, error).await,
        Err(error) => Err(error),
    }
}

/// Shows the page again, because the time cannot be booked; unless it is a twin of the form that has taken it.
async fn refused(
    (page, offering): (&Page<'_>, &Offering<'_>),
    once: &FormOnce,
    form: Form,
    error: ApiError,
) -> Result<Response, ApiError> {
    match once.before(page.state).await? {
        Some(booking) => lead_to(page, booking).await,
        None => show::step(page, offering, Outcome::Refused(form, error)).await,
    }
}

/// The time with the one whom the visitor has chosen, where that is theirs to say.
fn with_chosen(page: &Page<'_>, offering: &Offering<'_>, free: Free, form: &mut Form) -> Free {
    if !offering.has_choice() {
        return free;
    }
    match page.ask.resource.filter(|id| free.resources.contains(id)) {
        Some(id) => Free {
            resources: vec![id],
            ..free
        },
        None => {
            let missing = page.language.text(html::Text::MissingChoice);
            form.resource_error = Some(missing.to_owned());
            free
        }
    }
}

/// Leads to the page that shows the booking.
async fn lead_to(page: &Page<'_>, booking: BookingId) -> Result<Response, ApiError> {
    let is_customer = show::is_customer(page).await?;
    let token = booked::token(page.state, &page.site.app, booking, is_customer).await?;
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(page.ask.reading());
    let address = format!("/book/done/{token}?{}", query.finish());
    let to = HeaderValue::from_str(address.trim_end_matches('?'));
    let to = to.map_err(|error| ApiError::Internal(error.into()))?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response())
}
