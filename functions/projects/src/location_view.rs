//! A location as callers see it.

use std::collections::{HashMap, HashSet};

use api::{ApiError, Include, State};
use auth::Principal;
use model::ids::{LocationId, ServiceId};
use model::location::{Location, Service};
use model::time::{Tz, format_instant};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::service_view::ServiceView;

/// How the names begin of what pages show of a location's `meta`; the rest is its app's alone.
pub(crate) const PUBLIC_META: &str = "t_";

/// A location.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LocationView {
    /// Names it.
    #[schema(format = Uuid)]
    id: String,
    /// What people call it.
    name: String,
    /// More about it.
    description: String,
    /// Degrees north.
    latitude: Option<f64>,
    /// Degrees east.
    longitude: Option<f64>,
    /// Always `null`: nothing is searched by distance.
    #[schema(value_type = Option<f64>)]
    distance: Value,
    /// Nothing acts on it.
    use_custom_hours: bool,
    /// Whatever you keep with it; with a widget key only what begins with `t_`.
    #[schema(value_type = Object)]
    meta: Map<String, Value>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last changed.
    #[schema(format = DateTime)]
    updated_at: String,
    /// With `include=services`: those that some project offers here.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    services: Option<Vec<ServiceView>>,
}

impl LocationView {
    /// The location alone.
    pub(crate) fn of(location: &Location) -> Self {
        Self {
            id: location.id.to_string(),
            name: location.name.clone(),
            description: location.description.clone(),
            latitude: location.latitude,
            longitude: location.longitude,
            distance: Value::Null,
            use_custom_hours: location.use_custom_hours,
            meta: location.meta.clone(),
            created_at: format_instant(location.created_at, Tz::UTC),
            updated_at: format_instant(location.updated_at, Tz::UTC),
            services: None,
        }
    }
}

impl LocationView {
    /// What a page may see of it: of `meta` only what pages show.
    pub(crate) fn for_pages(mut self) -> Self {
        self.meta.retain(|name, _| name.starts_with(PUBLIC_META));
        if let Some(services) = self.services.take() {
            self.services = Some(services.into_iter().map(ServiceView::for_pages).collect());
        }
        self
    }
}

/// What it takes to show locations with the services there.
pub(crate) struct Viewer {
    is_public: bool,
    services: Option<Services>,
}

struct Services {
    there: HashMap<LocationId, Vec<ServiceId>>,
    found: HashMap<ServiceId, Service>,
}

impl Viewer {
    /// Reads what the includes need beside the locations themselves.
    pub(crate) async fn of(
        state: &State,
        principal: &Principal,
        include: &Include,
        locations: &[LocationId],
    ) -> Result<Self, ApiError> {
        let (tenant, is_public) = (principal.tenant(), principal.is_public());
        if !include.has("services") {
            return Ok(Self {
                is_public,
                services: None,
            });
        }
        let wanted: HashSet<LocationId> = locations.iter().copied().collect();
        let mut there: HashMap<LocationId, Vec<ServiceId>> = HashMap::new();
        for tie in state.store().list_ties(tenant).await? {
            for location in tie.locations.iter().filter(|id| wanted.contains(id)) {
                there.entry(*location).or_default().extend(&tie.services);
            }
        }
        // Of several projects that tie the same two together, one is enough.
        for services in there.values_mut() {
            services.sort_unstable();
            services.dedup();
        }
        let ids: HashSet<ServiceId> = there.values().flatten().copied().collect();
        let ids: Vec<ServiceId> = ids.into_iter().collect();
        let found: Vec<Service> = state.store().get_entities(tenant, &ids).await?;
        let found = found.into_iter().map(|found| (found.id, found)).collect();
        Ok(Self {
            is_public,
            services: Some(Services { there, found }),
        })
    }

    /// The location.
    pub(crate) fn show(&self, location: &Location) -> LocationView {
        let services = self.services.as_ref().map(|services| {
            let ids = services.there.get(&location.id).into_iter().flatten();
            let mut here: Vec<&Service> = ids.filter_map(|id| services.found.get(id)).collect();
            here.sort_by_key(|service| (service.created_at, service.id));
            here.into_iter().map(ServiceView::of).collect()
        });
        let view = LocationView {
            services,
            ..LocationView::of(location)
        };
        if self.is_public {
            view.for_pages()
        } else {
            view
        }
    }
}
