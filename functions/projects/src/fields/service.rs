//! What a client may say of a service, at its creation and later.

use api::body::MAX_FREE_FORM;
use api::{Change, Faults, Field, PublicTexts, cleared};
use model::location::Service;
use model::project::availability_faults;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::fields::free_form;

/// A service's fields. Fields that are not listed are ignored; `null` empties a field.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ServiceRequest {
    /// What people call it. Required at creation.
    #[serde(default)]
    #[schema(value_type = String, min_length = 1, max_length = 200, pattern = r"\S")]
    pub(crate) name: Field<String>,
    /// More about it.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 20000)]
    description: Field<String>,
    /// Address of a picture.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    image_url: Field<String>,
    /// Its `length`, for pages to show. A booking's length is its project's.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    availability: Field<Map<String, Value>>,
    /// Whatever you want to keep with it.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    meta: Field<Map<String, Value>>,
}

api::required!(CreateServiceRequest: ServiceRequest { ["name"] });

/// What was sent; `None` for what was not.
pub(crate) struct ServiceFields {
    pub(crate) name: Option<String>,
    description: Option<String>,
    image_url: Change<String>,
    availability: Option<Map<String, Value>>,
    meta: Option<Map<String, Value>>,
}

impl ServiceFields {
    /// Reads the request; what is wrong with it goes to `faults`.
    pub(crate) fn read(request: ServiceRequest, faults: &mut Faults) -> Self {
        let name = faults.optional("name", request.name);
        let description = cleared(faults, "description", request.description);
        let availability = free_form(faults, "availability", request.availability, MAX_FREE_FORM);
        if let Some(availability) = &availability {
            faults.append(availability_faults(availability));
        }
        Self {
            name: faults.text("name", name, 1..=200),
            description: faults.text("description", description, 0..=20_000),
            image_url: Change::text(faults, "image_url", request.image_url, 2_000),
            availability,
            meta: free_form(faults, "meta", request.meta, MAX_FREE_FORM),
        }
    }

    /// Refuses secrets in what pages show of a service.
    pub(crate) fn check_public(&self, public: &PublicTexts, faults: &mut Faults) {
        public.check_text(faults, "name", self.name.as_deref());
        public.check_text(faults, "description", self.description.as_deref());
        let image_url = self.image_url.value().map(String::as_str);
        public.check_text(faults, "image_url", image_url);
        public.check(faults, "availability", &self.availability);
    }

    /// The service with everything that was said.
    pub(crate) fn apply(&self, service: Service) -> Service {
        let given = self;
        Service {
            name: given.name.clone().unwrap_or(service.name),
            description: given.description.clone().unwrap_or(service.description),
            image_url: given.image_url.of(service.image_url),
            availability: given.availability.clone().unwrap_or(service.availability),
            meta: given.meta.clone().unwrap_or(service.meta),
            ..service
        }
    }
}
