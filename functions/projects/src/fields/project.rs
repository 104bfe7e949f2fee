//! What a client may say of a project, at its creation and later.

use api::body::MAX_FREE_FORM;
use api::shape::joined;
use api::{ApiError, Change, Faults, Field, Named, Names, PublicTexts, Shaped, State, cleared};
use chrono::{DateTime, Utc};
use model::availability::Settings;
use model::constraint::kept_constraints_faults;
use model::ids::{LocationId, ResourceId, ServiceId};
use model::kept_json::KeptJson;
use model::location::{Location, Service};
use model::project::{MAX_PLACES, MAX_RESOURCES, Project, availability_faults};
use model::reminder::CheckUrl;
use model::slug::parse_slug;
use serde::Deserialize;
use serde_json::{Map, Value};
use store::Tenant;
use utoipa::ToSchema;

use crate::fields::known::{note_unknown, refuse_unknown_resources, unseen};
use crate::fields::project_parts::{check_booking, check_ui, price, reservation_time};
use crate::fields::reminders::reminders;
use crate::fields::{degrees, free_form, ids, object_within};

/// A project's fields. Fields that are not listed are ignored; `null` empties a field.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ProjectRequest {
    /// What people call it. Required at creation.
    #[serde(default)]
    #[schema(value_type = String, min_length = 1, max_length = 200, pattern = r"\S")]
    name: Field<String>,
    /// Its name in addresses, unique over the deployment: lower-case letters, digits and hyphens. Made of the name
    /// unless sent.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 3, max_length = 100, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    slug: Field<String>,
    /// Who or what can be booked, by id, in order of priority. Required at creation; at most 500.
    #[serde(default)]
    #[schema(value_type = Vec<Uuid>, max_items = 500)]
    resources: Field<Vec<Value>>,
    /// What a search for free time starts from: `mode`, `length`, `from`, `to`, `buffer`, and so on.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    availability: Field<Shaped<Map<String, Value>, Named<AvailabilityNames>>>,
    /// When it may be booked, beside what each resource says; holidays as `block_period`.
    #[serde(default)]
    #[schema(value_type = Option<Vec<api::schemas::Constraint>>)]
    availability_constraints: Field<Vec<Value>>,
    /// What a booking starts from: `graph`, `what`, `where`, `description`, `rescheduling_url`,
    /// `only_offered` (whether callers with a secret, too, book only what is offered, unless their request says otherwise), and
    /// `timeout`, how long it waits for its payment, like `{"time": 25, "unit": "min"}`. In `what`, `where` and
    /// `description`, `{{customer.<field>}}` stands for what the customer gave.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    booking: Field<Shaped<Map<String, Value>, Named<BookingNames>>>,
    /// The fields of the page's form, by name: an object with `title`, `format`, `required` and so on for each.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    customer_fields: Field<Map<String, Value>>,
    /// How the page looks: `display_name`, `avatar`, `availability_view`, `time_date_format`, `localization` and so on.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    ui: Field<Map<String, Value>>,
    /// What a booking of the project sends before or after its start, unless the booking says so itself; at most 10. One of
    /// type `webhook` sends the booking to `settings.url`, e.g. `{"type": "webhook", "settings": {"url":
    /// "https://example.com/reminders"}, "when": {"type": "before", "unit": "hours", "time": 2}}`. Those of type `email` and of
    /// other types are kept; nothing sends them yet. A booking has the reminders of its project from when it was created.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Object>>)]
    reminders: Field<Vec<Value>>,
    /// Whatever you want to keep with it.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    meta: Field<Map<String, Value>>,
    /// Kept; nothing acts on it.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    allow_conference: Field<bool>,
    /// Whether its bookings may overlap others.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    allow_double_bookings: Field<bool>,
    /// Kept; nothing acts on it.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    enabled_email_notification: Field<bool>,
    /// How long a reservation holds its time unless it says itself: seconds, or a duration like `5 minutes`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    reservation_time: Field<Value>,
    /// Kept; nothing acts on it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    use_hours_from: Field<String>,
    /// Degrees north.
    #[serde(default)]
    #[schema(value_type = Option<f64>, minimum = -90, maximum = 90)]
    latitude: Field<f64>,
    /// Degrees east.
    #[serde(default)]
    #[schema(value_type = Option<f64>, minimum = -180, maximum = 180)]
    longitude: Field<f64>,
    /// Where it takes place, by id; at most 100.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Uuid>>, max_items = 100)]
    locations: Field<Vec<Value>>,
    /// What it is about, by id; at most 100.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Uuid>>, max_items = 100)]
    services: Field<Vec<Value>>,
    /// What it costs, as text that its booking page shows, e.g. `25 €`. Nothing is charged.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 100, example = "25 €")]
    price: Field<String>,
    /// Whether the menu of the app's booking pages, `/book/app/{slug}`, leaves it out. Its own page works all the same.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    unlisted: Field<bool>,
}

api::required!(CreateProjectRequest: ProjectRequest { ["name", "resources"] });

/// What is read of a project's `availability`.
#[derive(Debug)]
struct AvailabilityNames;

impl Names for AvailabilityNames {
    const NAMES: &'static [&'static str] = &joined::<
        1,
        { Settings::NAMES.len() },
        { 1 + Settings::NAMES.len() },
    >(["output_timezone"], Settings::NAMES);
}

/// What is read of a project's `booking`.
#[derive(Debug)]
struct BookingNames;

impl Names for BookingNames {
    const NAMES: &'static [&'static str] = &[
        "graph",
        "what",
        "where",
        "description",
        "rescheduling_url",
        "only_offered",
        "timeout",
    ];
}

/// What was sent; `None` for what was not.
pub(crate) struct ProjectFields {
    pub(crate) name: Option<String>,
    pub(crate) slug: Option<String>,
    pub(crate) resources: Option<Vec<ResourceId>>,
    availability: Option<Map<String, Value>>,
    availability_constraints: Option<Vec<Value>>,
    booking: Option<Map<String, Value>>,
    customer_fields: Option<Map<String, Value>>,
    ui: Option<Map<String, Value>>,
    reminders: Option<Vec<Value>>,
    meta: Option<Map<String, Value>>,
    allow_conference: Option<bool>,
    allow_double_bookings: Option<bool>,
    enabled_email_notification: Option<bool>,
    reservation_time: Change<String>,
    use_hours_from: Change<String>,
    latitude: Change<f64>,
    longitude: Change<f64>,
    locations: Option<Vec<LocationId>>,
    services: Option<Vec<ServiceId>>,
    price: Change<String>,
    unlisted: Option<bool>,
}

/// The most bytes of the smaller fields as JSON. With [`MAX_FREE_FORM`] for `customer_fields`, `ui` and `meta`, and with
/// the ids, a project stays below DynamoDB's 400 KB an item.
const MAX_SMALL: usize = 24 * 1024;

impl ProjectFields {
    /// Reads the request; what is wrong with it goes to `faults`. It is one function because it has a statement for each field.
    pub(crate) fn read(
        request: ProjectRequest,
        check_url: &CheckUrl<'_>,
        faults: &mut Faults,
    ) -> Self {
        let name = faults.optional("name", request.name);
        let slug = faults.optional("slug", request.slug);
        let availability = request.availability.map(|Shaped(fields, _)| fields);
        let availability = free_form(faults, "availability", availability, MAX_SMALL);
        if let Some(availability) = &availability {
            faults.append(availability_faults(availability));
        }
        let availability_constraints = cleared(
            faults,
            "availability_constraints",
            request.availability_constraints,
        );
        if let Some(constraints) = &availability_constraints {
            faults.append(kept_constraints_faults(
                constraints,
                "availability_constraints",
            ));
        }
        let booking = request.booking.map(|Shaped(fields, _)| fields);
        let mut booking = free_form(faults, "booking", booking, MAX_SMALL);
        check_booking(faults, booking.as_mut());
        let mut customer_fields = free_form(
            faults,
            "customer_fields",
            request.customer_fields,
            MAX_FREE_FORM,
        );
        for (name, field) in customer_fields.iter_mut().flatten() {
            if !field.is_null() {
                object_within(faults, &format!("customer_fields.{name}"), field);
            }
        }
        let mut ui = free_form(faults, "ui", request.ui, MAX_FREE_FORM);
        check_ui(faults, ui.as_mut());
        Self {
            name: faults.text("name", name, 1..=200),
            slug: faults.parsed("slug", slug.as_deref(), parse_slug),
            resources: ids(faults, "resources", request.resources, MAX_RESOURCES),
            availability,
            availability_constraints,
            booking,
            customer_fields,
            ui,
            reminders: reminders(faults, request.reminders, check_url),
            meta: free_form(faults, "meta", request.meta, MAX_FREE_FORM),
            allow_conference: faults.optional("allow_conference", request.allow_conference),
            allow_double_bookings: faults
                .optional("allow_double_bookings", request.allow_double_bookings),
            enabled_email_notification: faults.optional(
                "enabled_email_notification",
                request.enabled_email_notification,
            ),
            reservation_time: reservation_time(faults, request.reservation_time),
            use_hours_from: Change::text(faults, "use_hours_from", request.use_hours_from, 200),
            latitude: degrees(faults, "latitude", request.latitude, 90.0),
            longitude: degrees(faults, "longitude", request.longitude, 180.0),
            locations: ids(faults, "locations", request.locations, MAX_PLACES),
            services: ids(faults, "services", request.services, MAX_PLACES),
            price: price(faults, request.price),
            unlisted: cleared(faults, "unlisted", request.unlisted),
        }
    }

    /// Reads the request for a new project, which must say some things.
    pub(crate) fn read_new(
        request: ProjectRequest,
        check_url: &CheckUrl<'_>,
        faults: &mut Faults,
    ) -> Self {
        if matches!(request.name, Field::Absent | Field::Null) {
            faults.missing("name");
        }
        if matches!(request.resources, Field::Absent | Field::Null) {
            faults.add("resources", "is required, though it may be an empty list");
        }
        Self::read(request, check_url, faults)
    }

    /// Notes what could never work in `project`, as it would be written: what its page would be refused with. Only if it is
    /// about what was said; what time has overtaken since may stay.
    pub(crate) fn refuse_what_never_works(
        &self,
        project: &Project,
        now: DateTime<Utc>,
        faults: &mut Faults,
    ) {
        for fault in &scheduling::settings::faults(project, now) {
            let was_said = if fault.path.as_str().starts_with("booking.") {
                self.booking.is_some()
            } else {
                // More resources make a search larger, too.
                self.availability.is_some() || self.resources.is_some()
            };
            if was_said {
                faults.push(fault.clone());
            }
        }
    }

    /// Notes what of the ids the app does not have. Those that the project has already may be gone.
    pub(crate) async fn refuse_unknown(
        &self,
        state: &State,
        tenant: Tenant,
        current: Option<&Project>,
        faults: &mut Faults,
    ) -> Result<(), ApiError> {
        let store = state.store();
        let kept = current.map(|project| project.resources.as_slice());
        refuse_unknown_resources(state, tenant, self.resources.as_deref(), kept, faults).await?;

        let kept = current.map(|project| project.locations.as_slice());
        let new = unseen(self.locations.as_deref(), kept);
        let found: Vec<Location> = store.get_entities(tenant, &new).await?;
        note_unknown(
            faults,
            "locations",
            &new,
            found.iter().map(|found| found.id),
        );

        let kept = current.map(|project| project.services.as_slice());
        let new = unseen(self.services.as_deref(), kept);
        let found: Vec<Service> = store.get_entities(tenant, &new).await?;
        note_unknown(faults, "services", &new, found.iter().map(|found| found.id));
        Ok(())
    }

    /// The project with everything that was said, and with what its page cannot do without.
    pub(crate) fn apply(&self, mut project: Project) -> Project {
        let given = self;
        if let Some(availability) = &given.availability {
            project.set_availability(availability.clone());
        }
        if let Some(constraints) = &given.availability_constraints {
            project.set_availability_constraints(constraints.clone());
        }
        if let Some(booking) = &given.booking {
            project.set_booking(booking.clone());
        }
        if given.reservation_time.is_some() {
            let time = given.reservation_time.of(None);
            project.set_reservation_time(time);
        }
        set(&mut project.name, &given.name);
        set(&mut project.slug, &given.slug);
        set(&mut project.resources, &given.resources);
        set_kept(&mut project.customer_fields, &given.customer_fields);
        set_kept(&mut project.ui, &given.ui);
        set_kept(&mut project.reminders, &given.reminders);
        set_kept(&mut project.meta, &given.meta);
        set(&mut project.allow_conference, &given.allow_conference);
        set(
            &mut project.allow_double_bookings,
            &given.allow_double_bookings,
        );
        set(
            &mut project.enabled_email_notification,
            &given.enabled_email_notification,
        );
        project.use_hours_from = given.use_hours_from.of(project.use_hours_from);
        project.latitude = given.latitude.of(project.latitude);
        project.longitude = given.longitude.of(project.longitude);
        set(&mut project.locations, &given.locations);
        set(&mut project.services, &given.services);
        project.price = given.price.of(project.price);
        set(&mut project.unlisted, &given.unlisted);
        project.with_defaults()
    }
}

fn set<T: Clone>(field: &mut T, given: &Option<T>) {
    if let Some(given) = given {
        field.clone_from(given);
    }
}

fn set_kept<T: Clone>(field: &mut KeptJson<T>, given: &Option<T>)
where
    KeptJson<T>: From<T>,
{
    if let Some(given) = given {
        *field = given.clone().into();
    }
}

impl ProjectFields {
    /// Refuses secrets in what pages show of a project, and in the words that its bookings take from it.
    pub(crate) fn check_public(&self, public: &PublicTexts, faults: &mut Faults) {
        public.check_text(faults, "name", self.name.as_deref());
        public.check_text(faults, "slug", self.slug.as_deref());
        public.check(faults, "booking", &self.booking);
        public.check(faults, "customer_fields", &self.customer_fields);
        public.check(faults, "ui", &self.ui);
        public.check_text(faults, "price", self.price.value().map(String::as_str));
    }
}
