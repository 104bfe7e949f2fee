use api::caller::{Address, Public};
use api::{Path, State};
use axum::extract::{RawQuery, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use html::{Brand, Language, Text};
use store::Tenant;

use crate::access::Visitor;
use crate::page::ask::Ask;
use crate::page::site::{Acting, NoSite, unknown};
use crate::view::{self, Frame, acting_as, menu};

/// Shows the menu of an app: its projects, each with a link to its page, but for those that are `unlisted`.
#[utoipa::path(
    get,
    path = "/book/app/{slug}",
    tag = "pages",
    params(
        ("slug" = String, Path, description = "The app's slug."),
        ("lang" = Option<String>, Query, description = "The language, as a BCP 47 tag. Defaults to the browser's."),
    ),
    responses(
        (status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 404, description = "A page: there is no such app, or it has no widget key.", content_type = "text/html", body = String),
        (status = 429, description = "A page: too many requests from this address.", content_type = "text/html", body = String),
        (status = 503, description = "A page: not available right now.", content_type = "text/html", body = String),
    )
)]
pub(crate) async fn show_menu_page(
    _: Public<Visitor>,
    Extract(state): Extract<State>,
    Address(address): Address,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let ask = Ask::parse(query.as_deref().unwrap_or_default(), "");
    let language = view::language(&ask, &headers);
    let again = format!("/book/app/{slug}");
    let shown = match show(&state, &slug, address, (&ask, language)).await {
        Ok(shown) => shown,
        Err(none) => view::no_site(none, language, Some(&again)),
    };
    view::compressed(shown, &headers).await
}

async fn show(
    state: &State,
    slug: &str,
    address: Option<std::net::IpAddr>,
    (ask, language): (&Ask, Language),
) -> Result<Response, NoSite> {
    let Some(found) = state.store().find_app(slug).await? else {
        return Err(unknown(state, address, "App").await);
    };
    let app = state.store().get_app(found.app).await?;
    let app = app.ok_or(NoSite::none("App"))?;
    let acting = Acting::of(state, &app, address).await?;
    let (tenant, since) = (Tenant::app(app.id), app.created_at);
    let projects = state.store().list_menu(tenant, since, state.now()).await?;
    let business = app.business_name();
    let values = [("business", business)];
    let frame = Frame {
        description: language.fill(Text::MenuDescription, &values),
        indexed: true,
        frame_ancestors: &acting.frame_ancestors,
        ..Frame::alone(
            language,
            Brand::of(&app),
            &language.fill(Text::MenuTitle, &values),
        )
    };
    let page = frame.page(&menu::menu(&projects, ask, language, business));
    Ok(acting_as(page, Some(acting.principal)))
}
