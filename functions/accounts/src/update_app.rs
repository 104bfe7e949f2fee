use api::caller::Anyone;
use api::{ApiError, Body, Change, Data, Faults, Field, Object, Path, PublicTexts, State, cleared};
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
    let public = PublicTexts::of(&state, app).await?;
    let change = AppChange::read(request, &public, &mut faults);
    faults.check()?;

    let now = state.now();
    let change = |app: App, current: AppSettings| {
        let (mut changed, settings) = change.of(app.clone(), current.clone());
        if (&changed, &settings) != (&app, &current) {
            changed.updated_at = now;
        }
        (changed, settings)
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

/// What a request does to an app; `None` for what stays.
struct AppChange {
    name: Option<String>,
    callback: Change<String>,
    from_email: Change<String>,
    from_name: Change<String>,
    contact_name: Change<String>,
    contact_email: Change<String>,
    redirect_origins: Option<Vec<Origin>>,
    act_on_get: Option<bool>,
    brand: BrandChange,
}

impl AppChange {
    /// Reads the request; what is wrong with it goes to `faults`.
    fn read(request: UpdateAppRequest, public: &PublicTexts, faults: &mut Faults) -> Self {
        let Object(asked) = faults
            .optional("settings", request.settings)
            .unwrap_or_default();
        let name = faults.optional("name", request.name.or(asked.name));
        let name = faults.text("name", name, 1..=100);
        public.check_text(faults, "name", name.as_deref());
        let mut setting = |name: &str, field: Field<String>| {
            Change::text(faults, &format!("settings.{name}"), field, 500)
        };
        Self {
            name,
            callback: setting("callback", asked.callback),
            from_email: setting("from_email", asked.from_email),
            from_name: setting("from_name", asked.from_name),
            contact_name: setting("contact_name", asked.contact_name),
            contact_email: setting("contact_email", asked.contact_email),
            redirect_origins: redirect_origins(faults, asked.redirect_origins),
            act_on_get: cleared(faults, "settings.act_on_get", asked.act_on_get),
            brand: BrandChange::read(faults, asked.brand, public),
        }
    }

    /// The app and its settings after the change.
    fn of(&self, app: App, settings: AppSettings) -> (App, AppSettings) {
        let origins = self.redirect_origins.clone();
        let app = App {
            name: self.name.clone().unwrap_or(app.name),
            links: LinkSettings {
                redirect_origins: origins.unwrap_or(app.links.redirect_origins),
                act_on_get: self.act_on_get.unwrap_or(app.links.act_on_get),
            },
            brand: self.brand.of(app.brand),
            ..app
        };
        let settings = AppSettings {
            callback: self.callback.of(settings.callback),
            from_email: self.from_email.of(settings.from_email),
            from_name: self.from_name.of(settings.from_name),
            contact_name: self.contact_name.of(settings.contact_name),
            contact_email: self.contact_email.of(settings.contact_email),
        };
        (app, settings)
    }
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
