//! What a request to book or to reserve may leave out. The request comes first, then the reservation that it uses up, then its
//! project, then a default:
//!
//! | field | reservation | project | default |
//! | --- | --- | --- | --- |
//! | resource, `start`, `end` | its own; others are refused | | required |
//! | `graph` | its own | `booking.graph` | required |
//! | `what` | its own | `booking.what`, or the project's name | required |
//! | `where` | its own | `booking.where` | required; empty in a project |
//! | `description` | its own | `booking.description` | empty |
//! | `participants` | its own | | none |
//! | `customer` | its own | | required but for a `group_owner` |
//! | `calendar_id` | its own, if it is still there | | the resource's first |
//! | `project_id` | its own | | none |
//! | `timeout` | its own | `booking.timeout` | 5 minutes |
//! | `settings.buffer…` | its own | `availability.buffer…` | none |
//! | `settings.ignore_all_day_events` | its own | `availability.ignore_all_day_events` | false |
//! | `settings.allow_double_bookings` | | `allow_double_bookings` | false |
//! | `settings.only_offered` | checked already, if it was reserved so in the same project | `booking.only_offered` | false |
//! | `reservation_time` | | `reservation_time` | 30 seconds |

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use model::booking::{Customer, EventText};
use model::duration::CalendarSpan;
use model::graph::Graph;
use model::ids::{CalendarId, ProjectId, ReservationId};
use model::occupancy::Buffers;
use model::payment::DEFAULT_PAYMENT_TIME;
use model::project::{Project, fill_template};
use model::reminder::Reminder;
use model::reservation::Reservation;
use model::time::Tz;
use store::{Store, Tenant};

use crate::error::{Noun, SchedulingError};
use crate::offer::Offer;

/// How long a slot is reserved by default. Source: the wire contract.
const DEFAULT_HOLD: CalendarSpan = CalendarSpan::exact(30);

/// The records that a request to book refers to, and takes its defaults from.
#[derive(Clone, Debug, Default)]
pub struct References {
    reservation: Option<Reservation>,
    project: Option<Project>,
}

impl References {
    /// Reads the reservation that a request uses up, and its project, or else the reservation's.
    ///
    /// # Errors
    ///
    /// [`SchedulingError`] if one is not within reach, or the reservation has lapsed at `now`.
    pub async fn read(
        (store, tenant): (&Store, Tenant),
        reservation: Option<ReservationId>,
        project: Option<ProjectId>,
        now: DateTime<Utc>,
    ) -> Result<Self, SchedulingError> {
        let reservation = match reservation {
            None => None,
            Some(id) => {
                let found = store.get_reservation(tenant, id).await?;
                let found = found.ok_or(SchedulingError::NotFound(Noun::Reservation))?;
                Some(found.valid_at(now)?)
            }
        };
        let of_reservation = reservation.as_ref().and_then(|held| held.project_id);
        let project = project_of(store, tenant, project.or(of_reservation)).await?;
        Ok(Self {
            reservation,
            project,
        })
    }

    /// Those of a request to book on a page, whose project is read already.
    pub fn of_project(project: Project) -> Self {
        Self {
            reservation: None,
            project: Some(project),
        }
    }

    /// What they say of a booking.
    ///
    /// # Errors
    ///
    /// [`SchedulingError::UnreadableSettings`] names the project.
    pub fn defaults(&self) -> Result<Defaults<'_>, SchedulingError> {
        Ok(Defaults {
            reservation: self.reservation.as_ref(),
            offer: Offer::of(self.project.as_ref())?,
        })
    }
}

/// What a request takes from the reservation and the project that it refers to.
#[derive(Clone, Debug)]
pub struct Defaults<'a> {
    reservation: Option<&'a Reservation>,
    offer: Offer<'a>,
}

/// Whether a booking's time must be one that is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnlyOffered {
    /// Whether it must.
    pub is_required: bool,
    /// Whether that was checked when the time was reserved.
    pub is_checked: bool,
}

/// A graph that a booking page cannot choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphNotForPages {
    /// The project has another.
    #[error("must be the project's, {0}; or leave it out")]
    OtherThanProjects(Graph),
    /// Groups are created with a secret.
    #[error("cannot be group_owner with a public key or token")]
    GroupOwner,
}

impl<'a> Defaults<'a> {
    /// The reservation that the request uses up.
    pub fn reservation(&self) -> Option<&'a Reservation> {
        self.reservation
    }

    /// What is offered by the project, or without one.
    pub fn offer(&self) -> &Offer<'a> {
        &self.offer
    }

    /// The project that it belongs to.
    pub fn project_id(&self, sent: Option<ProjectId>) -> Option<ProjectId> {
        sent.or_else(|| self.reservation?.project_id)
    }

    /// The calendar that the time was reserved in.
    pub fn calendar_id(&self) -> Option<CalendarId> {
        Some(self.reservation?.calendar_id)
    }

    /// How the booking comes about, if the request does not say it.
    pub fn graph(&self) -> Option<Graph> {
        let reserved = self.reservation.and_then(|held| held.graph);
        reserved.or_else(|| self.offer.booking()?.graph)
    }

    /// Checks that a booking page may ask for `graph`: a page that could choose would choose not to pay.
    ///
    /// # Errors
    ///
    /// [`GraphNotForPages`] says why it may not.
    pub fn check_graph_of_page(&self, graph: Graph) -> Result<(), GraphNotForPages> {
        match self.offer.booking().and_then(|booking| booking.graph) {
            Some(other) if other != graph => Err(GraphNotForPages::OtherThanProjects(other)),
            None if graph == Graph::GroupOwner => Err(GraphNotForPages::GroupOwner),
            _ => Ok(()),
        }
    }

    /// Free time around it.
    pub fn buffers(&self, sent: Option<Buffers>) -> Buffers {
        let reserved = self.reservation.map(|held| held.buffers);
        sent.or(reserved).unwrap_or_else(|| self.offer.buffers())
    }

    /// Whether events that last all day are no obstacle.
    pub fn ignores_all_day_events(&self, sent: Option<bool>) -> bool {
        let reserved = self.reservation.map(|held| held.ignore_all_day_events);
        let of_project = || self.offer.ignores_all_day_events();
        sent.or(reserved).unwrap_or_else(of_project)
    }

    /// Whether it may overlap other bookings, and events.
    pub fn allows_double_bookings(&self, sent: Option<bool>) -> bool {
        sent.unwrap_or_else(|| self.offer.is_overlapping())
    }

    /// Whether its time must be one that is offered. `project_id` is the booking's.
    pub fn only_offered(&self, sent: Option<bool>, project_id: Option<ProjectId>) -> OnlyOffered {
        let reservation = self.reservation;
        let was_checked =
            reservation.is_some_and(|held| held.only_offered && held.project_id == project_id);
        OnlyOffered {
            is_required: sent.unwrap_or(was_checked || self.offer.is_required()),
            is_checked: was_checked && sent.is_none(),
        }
    }

    /// How long it waits for its payment. Booking pages can only shorten that, because their visitors could otherwise hold
    /// time for as long as they like.
    pub fn payment_time(&self, sent: Option<CalendarSpan>, is_public: bool) -> CalendarSpan {
        let reserved = self.reservation.and_then(|held| held.payment_time);
        let of_project = || self.offer.booking()?.payment_time;
        let longest = reserved.or_else(of_project).unwrap_or(DEFAULT_PAYMENT_TIME);
        match sent {
            Some(sent) if is_public && sent.on_clock_s() >= longest.on_clock_s() => longest,
            sent => sent.unwrap_or(longest),
        }
    }

    /// What is sent before or after its start: what the request says, if that is anything, or else what the project says.
    pub fn reminders(&self, sent: Option<Vec<Reminder>>) -> Vec<Reminder> {
        let of_project = || Some(self.offer.booking()?.reminders.clone());
        sent.or_else(of_project).unwrap_or_default()
    }

    /// Its texts, with the project's for what is left out, and the customer's fields where those have placeholders.
    pub fn texts(&self, texts: Texts, customer: Option<&Customer>) -> Texts {
        let Some((project, templates)) = self.offer.project().zip(self.offer.booking()) else {
            return texts;
        };
        let filled = |sent: Option<String>, template: &Option<String>, otherwise: Option<&str>| {
            match (sent, template.as_deref(), customer) {
                // Booking pages send the project's own texts back as they got them.
                (sent, Some(template), Some(customer))
                    if sent.as_deref().is_none_or(|sent| sent == template) =>
                {
                    Some(fill_template(template, customer))
                }
                (sent, template, _) => sent.or_else(|| template.or(otherwise).map(str::to_owned)),
            }
        };
        let description = texts.description.filter(|text| !text.is_empty());
        Texts {
            what: filled(texts.what, &templates.what, Some(&project.name)),
            place: filled(texts.place, &templates.place, None),
            description: filled(description, &templates.description, None),
            participants: texts.participants,
        }
    }

    /// Whether title and place may be left out.
    pub fn has_texts(&self) -> bool {
        self.offer.project().is_some()
    }
}

/// A project, if one is named.
///
/// # Errors
///
/// [`SchedulingError::NotFound`] if it is not within reach.
pub(crate) async fn project_of(
    store: &Store,
    tenant: Tenant,
    id: Option<ProjectId>,
) -> Result<Option<Project>, SchedulingError> {
    let Some(id) = id else {
        return Ok(None);
    };
    let project = store.get_project(tenant, id).await?;
    let project = project.ok_or(SchedulingError::NotFound(Noun::Project))?;
    Ok(Some(project))
}

/// When a slot that is reserved at `now` lapses, by its resource's calendar: on a whole second, as the sheets have it, and
/// never early.
pub(crate) fn lapses_at(
    now: DateTime<Utc>,
    zone: Tz,
    sent: Option<CalendarSpan>,
    offer: Option<&Offer<'_>>,
) -> DateTime<Utc> {
    let of_project = || offer?.hold();
    let span = sent.or_else(of_project).unwrap_or(DEFAULT_HOLD);
    let exact = span.after(now, zone);
    exact
        .duration_round_up(TimeDelta::seconds(1))
        .unwrap_or(exact)
}

/// The texts of a booking, as far as they are known.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    /// Title.
    pub what: Option<String>,
    /// Place.
    pub place: Option<String>,
    /// More about it.
    pub description: Option<String>,
    /// E-mail addresses of others who take part.
    pub participants: Vec<String>,
}

impl Texts {
    /// The texts of a booking, empty where none is known.
    pub fn into_event(self) -> EventText {
        EventText {
            what: self.what.unwrap_or_default(),
            place: self.place.unwrap_or_default(),
            description: self.description.unwrap_or_default(),
            participants: self.participants,
        }
    }
}
