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

use crate::dynamo::item::{Key, RawItem, text};
use crate::dynamo::transaction::{Condition, Transaction};
use crate::{Store, StoreError, Table};

/// Where a resource's sheets are.
pub(crate) fn partition(app: AppId, resource: ResourceId) -> String {
    format!("app#{app}#sheets#{resource}")
}

/// The place of a day's sheet among them.
pub(crate) fn place(day: NaiveDate) -> String {
    format!("day#{day}")
}

fn key(app: AppId, resource: ResourceId, day: NaiveDate) -> Key {
    Key::new(partition(app, resource), place(day))
}

impl Store {
    /// Reads, strongly consistent, the sheets of `resource` for `days`, for a decision at `now`.
    pub(crate) async fn occupancy(
        &self,
        app: AppId,
        resource: ResourceId,
        days: impl Iterator<Item = NaiveDate>,
        now: DateTime<Utc>,
    ) -> Result<Occupancy, StoreError> {
        let mut sheets: BTreeMap<NaiveDate, Sheet> =
            days.map(|day| (day, Sheet::default())).collect();
        let keys: Vec<Key> = sheets.keys().map(|day| key(app, resource, *day)).collect();
        let items = match keys.as_slice() {
            [] => Vec::new(),
            [only] => self.get(Table::Data, only).await?.into_iter().collect(),
            many => self.get_many(Table::Data, many).await?,
        };
        for item in items {
            let (day, sheet) = read(&item)?;
            sheets.insert(day, sheet);
        }
        Ok(Occupancy::new(sheets, now))
    }
}

/// Adds a sheet that the decision read to its transaction, exactly once: written where it changed, checked where it
/// was only looked at, on the version seen.
pub(crate) fn add_to<L: Clone>(
    transaction: &mut Transaction<'_, L>,
    store: &Store,
    label: L,
    (app, resource, day): (AppId, ResourceId, NaiveDate),
    draft: SheetDraft,
) -> Result<(), StoreError> {
    let key = key(app, resource, day);
    let condition = Condition::as_seen(draft.sheet.version.clone());
    if draft.changed {
        let attributes = write(&key, &draft.sheet, &store.new_version());
        transaction.put_attributes(label, Table::Data, attributes, &condition)
    } else {
        transaction.check(label, Table::Data, &key, &condition)
    }
}

fn write(key: &Key, sheet: &Sheet, version: &str) -> RawItem {
    let claims = sheet
        .claims
        .values()
        .map(|claim| {
            (
                URL_SAFE_NO_PAD.encode(claim.id),
                AttributeValue::L(numbers(claim)),
            )
        })
        .collect();
    let mut attributes = key.attributes();
    attributes.insert("version".to_owned(), AttributeValue::S(version.to_owned()));
    attributes.insert("claims".to_owned(), AttributeValue::M(claims));
    attributes
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
    let item = |(day, sheet): (NaiveDate, Sheet)| write(&key(app, resource, day), &sheet, "1");
    sheets.into_iter().map(item).collect()
}

/// A claim: start and length; of a booking then buffers and the end of a hold, where it has them, all in seconds; of an
/// event, which has neither, then which kind of event it is.
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

/// The sheet that an item is, and its day.
pub(crate) fn read(item: &RawItem) -> Result<(NaiveDate, Sheet), StoreError> {
    parse(item).ok_or_else(|| StoreError::broken("read", "a sheet of unknown shape"))
}

fn parse(item: &RawItem) -> Option<(NaiveDate, Sheet)> {
    let day = text(item, "sk")?.strip_prefix("day#")?.parse().ok()?;
    let version = Some(text(item, "version")?);
    let claims = item.get("claims")?.as_m().ok()?;
    let claims = claims
        .iter()
        .map(|(id, numbers)| parse_claim(id, numbers))
        .collect::<Option<_>>()?;
    Some((day, Sheet { version, claims }))
}

fn parse_claim(id: &str, numbers: &AttributeValue) -> Option<(uuid::Uuid, Claim)> {
    let id = uuid::Uuid::from_slice(&URL_SAFE_NO_PAD.decode(id).ok()?).ok()?;
    let numbers: Vec<i64> = numbers
        .as_l()
        .ok()?
        .iter()
        .map(|number| number.as_n().ok()?.parse().ok())
        .collect::<Option<_>>()?;
    let mut kind = ClaimKind::Booking;
    let (start_s, length_s, buffers, until_s) = match *numbers.as_slice() {
        [start, length] => (start, length, Buffers::default(), None),
        [start, length, event] => {
            kind = match event {
                EVENT => ClaimKind::Event,
                ALL_DAY_EVENT => ClaimKind::AllDayEvent,
                _ => return None,
            };
            (start, length, Buffers::default(), None)
        }
        [start, length, before, after] => (start, length, parse_buffers(before, after)?, None),
        [start, length, before, after, until] => {
            (start, length, parse_buffers(before, after)?, Some(until))
        }
        _ => return None,
    };
    let start = DateTime::from_timestamp(start_s, 0)?;
    let slot = TimeSlot::new(start, start + TimeDelta::seconds(length_s)).ok()?;
    let until = match until_s {
        Some(until_s) => Some(DateTime::from_timestamp(until_s, 0)?),
        None => None,
    };
    Some((
        id,
        Claim {
            id,
            slot,
            buffers,
            until,
            kind,
        },
    ))
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
                id: uuid::Uuid::from_u128(7),
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
            let item = write(&Key::new("pk", format!("day#{day}")), &sheet, "v");
            assert_eq!(parse(&item), Some((day, sheet)));
        }
    }
}
