//! Locations and services, each with those of the other kind that some project ties to it.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use api::page::Paging;
use api::search::{Search, matches_wildcard, says};
use api::{ApiError, Include, Query, State, Written};
use auth::Principal;
use model::ids::{LocationId, ServiceId};
use model::location::{Location, Service};
use model::time::{Tz, format_instant};
use serde::Serialize;
use serde_json::{Map, Value};
use store::{Direction, Entity, Position, ProjectOffer, Walk};
use utoipa::ToSchema;

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

/// A location or a service.
pub(crate) trait Place: Entity<Id: Eq + Hash + Ord> {
    /// The other kind.
    type Other: Place;
    /// What callers see of it.
    type View: Serialize;
    /// The include of the other kind.
    const OTHERS: &'static str;
    /// What pages may search by, and what the app's own callers may.
    const SEARCHABLE: [&'static [&'static str]; 2];

    /// Those that a project names.
    fn of_offer(offer: &ProjectOffer) -> &[Self::Id];

    /// What people call it.
    fn name(&self) -> &str;

    /// What its app keeps with it.
    fn meta(&self) -> &Map<String, Value>;

    /// What callers see of it, with `others` if they are included; for a page only what pages show.
    fn view(&self, others: Option<Vec<&Self::Other>>, is_public: bool) -> Self::View;
}

impl Place for Location {
    type Other = Service;
    type View = LocationView;
    const OTHERS: &'static str = "services";
    const SEARCHABLE: [&'static [&'static str]; 2] =
        [&["id", "name", "meta.t_*"], &["id", "name", "meta.*"]];

    fn of_offer(offer: &ProjectOffer) -> &[LocationId] {
        &offer.locations
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn meta(&self) -> &Map<String, Value> {
        &self.meta
    }

    fn view(&self, services: Option<Vec<&Service>>, is_public: bool) -> LocationView {
        let services = services.map(|services| {
            let services = services.into_iter();
            services.map(|one| one.view(None, is_public)).collect()
        });
        let mut view = LocationView {
            services,
            ..LocationView::of(self)
        };
        if is_public {
            view.meta.retain(|name, _| name.starts_with(PUBLIC_META));
        }
        view
    }
}

impl Place for Service {
    type Other = Location;
    type View = ServiceView;
    const OTHERS: &'static str = "locations";
    const SEARCHABLE: [&'static [&'static str]; 2] = [&["id", "name"], &["id", "name", "meta.*"]];

    fn of_offer(offer: &ProjectOffer) -> &[ServiceId] {
        &offer.services
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn meta(&self) -> &Map<String, Value> {
        &self.meta
    }

    fn view(&self, locations: Option<Vec<&Location>>, is_public: bool) -> ServiceView {
        let locations = locations.map(|locations| {
            let locations = locations.into_iter();
            locations.map(|one| one.view(None, is_public)).collect()
        });
        let mut view = ServiceView {
            locations,
            ..ServiceView::of(self)
        };
        if is_public {
            view.meta.clear();
        }
        view
    }
}

/// What it takes to show places to one caller.
pub(crate) struct PlacePresenter<P: Place> {
    is_public: bool,
    others: Option<Others<P>>,
}

/// Places of the other kind, by those that a project offers together with them.
struct Others<P: Place> {
    together: HashMap<P::Id, Vec<<P::Other as Entity>::Id>>,
    found: HashMap<<P::Other as Entity>::Id, P::Other>,
}

impl<P: Place> PlacePresenter<P> {
    /// Reads what the includes need beside the places themselves.
    pub(crate) async fn of(
        state: &State,
        principal: &Principal,
        include: &Include,
        places: &[P::Id],
    ) -> Result<Self, ApiError> {
        let mut presenter = Self {
            is_public: principal.is_public(),
            others: None,
        };
        if !include.has(P::OTHERS) {
            return Ok(presenter);
        }
        let tenant = principal.tenant();
        let wanted: HashSet<P::Id> = places.iter().copied().collect();
        let mut together: HashMap<P::Id, Vec<<P::Other as Entity>::Id>> = HashMap::new();
        for offer in state.store().list_project_offers(tenant).await? {
            for place in P::of_offer(&offer).iter().filter(|id| wanted.contains(id)) {
                together
                    .entry(*place)
                    .or_default()
                    .extend(P::Other::of_offer(&offer));
            }
        }
        // Several projects may offer the same two together.
        for others in together.values_mut() {
            others.sort_unstable();
            others.dedup();
        }
        let ids: HashSet<_> = together.values().flatten().copied().collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let found: Vec<P::Other> = state.store().get_entities(tenant, &ids).await?;
        let found = found.into_iter().map(|found| (found.id(), found)).collect();
        presenter.others = Some(Others { together, found });
        Ok(presenter)
    }

    /// The place.
    pub(crate) fn show(&self, place: &P) -> P::View {
        let others = self.others.as_ref().map(|others| {
            let ids = others.together.get(&place.id()).into_iter().flatten();
            let mut here: Vec<&P::Other> = ids.filter_map(|id| others.found.get(id)).collect();
            here.sort_by_key(|other| (other.created_at(), other.id()));
            here
        });
        place.view(others, self.is_public)
    }
}

/// A page of an app's locations or services, newest first.
pub(crate) async fn list_places<P: Place>(
    state: State,
    principal: Principal,
    query: Query,
    include: Include,
    page: Paging,
) -> Result<Written, ApiError> {
    // What a page may not see, it may not search by.
    let [for_pages, for_apps] = P::SEARCHABLE;
    let known = if principal.is_public() {
        for_pages
    } else {
        for_apps
    };
    let (page, search) = page.with(&[], known, Search::of(&query, known))?;
    let (store, tenant, now) = (state.store(), principal.tenant(), state.now());
    let since = principal.app_created_at;
    let fetch = |after: Option<Position>, limit| async move {
        let walk = Walk {
            direction: Direction::Descending,
            after: after.as_ref(),
            limit,
        };
        store.list_entities(tenant, since, &walk, now).await
    };
    let page = page
        .paginate(fetch, |place: &P| matches(&search, place))
        .await?;
    let ids: Vec<_> = page.rows.iter().map(Entity::id).collect();
    let presenter = PlacePresenter::of(&state, &principal, &include, &ids).await?;
    page.map(|place| presenter.show(&place)).answer().await
}

fn matches<P: Place>(search: &Search, place: &P) -> bool {
    search.iter().all(|(key, value)| match key {
        "id" => place.id().to_string().eq_ignore_ascii_case(value),
        "name" => matches_wildcard(value, place.name()),
        _ => key
            .strip_prefix("meta.")
            .and_then(|key| place.meta().get(key))
            .is_some_and(|kept| says(kept, value)),
    })
}
