//! A service as callers see it.

use std::collections::{HashMap, HashSet};

use api::{ApiError, Include, State};
use auth::Principal;
use model::ids::{LocationId, ServiceId};
use model::location::{Location, Service};
use model::time::{Tz, format_instant};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::location_view::LocationView;

/// A service.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ServiceView {
    /// Names it.
    #[schema(format = Uuid)]
    id: String,
    /// What people call it.
    name: String,
    /// More about it.
    description: String,
    /// Address of a picture.
    image_url: Option<String>,
    /// Its `length`, for pages to show.
    #[schema(value_type = Object)]
    availability: Map<String, Value>,
    /// Whatever you keep with it; with a widget key nothing.
    #[schema(value_type = Object)]
    meta: Map<String, Value>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last changed.
    #[schema(format = DateTime)]
    updated_at: String,
    /// With `include=locations`: those where some project offers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    locations: Option<Vec<LocationView>>,
}

impl ServiceView {
    /// The service alone.
    pub(crate) fn of(service: &Service) -> Self {
        Self {
            id: service.id.to_string(),
            name: service.name.clone(),
            description: service.description.clone(),
            image_url: service.image_url.clone(),
            availability: service.availability.clone(),
            meta: service.meta.clone(),
            created_at: format_instant(service.created_at, Tz::UTC),
            updated_at: format_instant(service.updated_at, Tz::UTC),
            locations: None,
        }
    }
}

impl ServiceView {
    /// What a page may see of it: all but `meta`.
    pub(crate) fn for_pages(mut self) -> Self {
        self.meta.clear();
        if let Some(locations) = self.locations.take() {
            self.locations = Some(locations.into_iter().map(LocationView::for_pages).collect());
        }
        self
    }
}

/// What it takes to show services with the locations where they are offered.
pub(crate) struct Viewer {
    is_public: bool,
    locations: Option<Locations>,
}

struct Locations {
    of: HashMap<ServiceId, Vec<LocationId>>,
    found: HashMap<LocationId, Location>,
}

impl Viewer {
    /// Reads what the includes need beside the services themselves.
    pub(crate) async fn of(
        state: &State,
        principal: &Principal,
        include: &Include,
        services: &[ServiceId],
    ) -> Result<Self, ApiError> {
        let (tenant, is_public) = (principal.tenant(), principal.is_public());
        if !include.has("locations") {
            return Ok(Self {
                is_public,
                locations: None,
            });
        }
        let wanted: HashSet<ServiceId> = services.iter().copied().collect();
        let mut of: HashMap<ServiceId, Vec<LocationId>> = HashMap::new();
        for tie in state.store().list_ties(tenant).await? {
            for service in tie.services.iter().filter(|id| wanted.contains(id)) {
                of.entry(*service).or_default().extend(&tie.locations);
            }
        }
        // Of several projects that tie the same two together, one is enough.
        for locations in of.values_mut() {
            locations.sort_unstable();
            locations.dedup();
        }
        let ids: HashSet<LocationId> = of.values().flatten().copied().collect();
        let ids: Vec<LocationId> = ids.into_iter().collect();
        let found: Vec<Location> = state.store().get_entities(tenant, &ids).await?;
        let found = found.into_iter().map(|found| (found.id, found)).collect();
        Ok(Self {
            is_public,
            locations: Some(Locations { of, found }),
        })
    }

    /// The service.
    pub(crate) fn show(&self, service: &Service) -> ServiceView {
        let locations = self.locations.as_ref().map(|locations| {
            let ids = locations.of.get(&service.id).into_iter().flatten();
            let mut offered: Vec<&Location> =
                ids.filter_map(|id| locations.found.get(id)).collect();
            offered.sort_by_key(|location| (location.created_at, location.id));
            offered.into_iter().map(LocationView::of).collect()
        });
        let view = ServiceView {
            locations,
            ..ServiceView::of(service)
        };
        if self.is_public {
            view.for_pages()
        } else {
            view
        }
    }
}
