//! A project as callers see it: all of it for its app, and for a page only what the page shows.

use std::collections::HashMap;
use std::hash::Hash;

use api::{ApiError, Include, State};
use model::ids::{LocationId, ResourceId, ServiceId};
use model::location::{Location, Service};
use model::project::{PageProblem, Project};
use model::resource::Resource;
use model::time::{Tz, format_instant};
use scheduling::SchedulingError;
use serde::Serialize;
use serde_json::{Map, Value};
use store::Tenant;
use utoipa::ToSchema;

use crate::views::places::LocationView;
use crate::views::places::ServiceView;

/// A project.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProjectView {
    /// Names it.
    #[schema(format = Uuid)]
    id: String,
    /// Its name in addresses.
    slug: String,
    /// What people call it.
    name: String,
    /// What a search for free time starts from.
    #[schema(value_type = Object)]
    availability: Map<String, Value>,
    /// What a booking starts from.
    #[schema(value_type = Object)]
    booking: Map<String, Value>,
    /// The fields of the page's form.
    #[schema(value_type = Object)]
    customer_fields: Map<String, Value>,
    /// How the page looks, and its words.
    #[schema(value_type = Object)]
    ui: Map<String, Value>,
    /// Whom to remind when. Nothing acts on it.
    #[schema(value_type = Vec<Object>)]
    reminders: Vec<Value>,
    /// Whatever you keep with it.
    #[schema(value_type = Object)]
    meta: Map<String, Value>,
    /// 0 or 1, as the original writes it. Nothing acts on it.
    allow_conference: u8,
    /// Whether its bookings may overlap others.
    allow_double_bookings: bool,
    /// Nothing acts on it.
    enabled_email_notification: bool,
    /// How long a reservation holds its time unless it says itself.
    reservation_time: Option<String>,
    /// Nothing acts on it.
    use_hours_from: Option<String>,
    /// Degrees north, as text.
    latitude: Option<String>,
    /// Degrees east, as text.
    longitude: Option<String>,
    /// What it costs, as text that its booking page shows.
    price: Option<String>,
    /// Whether the menu of the app's booking pages leaves it out.
    unlisted: bool,
    /// Always `null`: nothing is searched by distance.
    #[schema(value_type = Option<f64>)]
    distance: Value,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last changed.
    #[schema(format = DateTime)]
    updated_at: String,
    /// With `include=availability_constraints`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    availability_constraints: Option<Vec<Value>>,
    /// With `include=resources`, in order of priority.
    #[serde(skip_serializing_if = "Option::is_none")]
    resources: Option<Vec<ProjectResourceView>>,
    /// With `include=locations`.
    #[serde(skip_serializing_if = "Option::is_none")]
    locations: Option<Vec<LocationView>>,
    /// With `include=services`.
    #[serde(skip_serializing_if = "Option::is_none")]
    services: Option<Vec<ServiceView>>,
    /// With `include=page`.
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<PageView>,
}

/// A project's booking page.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PageView {
    /// Its path, below this server's address.
    path: String,
    /// Why nobody can book on it; empty if customers can. Only the owner is told.
    problems: Vec<PageProblemView>,
}

/// Why nobody can book on a project's page.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PageProblemView {
    /// `nobody_to_book`, `payment_without_provider` or `makes_groups`.
    code: &'static str,
    /// What to do about it.
    advice: &'static str,
}

impl PageView {
    fn of(project: &Project, has_resources: bool) -> Result<Self, SchedulingError> {
        let problems = project.page_problems(has_resources)?.into_iter();
        let view = |problem: PageProblem| PageProblemView {
            code: problem.code(),
            advice: problem.advice(),
        };
        Ok(Self {
            path: format!("/book/{}", project.slug),
            problems: problems.map(view).collect(),
        })
    }
}

/// A resource, as far as a project tells of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ProjectResourceView {
    /// Names it.
    #[schema(format = Uuid)]
    id: String,
    /// What people call it.
    name: String,
    /// Where its hours are counted.
    timezone: &'static str,
}

impl ProjectResourceView {
    /// What is told of the resource.
    pub(crate) fn of(resource: &Resource) -> Self {
        Self {
            id: resource.id.to_string(),
            name: resource.name.clone(),
            timezone: resource.timezone.name(),
        }
    }
}

/// What anybody may see of a project: what its page shows. A page takes every field here for its own configuration.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PublicProjectView {
    /// Names it.
    #[schema(format = Uuid)]
    id: String,
    /// Its name in addresses.
    slug: String,
    /// What people call it.
    name: String,
    /// The app's public widget key. Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    app_key: Option<String>,
    /// How the page looks, and its words.
    #[schema(value_type = Object)]
    ui: Map<String, Value>,
    /// The `graph` of its bookings; all else of a booking comes from the project when it is made.
    #[schema(value_type = Object)]
    booking: Map<String, Value>,
    /// The fields of the page's form.
    #[schema(value_type = Object)]
    customer_fields: Map<String, Value>,
}

impl PublicProjectView {
    /// What a page shows of the project.
    ///
    /// # Errors
    ///
    /// [`SchedulingError::UnreadableSettings`] if what is shown of it cannot be read.
    pub(crate) fn of(project: Project, app_key: Option<String>) -> Result<Self, SchedulingError> {
        // Pages send every field of `booking` back, and so would send templates in place of what they stand for.
        let mut booking = project.members("booking", project.booking())?;
        booking.retain(|name, _| name == "graph");
        Ok(Self {
            id: project.id.to_string(),
            ui: project.members("ui", &project.ui)?,
            booking,
            customer_fields: project.members("customer_fields", &project.customer_fields)?,
            slug: project.slug,
            name: project.name,
            app_key,
        })
    }
}

/// A project in a list, as its caller may see it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum ProjectRow {
    /// For the app's own callers.
    Full(Box<ProjectView>),
    /// For pages.
    Public(Box<PublicProjectView>),
}

/// What it takes to show projects with what they include.
pub(crate) struct ProjectPresenter<'a> {
    include: &'a Include,
    resources: HashMap<ResourceId, Resource>,
    locations: HashMap<LocationId, Location>,
    services: HashMap<ServiceId, Service>,
}

impl<'a> ProjectPresenter<'a> {
    /// Reads what the includes need beside the projects themselves. What is gone by now is left out.
    pub(crate) async fn of(
        state: &State,
        tenant: Tenant,
        include: &'a Include,
        projects: &[Project],
    ) -> Result<Self, ApiError> {
        let store = state.store();
        let mut presenter = Self {
            include,
            resources: HashMap::new(),
            locations: HashMap::new(),
            services: HashMap::new(),
        };
        if include.has("resources") || include.has("page") {
            let ids = all(projects, |project| &project.resources);
            let found = store.get_resources(tenant, &ids).await?;
            presenter.resources = found.into_iter().map(|found| (found.id, found)).collect();
        }
        if include.has("locations") {
            let ids = all(projects, |project| &project.locations);
            let found: Vec<Location> = store.get_entities(tenant, &ids).await?;
            presenter.locations = found.into_iter().map(|found| (found.id, found)).collect();
        }
        if include.has("services") {
            let ids = all(projects, |project| &project.services);
            let found: Vec<Service> = store.get_entities(tenant, &ids).await?;
            presenter.services = found.into_iter().map(|found| (found.id, found)).collect();
        }
        Ok(presenter)
    }

    /// The project.
    ///
    /// # Errors
    ///
    /// [`SchedulingError::UnreadableSettings`] if what was sent of it cannot be read.
    pub(crate) fn show(&self, project: Project) -> Result<ProjectView, SchedulingError> {
        let include = |name: &str| self.include.has(name);
        let resources = include("resources")
            .then(|| shown(&project.resources, &self.resources, ProjectResourceView::of));
        let locations = include("locations")
            .then(|| shown(&project.locations, &self.locations, LocationView::of));
        let services =
            include("services").then(|| shown(&project.services, &self.services, ServiceView::of));
        let has_resources = || (project.resources.iter()).any(|id| self.resources.contains_key(id));
        let page = include("page").then(|| PageView::of(&project, has_resources()));
        let constraints = include("availability_constraints").then(|| {
            let constraints = project.availability_constraints();
            project.members("availability_constraints", constraints)
        });
        Ok(ProjectView {
            id: project.id.to_string(),
            availability: project.members("availability", project.availability())?,
            booking: project.members("booking", project.booking())?,
            customer_fields: project.members("customer_fields", &project.customer_fields)?,
            ui: project.members("ui", &project.ui)?,
            reminders: project.members("reminders", &project.reminders)?,
            meta: project.members("meta", &project.meta)?,
            reservation_time: project.reservation_time().map(str::to_owned),
            availability_constraints: constraints.transpose()?,
            slug: project.slug,
            name: project.name,
            allow_conference: project.allow_conference.into(),
            allow_double_bookings: project.allow_double_bookings,
            enabled_email_notification: project.enabled_email_notification,
            use_hours_from: project.use_hours_from,
            latitude: project.latitude.map(|degrees| degrees.to_string()),
            longitude: project.longitude.map(|degrees| degrees.to_string()),
            price: project.price,
            unlisted: project.unlisted,
            distance: Value::Null,
            created_at: format_instant(project.created_at, Tz::UTC),
            updated_at: format_instant(project.updated_at, Tz::UTC),
            resources,
            locations,
            services,
            page: page.transpose()?,
        })
    }
}

/// Shows one project with what it includes.
pub(crate) async fn show_project(
    state: &State,
    tenant: Tenant,
    include: &Include,
    project: Project,
) -> Result<ProjectView, ApiError> {
    let presenter =
        ProjectPresenter::of(state, tenant, include, std::slice::from_ref(&project)).await?;
    Ok(presenter.show(project)?)
}

/// The ids that any of the projects names, each once.
fn all<T: Copy + Eq + Hash>(projects: &[Project], ids: impl Fn(&Project) -> &Vec<T>) -> Vec<T> {
    let mut seen = std::collections::HashSet::new();
    let ids = projects
        .iter()
        .flat_map(|project| ids(project).iter().copied());
    ids.filter(|id| seen.insert(*id)).collect()
}

fn shown<T: Eq + Hash, U, V>(ids: &[T], found: &HashMap<T, U>, show: impl Fn(&U) -> V) -> Vec<V> {
    ids.iter()
        .filter_map(|id| found.get(id))
        .map(show)
        .collect()
}
