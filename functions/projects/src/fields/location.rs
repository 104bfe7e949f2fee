//! What a client may say of a location, at its creation and later.

use api::body::MAX_FREE_FORM;
use api::{Change, Faults, Field, PublicTexts, cleared};
use model::location::Location;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::fields::{degrees, free_form};
use crate::views::places::PUBLIC_META;

/// A location's fields. Fields that are not listed are ignored; `null` empties a field.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct LocationRequest {
    /// What people call it. Required at creation.
    #[serde(default)]
    #[schema(value_type = String, min_length = 1, max_length = 200, pattern = r"\S")]
    pub(crate) name: Field<String>,
    /// More about it.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 20000)]
    description: Field<String>,
    /// Degrees north.
    #[serde(default)]
    #[schema(value_type = Option<f64>, minimum = -90, maximum = 90)]
    latitude: Field<f64>,
    /// Degrees east.
    #[serde(default)]
    #[schema(value_type = Option<f64>, minimum = -180, maximum = 180)]
    longitude: Field<f64>,
    /// Kept; nothing acts on it.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    use_custom_hours: Field<bool>,
    /// Whatever you want to keep with it. Pages see what begins with `t_`, such as `t_store_city`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    meta: Field<Map<String, Value>>,
}

api::required!(CreateLocationRequest: LocationRequest { ["name"] });

/// What was sent; `None` for what was not.
pub(crate) struct LocationFields {
    pub(crate) name: Option<String>,
    description: Option<String>,
    latitude: Change<f64>,
    longitude: Change<f64>,
    use_custom_hours: Option<bool>,
    meta: Option<Map<String, Value>>,
}

impl LocationFields {
    /// Reads the request; what is wrong with it goes to `faults`.
    pub(crate) fn read(request: LocationRequest, faults: &mut Faults) -> Self {
        let name = faults.optional("name", request.name);
        let description = cleared(faults, "description", request.description);
        Self {
            name: faults.text("name", name, 1..=200),
            description: faults.text("description", description, 0..=20_000),
            latitude: degrees(faults, "latitude", request.latitude, 90.0),
            longitude: degrees(faults, "longitude", request.longitude, 180.0),
            use_custom_hours: faults.optional("use_custom_hours", request.use_custom_hours),
            meta: free_form(faults, "meta", request.meta, MAX_FREE_FORM),
        }
    }

    /// Refuses secrets in what pages show of a location.
    pub(crate) fn check_public(&self, public: &PublicTexts, faults: &mut Faults) {
        public.check_text(faults, "name", self.name.as_deref());
        public.check_text(faults, "description", self.description.as_deref());
        let shown = self.meta.iter().flatten();
        let shown: Map<String, Value> = shown
            .filter(|(name, _)| name.starts_with(PUBLIC_META))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        public.check(faults, "meta", &shown);
    }

    /// The location with everything that was said.
    pub(crate) fn apply(&self, location: Location) -> Location {
        let given = self;
        Location {
            name: given.name.clone().unwrap_or(location.name),
            description: given.description.clone().unwrap_or(location.description),
            latitude: given.latitude.of(location.latitude),
            longitude: given.longitude.of(location.longitude),
            use_custom_hours: given.use_custom_hours.unwrap_or(location.use_custom_hours),
            meta: given.meta.clone().unwrap_or(location.meta),
            ..location
        }
    }
}
