//! Occupancy: which time of a resource is taken, and by what.
//!
//! One *sheet* per resource and UTC day. A *claim* stands in every sheet that its slot, widened by its
//! buffers, touches. Two claims conflict when either one's widened slot meets the other's bare one; the
//! instant where they meet lies in both widened slots, so two conflicting claims always share a sheet.
//! A decision that reads every sheet of its own claim therefore sees every claim it could conflict with.
//!
//! An event's claim conflicts with bookings that come after it. It is itself placed over whatever is there.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time::TimeSlot;

/// The most claims one sheet holds.
pub const MAX_CLAIMS: usize = 1_000;

/// The longest buffer on either side, in hours.
pub const MAX_BUFFER_HOURS: i64 = 24;

/// How long after its `until` a hold still stands in the way of others. A payment that arrives just in
/// time and a booking that takes the slot over are decided by clocks that differ a little; the gap keeps
/// them apart.
pub const HOLD_GRACE: TimeDelta = TimeDelta::seconds(2);

/// Free time a booking needs around it, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buffers {
    /// Before its start.
    pub before_s: u32,
    /// After its end.
    pub after_s: u32,
}

/// A piece of time that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The booking, hold or event that takes it.
    pub id: Uuid,
    /// The time itself.
    pub slot: TimeSlot,
    /// Free time it needs around it.
    pub buffers: Buffers,
    /// For a hold: when it lapses.
    pub until: Option<DateTime<Utc>>,
    /// What takes it.
    pub kind: ClaimKind,
}

/// What takes a piece of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClaimKind {
    /// A booking or a hold: one of as many as the resource takes at once.
    #[default]
    Booking,
    /// An event: all of the resource, whatever its capacity.
    Event,
    /// An event that lasts whole days, which some bookings pass over.
    AllDayEvent,
}

/// What a claim may be placed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tolerance {
    /// Nothing that stands in its way.
    #[default]
    Nothing,
    /// Events that last whole days.
    AllDayEvents,
    /// Whatever is there.
    Everything,
}

impl ClaimKind {
    /// Whether it is an event that is in the way of what has this tolerance.
    pub fn blocks(self, tolerance: Tolerance) -> bool {
        match (self, tolerance) {
            (Self::Booking, _) | (_, Tolerance::Everything) => false,
            (Self::AllDayEvent, Tolerance::AllDayEvents) => false,
            (Self::Event, Tolerance::AllDayEvents) => true,
            (Self::Event | Self::AllDayEvent, Tolerance::Nothing) => true,
        }
    }
}

impl Claim {
    /// The slot with its buffers.
    pub fn widened(&self) -> TimeSlot {
        self.slot.widened(
            TimeDelta::seconds(self.buffers.before_s.into()),
            TimeDelta::seconds(self.buffers.after_s.into()),
        )
    }

    /// Whether the two cannot both stand.
    pub fn conflicts_with(&self, other: &Self) -> bool {
        self.widened().overlaps(&other.slot) || other.widened().overlaps(&self.slot)
    }

    /// Whether both take the same time and need the same free time around it.
    pub fn is_as_wide_as(&self, other: &Self) -> bool {
        (self.slot, self.buffers) == (other.slot, other.buffers)
    }

    /// Whether it still stands in the way of others at `now`.
    pub fn stands_at(&self, now: DateTime<Utc>) -> bool {
        stands_at(self.until, now)
    }
}

/// Whether what is held until `until`, or for good, still stands in the way of others at `now`.
pub fn stands_at(until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    until.is_none_or(|until| now < until + HOLD_GRACE)
}

/// What is taken of one resource on one UTC day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// The token it was last written with; none while it has never been written.
    pub version: Option<String>,
    /// Its claims.
    pub claims: BTreeMap<Uuid, Claim>,
}

/// The sheets that a decision was made on, by day, and what the decision changes in them.
#[derive(Clone, Debug)]
pub struct Occupancy {
    sheets: BTreeMap<NaiveDate, SheetDraft>,
    now: DateTime<Utc>,
}

/// One sheet of a decision.
#[derive(Clone, Debug)]
pub struct SheetDraft {
    /// The sheet, with the decision's changes.
    pub sheet: Sheet,
    /// Whether the decision changed it. If not, it was only looked at.
    pub changed: bool,
}

/// Why a claim cannot be placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotPlace {
    /// Something else stands there.
    #[error("the time is taken")]
    Taken,
    /// A day holds no more claims.
    #[error(
        "{day} already holds {MAX_CLAIMS} bookings and events, the most one resource can have in a day"
    )]
    Full {
        /// The day, in UTC.
        day: NaiveDate,
    },
}

impl Occupancy {
    /// Starts a decision at `now` on these sheets: every sheet that any of its claims touches.
    pub fn new(sheets: BTreeMap<NaiveDate, Sheet>, now: DateTime<Utc>) -> Self {
        let sheets = sheets
            .into_iter()
            .map(|(day, sheet)| {
                (
                    day,
                    SheetDraft {
                        sheet,
                        changed: false,
                    },
                )
            })
            .collect();
        Self { sheets, now }
    }

    /// Whether `claim` could be placed beside what stands there, where `capacity` bookings may stand at once.
    ///
    /// # Errors
    ///
    /// [`CannotPlace::Taken`] if an event that it does not tolerate, or at some instant too many bookings, stand in its
    /// way.
    pub fn check_free(
        &self,
        claim: &Claim,
        capacity: u32,
        tolerance: Tolerance,
    ) -> Result<(), CannotPlace> {
        if tolerance == Tolerance::Everything {
            return Ok(());
        }
        // A claim stands in several sheets and counts once.
        let others: BTreeMap<Uuid, &Claim> = claim
            .widened()
            .days()
            .flat_map(|day| &self.sheet(day).claims)
            .filter(|(id, other)| {
                **id != claim.id && other.stands_at(self.now) && other.conflicts_with(claim)
            })
            .map(|(id, other)| (*id, other))
            .collect();
        if others.values().any(|other| other.kind.blocks(tolerance)) {
            return Err(CannotPlace::Taken);
        }
        let bookings = others
            .into_values()
            .filter(|other| other.kind == ClaimKind::Booking);
        if most_at_once(claim, bookings) < capacity as usize {
            Ok(())
        } else {
            Err(CannotPlace::Taken)
        }
    }

    /// Whether `claim` stands in all of its sheets. Then nobody has taken its time over, lapsed or not: whoever does
    /// drops it from a sheet that both touch.
    pub fn has(&self, claim: &Claim) -> bool {
        let mut days = claim.widened().days();
        days.all(|day| self.sheet(day).claims.contains_key(&claim.id))
    }

    /// Puts `claim` into its sheets, whatever else stands there, and drops lapsed holds from them.
    ///
    /// # Errors
    ///
    /// [`CannotPlace::Full`] if a sheet would hold more than [`MAX_CLAIMS`].
    pub fn place(&mut self, claim: Claim) -> Result<(), CannotPlace> {
        let now = self.now;
        for day in claim.widened().days() {
            let draft = self.draft(day);
            draft.sheet.claims.retain(|_, other| other.stands_at(now));
            draft.sheet.claims.insert(claim.id, claim);
            draft.changed = true;
            if draft.sheet.claims.len() > MAX_CLAIMS {
                return Err(CannotPlace::Full { day });
            }
        }
        Ok(())
    }

    /// Takes `claim` out of its sheets.
    pub fn release(&mut self, claim: &Claim) {
        for day in claim.widened().days() {
            let draft = self.draft(day);
            if draft.sheet.claims.remove(&claim.id).is_some() {
                draft.changed = true;
            }
        }
    }

    /// Every claim in the sheets, once.
    pub fn claims(&self) -> Vec<Claim> {
        let claims: BTreeMap<Uuid, Claim> = self
            .sheets
            .values()
            .flat_map(|draft| &draft.sheet.claims)
            .map(|(id, claim)| (*id, *claim))
            .collect();
        claims.into_values().collect()
    }

    /// The sheets with the decision's changes, by day.
    pub fn into_drafts(self) -> impl Iterator<Item = (NaiveDate, SheetDraft)> {
        self.sheets.into_iter()
    }

    // A sheet that was not read would be a decision on nothing: that is a fault in the caller's code.
    #[expect(
        clippy::expect_used,
        reason = "deciding on an unread sheet could double-book; stopping is right"
    )]
    fn sheet(&self, day: NaiveDate) -> &Sheet {
        &self
            .sheets
            .get(&day)
            .expect("every sheet of a claim is read before it is decided on")
            .sheet
    }

    #[expect(
        clippy::expect_used,
        reason = "deciding on an unread sheet could double-book; stopping is right"
    )]
    fn draft(&mut self, day: NaiveDate) -> &mut SheetDraft {
        self.sheets
            .get_mut(&day)
            .expect("every sheet of a claim is read before it is decided on")
    }
}

/// How many of `others` stand at one instant of `claim`, buffers included, at most.
fn most_at_once<'a>(claim: &Claim, others: impl Iterator<Item = &'a Claim>) -> usize {
    let within = claim.widened();
    let mut changes: Vec<(DateTime<Utc>, i32)> = others
        .flat_map(|other| {
            let widened = other.widened();
            [
                (widened.start().max(within.start()), 1),
                (widened.end(), -1),
            ]
        })
        .collect();
    // Where one ends and another begins, the end comes first: slots are half-open.
    changes.sort_unstable();
    let mut standing = 0_i32;
    let mut most = 0;
    for (_, change) in changes {
        standing += change;
        most = most.max(standing);
    }
    most.unsigned_abs() as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_instant;

    fn claim(id: u128, start: &str, end: &str, before_min: u32, after_min: u32) -> Claim {
        let at = |text| parse_instant(text).expect("an instant");
        Claim {
            id: Uuid::from_u128(id),
            slot: TimeSlot::new(at(start), at(end)).expect("a slot"),
            buffers: Buffers {
                before_s: before_min * 60,
                after_s: after_min * 60,
            },
            until: None,
            kind: ClaimKind::Booking,
        }
    }

    fn empty_sheets(claims: &[Claim]) -> BTreeMap<NaiveDate, Sheet> {
        claims
            .iter()
            .flat_map(|claim| claim.widened().days())
            .map(|day| (day, Sheet::default()))
            .collect()
    }

    #[test]
    fn either_sides_buffer_is_enough_to_conflict_and_two_buffers_may_share_a_gap() {
        let first = claim(1, "2026-01-01T09:00:00Z", "2026-01-01T10:00:00Z", 0, 15);
        let close = claim(2, "2026-01-01T10:10:00Z", "2026-01-01T11:00:00Z", 0, 0);
        let shared = claim(3, "2026-01-01T10:15:00Z", "2026-01-01T11:00:00Z", 15, 0);
        assert!(first.conflicts_with(&close) && close.conflicts_with(&first));
        assert!(!first.conflicts_with(&shared) && !shared.conflicts_with(&first));
    }

    #[test]
    fn conflicting_claims_share_a_sheet_even_when_only_a_buffer_crosses_midnight() {
        let evening = claim(1, "2026-01-01T23:00:00Z", "2026-01-01T23:50:00Z", 0, 30);
        let morning = claim(2, "2026-01-02T00:10:00Z", "2026-01-02T01:00:00Z", 0, 0);
        let mut occupancy = Occupancy::new(empty_sheets(&[evening, morning]), DateTime::UNIX_EPOCH);
        occupancy.place(evening).expect("room");
        assert_eq!(
            occupancy.check_free(&morning, 1, Tolerance::Nothing),
            Err(CannotPlace::Taken)
        );
    }

    #[test]
    fn a_released_claim_leaves_every_sheet_it_stood_in() {
        let long = claim(1, "2026-01-01T12:00:00Z", "2026-01-04T12:00:00Z", 0, 0);
        let mut occupancy = Occupancy::new(empty_sheets(&[long]), DateTime::UNIX_EPOCH);
        occupancy.place(long).expect("room");
        occupancy.release(&long);
        assert!(
            occupancy
                .into_drafts()
                .all(|(_, draft)| draft.sheet.claims.is_empty() && draft.changed)
        );
    }

    #[test]
    fn a_hold_may_be_taken_over_only_two_seconds_after_it_lapsed() {
        let until = parse_instant("2026-01-01T08:00:00Z").expect("an instant");
        let hold = Claim {
            until: Some(until),
            ..claim(1, "2026-01-01T09:00:00Z", "2026-01-01T10:00:00Z", 0, 0)
        };
        let wanted = claim(2, "2026-01-01T09:00:00Z", "2026-01-01T10:00:00Z", 0, 0);
        for (seconds, expected) in [
            (0, Err(CannotPlace::Taken)),
            (1, Err(CannotPlace::Taken)),
            (2, Ok(())),
        ] {
            let now = until + TimeDelta::seconds(seconds);
            let mut sheets = empty_sheets(&[hold]);
            sheets.values_mut().for_each(|sheet| {
                sheet.claims.insert(hold.id, hold);
            });
            let mut occupancy = Occupancy::new(sheets, now);
            assert_eq!(
                occupancy.check_free(&wanted, 1, Tolerance::Nothing),
                expected,
                "{seconds} s after"
            );
            if expected.is_ok() {
                occupancy.place(wanted).expect("room");
                assert!(
                    occupancy
                        .into_drafts()
                        .all(|(_, draft)| !draft.sheet.claims.contains_key(&hold.id))
                );
            }
        }
    }

    #[test]
    fn an_event_takes_all_of_a_resource_and_only_one_of_whole_days_may_be_passed_over() {
        let wanted = claim(2, "2026-01-01T09:00:00Z", "2026-01-01T10:00:00Z", 0, 0);
        let found = |kind, tolerance| {
            let event = Claim {
                kind,
                ..claim(1, "2026-01-01T09:30:00Z", "2026-01-01T09:45:00Z", 0, 0)
            };
            let mut occupancy = Occupancy::new(empty_sheets(&[wanted]), DateTime::UNIX_EPOCH);
            occupancy.place(event).expect("room");
            occupancy.check_free(&wanted, 2, tolerance)
        };
        use ClaimKind::{AllDayEvent, Booking, Event};
        let taken = Err(CannotPlace::Taken);
        for (kind, tolerance, expected) in [
            (Booking, Tolerance::Nothing, Ok(())),
            (Event, Tolerance::Nothing, taken),
            (AllDayEvent, Tolerance::Nothing, taken),
            (Event, Tolerance::AllDayEvents, taken),
            (AllDayEvent, Tolerance::AllDayEvents, Ok(())),
            (Event, Tolerance::Everything, Ok(())),
        ] {
            assert_eq!(found(kind, tolerance), expected, "{kind:?} {tolerance:?}");
        }
    }

    #[test]
    fn a_full_day_refuses_one_more() {
        let wanted = claim(0, "2026-01-01T09:00:00Z", "2026-01-01T10:00:00Z", 0, 0);
        let mut sheets = empty_sheets(&[wanted]);
        let sheet = sheets.values_mut().next().expect("a sheet");
        for id in 1..=MAX_CLAIMS {
            let id = Uuid::from_u128(id as u128);
            sheet.claims.insert(id, Claim { id, ..wanted });
        }
        let refused = Occupancy::new(sheets, DateTime::UNIX_EPOCH).place(wanted);
        assert!(
            matches!(refused, Err(CannotPlace::Full { .. })),
            "{refused:?}"
        );
    }
}
