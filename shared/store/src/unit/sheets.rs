//! Sheets as items: one per resource and UTC day, their claims written as short lists of numbers, so that
//! a full sheet stays small enough for a transaction over the longest booking there is.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use model::TimeSlot;
use model::ids::{AppId, ResourceId};
use model::occupancy::{Buffers, Claim, ClaimKind, Occupancy, Sheet, SheetDraft};
use uuid::Uuid;

use crate::dynamo::item::{RECORD_VERSION, RECORD_VERSION_NAME};
use crate::dynamo::seen::keep_attributes;
use crate::dynamo::{
    Condition, Item, Place, RawItem, Store, StoreError, Transaction, number, text,
};
use crate::places;

/// The attributes of a sheet that this version writes.
const KNOWN: [&str; 5] = ["pk", "sk", RECORD_VERSION_NAME, "version", CLAIMS];

const CLAIMS: &str = "claims";

/// The sheets that a decision is made on.
pub(crate) struct Sheets {
    pub(super) occupancy: Occupancy,
    /// What this version does not know in them, by day. There is mostly nothing.
    unknown: BTreeMap<NaiveDate, Unknown>,
}

/// A sheet with something in it that this version does not know, and that a rewrite keeps.
struct Unknown {
    item: RawItem,
    /// Claims of unknown shape: what is understood of each, and what it was read from.
    claims: BTreeMap<Uuid, (Claim, AttributeValue)>,
}

/// A sheet as a decision leaves it.
pub(super) struct DraftedSheet {
    draft: SheetDraft,
    unknown: Option<Unknown>,
}

impl Store {
    /// Reads, strongly consistent, the sheets of `resource` for `days`, for a decision at `now`.
    pub(super) async fn sheets(
        &self,
        app: AppId,
        resource: ResourceId,
        days: impl Iterator<Item = NaiveDate>,
        now: DateTime<Utc>,
    ) -> Result<Sheets, StoreError> {
        let mut sheets: BTreeMap<NaiveDate, Sheet> =
            days.map(|day| (day, Sheet::default())).collect();
        let place = |day: &NaiveDate| places::sheet(app, resource, *day);
        let places: Vec<Place> = sheets.keys().map(place).collect();
        let items = match places.as_slice() {
            [only] => self.get(only).await?.into_iter().collect(),
            places => self.get_many(places).await?,
        };
        let mut unknown = BTreeMap::new();
        for item in items {
            let (day, read) = read(&item)?;
            sheets.insert(day, read.sheet);
            if !read.unknown.is_empty() || has_unknown_attributes(&item) {
                let claims = read.unknown;
                unknown.insert(day, Unknown { item, claims });
            }
        }
        let occupancy = Occupancy::new(sheets, now);
        Ok(Sheets { occupancy, unknown })
    }
}

impl Sheets {
    /// The sheets with the decision's changes, by day.
    pub(super) fn into_drafts(self) -> impl Iterator<Item = (NaiveDate, DraftedSheet)> {
        let mut unknown = self.unknown;
        self.occupancy.into_drafts().map(move |(day, draft)| {
            let unknown = unknown.remove(&day);
            (day, DraftedSheet { draft, unknown })
        })
    }
}

impl DraftedSheet {
    /// Adds a sheet that the decision read to its transaction, exactly once: written where it changed, checked where it
    /// was only looked at, on the version seen.
    pub(super) fn write_in<G: Clone>(
        self,
        transaction: &mut Transaction<'_, G>,
        guard: G,
        place: &Place,
        store: &Store,
    ) -> Result<(), StoreError> {
        let sheet = &self.draft.sheet;
        let condition = Condition::as_seen(sheet.version.clone());
        if self.draft.changed {
            let item = write(place, sheet, &store.new_version(), self.unknown.as_ref());
            transaction.put(guard, item, &condition)
        } else {
            transaction.check(guard, place, &condition)
        }
    }
}

fn has_unknown_attributes(item: &RawItem) -> bool {
    item.keys().any(|name| !KNOWN.contains(&name.as_str()))
        || number(item, RECORD_VERSION_NAME) > Some(RECORD_VERSION)
}

fn write(place: &Place, sheet: &Sheet, version: &str, unknown: Option<&Unknown>) -> Item {
    let value = |claim: &Claim| {
        let as_read = unknown.and_then(|unknown| unknown.claims.get(&claim.id));
        match as_read.filter(|(read, _)| read == claim) {
            Some((_, as_read)) => as_read.clone(),
            None => AttributeValue::L(numbers(claim)),
        }
    };
    let claims = sheet.claims.values();
    let claims = claims.map(|claim| (URL_SAFE_NO_PAD.encode(claim.id), value(claim)));
    let mut item = Item::bare(place)
        .with("version", version)
        .with_value(CLAIMS, AttributeValue::M(claims.collect()));
    if let Some(unknown) = unknown {
        keep_attributes(&unknown.item, &mut item);
    }
    item
}

/// A resource's sheets with these claims in them, as items: for benches, which need many at once.
#[doc(hidden)]
pub fn sheet_items(app: AppId, resource: ResourceId, claims: &[Claim]) -> Vec<RawItem> {
    let mut sheets: BTreeMap<NaiveDate, Sheet> = BTreeMap::new();
    for claim in claims {
        for day in claim.widened().days() {
            let sheet = sheets.entry(day).or_default();
            sheet.claims.insert(claim.id, *claim);
        }
    }
    let item = |(day, sheet): (NaiveDate, Sheet)| {
        write(&places::sheet(app, resource, day), &sheet, "1", None).into_attributes()
    };
    sheets.into_iter().map(item).collect()
}

/// A claim: start and length; of a booking then buffers and the end of a hold, where it has them, all in seconds; of an
/// event, which has neither, then which kind of event it is. A later version may add numbers behind the fifth, where the
/// fifth is then 0 if there is no end, and kinds of events; this version keeps such claims as they are.
fn numbers(claim: &Claim) -> Vec<AttributeValue> {
    let mut numbers = vec![
        claim.slot.start().timestamp(),
        claim.slot.length().num_seconds(),
    ];
    let event = match claim.kind {
        ClaimKind::Booking => None,
        ClaimKind::Event => Some(EVENT),
        ClaimKind::AllDayEvent => Some(ALL_DAY_EVENT),
    };
    numbers.extend(event);
    if event.is_none() && (claim.buffers != Buffers::default() || claim.until.is_some()) {
        numbers.extend([claim.buffers.before_s, claim.buffers.after_s].map(i64::from));
    }
    if event.is_none() {
        numbers.extend(claim.until.map(|until| until.timestamp()));
    }
    numbers
        .iter()
        .map(|number: &i64| AttributeValue::N(number.to_string()))
        .collect()
}

/// What stands third in an event's claim. No booking's claim has just three numbers.
const EVENT: i64 = 1;
const ALL_DAY_EVENT: i64 = 2;

/// What was read of a sheet.
#[derive(Debug, PartialEq)]
pub(crate) struct ReadSheet {
    pub(crate) sheet: Sheet,
    /// Claims of unknown shape, which are in the sheet as far as they are understood, and what they were read from.
    unknown: BTreeMap<Uuid, (Claim, AttributeValue)>,
}

/// The sheet that an item is, and its day.
pub(crate) fn read(item: &RawItem) -> Result<(NaiveDate, ReadSheet), StoreError> {
    parse(item).ok_or_else(|| StoreError::broken("read", "a sheet of unknown shape"))
}

fn parse(item: &RawItem) -> Option<(NaiveDate, ReadSheet)> {
    let day = places::day_of_sheet(&text(item, "sk")?)?;
    let version = Some(text(item, "version")?);
    let mut claims = BTreeMap::new();
    let mut unknown = BTreeMap::new();
    for (id, value) in item.get(CLAIMS)?.as_m().ok()? {
        let id = Uuid::from_slice(&URL_SAFE_NO_PAD.decode(id).ok()?).ok()?;
        let (claim, is_known) = parse_claim(id, value)?;
        claims.insert(id, claim);
        if !is_known {
            unknown.insert(id, (claim, value.clone()));
        }
    }
    let sheet = Sheet { version, claims };
    Some((day, ReadSheet { sheet, unknown }))
}

/// A claim, and whether this version knows all of it. What it does not know it takes for what keeps others out: there
/// is no claim without a start and a length.
fn parse_claim(id: Uuid, value: &AttributeValue) -> Option<(Claim, bool)> {
    let number = |value: &AttributeValue| value.as_n().ok()?.parse::<i64>().ok();
    let values = value.as_l().ok()?;
    let numbers: Vec<i64> = values.iter().map_while(number).collect();
    let mut is_known = numbers.len() == values.len() && numbers.len() <= 5;
    let mut kind = ClaimKind::Booking;
    let (start_s, length_s, buffers, until_s) = match *numbers.as_slice() {
        [start, length] => (start, length, Buffers::default(), None),
        [start, length, event] => {
            is_known &= matches!(event, EVENT | ALL_DAY_EVENT);
            kind = match event {
                ALL_DAY_EVENT => ClaimKind::AllDayEvent,
                _ => ClaimKind::Event,
            };
            (start, length, Buffers::default(), None)
        }
        [start, length, before, after] => (start, length, parse_buffers(before, after)?, None),
        [start, length, before, after, until, ..] => {
            let until = Some(until).filter(|until| *until != 0);
            (start, length, parse_buffers(before, after)?, until)
        }
        _ => return None,
    };
    let start = DateTime::from_timestamp(start_s, 0)?;
    let slot = TimeSlot::new(start, start + TimeDelta::seconds(length_s)).ok()?;
    let until = match until_s {
        Some(until_s) => Some(DateTime::from_timestamp(until_s, 0)?),
        None => None,
    };
    let claim = Claim {
        id,
        slot,
        buffers,
        until,
        kind,
    };
    Some((claim, is_known))
}

fn parse_buffers(before_s: i64, after_s: i64) -> Option<Buffers> {
    Some(Buffers {
        before_s: before_s.try_into().ok()?,
        after_s: after_s.try_into().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_reads_back_as_it_was_written() {
        let start = DateTime::from_timestamp(-446_095_800, 0).expect("an instant");
        let slot = TimeSlot::new(start, start + TimeDelta::minutes(45)).expect("a slot");
        let buffers = Buffers {
            before_s: 0,
            after_s: 900,
        };
        let until = Some(start + TimeDelta::minutes(5));
        for (buffers, until, kind) in [
            (Buffers::default(), None, ClaimKind::Booking),
            (buffers, None, ClaimKind::Booking),
            (buffers, until, ClaimKind::Booking),
            (Buffers::default(), until, ClaimKind::Booking),
            (Buffers::default(), None, ClaimKind::Event),
            (Buffers::default(), None, ClaimKind::AllDayEvent),
        ] {
            let claim = Claim {
                id: Uuid::from_u128(7),
                slot,
                buffers,
                until,
                kind,
            };
            let sheet = Sheet {
                version: Some("v".to_owned()),
                claims: BTreeMap::from([(claim.id, claim)]),
            };
            let day = NaiveDate::from_ymd_opt(1955, 11, 12).expect("a day");
            let place = places::sheet(app(), resource(), day);
            let item = write(&place, &sheet, "v", None).into_attributes();
            let unknown = BTreeMap::new();
            assert_eq!(parse(&item), Some((day, ReadSheet { sheet, unknown })));
        }
    }

    const fn app() -> AppId {
        AppId::new(Uuid::from_u128(1))
    }

    const fn resource() -> ResourceId {
        ResourceId::new(Uuid::from_u128(2))
    }

    fn claim_of(numbers: &[i64]) -> AttributeValue {
        let number = |number: &i64| AttributeValue::N(number.to_string());
        AttributeValue::L(numbers.iter().map(number).collect())
    }

    /// Its day, with one claim of these numbers, and an attribute that this version does not know.
    fn foreign_sheet(id: Uuid, numbers: &[i64]) -> RawItem {
        let day = NaiveDate::from_ymd_opt(2030, 1, 1).expect("a day");
        let claims = [(URL_SAFE_NO_PAD.encode(id), claim_of(numbers))];
        let mut sheet = Item::bare(&places::sheet(app(), resource(), day))
            .with("version", "v")
            .with_value(CLAIMS, AttributeValue::M(claims.into()))
            .into_attributes();
        sheet.insert("color".to_owned(), AttributeValue::S("red".to_owned()));
        sheet
    }

    #[test]
    fn a_claim_of_unknown_shape_takes_its_time_and_is_rewritten_as_it_was() {
        let id = Uuid::from_u128(7);
        for (numbers, kind) in [
            (vec![1_893_456_000, 3_600, 9], ClaimKind::Event),
            (vec![1_893_456_000, 3_600, 0, 60, 0, 5], ClaimKind::Booking),
        ] {
            let item = foreign_sheet(id, &numbers);
            let (day, read) = read(&item).expect("a sheet");
            let claim = read.sheet.claims[&id];
            assert_eq!((claim.kind, claim.until), (kind, None));
            assert_eq!(claim.slot.start().timestamp(), 1_893_456_000);
            assert!(has_unknown_attributes(&item));
            let unknown = Unknown {
                item,
                claims: read.unknown,
            };
            let place = places::sheet(app(), resource(), day);
            let rewritten = write(&place, &read.sheet, "w", Some(&unknown)).into_attributes();
            assert_eq!(text(&rewritten, "color").as_deref(), Some("red"));
            let claims = rewritten[CLAIMS].as_m().expect("claims");
            assert_eq!(claims[&URL_SAFE_NO_PAD.encode(id)], claim_of(&numbers));
        }
    }
}
