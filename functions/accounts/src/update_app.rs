use api::caller::Anyone;
use api::{ApiError, Body, Data, Faults, Field, Object, Path, PublicTexts, State};
use axum::extract::State as Extract;
use model::app::{App, AppSettings, LinkSettings, MAX_REDIRECT_ORIGINS};
use model::origin::Origin;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::WriteApp;
use crate::common::own_app::own_app;
use crate::fields::brand::{BrandChange, BrandRequest};
use crate::views::app::AppView;

/// What to change of an app. Its slug and mode never change.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct UpdateAppRequest {
    /// What to call it.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, pattern = r"\S")]
    name: Field<String>,
    /// `name`, `callback`, `from_email`, `from_name`, `contact_name`, `contact_email`; `redirect_origins`, a list of at
    /// most 20 origins that customers' links may lead to; `act_on_get`, whether opening a link is enough; `brand`, how the
    /// app's booking pages look: `name` of the business, at most 100 characters, `logo`, an https address, and `accent`, a
    /// color as `#rrggbb`. What is not sent stays.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    settings: Field<Object<SettingsRequest>>,
}

/// What about an app only its owner sets.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub(crate) struct SettingsRequest {
    name: Field<String>,
    callback: Field<String>,
    from_email: Field<String>,
    from_name: Field<String>,
    contact_name: Field<String>,
    contact_email: Field<String>,
    redirect_origins: Field<Vec<String>>,
    act_on_get: Field<bool>,
    brand: Field<Object<BrandRequest>>,
}

/// Changes an app's name and settings.
#[utoipa::path(
    put,
    path = "/v2/apps/{slug}",
    tag = "accounts",
    params(("slug" = String, Path, description = "The app's slug.")),
    request_body = UpdateAppRequest,
    responses(
        (status = 200, description = "The app.", body = AppView),
        (status = 404, description = "There is none, or it is not yours."),
        (status = 422, description = "Something is wrong with the request: `errors`, by field."),
    )
)]
pub(crate) async fn update_app(
    Anyone(caller): Anyone<WriteApp>,
    Extract(state): Extract<State>,
    Path(slug): Path<String>,
    Body(request): Body<UpdateAppRequest>,
) -> Result<Data<AppView>, ApiError> {
    let app = own_app(&state, &caller, &slug).await?.app;
    let mut faults = Faults::none();
    let Object(asked) = faults
        .optional("settings", request.settings)
        .unwrap_or_default();
    let name = faults.optional("name", request.name.or(asked.name));
    let name = faults.text("name", name, 1..=100);
    let public = PublicTexts::of(&state, app).await?;
    public.check_text(&mut faults, "name", name.as_deref());
    let mut setting = |name: &str, field: Field<String>| match field {
        Field::Absent => None,
        Field::Null => Some(None),
        sent => {
            let field = format!("settings.{name}");
            let text = faults.optional(&field, sent);
            Some(faults.text(&field, text, 0..=500))
        }
    };
    let callback = setting("callback", asked.callback);
    let from_email = setting("from_email", asked.from_email);
    let from_name = setting("from_name", asked.from_name);
    let contact_name = setting("contact_name", asked.contact_name);
    let contact_email = setting("contact_email", asked.contact_email);
    let redirect_origins = redirect_origins(&mut faults, asked.redirect_origins);
    let act_on_get = match asked.act_on_get {
        Field::Null => Some(false),
        sent => faults.optional("settings.act_on_get", sent),
    };
    let brand = BrandChange::read(&mut faults, asked.brand, &public);
    faults.check()?;

    let now = state.now();
    let change = |app: App, current: AppSettings| {
        let before = (app.clone(), current.clone());
        let mut app = App {
            name: name.clone().unwrap_or(app.name),
            links: LinkSettings {
                redirect_origins: redirect_origins
                    .clone()
                    .unwrap_or(app.links.redirect_origins),
                act_on_get: act_on_get.unwrap_or(app.links.act_on_get),
            },
            brand: brand.of(app.brand),
            ..app
        };
        let settings = AppSettings {
            callback: callback.clone().unwrap_or(current.callback),
            from_email: from_email.clone().unwrap_or(current.from_email),
            from_name: from_name.clone().unwrap_or(current.from_name),
            contact_name: contact_name.clone().unwrap_or(current.contact_name),
            contact_email: contact_email.clone().unwrap_or(current.contact_email),
        };
        if (&app, &settings) != (&before.0, &before.1) {
            app.updated_at = now;
        }
        (app, settings)
    };
    let (app, settings) = state
        .writer()
        .change_app(app, change)
        .await?
        .ok_or(ApiError::NotFound("App"))?;
    Ok(Data {
        data: AppView::of(app, settings),
    })
}

/// The origins sent, each once; none if the setting stays as it is.
fn redirect_origins(faults: &mut Faults, sent: Field<Vec<String>>) -> Option<Vec<Origin>> {
    const NAME: &str = "settings.redirect_origins";
    if sent == Field::Null {
        return Some(Vec::new());
    }
    let texts = faults.optional(NAME, sent)?;
    if texts.len() > MAX_REDIRECT_ORIGINS {
        faults.add(
            NAME,
            format!("are too many; at most {MAX_REDIRECT_ORIGINS} are kept"),
        );
        return None;
    }
    let mut origins = Vec::new();
    for text in &texts {
        match faults.parsed(NAME, Some(text), str::parse::<Origin>) {
            Some(origin) if !origins.contains(&origin) => origins.push(origin),
            _ => {}
        }
    }
    Some(origins)
}
