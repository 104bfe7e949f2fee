//! A project: the settings of a booking page. Who can be booked, when, how, and what the page looks like.

mod defaults;
pub mod form;
mod memo;
pub mod page;
pub mod rules;
mod template;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::fault::Faults;
use crate::ids::{LocationId, ProjectId, ResourceId, ServiceId};
use crate::kept_json::KeptJson;

pub use form::FormField;
use memo::Memo;
pub use page::PageProblem;
pub use rules::{BookingDefaults, Rules, availability_faults};
pub use template::{fill_template, fill_template_with};

/// The most resources of a project.
pub const MAX_RESOURCES: usize = 500;

/// The most locations of a project, and the most services.
pub const MAX_PLACES: usize = 100;

/// The longest price, in characters.
pub const MAX_PRICE: usize = 100;

/// The ways a page can write times and dates.
pub const TIME_DATE_FORMATS: [&str; 2] = ["12h-mdy-sun", "24h-dmy-mon"];

/// The settings of a booking page.
///
/// What we act on is in [`Project::rules`], typed. What clients sent is kept beside it and shown as it was sent. The rules
/// are made when a project is written and stored with it, so that a booking parses nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Project {
    /// Names it.
    pub id: ProjectId,
    /// Its readable name in addresses, unique over the deployment.
    pub slug: String,
    /// What people call it.
    pub name: String,
    availability: KeptJson<Map<String, Value>>,
    availability_constraints: KeptJson<Vec<Value>>,
    /// Who or what can be booked, in order of priority. Some may be gone by now.
    pub resources: Vec<ResourceId>,
    booking: KeptJson<Map<String, Value>>,
    /// The fields of the page's form, by name.
    pub customer_fields: KeptJson<Map<String, Value>>,
    /// How the page looks, and its words.
    pub ui: KeptJson<Map<String, Value>>,
    /// Whom to remind when. Kept; nothing acts on it.
    pub reminders: KeptJson<Vec<Value>>,
    /// Whatever its owner wants to keep with it.
    pub meta: KeptJson<Map<String, Value>>,
    /// Kept; nothing acts on it.
    pub allow_conference: bool,
    /// Whether its bookings may overlap others.
    pub allow_double_bookings: bool,
    /// Kept; nothing acts on it.
    pub enabled_email_notification: bool,
    reservation_time: Option<String>,
    /// Kept; nothing acts on it.
    pub use_hours_from: Option<String>,
    /// Degrees north.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
    /// Where it takes place. Some may be gone by now.
    pub locations: Vec<LocationId>,
    /// What it is about. Some may be gone by now.
    pub services: Vec<ServiceId>,
    /// What it costs, as text that its page shows, e.g. `25 €`; at most [`MAX_PRICE`] characters. Nothing is charged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    /// Whether its app's menu leaves it out. Its own page works all the same.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unlisted: bool,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Memo::is_empty")]
    rules: Memo,
}

/// A stored project that this version cannot read. Its fields were checked when they were written, so the caller is never at
/// fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored project {id} cannot be read: {faults}")]
pub struct UnreadableProject {
    /// The project.
    pub id: ProjectId,
    /// Everything that is wrong with it, by its own fields.
    pub faults: Faults,
}

fn is_false(is: &bool) -> bool {
    !is
}

impl Project {
    /// A project without settings. [`Project::with_defaults`] gives it what a booking page needs.
    pub fn new(id: ProjectId, slug: String, name: String, now: DateTime<Utc>) -> Self {
        Self {
            id,
            slug,
            name,
            availability: KeptJson::default(),
            availability_constraints: KeptJson::default(),
            resources: Vec::new(),
            booking: KeptJson::default(),
            customer_fields: KeptJson::default(),
            ui: KeptJson::default(),
            reminders: KeptJson::default(),
            meta: KeptJson::default(),
            allow_conference: false,
            allow_double_bookings: false,
            enabled_email_notification: false,
            reservation_time: None,
            use_hours_from: None,
            latitude: None,
            longitude: None,
            locations: Vec::new(),
            services: Vec::new(),
            price: None,
            unlisted: false,
            created_at: now,
            updated_at: now,
            rules: Memo::default(),
        }
    }

    /// What its fields mean: the settings of a search, the schedule, what a booking starts from.
    ///
    /// # Errors
    ///
    /// [`UnreadableProject`] if any of its fields cannot be read, even one that the caller has no use for: a project is
    /// unreadable for everybody or for nobody.
    pub fn rules(&self) -> Result<&Rules, UnreadableProject> {
        let found = self.rules.get(self.sources());
        found.map_err(|faults| self.unreadable(faults.clone()))
    }

    /// What a search for free time starts from, as sent: `mode`, `length`, `from`, `to`, and so on.
    pub fn availability(&self) -> &KeptJson<Map<String, Value>> {
        &self.availability
    }

    /// When it may be booked, beside what each resource says, as sent.
    pub fn availability_constraints(&self) -> &KeptJson<Vec<Value>> {
        &self.availability_constraints
    }

    /// What a booking starts from, as sent: `graph`, `what`, `where`, `description`, `rescheduling_url`.
    pub fn booking(&self) -> &KeptJson<Map<String, Value>> {
        &self.booking
    }

    /// How long a reservation holds its time by default, as sent: seconds, or a duration like `5 minutes`.
    pub fn reservation_time(&self) -> Option<&str> {
        self.reservation_time.as_deref()
    }

    /// Replaces what a search for free time starts from.
    pub fn set_availability(&mut self, availability: Map<String, Value>) {
        self.availability = availability.into();
        self.rules = Memo::default();
    }

    /// Replaces when it may be booked.
    pub fn set_availability_constraints(&mut self, constraints: Vec<Value>) {
        self.availability_constraints = constraints.into();
        self.rules = Memo::default();
    }

    /// Replaces what a booking starts from.
    pub fn set_booking(&mut self, booking: Map<String, Value>) {
        self.booking = booking.into();
        self.rules = Memo::default();
    }

    /// Replaces how long a reservation holds its time by default.
    pub fn set_reservation_time(&mut self, time: Option<String>) {
        self.reservation_time = time;
        self.rules = Memo::default();
    }

    /// The members of one of its fields, e.g. of `ui`, to show them.
    ///
    /// # Errors
    ///
    /// [`UnreadableProject`] if they are no JSON; `field` is its name.
    pub fn members<T: serde::de::DeserializeOwned>(
        &self,
        field: &str,
        kept: &KeptJson<T>,
    ) -> Result<T, UnreadableProject> {
        let members = kept.read();
        members.map_err(|error| self.unreadable(Faults::one(field, error.to_string())))
    }

    /// Checks that all that was sent of it can be shown, without reading it.
    ///
    /// # Errors
    ///
    /// [`UnreadableProject`] with the first field that is no JSON.
    pub fn check(&self) -> Result<(), UnreadableProject> {
        for (field, read) in [
            ("availability", self.availability.check()),
            (
                "availability_constraints",
                self.availability_constraints.check(),
            ),
            ("booking", self.booking.check()),
            ("customer_fields", self.customer_fields.check()),
            ("ui", self.ui.check()),
            ("reminders", self.reminders.check()),
            ("meta", self.meta.check()),
        ] {
            read.map_err(|error| self.unreadable(Faults::one(field, error.to_string())))?;
        }
        Ok(())
    }

    fn sources(&self) -> rules::Sources<'_> {
        rules::Sources {
            availability: &self.availability,
            availability_constraints: &self.availability_constraints,
            booking: &self.booking,
            reminders: &self.reminders,
            reservation_time: self.reservation_time.as_deref(),
        }
    }

    fn unreadable(&self, faults: Faults) -> UnreadableProject {
        let id = self.id;
        UnreadableProject { id, faults }
    }
}

#[cfg(test)]
mod tests {
    use super::rules::tests::PARSED;
    use super::*;
    use crate::availability::Mode;
    use crate::duration::CalendarSpan;
    use crate::graph::Graph;
    use serde_json::json;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().cloned().expect("an object")
    }

    pub(super) fn project() -> Project {
        let id = "00000000-0000-4000-8000-000000000001"
            .parse()
            .expect("an id");
        let (slug, name) = ("lightning".to_owned(), "Lightning".to_owned());
        let mut project = Project::new(id, slug, name, DateTime::UNIX_EPOCH);
        project.set_availability(object(json!({
            "length": "1 hour", "mode": "exclusive", "to": "3 weeks", "buffer": "15 minutes", "of_ours": [1.50],
        })));
        project.set_availability_constraints(vec![
            json!({ "allow_day_and_time": { "day": "Monday", "start": 9, "end": 17 } }),
            json!({ "block_period": { "start": "2026-12-24", "end": "2026-12-27T08:00:00Z" } }),
        ]);
        project.set_booking(object(json!({
            "what": "Bolt for {{customer.name}}", "timeout": { "time": 25, "unit": "min" }, "only_offered": 1,
        })));
        project.set_reservation_time(Some("5 minutes".to_owned()));
        project.with_defaults()
    }

    fn parses_of<T>(work: impl FnOnce() -> T) -> (T, u32) {
        PARSED.with(|parsed| parsed.set(0));
        let done = work();
        (done, PARSED.with(std::cell::Cell::get))
    }

    fn stored(project: &Project) -> Value {
        serde_json::to_value(project).expect("a record")
    }

    fn read(record: &Value) -> Project {
        serde_json::from_str(&record.to_string()).expect("a project")
    }

    /// A record of this version, written out. If this fails, the form of stored rules has changed: raise `VERSION` in
    /// `memo.rs`, so that rules in the older form are made of the fields once more.
    #[test]
    fn rules_are_stored_in_the_form_of_their_version() {
        assert_eq!(
            stored(&project())["rules"],
            json!([2, 1_621_070_377_u32, {
                "settings": {
                    "mode": "exclusive",
                    "length": { "days": 0, "seconds": 3600 },
                    "to": { "after": { "months": 0, "span": { "days": 21, "seconds": 0 } } },
                    "buffer_s": 900,
                },
                "schedule": {
                    "week": [[32400, 61200]],
                    "blocked": [[{ "day": 20_811 }, { "at": 1_798_358_400 }]],
                },
                "booking": {
                    "graph": "instant",
                    "what": "Bolt for {{customer.name}}",
                    "only_offered": true,
                    "payment_time": { "days": 0, "seconds": 1500 },
                },
                "hold": { "days": 0, "seconds": 300 },
            }])
        );
    }

    #[test]
    fn a_project_is_parsed_when_it_is_written_and_not_when_it_is_read() {
        let (project, parses) = parses_of(project);
        assert_eq!(parses, 1);
        let record = stored(&project);
        let (read, parses) = parses_of(|| {
            let read = read(&record);
            let rules = read.rules().expect("readable").clone();
            assert_eq!(&rules, project.rules().expect("readable"));
            rules
        });
        assert_eq!(parses, 0);
        assert_eq!(read.settings.mode, Some(Mode::Exclusive));
        assert_eq!(read.settings.buffers_s(), (900, 900));
        assert_eq!(read.booking.graph, Some(Graph::Instant));
        assert_eq!(read.hold, Some(CalendarSpan::exact(300)));
    }

    #[test]
    fn rules_of_no_version_of_another_or_of_other_fields_are_made_of_the_fields_once() {
        let project = project();
        let expected = project.rules().expect("readable");
        let mut older = stored(&project);
        older.as_object_mut().expect("a record").remove("rules");
        let mut newer = stored(&project);
        newer["rules"] = json!([3, { "of": "another form" }, 3, 4]);
        let mut of_others = stored(&project);
        of_others["rules"][1] = 7.into();
        for record in [older, newer, of_others] {
            let read = read(&record);
            assert_eq!(read, project);
            let (rules, parses) = parses_of(|| (read.rules().cloned(), read.rules().cloned()));
            assert_eq!(parses, 1);
            assert_eq!(
                (rules.0.as_ref(), rules.1.as_ref()),
                (Ok(expected), Ok(expected))
            );
            // Whoever writes it next stores them.
            assert_eq!(stored(&read)["rules"], stored(&project)["rules"]);
        }
    }

    #[test]
    fn a_change_of_a_field_leaves_no_rules_of_the_old_one() {
        let mut project = read(&stored(&project()));
        project.set_availability(object(json!({ "mode": "mutual" })));
        let rules = project.rules().expect("readable");
        assert_eq!(
            (rules.settings.mode, rules.settings.length),
            (Some(Mode::Mutual), None)
        );
        project.set_reservation_time(None);
        assert_eq!(project.rules().expect("readable").hold, None);
    }

    #[test]
    fn rules_that_are_too_large_to_store_are_made_of_the_fields() {
        let mut project = project();
        let description = "x".repeat(24 * 1024);
        project.set_booking(object(json!({ "description": description })));
        let project = project.with_defaults();
        let record = stored(&project);
        assert!(record.get("rules").is_none());
        let read = read(&record);
        assert_eq!(read.rules(), project.rules());
    }

    #[test]
    fn a_project_is_unreadable_as_a_whole_and_says_by_which_fields() {
        let mut record = stored(&project());
        record["availability"] = r#"{"mode":"exclusive","length":"1 aeon"}"#.into();
        record["booking"] = r#"{"graph":"tree"}"#.into();
        record["reservation_time"] = "soon".into();
        record["availability_constraints"] = "[".into();
        let unreadable = read(&record).rules().cloned().expect_err("unreadable");
        let fields: Vec<&str> = unreadable
            .faults
            .iter()
            .map(|fault| fault.path.as_str())
            .collect();
        assert_eq!(
            fields,
            [
                "availability.length",
                "availability_constraints",
                "booking.graph",
                "reservation_time"
            ]
        );
        assert!(unreadable.to_string().contains(&unreadable.id.to_string()));
        // It can still be mended.
        let mut project = read(&record);
        project.set_availability(Map::new());
        project.set_availability_constraints(Vec::new());
        project.set_booking(Map::new());
        project.set_reservation_time(None);
        assert!(project.with_defaults().rules().is_ok());
    }
}
