//! The page of a project, in whichever step its visitor is.

use api::form_once::one_time_value;
use api::{ApiError, State};
use auth::signature;
use axum::http::StatusCode;
use axum::response::Response;
use html::{Language, Text};
use maud::{Markup, html};
use model::booking::Booking;
use model::graph::Action;
use model::time::Tz;
use scheduling::rescheduling::{By, MAX_MOVES};
use scheduling::search::Moving;

use crate::page::ask::Ask;
use crate::page::form::Form;
use crate::page::problem::Problem;
use crate::page::site::Site;
use crate::page::times::{Choice, Offering};
use crate::view::calendar::Shown;
use crate::view::form::{BookForm, Chosen};
use crate::view::{self, Frame, acting_as, who, zone};

/// A page that was asked for.
#[derive(Clone, Copy)]
pub(crate) struct Page<'a> {
    pub(crate) state: &'a State,
    pub(crate) site: &'a Site,
    pub(crate) ask: &'a Ask,
    pub(crate) language: Language,
}

/// What has become of a form, if one was sent.
pub(crate) enum Outcome {
    /// None was sent: the page shows what is asked for.
    Asked,
    /// Something is wrong with its fields.
    Invalid(Form),
    /// Its time cannot be booked.
    Refused(Form, ApiError),
}

/// Whether another time may do.
pub(crate) fn is_about_time(error: &ApiError) -> bool {
    Problem::of(error, Language::fallback(), "").offers_times
}

/// The booking that is to be moved, if the page is for that.
pub(crate) async fn moving(page: &Page<'_>) -> Result<Option<(Moving, Booking)>, ApiError> {
    let Page {
        state, site, ask, ..
    } = *page;
    if ask.is_bad_move() {
        return Err(ApiError::NotFound("Booking"));
    }
    let Some(id) = ask.moving else {
        return Ok(None);
    };
    let (store, tenant, now) = (state.store(), site.principal.tenant(), state.now());
    let booking = store.get_booking(tenant, id).await?;
    let booking = booking.filter(|booking| booking.project_id == Some(site.project.id));
    let mut booking = booking.ok_or(ApiError::NotFound("Booking"))?.settled(now);
    // A customer's link leads to the booking that took the place of its own; an id alone does not.
    if is_customer(page).await? {
        for _ in 0..MAX_MOVES {
            let Some(next) = booking.rescheduled_to else {
                break;
            };
            let Some(next) = store.get_booking(tenant, next).await? else {
                break;
            };
            booking = next.settled(now);
        }
    }
    let by = By {
        is_public: true,
        only_offered: None,
    };
    let moving = Moving::read((store, tenant), booking.clone(), by, now).await?;
    Ok(Some((moving, booking)))
}

/// Whether the visitor is known to be the booking's customer: true of a new booking, and of one that is moved only with its signed
/// link. Its id is enough to move it, as with a widget key, but not to be shown its customer's links and details.
pub(crate) async fn is_customer(page: &Page<'_>) -> Result<bool, ApiError> {
    let (Some(id), token) = (page.ask.moving, &page.ask.signature) else {
        return Ok(true);
    };
    let Some(token) = token else {
        return Ok(false);
    };
    let secrets = page.state.master_secret().await?;
    let secrets = secrets.signing_secrets(page.site.app.id)?;
    let now = page.state.now();
    let claims = signature::verify(token, &secrets);
    Ok(claims.is_ok_and(|claims| {
        claims.is_for(id, Action::RescheduleByCustomer) && !claims.is_out_of_time(now)
    }))
}

/// The page, with what has become of its form.
pub(crate) async fn page(page: &Page<'_>, outcome: Outcome) -> Result<Response, ApiError> {
    let moving = moving(page).await?;
    let offering = Offering::read(page.state, page.site, page.ask, moving).await?;
    if page.site.is_closed(!offering.resources.is_empty())? {
        return Ok(closed(page, StatusCode::OK));
    }
    step(page, &offering, outcome).await
}

/// The page in its step, of an offering that is read already.
pub(crate) async fn step(
    page: &Page<'_>,
    offering: &Offering<'_>,
    outcome: Outcome,
) -> Result<Response, ApiError> {
    let Page {
        state, site, ask, ..
    } = *page;
    let shown = Shown {
        offering,
        ask,
        language: page.language,
        zone: ask.zone.unwrap_or(offering.zone()),
        now: state.now(),
    };
    match outcome {
        Outcome::Asked if ask.chooses_zone => {
            let body = zone::choice(&shown);
            Ok(framed(page, &shown, None, &body))
        }
        Outcome::Asked => match ask.start {
            None => times(page, &shown).await,
            Some(pick) => match offering.at(state, pick).await? {
                Choice::Free(free) => {
                    let form = Form::read(site, ask, page.language)?;
                    let body = form_of(page, shown, &form, Chosen::One(&free));
                    Ok(framed(page, &shown, None, &body))
                }
                Choice::Refused(refusal) => {
                    let form = Form::read(site, ask, page.language)?;
                    refused(page, &shown, &form, refusal.into()).await
                }
            },
        },
        Outcome::Invalid(form) => {
            let Some(pick) = ask.start else {
                return times(page, &shown).await;
            };
            match offering.at(state, pick).await? {
                Choice::Free(free) => Ok(invalid(page, shown, &form, Chosen::One(&free))),
                Choice::Refused(refusal) => refused(page, &shown, &form, refusal.into()).await,
            }
        }
        Outcome::Refused(form, error) => refused(page, &shown, &form, error).await,
    }
}

async fn times(page: &Page<'_>, shown: &Shown<'_>) -> Result<Response, ApiError> {
    let calendar = shown
        .offering
        .calendar(page.state, page.ask, shown.zone)
        .await?;
    let body = html! {
        @if let Some((_, booking)) = &shown.offering.moving {
            p { (page.language.fill(Text::MoveNow, &[("time", &html::times::span(page.language, booking.slot, shown.zone))])) }
        }
        (whom(shown))
        (shown.times(&calendar))
        (zone::line(shown, calendar.first(shown.zone)))
    };
    Ok(framed(page, shown, None, &body))
}

/// The choice of whom, where it is the visitor's: a link for each, and one for all.
fn whom(shown: &Shown<'_>) -> Markup {
    let (offering, language) = (shown.offering, shown.language);
    if !offering.has_choice() {
        return html! {};
    }
    let slug = &offering.site.project.slug;
    let chosen = shown.ask.resource;
    let link = |id: &str| shown.ask.link(slug, &[("resource", id)]);
    html! {
        nav id="whom" aria-label=(language.text(Text::ChooseWhom)) {
            h2 { (language.text(Text::ChooseWhom)) }
            ul.actions {
                li { a.button href=(link("")) aria-current=[chosen.is_none().then_some("true")] { (language.text(Text::Anyone)) } }
                @for resource in &offering.resources {
                    li {
                        a.button href=(link(&resource.id.to_string()))
                            aria-current=[(chosen == Some(resource.id)).then_some("true")] { bdi { (resource.name) } }
                    }
                }
            }
        }
    }
}

fn form_of(page: &Page<'_>, shown: Shown<'_>, form: &Form, chosen: Chosen<'_>) -> Markup {
    let moving = shown.offering.moving.as_ref().map(|(_, booking)| booking);
    BookForm {
        shown,
        form,
        chosen,
        moving,
        once: one_time_value(page.state),
    }
    .markup()
}

/// The page that says what is wrong with the form's fields.
fn invalid(page: &Page<'_>, shown: Shown<'_>, form: &Form, chosen: Chosen<'_>) -> Response {
    let language = page.language;
    let alert = html! {
        div id="problem" role="alert" tabindex="-1" {
            h2 { (language.text(Text::ProblemTitle)) }
            ul {
                @for (id, error) in form.errors() { li { a href=(format!("#{id}")) { (error) } } }
            }
        }
    };
    let body = html! { (alert) (form_of(page, shown, form, chosen)) };
    let faults = api::Faults::one("customer", "is not filled in as it must be");
    let page_of = framed(page, &shown, None, &body);
    ApiError::Invalid(faults).shown_as(page_of)
}

/// The page that says why the time cannot be booked, with the nearest that can, and with what was filled in.
async fn refused(
    page: &Page<'_>,
    shown: &Shown<'_>,
    form: &Form,
    error: ApiError,
) -> Result<Response, ApiError> {
    let language = page.language;
    let business = page.site.app.business_name();
    let mut problem = Problem::of(&error, language, business);
    let wanted = page.ask.start.map_or(shown.now, |pick| pick.start);
    let nearest = shown.offering.nearest_to(page.state, wanted).await?;
    if nearest.is_empty() {
        problem.text = language.text(Text::TakenNone).to_owned();
    }
    let calendar = shown
        .offering
        .calendar(page.state, page.ask, shown.zone)
        .await?;
    let body = html! {
        (view::alert(&problem))
        (form_of(page, *shown, form, Chosen::Nearest(&nearest)))
        (shown.times(&calendar))
        (zone::line(shown, calendar.first(shown.zone)))
    };
    Ok(error.shown_as(framed(page, shown, Some(&problem.title), &body)))
}

/// The page that says that nobody can book on it at the moment.
pub(crate) fn closed(page: &Page<'_>, status: StatusCode) -> Response {
    let problem = Problem::closed(page.language, page.site.app.business_name());
    let frame = Frame {
        status,
        ..Frame::of(page.site, page.language, &page.site.project.name)
    };
    let body = html! {
        header id="who" { h1 { bdi { (page.site.project.name) } } }
        div.notice { h2 { (problem.title) } p { (problem.text) } }
    };
    frame.page(&body)
}

/// A page of the project with its head.
fn framed(page: &Page<'_>, shown: &Shown<'_>, problem: Option<&str>, body: &Markup) -> Response {
    let (site, language) = (page.site, page.language);
    let name = &site.project.name;
    let business = site.app.business_name();
    let title = match (&shown.offering.moving, problem) {
        (_, Some(problem)) => problem.to_owned(),
        (Some(_), None) => language.text(Text::MoveTitle).to_owned(),
        (None, None) => language.fill(Text::BookTitle, &[("what", name)]),
    };
    let values = [("what", name.as_str()), ("business", business)];
    let is_plain = shown.offering.moving.is_none() && page.ask.start.is_none();
    let head_title = match shown.offering.moving {
        Some(_) => language.text(Text::MoveTitle),
        None => name.as_str(),
    };
    let frame = Frame {
        description: language.fill(Text::BookDescription, &values),
        zone: Some(shown.zone),
        indexed: is_plain && !site.project.unlisted,
        languages: page.ask.languages(&site.project.slug),
        ..Frame::of(site, language, &title)
    };
    let body = html! { (who::who(shown.offering, language, head_title)) (body) };
    frame.page(&body)
}

/// What is shown, or the page that says why nothing is.
pub(crate) fn or_problem(page: &Page<'_>, shown: Result<Response, ApiError>) -> Response {
    let response = match shown {
        Ok(response) => response,
        Err(error) => {
            let (language, brand) = (page.language, page.site.brand());
            let problem = Problem::of(&error, language, &brand.name);
            let again = page.ask.link(&page.site.project.slug, &[]);
            error.shown_as(view::notice(language, brand, &problem, Some(&again)))
        }
    };
    acting_as(response, Some(page.site.principal.clone()))
}

/// The zone of a page that shows one booking: the visitor's, or else the booking's.
pub(crate) fn zone_of(ask: &Ask, booking: &Booking) -> Tz {
    ask.zone.unwrap_or(booking.timezone)
}
