//! What the searches that came before availability ask for: `findtime` and its kin. Their words are older, their
//! meaning is that of [`model::availability`].

use std::collections::{HashMap, HashSet};

use api::heavy::Work;
use api::{ApiError, SearchWords, State};
use auth::Principal;
use chrono::{DateTime, Utc};
use model::Random;
use model::availability::{Settings, Slot};
use model::fault::{FaultKind, Faults};
use model::filter::Filters;
use model::lenient;
use model::resource::Resource;
use model::text::email_key;
use model::time::Tz;
use model::wall::{day, offset_s};
use scheduling::Offer;
use scheduling::offer::check_public_length;
use scheduling::search::{Budget, FreeTime, Planned, SearchInputs};
use serde_json::{Map, Value};
use store::Tenant;

use crate::search::find_time_fields::{MAX_NAMED, Name, in_older_names, names, settings, switch};

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
        let planned = Planned::within(budget, (&offer, resources), asked);
        let planned = planned.map_err(|error| SearchWords::FIND_TIME.refusal(error))?;
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
    /// Reads what is taken, for one after another: each takes of the same budget. Answers the work of showing it too, which
    /// has begun.
    ///
    /// # Errors
    ///
    /// More bookings than the budget has left are invalid.
    pub(crate) async fn read(
        planned: Vec<Self>,
        state: &State,
        tenant: Tenant,
        budget: &mut Budget,
    ) -> Result<(Vec<Times>, Work), ApiError> {
        let work = Work::begin(state, tenant.app, budget.steps()).await?;
        let mut read = Vec::with_capacity(planned.len());
        for Self { planned, search } in planned {
            let found = planned.read(state.store(), tenant, budget).await;
            let found = found.map_err(|error| SearchWords::FIND_TIME.refusal(error))?;
            read.push(Times { found, search });
        }
        Ok((read, work))
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

/// What `show` makes of searches, in the app's turn if they are wide.
///
/// # Errors
///
/// What `show` refuses; in the words of these searches, that the answer is too large.
pub(crate) async fn run<T: Send + 'static>(
    state: &State,
    work: Work,
    budget: &Budget,
    show: impl FnOnce(&State) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let done = work.run(state, budget.steps(), show).await;
    done.map_err(|error| SearchWords::FIND_TIME.of(error))
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
