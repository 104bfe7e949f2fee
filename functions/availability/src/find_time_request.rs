//! What the searches that came before availability ask for: `findtime` and its kin. Their words are older, their
//! meaning is that of [`model::availability`].

use std::collections::{HashMap, HashSet};

use api::shape::joined;
use api::{ApiError, Named, Names, Shaped, State, heavy};
use auth::Principal;
use chrono::{DateTime, Utc};
use model::Random;
use model::availability::{Settings, Slot};
use model::fault::{FaultKind, Faults};
use model::filter::Filters;
use model::ids::{CalendarId, ResourceId};
use model::lenient;
use model::resource::Resource;
use model::text::email_key;
use model::time::Tz;
use model::wall::{day, offset_s};
use scheduling::Offer;
use scheduling::offer::check_public_length;
use serde_json::{Map, Value};
use store::Tenant;
use utoipa::ToSchema;

use crate::budget::{Budget, Words};
use crate::free_time::{FreeTime, Planned, SearchInputs};

/// The most resources that one request names.
const MAX_NAMED: usize = 100;

/// The step between starts with `all_solutions`. Source: developers.timekit.io/reference/findtime.
const ALL_SOLUTIONS_STEP: &str = "15 minutes";

/// A search for time. Resources are named by e-mail address, id or calendar; several must all be free at once.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described here")]
pub(crate) struct FindTimeFields {
    /// Whom to search, by e-mail address.
    emails: Option<Vec<String>>,
    /// Whom to search, by id.
    #[schema(value_type = Option<Vec<Uuid>>)]
    resource_ids: Option<Vec<String>>,
    /// The same by an older name.
    #[schema(value_type = Option<Vec<Uuid>>)]
    user_ids: Option<Vec<String>>,
    /// Whom to search, by the id of one of their calendars.
    #[schema(value_type = Option<Vec<Uuid>>)]
    calendar_ids: Option<Vec<String>>,
    /// `and`: filters that must all be open; `or`: filters of which one must be; `after`: `take_first`, `take_last` or
    /// `take_random` with a `number`. A filter is `specific_day_and_time`, `specific_time`, `specific_day`,
    /// `between_timestamps`, `business_hours`, `working_hours`, `daytime`, `only_weekend` or `exclude_weekend`, and may
    /// have a `timezone`; else it goes by the resource's.
    #[schema(value_type = Option<Object>)]
    filters: Option<Value>,
    /// Where the search begins: RFC 3339, `now`, `tomorrow`, or a time from now. `now` unless said.
    start: Option<String>,
    /// Where it ends: `4 weeks` unless said, at most 6 months ahead.
    #[schema(example = "2 days")]
    future: Option<String>,
    /// How long a slot is: `1 hour` unless said.
    #[schema(example = "30 minutes")]
    length: Option<String>,
    /// Free time around a slot.
    buffer: Option<String>,
    /// `asc` unless said, or `desc`.
    #[schema(pattern = "^(asc|desc)$")]
    sort: Option<String>,
    /// Whether slots may overlap: then one starts every 15 minutes, and else only where the one before ends.
    all_solutions: Option<bool>,
    /// Whether a slot must end on the day it starts on, by the first resource's clock.
    no_day_span: Option<bool>,
    /// Whether events that last all day are no obstacle.
    ignore_all_day_events: Option<bool>,
}

/// Searches for several resources, each for itself. What stands beside `users` holds for all of them; without `users`,
/// each of the resources that are named is searched.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described here")]
pub(crate) struct FindTimesFields {
    /// The searches, each for one resource, with what they say besides.
    users: Option<Vec<UserFields>>,
    #[schema(inline)]
    #[serde(flatten)]
    shared: FindTimeFields,
}

/// A search for one of several resources.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described here")]
pub(crate) struct UserFields {
    /// Whose it is, by e-mail address; over every other name.
    _email: Option<String>,
    #[schema(inline)]
    #[serde(flatten)]
    own: FindTimeFields,
}

/// The names of a search's fields.
pub(crate) const FIND_TIME_NAMES: [&str; 13] = [
    "emails",
    "resource_ids",
    "user_ids",
    "calendar_ids",
    "filters",
    "start",
    "future",
    "length",
    "buffer",
    "sort",
    "all_solutions",
    "no_day_span",
    "ignore_all_day_events",
];

/// A search as a body: what it does not read is told to who can mend it.
pub(crate) type Sent = Shaped<Map<String, Value>, Named<OneSearch>>;

/// Searches as a body.
pub(crate) type SentSearches = Shaped<Map<String, Value>, Named<Searches>>;

/// The fields of one search.
#[derive(Debug)]
pub(crate) struct OneSearch;

impl Names for OneSearch {
    const NAMES: &'static [&'static str] = &FIND_TIME_NAMES;
}

/// The fields of several.
#[derive(Debug)]
pub(crate) struct Searches;

impl Names for Searches {
    const NAMES: &'static [&'static str] = &joined::<1, 13, 14>(["users"], FIND_TIME_NAMES);
}

/// A search as it was asked for.
#[derive(Clone, Debug)]
pub(crate) struct FindTime {
    named: Vec<Name>,
    settings: Settings,
    filters: Filters,
    is_descending: bool,
    is_within_days: bool,
    /// Whether the caller's secret is on public pages.
    is_public: bool,
}

/// How a request names a resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Name {
    Email(String),
    Id(ResourceId),
    Calendar(CalendarId),
}

impl FindTime {
    /// Reads a search.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, by field.
    pub(crate) fn parse(fields: &Map<String, Value>) -> Result<Self, ApiError> {
        Ok(Self::parse_at(fields, "")?)
    }

    /// Reads searches of one resource each.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them, by field.
    pub(crate) fn parse_each(fields: &Map<String, Value>) -> Result<Vec<Self>, ApiError> {
        let users = match fields.get("users") {
            None | Some(Value::Null) => {
                let all = Self::parse(fields)?;
                let one = |name: &Name| Self {
                    named: vec![name.clone()],
                    ..all.clone()
                };
                return Ok(all.named.iter().map(one).collect());
            }
            Some(Value::Array(users)) if (1..=MAX_NAMED).contains(&users.len()) => users,
            Some(_) => {
                let sentence = format!("must be a list of 1 to {MAX_NAMED} searches");
                return Err(ApiError::Invalid(Faults::one("users", sentence)));
            }
        };
        let mut shared = fields.clone();
        shared.remove("users");
        let mut found = Vec::with_capacity(users.len());
        let mut faults = Faults::none();
        for (position, user) in users.iter().enumerate() {
            let Some(own) = lenient::object(user) else {
                faults.add(
                    format!("users.{position}"),
                    FaultKind::WrongType("an object"),
                );
                continue;
            };
            let mut fields = shared.clone();
            fields.extend(own.clone());
            match Self::parse_at(&fields, &format!("users.{position}.")) {
                Ok(one) if one.named.len() == 1 => found.push(one),
                Ok(_) => faults.add(
                    format!("users.{position}"),
                    "must name one resource: by _email, or one of emails, resource_ids or calendar_ids",
                ),
                Err(wrong) => faults.append(wrong),
            }
        }
        faults.check()?;
        Ok(found)
    }

    fn parse_at(fields: &Map<String, Value>, prefix: &str) -> Result<Self, Faults> {
        let mut faults = Faults::none();
        let named = names(fields, prefix, &mut faults);
        let settings = settings(fields, prefix).unwrap_or_else(|wrong| {
            faults.append(wrong);
            Settings::default()
        });
        let filters = match fields.get("filters") {
            None | Some(Value::Null) => Filters::default(),
            Some(value) => {
                Filters::parse(value, &format!("{prefix}filters")).unwrap_or_else(|wrong| {
                    faults.append(wrong);
                    Filters::default()
                })
            }
        };
        let is_descending = match fields.get("sort") {
            None | Some(Value::Null) => false,
            Some(Value::String(order)) if order == "asc" || order == "desc" => order == "desc",
            Some(_) => {
                faults.add(format!("{prefix}sort"), "must be asc or desc");
                false
            }
        };
        let is_within_days = switch(fields, "no_day_span", prefix, &mut faults);
        if faults.is_empty() {
            Ok(Self {
                named,
                settings,
                filters,
                is_descending,
                is_within_days,
                is_public: false,
            })
        } else {
            Err(faults)
        }
    }

    /// The same as far as the caller can book it: who has a resource's token, or a team's, passes over no event.
    pub(crate) fn for_caller(mut self, principal: &Principal) -> Self {
        if principal.tenant().only_resource.is_some() {
            self.settings.ignore_all_day_events = None;
        }
        self.is_public = principal.is_public();
        self
    }

    /// The e-mail address by which the request names the resource, as it was written there.
    pub(crate) fn email(&self) -> Option<&str> {
        self.named.iter().find_map(|name| match name {
            Name::Email(email) => Some(email.as_str()),
            Name::Id(_) | Name::Calendar(_) => None,
        })
    }

    /// The resources it names within `tenant`, each once; the caller's own if it names none. What was found before, by any
    /// name, is not looked for again.
    ///
    /// # Errors
    ///
    /// One that is not there is not found; it is invalid to name none.
    pub(crate) async fn resources(
        &self,
        state: &State,
        principal: &Principal,
        tenant: Tenant,
        known: &mut HashMap<Name, Resource>,
    ) -> Result<Vec<Resource>, ApiError> {
        let own = principal.tenant().only_resource.map(Name::Id);
        let named = match (self.named.as_slice(), &own) {
            ([], Some(own)) => std::slice::from_ref(own),
            ([], None) => {
                let sentence = "is required, or resource_ids or calendar_ids: whom to search";
                return Err(ApiError::Invalid(Faults::one("emails", sentence)));
            }
            (named, _) => named,
        };
        let mut seen = HashSet::new();
        let mut found = Vec::with_capacity(named.len());
        for name in named {
            if !known.contains_key(name) {
                let resource = resource(state, tenant, name).await?;
                let resource = resource.ok_or(ApiError::NotFound("Resource"))?;
                known.insert(name.clone(), resource);
            }
            if let Some(resource) = known.get(name)
                && seen.insert(resource.id)
            {
                found.push(resource.clone());
            }
        }
        Ok(found)
    }

    /// Each search with its resources; the same search of the same resource counts once, whatever its names.
    ///
    /// # Errors
    ///
    /// Those of [`FindTime::resources`].
    pub(crate) async fn each_once(
        searches: Vec<Self>,
        state: &State,
        principal: &Principal,
        tenant: Tenant,
    ) -> Result<Vec<(Self, Vec<Resource>)>, ApiError> {
        let mut known = HashMap::new();
        let mut found: Vec<(Self, Vec<Resource>)> = Vec::with_capacity(searches.len());
        for search in searches {
            let search = search.for_caller(principal);
            let resources = search.resources(state, principal, tenant, &mut known);
            let resources = resources.await?;
            let is_known = found.iter().any(|(other, others)| {
                other.asks_the_same(&search)
                    && others
                        .iter()
                        .map(|one| one.id)
                        .eq(resources.iter().map(|one| one.id))
            });
            if !is_known {
                found.push((search, resources));
            }
        }
        Ok(found)
    }

    /// Whether it is the other search, of whatever resources.
    fn asks_the_same(&self, other: &Self) -> bool {
        self.settings == other.settings
            && self.filters == other.filters
            && self.is_descending == other.is_descending
            && self.is_within_days == other.is_within_days
    }

    /// This search of `resources`, taken from the request's budget.
    ///
    /// # Errors
    ///
    /// What cannot be meant, and what is too large, is by field.
    pub(crate) fn plan(
        self,
        state: &State,
        resources: Vec<Resource>,
        budget: &mut Budget,
    ) -> Result<PlannedTimes, ApiError> {
        let zone = resources.first().map_or(Tz::UTC, |first| first.timezone);
        let asked = SearchInputs {
            terms: self
                .settings
                .terms(state.now(), zone)
                .map_err(in_older_names)?,
            schedules: Vec::new(),
            filters: self.filters.clone(),
            moving: None,
        };
        if self.is_public {
            check_public_length(asked.terms.length, &resources)?;
        }
        let offer = Offer::of(None)?;
        let planned = Planned::within(budget, (&offer, resources), asked)?;
        let search = self;
        Ok(PlannedTimes { planned, search })
    }
}

/// A search within its request's budget, before it is known what is taken.
pub(crate) struct PlannedTimes {
    planned: Planned,
    search: FindTime,
}

/// A search of which everything is known.
pub(crate) struct Times {
    found: FreeTime,
    search: FindTime,
}

impl PlannedTimes {
    /// Reads what is taken, for one after another: each takes of the same budget.
    ///
    /// # Errors
    ///
    /// More bookings than the budget has left are invalid.
    pub(crate) async fn read(
        planned: Vec<Self>,
        state: &State,
        tenant: Tenant,
        budget: &mut Budget,
    ) -> Result<Vec<Times>, ApiError> {
        let mut read = Vec::with_capacity(planned.len());
        for Self { planned, search } in planned {
            let found = planned.read(state, tenant, budget).await?;
            read.push(Times { found, search });
        }
        Ok(read)
    }
}

impl Times {
    /// The resources that are searched, in order.
    pub(crate) fn resources(&self) -> &[Resource] {
        &self.found.resources
    }

    /// The slots at which all of its resources are free.
    pub(crate) fn slots(&self, random: &dyn Random) -> Vec<Slot> {
        let zone = self.resources().first();
        let zone = zone.map_or(Tz::UTC, |first| first.timezone);
        let mut slots = self.found.search.slots(random);
        if self.search.is_within_days {
            slots.retain(|slot| is_within_a_day(slot, zone));
        }
        let mut slots = self.search.filters.take(slots, random);
        if self.search.is_descending {
            slots.reverse();
        }
        slots
    }
}

/// Does what `work` says with searches, in the app's turn if they are wide.
///
/// # Errors
///
/// What `work` refuses; in the words of these searches, that the answer is too large.
pub(crate) async fn run<T: Send + 'static>(
    state: &State,
    principal: &Principal,
    budget: &Budget,
    work: impl FnOnce(&State) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let done = heavy::run(state, principal.app, budget.steps(), work).await;
    done.map_err(|error| Words::FIND_TIME.of(error))
}

/// Whether a slot ends on the day it starts on, or at the midnight after it.
fn is_within_a_day(slot: &Slot, zone: Tz) -> bool {
    let date = |at: DateTime<Utc>, less_s: i64| {
        let at = at.timestamp() - less_s;
        day(at + offset_s(zone, at))
    };
    date(slot.slot.start(), 0) == date(slot.slot.end(), 1)
}

async fn resource(
    state: &State,
    tenant: Tenant,
    name: &Name,
) -> Result<Option<Resource>, ApiError> {
    let store = state.store();
    Ok(match name {
        Name::Email(email) => {
            let email = email_key(email);
            let found = store.get_resource_by_email(tenant, &email).await?;
            found.map(|(resource, _)| resource)
        }
        Name::Id(id) => store.get_resources(tenant, &[*id]).await?.pop(),
        Name::Calendar(id) => {
            let found = store.get_resource_of_calendar(tenant, *id).await?;
            found.map(|found| found.record)
        }
    })
}

/// Reads a name of one kind.
type ReadName = fn(&str) -> Option<Name>;

fn names(fields: &Map<String, Value>, prefix: &str, faults: &mut Faults) -> Vec<Name> {
    match fields.get("_email") {
        None | Some(Value::Null) => {}
        Some(Value::String(email)) => return vec![Name::Email(email.clone())],
        Some(_) => faults.add(format!("{prefix}_email"), FaultKind::WrongType("a string")),
    }
    let kinds: [(&str, ReadName, &str); 4] = [
        (
            "emails",
            |text| Some(Name::Email(text.to_owned())),
            "e-mail addresses",
        ),
        (
            "resource_ids",
            |text| text.parse().ok().map(Name::Id),
            "UUIDs",
        ),
        ("user_ids", |text| text.parse().ok().map(Name::Id), "UUIDs"),
        (
            "calendar_ids",
            |text| text.parse().ok().map(Name::Calendar),
            "UUIDs",
        ),
    ];
    let mut names = Vec::new();
    for (field, read, what) in kinds {
        let list = match fields.get(field) {
            None | Some(Value::Null) => continue,
            Some(Value::Array(list)) if list.len() <= MAX_NAMED => list,
            Some(_) => {
                let sentence = format!("must be a list of at most {MAX_NAMED} {what}");
                faults.add(format!("{prefix}{field}"), sentence);
                continue;
            }
        };
        for (position, value) in list.iter().enumerate() {
            match value.as_str().and_then(read) {
                Some(name) => names.push(name),
                None => faults.add(
                    format!("{prefix}{field}.{position}"),
                    format!("must be one of {what}, as text"),
                ),
            }
        }
    }
    names
}

fn switch(fields: &Map<String, Value>, name: &str, prefix: &str, faults: &mut Faults) -> bool {
    match fields.get(name) {
        None | Some(Value::Null) => false,
        Some(value) => lenient::flag(value).unwrap_or_else(|| {
            let path = format!("{prefix}{name}");
            faults.add(path, FaultKind::WrongType("true or false"));
            false
        }),
    }
}

/// The settings of these searches, and what they are called now.
const OLDER: [(&str, &str); 5] = [
    ("start", "from"),
    ("future", "to"),
    ("length", "length"),
    ("buffer", "buffer"),
    ("ignore_all_day_events", "ignore_all_day_events"),
];

/// The newer settings that the older ones mean.
fn settings(fields: &Map<String, Value>, prefix: &str) -> Result<Settings, Faults> {
    let mut faults = Faults::none();
    let mut newer = Map::new();
    newer.insert("mode".to_owned(), "mutual".into());
    for (older, name) in OLDER {
        if let Some(value) = fields.get(older) {
            newer.insert(name.to_owned(), value.clone());
        }
    }
    if switch(fields, "all_solutions", prefix, &mut faults) {
        newer.insert("timeslot_increments".to_owned(), ALL_SOLUTIONS_STEP.into());
    }
    let settings = Settings::parse(&newer, "").unwrap_or_else(|wrong| {
        faults.append(in_older_names(wrong).map(|fault| fault.within(prefix)));
        Settings::default()
    });
    if faults.is_empty() {
        Ok(settings)
    } else {
        Err(faults)
    }
}

/// Faults of the newer settings, by the names that these searches give them.
fn in_older_names(faults: Faults) -> Faults {
    let older = |name: &str| Some(OLDER.iter().find(|(_, newer)| *newer == name)?.0);
    faults.map(|fault| fault.renamed(older))
}
