use api::caller::{BaseUrl, Public};
use api::{ApiError, Path, State};
use axum::extract::{RawQuery, State as Extract};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use html::{Brand, Language, Text};
use scheduling::offer::in_order;
use store::Tenant;
use views::CustomerLinks;

use crate::access::JustBooked;
use crate::page::ask::Ask;
use crate::page::booked::{NotShown, Shown, read};
use crate::page::problem::Problem;
use crate::show::zone_of;
use crate::view::booked::{Booked, Own};
use crate::view::{self, Frame};

/// Shows a booking to the customer who just made or moved it, by the signed address that the form redirects to: what has become of it,
/// when it is, its calendar file, and the links by which it is moved or cancelled. The address holds for a day.
#[utoipa::path(
    get,
    path = "/book/done/{token}",
    tag = "pages",
    params(
        ("token" = String, Path, description = "What the form's response has signed."),
        ("zone" = Option<String>, Query, description = "The time zone to show times in. Defaults to the booking's."),
        ("lang" = Option<String>, Query, description = "The language, as a BCP 47 tag. Defaults to the browser's."),
    ),
    responses(
        (status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 404, description = "A page: it was not signed for this.", content_type = "text/html", body = String),
        (status = 410, description = "A page: the address has expired.", content_type = "text/html", body = String),
        (status = 503, description = "A page: not available right now.", content_type = "text/html", body = String),
    )
)]
pub(crate) async fn show_booked_page(
    _: Public<JustBooked>,
    Extract(state): Extract<State>,
    BaseUrl(base): BaseUrl,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let ask = Ask::parse(query.as_deref().unwrap_or_default(), "");
    let language = view::language(&ask, &headers);
    let shown = match read(&state, &token).await {
        Ok(booked) => show(&state, &booked, (&ask, language), (&base, &token)).await,
        Err(error) => Err(error),
    };
    let page = shown.unwrap_or_else(|error| not_shown(error, language));
    view::compressed(page, &headers).await
}

async fn show(
    state: &State,
    booked: &Shown,
    (ask, language): (&Ask, Language),
    (base, token): (&str, &str),
) -> Result<Response, NotShown> {
    let Shown {
        app,
        booking,
        is_customer,
    } = booked;
    let (tenant, now) = (Tenant::app(app.id), state.now());
    let project = match booking.project_id {
        Some(id) => state.store().get_project(tenant, id).await?,
        None => None,
    };
    let mut ids = vec![booking.resource_id];
    ids.extend(&booking.further_resources);
    let with = in_order(state.store(), tenant, &ids).await?;
    let secret = state.master_secret().await?.signing_secret(app.id);
    let secret = secret.map_err(ApiError::from)?;
    let links =
        CustomerLinks::new(base.to_owned(), app.slug.clone(), secret, None).read_as(ask.reading());
    // Whose resource is gone is not moved any more.
    let movable = project.as_ref().filter(|_| !with.is_empty());
    let own = is_customer.then(|| Own {
        links: links.of(booking, movable, now),
        calendar_file: format!("/book/calendar/{token}"),
    });
    let shown = Booked {
        booking,
        project: project.as_ref().map(|project| project.name.as_str()),
        business: app.business_name(),
        language,
        zone: zone_of(ask, booking),
        with: with.into_iter().map(|resource| resource.name).collect(),
        own,
        another: project.as_ref().map(|project| ask.link(&project.slug, &[])),
    };
    let frame = Frame {
        zone: Some(shown.zone),
        ..Frame::alone(language, Brand::of(app), shown.title())
    };
    Ok(frame.page(&shown.markup()))
}

/// The page that says why there is nothing to show.
fn not_shown(error: NotShown, language: Language) -> Response {
    let notice = |status, title, text: &str| {
        let problem = Problem {
            title: language.text(title).to_owned(),
            text: text.to_owned(),
            offers_times: false,
        };
        let page = view::notice(language, Brand::default(), &problem, None);
        let mut page = ApiError::NotFound("Booking").shown_as(page);
        *page.status_mut() = status;
        page
    };
    match error {
        NotShown::Invalid => notice(
            StatusCode::NOT_FOUND,
            Text::LinkBadTitle,
            language.text(Text::LinkBadText),
        ),
        NotShown::Expired => {
            let text = language.text(Text::LinkBadText);
            notice(StatusCode::GONE, Text::LinkExpiredTitle, text)
        }
        NotShown::Other(error) => {
            let problem = Problem::of(&error, language, "");
            let page = view::notice(language, Brand::default(), &problem, None);
            error.shown_as(page)
        }
    }
}
