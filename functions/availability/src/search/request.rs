//! What a search for free time asks for.

use std::collections::HashSet;

use api::heavy::PreparedSearch;
use api::shape::joined;
use api::{ApiError, Faults, Field, Named, Names, Object, OutputZone, SearchWords, Shaped, State};
use auth::Principal;
use model::availability::Settings;
use model::constraint::parse_constraints;
use model::ids::{ProjectId, ResourceId};
use model::project::MAX_RESOURCES;
use model::time::{Tz, parse_zone};
use scheduling::search::{FreeTime, Searcher, SlotQuery};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::search::moving::{self, MovingQuery, MovingRequest};

/// A search for free time. What it leaves out is its project's, or has a default. Fields that are not listed are
/// ignored: booking pages send their whole configuration.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct AvailabilityRequest {
    /// Whose settings, constraints and resources count where this says nothing. A public key or token can only narrow
    /// what the project offers.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Uuid)]
    project_id: Field<String>,
    /// Whom to search, first things first. Required without a project, unless a resource's own token is used.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Uuid>>, min_items = 1, max_items = 500)]
    resources: Field<Vec<Value>>,
    /// The zone of the times in the response. Defaults to the resource's, or to UTC if there are several resources.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Europe/Copenhagen")]
    output_timezone: Field<String>,
    /// What must hold besides the constraints of project and resources.
    #[serde(default)]
    #[schema(value_type = Option<Vec<api::schemas::Constraint>>)]
    constraints: Field<Vec<Value>>,
    /// A booking to be rescheduled: `booking_id`. Its own time and its own count against caps are left out, and its project
    /// is searched, so that what is found is what `POST /v2/bookings/{id}/reschedule` takes. Who may not reschedule it
    /// sends a `signature` for it: a token as in customers' links, for the action `reschedule_by_customer`.
    #[serde(default)]
    #[schema(value_type = Option<MovingRequest>)]
    moving: Field<Object<MovingRequest>>,
    #[serde(flatten)]
    #[schema(value_type = SettingsFields)]
    settings: Map<String, Value>,
}

/// The request as a body: what it does not read is told to who can mend it.
pub(crate) type Sent = Shaped<AvailabilityRequest, Named<Fields>>;

/// The names of the request's fields.
#[derive(Debug)]
pub(crate) struct Fields;

impl Names for Fields {
    const NAMES: &'static [&'static str] =
        &joined::<5, { Settings::NAMES.len() }, { 5 + Settings::NAMES.len() }>(
            [
                "project_id",
                "resources",
                "output_timezone",
                "constraints",
                "moving",
            ],
            Settings::NAMES,
        );
}

/// The settings of a search, as `model::availability::Settings` reads them.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described here")]
pub(crate) struct SettingsFields {
    /// How several resources share a slot: `roundrobin_random`, `roundrobin_prioritized`, `mutual` or `exclusive`.
    /// Required without a project.
    #[schema(pattern = "^(roundrobin_random|roundrobin_prioritized|mutual|exclusive)$")]
    mode: Option<String>,
    /// The length of a slot, at most 31 days. Defaults to `1 hour`.
    #[schema(example = "45 minutes")]
    length: Option<String>,
    /// What slots lie in: RFC 3339, `now`, `tomorrow`, or a time from now like `3 days 2 weeks`. Defaults to `now`.
    from: Option<String>,
    /// Its end, at most 6 months ahead. Defaults to `4 weeks`.
    to: Option<String>,
    /// Free time around a slot, at most 24 hours.
    #[schema(example = "15 minutes")]
    buffer: Option<String>,
    /// Free time before it, instead of `buffer`.
    buffer_before: Option<String>,
    /// Free time after it, instead of `buffer`.
    buffer_after: Option<String>,
    /// The step from one start to the next, counted from midnight. Defaults to the slot's length.
    timeslot_increments: Option<String>,
    /// Defaults to `true`. If `false`, starts are counted from where each opening begins.
    round_to_nearest_hour: Option<bool>,
    /// Whether events that last all day are no obstacle.
    ignore_all_day_events: Option<bool>,
    /// Kept for clients that send it; has no effect.
    closest_time_interval: Option<String>,
    /// How long before its start a slot can last be booked.
    #[schema(example = "2 hours")]
    minimum_notice: Option<String>,
    /// The most bookings of a resource that start on one day of its clock.
    #[schema(minimum = 1, maximum = 4_294_967_295_u32)]
    max_bookings_per_day: Option<u32>,
    /// The most bookings of a resource that start in one week of its clock, Monday to Sunday.
    #[schema(minimum = 1, maximum = 4_294_967_295_u32)]
    max_bookings_per_week: Option<u32>,
}

impl AvailabilityRequest {
    /// Reads it, and everything it names; answers the zone to answer in too.
    pub(crate) async fn search(
        self,
        state: &State,
        principal: &Principal,
        zone: OutputZone,
    ) -> Result<(PreparedSearch, Tz), ApiError> {
        let (query, asked, output) = self.parse()?;
        let moving = match asked {
            None => None,
            Some(asked) => Some(moving::read(state, principal, asked).await?),
        };
        let searcher = Searcher {
            tenant: principal.tenant(),
            is_public: principal.is_public(),
        };
        let plan = FreeTime::plan(state.store(), searcher, query, moving, state.now()).await?;
        let found = PreparedSearch::read(state, searcher.tenant, plan).await?;
        let own = match found.free_time.resources.as_slice() {
            [only] => only.timezone,
            _ => Tz::UTC,
        };
        let zone = output.unwrap_or(zone.or(own));
        Ok((found, zone))
    }

    fn parse(self) -> Result<(SlotQuery, Option<MovingQuery>, Option<Tz>), ApiError> {
        let mut faults = Faults::none();
        let project_id = faults.optional("project_id", self.project_id);
        let project_id = faults.parsed("project_id", project_id.as_deref(), |id| {
            id.parse::<ProjectId>().map_err(|_| "must be a valid UUID")
        });
        let resources = faults.optional("resources", self.resources);
        let resources = resources.and_then(|values| read_resources(&mut faults, &values));
        let zone = faults.optional("output_timezone", self.output_timezone);
        let zone = faults.parsed("output_timezone", zone.as_deref(), parse_zone);
        let constraints = faults
            .optional("constraints", self.constraints)
            .unwrap_or_default();
        let constraints = parse_constraints(&constraints, "constraints");
        let constraints = constraints.unwrap_or_else(|found| {
            faults.append(found);
            Vec::new()
        });
        let settings = Settings::parse(&self.settings, "").unwrap_or_else(|found| {
            faults.append(found);
            Settings::default()
        });
        let moving = moving::parse(&mut faults, self.moving);
        faults.check()?;
        let query = SlotQuery {
            project_id,
            resources,
            settings,
            constraints,
        };
        Ok((query, moving, zone))
    }
}

/// What `show` makes of a search.
///
/// # Errors
///
/// What `show` refuses; in the words of availability, that the answer is too large.
pub(crate) async fn run<T: Send + 'static>(
    found: PreparedSearch,
    state: &State,
    show: impl FnOnce(FreeTime, &State) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let done = found.run(state, show).await;
    done.map_err(|error| SearchWords::AVAILABILITY.of(error))
}

/// The ids of a list, each once; at most as many as a project has.
fn read_resources(faults: &mut Faults, values: &[Value]) -> Option<Vec<ResourceId>> {
    if values.is_empty() || values.len() > MAX_RESOURCES {
        let sentence = format!("must be a list of 1 to {MAX_RESOURCES} UUIDs");
        faults.add("resources", sentence);
        return None;
    }
    let mut seen = HashSet::new();
    let mut ids = Vec::with_capacity(values.len());
    for value in values {
        match value.as_str().and_then(|text| text.parse().ok()) {
            Some(id) if seen.insert(id) => ids.push(id),
            Some(_) => {}
            None => {
                faults.add("resources", "must be a list of UUIDs");
                return None;
            }
        }
    }
    Some(ids)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use utoipa::PartialSchema;
    use utoipa::openapi::{RefOr, Schema};

    use super::*;
    use crate::search::find_time_body::{FIND_TIME_NAMES, FindTimeFields};

    fn described<T: PartialSchema>() -> BTreeSet<String> {
        match T::schema() {
            RefOr::T(Schema::Object(object)) => object.properties.keys().cloned().collect(),
            _ => panic!("no object is described"),
        }
    }

    #[test]
    fn what_is_described_is_what_is_read() {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(described::<SettingsFields>(), set(&Settings::NAMES));
        assert_eq!(described::<FindTimeFields>(), set(&FIND_TIME_NAMES));
    }

    #[test]
    fn a_setting_that_is_named_is_read() {
        for name in Settings::NAMES {
            // An array is no setting's value.
            let wrong = Map::from_iter([(name.to_owned(), Value::from(vec![1]))]);
            let is_read = Settings::parse(&wrong, "").is_err();
            assert!(is_read || name == "closest_time_interval", "{name}");
        }
    }
}
