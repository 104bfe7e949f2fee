//! Every partition, sort and index key there is. They are made here and nowhere else, and a test below compares them
//! with the tables under "Data" in `docs/ARCHITECTURE.md`.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use model::ids::{
    AccountId, AppId, BookingId, CalendarId, CredentialId, EventId, FilterCollectionId, KeyId,
    LocationId, ProjectId, ReservationId, ResourceId, ServiceId, WebhookId, WidgetId,
};
use model::key::HashedKey;
use model::text::email_key;
use uuid::Uuid;

use crate::dynamo::list::month;
use crate::dynamo::tables::{
    BY_CUSTOMER, BY_DUE, BY_GROUP, BY_MONTH, BY_PROJECT, BY_RESOURCE, BY_START, TABLE,
};
use crate::dynamo::{Listing, Partition, Place, Position, Table};

/// The attribute that rows listed by creation are sorted by.
pub(crate) const CREATED: &str = BY_MONTH.sort;

/// The attribute that rows listed by start are sorted by.
pub(crate) const START: &str = BY_START.sort;

/// The attribute that rows listed by when they are due are sorted by.
pub(crate) const DUE: &str = BY_DUE.sort;

/// What takes a month's place in a listing by start for what begins far from the month it was created in.
pub(crate) const FAR: &str = "far";

/// What the name of the attribute of one attempt begins with.
pub(crate) const ATTEMPT: &str = "a#";

/// The sort key of a list by instants: as text it sorts as it does in time.
pub(crate) fn by_time(at: DateTime<Utc>, id: impl std::fmt::Display) -> String {
    format!("{}#{id}", instant(at))
}

/// What the sort keys of an instant begin with.
pub(crate) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The day of the sheet with this sort key.
pub(crate) fn day_of_sheet(sk: &str) -> Option<NaiveDate> {
    sk.strip_prefix("day#")?.parse().ok()
}

/// Whose ledger a partition is, without the address.
pub(crate) fn owner_of_ledger(pk: &str) -> &str {
    pk.split("#address#").next().unwrap_or_default()
}

/// The sort key behind all that has been due since `until` or earlier.
pub(crate) fn due_until(until: DateTime<Utc>) -> String {
    format!("{}#~", instant(until))
}

/// What is told that has this key: the app, when it was told, and its id.
pub(crate) fn read_told(pk: &str, sk: &str) -> Option<(AppId, DateTime<Utc>, Uuid)> {
    let app = pk.strip_prefix("app#")?.split_once("#events#")?.0;
    let (at, id) = sk.split_once('#')?;
    Some((app.parse().ok()?, at.parse().ok()?, id.parse().ok()?))
}

/// The delivery that has this key: the app, the endpoint and the event.
pub(crate) fn read_delivery(pk: &str, sk: &str) -> Option<(AppId, WebhookId, Uuid)> {
    let (app, webhook) = pk.strip_prefix("app#")?.split_once("#webhook#")?;
    let event = sk.strip_prefix("delivery#")?;
    Some((
        app.parse().ok()?,
        webhook.parse().ok()?,
        event.parse().ok()?,
    ))
}

/// The booking that has this key, and its app.
pub(crate) fn read_booking(pk: &str) -> Option<(AppId, BookingId)> {
    let (app, id) = pk.strip_prefix("app#")?.split_once("#booking#")?;
    Some((app.parse().ok()?, id.parse().ok()?))
}

/// The reservation that has this key, and its app.
pub(crate) fn read_reservation(pk: &str) -> Option<(AppId, ReservationId)> {
    let (app, id) = pk.strip_prefix("app#")?.split_once("#reservation#")?;
    Some((app.parse().ok()?, id.parse().ok()?))
}

/// Between which sort keys an endpoint's deliveries are.
pub(crate) const DELIVERIES: [&str; 2] = ["delivery#", "delivery#~"];

/// Between which sort keys the pointers to a calendar's events are.
pub(crate) fn of_calendar(calendar: CalendarId) -> [String; 2] {
    [format!("{calendar}#"), format!("{calendar}#~")]
}

impl Position {
    /// Where something of this instant and id is in a list by such instants.
    pub(crate) fn of(at: DateTime<Utc>, id: impl std::fmt::Display) -> Self {
        Self::new(by_time(at, id))
    }

    /// The place of an instant in a list by start: before what starts then or later, behind what starts earlier.
    pub fn of_instant(at: DateTime<Utc>) -> Self {
        Self::new(instant(at))
    }

    /// The place in a list of deliveries before those of events that were told at this instant or later.
    pub fn of_deliveries_since(at: DateTime<Utc>) -> Self {
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        // Events are numbered from 1 on.
        let first = uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]);
        Self::new(format!("{}{}", DELIVERIES[0], first.into_uuid()))
    }
}

/// A row of the list of places.
#[cfg(test)]
struct Row {
    name: &'static str,
    table: Table,
    pk: &'static str,
    sk: &'static str,
}

macro_rules! places {
    ($(
        $(#[$doc:meta])*
        $name:ident($($arg:ident: $type:ty),*) $(with $($part:ident = $value:expr),+)?
            => $table:ident $pk:literal $sk:literal;
    )*) => {
        $(
            $(#[$doc])*
            pub(crate) fn $name($($arg: $type),*) -> Place {
                $($(let $part = $value;)+)?
                Place { table: Table::$table, pk: format!($pk), sk: format!($sk) }
            }
        )*

        #[cfg(test)]
        const PLACES: &[Row] = &[$(
            Row { name: stringify!($name), table: Table::$table, pk: $pk, sk: $sk }
        ),*];
    };
}

places! {
    api_key(hash: HashedKey) with sha256 = hash.to_hex() => Keys "key#{sha256}" "key";
    api_key_pointer(app: AppId, key: KeyId) => Keys "app#{app}" "key#{key}";
    app(app: AppId) => Keys "app#{app}" "app";
    api_key_count(app: AppId) => Keys "app#{app}" "keys";
    app_slug(slug: &str) => Keys "slug#{slug}" "app";

    credential(hash: HashedKey) with sha256 = hash.to_hex() => Credentials "token#{sha256}" "token";
    credential_pointer(app: AppId, credential: CredentialId)
        => Credentials "app#{app}#credential#{credential}" "credential";
    credential_of_resource(app: AppId, resource: ResourceId, credential: CredentialId)
        => Credentials "app#{app}#resource#{resource}" "credential#{credential}";

    session(hash: HashedKey) with sha256 = hash.to_hex() => Sessions "session#{sha256}" "session";
    session_pointer(account: AccountId, hash: HashedKey) with sha256 = hash.to_hex()
        => Sessions "account#{account}" "session#{sha256}";

    account(account: AccountId) => Accounts "account#{account}" "account";
    membership(account: AccountId, app: AppId) => Accounts "account#{account}" "app#{app}";
    app_count(account: AccountId) => Accounts "account#{account}" "apps";
    account_email(email: &str) with email = email_key(email) => Accounts "email#{email}" "account";
    app_settings(app: AppId) => Accounts "app#{app}" "settings";
    reset(hash: HashedKey) with sha256 = hash.to_hex() => Accounts "reset#{sha256}" "reset";

    attempts(what: &str, who: &str, bucket: i64) => Meters "attempts#{what}#{who}" "bucket#{bucket}";
    ledger_of_caller(caller: impl std::fmt::Display) => Meters "caller#{caller}" "ledger";
    ledger_of_address(caller: impl std::fmt::Display, address: &str)
        => Meters "caller#{caller}#address#{address}" "ledger";
    ledger_of_day(app: impl std::fmt::Display) => Meters "app#{app}#day" "ledger";
    ledger_of_minute(app: impl std::fmt::Display) => Meters "app#{app}#minute" "ledger";
    ledger_of_pages(app: impl std::fmt::Display) => Meters "app#{app}#pages" "ledger";
    ledger_of_account(account: impl std::fmt::Display) => Meters "account#{account}" "ledger";
    /// Sorts before `ledger`, so that one query reads hours and ledger together.
    hour(ledger: &str, hour: i64) => Meters "{ledger}" "hour#{hour:012}";
    refusals(key: KeyId, line: &str) => Meters "refusals#{key}" "{line}";

    audit_line(app: AppId, at: DateTime<Utc>, id: &str) with month = month(at), line = by_time(at, id)
        => Audit "app#{app}#audit#{month}" "{line}";

    told(app: AppId, at: DateTime<Utc>, id: Uuid) with month = month(at), item = by_time(at, id)
        => Outbox "app#{app}#events#{month}" "{item}";

    delivery(app: AppId, webhook: WebhookId, event: Uuid)
        => Deliveries "app#{app}#webhook#{webhook}" "delivery#{event}";
    health(app: AppId, webhook: WebhookId) => Deliveries "app#{app}#webhook#{webhook}" "health";

    resource(app: AppId, resource: ResourceId) => Data "app#{app}#resource#{resource}" "resource";
    resource_deletion(app: AppId, resource: ResourceId)
        => Data "app#{app}#resource#{resource}" "deletion";
    resource_email(app: AppId, email: &str) with email = email_key(email)
        => Data "app#{app}#email#{email}" "resource";
    calendar(app: AppId, calendar: CalendarId) => Data "app#{app}#calendar#{calendar}" "calendar";
    event(app: AppId, event: EventId) => Data "app#{app}#event#{event}" "event";
    event_pointer(app: AppId, resource: ResourceId, calendar: CalendarId, event: EventId)
        => Data "app#{app}#events#{resource}" "{calendar}#{event}";
    booking(app: AppId, booking: BookingId) => Data "app#{app}#booking#{booking}" "booking";
    reservation(app: AppId, reservation: ReservationId)
        => Data "app#{app}#reservation#{reservation}" "reservation";
    sheet(app: AppId, resource: ResourceId, day: NaiveDate)
        => Data "app#{app}#sheets#{resource}" "day#{day}";

    project(app: AppId, project: ProjectId) => Data "app#{app}#project#{project}" "project";
    project_slug(slug: &str) => Data "slug#{slug}" "project";
    project_offer(app: AppId, project: ProjectId) => Data "app#{app}#ties" "project#{project}";
    location(app: AppId, location: LocationId) => Data "app#{app}#location#{location}" "location";
    service(app: AppId, service: ServiceId) => Data "app#{app}#service#{service}" "service";
    filter_collection(app: AppId, filters: FilterCollectionId)
        => Data "app#{app}#filtercollection#{filters}" "filtercollection";
    widget(app: AppId, widget: WidgetId) => Data "app#{app}#widget#{widget}" "widget";
    widget_pointer(widget: WidgetId) => Data "widget#{widget}" "widget";
    widget_slug(slug: &str) => Data "widgetslug#{slug}" "widget";
    template(app: AppId, slug: &str) => Data "app#{app}#templates" "template#{slug}";
    webhook(app: AppId, webhook: WebhookId) => Data "app#{app}#webhooks" "webhook#{webhook}";
    webhook_count(app: AppId) => Data "app#{app}#webhooks" "count";

    request_of_app(app: AppId, caller: Uuid, route: &str, hash: HashedKey) with sha256 = hash.to_hex()
        => Idempotency "app#{app}#caller#{caller}#{route}#{sha256}" "answer";
    request_of_account(account: AccountId, caller: Uuid, route: &str, hash: HashedKey)
        with sha256 = hash.to_hex()
        => Idempotency "account#{account}#caller#{caller}#{route}#{sha256}" "answer";
}

macro_rules! partitions {
    ($(
        $(#[$doc:meta])*
        $name:ident($($arg:ident: $type:ty),*) => $table:ident $pk:literal $prefix:literal;
    )*) => {
        $(
            $(#[$doc])*
            pub(crate) fn $name($($arg: $type),*) -> Partition {
                Partition { table: Table::$table, pk: format!($pk), prefix: $prefix }
            }
        )*

        #[cfg(test)]
        const PARTITIONS: &[Row] = &[$(
            Row { name: stringify!($name), table: Table::$table, pk: $pk, sk: $prefix }
        ),*];
    };
}

partitions! {
    api_keys_of(app: AppId) => Keys "app#{app}" "key#";
    credentials_of(app: AppId, resource: ResourceId)
        => Credentials "app#{app}#resource#{resource}" "credential#";
    sessions_of(account: AccountId) => Sessions "account#{account}" "session#";
    apps_of(account: AccountId) => Accounts "account#{account}" "app#";
    project_offers_of(app: AppId) => Data "app#{app}#ties" "project#";
    templates_of(app: AppId) => Data "app#{app}#templates" "template#";
    webhooks_of(app: AppId) => Data "app#{app}#webhooks" "webhook#";
}

/// A row of the list of listings.
#[cfg(test)]
struct ListingRow {
    index: &'static crate::dynamo::tables::Index,
    table: Table,
    partition: &'static str,
}

macro_rules! listings {
    ($(
        $(#[$doc:meta])*
        $name:ident($($arg:ident: $type:ty),*) $(with $part:ident = $value:expr)?
            => $table:ident $index:ident $partition:literal $($month:ident)?;
    )*) => {
        $(
            $(#[$doc])*
            pub(crate) fn $name($($arg: $type),*) -> Listing {
                $(let $part = $value;)?
                Listing { table: Table::$table, index: &$index, name: format!($partition) }
            }
        )*

        #[cfg(test)]
        const LISTINGS: &[ListingRow] = &[$(
            ListingRow {
                index: &$index,
                table: Table::$table,
                partition: concat!($partition $(, "{", stringify!($month), "}")?),
            }
        ),*];
    };
}

// Those that end in `month` have a partition for each: see `Listing::of`.
listings! {
    credentials_by_month(app: AppId) => Credentials BY_MONTH "app#{app}#credentials#" month;
    resources_by_month(app: AppId) => Data BY_MONTH "app#{app}#resources#" month;
    calendars_by_month(app: AppId) => Data BY_MONTH "app#{app}#calendars#" month;
    bookings_by_month(app: AppId) => Data BY_MONTH "app#{app}#bookings#" month;
    projects_by_month(app: AppId) => Data BY_MONTH "app#{app}#projects#" month;
    locations_by_month(app: AppId) => Data BY_MONTH "app#{app}#locations#" month;
    services_by_month(app: AppId) => Data BY_MONTH "app#{app}#services#" month;
    filter_collections_by_month(app: AppId) => Data BY_MONTH "app#{app}#filtercollections#" month;
    widgets_by_month(app: AppId) => Data BY_MONTH "app#{app}#widgets#" month;
    bookings_by_start(app: AppId) => Data BY_START "app#{app}#starts#" month;
    events_by_start(app: AppId) => Data BY_START "app#{app}#event_starts#" month;
    groups_by_start(app: AppId) => Data BY_GROUP "app#{app}#groups#" month;
    bookings_of_resource(app: AppId, resource: ResourceId)
        => Data BY_RESOURCE "app#{app}#bookings#{resource}";
    events_of_resource(app: AppId, resource: ResourceId)
        => Data BY_RESOURCE "app#{app}#events#{resource}";
    bookings_of_customer(app: AppId, email: &str) with email = email_key(email)
        => Data BY_CUSTOMER "app#{app}#bookings#{email}";
    bookings_of_project(app: AppId, project: ProjectId)
        => Data BY_PROJECT "app#{app}#bookings#{project}#" month;
    data_by_due(shard: u8) => Data BY_DUE "due#{shard}";
    // Lists of what the tables' own keys sort.
    audit_lines(app: AppId) => Audit TABLE "app#{app}#audit#" month;
    told_by_month(app: AppId) => Outbox TABLE "app#{app}#events#" month;
    event_pointers_of(app: AppId, resource: ResourceId) => Data TABLE "app#{app}#events#{resource}";
    deliveries_of(app: AppId, webhook: WebhookId) => Deliveries TABLE "app#{app}#webhook#{webhook}";
    // What workers have to do. Both tables have their own index of this name.
    due_told(shard: u8) => Outbox BY_DUE "due#{shard}";
    due_deliveries(shard: u8) => Deliveries BY_DUE "due#{shard}";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::dynamo::tables::INDEXES;

    const DOCS: &str = include_str!("../../../docs/ARCHITECTURE.md");

    /// The rows of the table of the docs whose header begins with these cells.
    fn rows_of_docs(header: &str) -> Vec<Vec<String>> {
        let lines = DOCS.lines().skip_while(|line| !line.starts_with(header));
        let lines = lines.skip(2).take_while(|line| line.starts_with('|'));
        let cells = |line: &str| {
            let line = line.trim_matches('|');
            line.split('|')
                .map(|cell| cell.trim().to_owned())
                .collect::<Vec<_>>()
        };
        let rows: Vec<_> = lines.map(cells).collect();
        assert!(
            !rows.is_empty(),
            "docs/ARCHITECTURE.md has no table {header}"
        );
        rows
    }

    /// As the docs write a pattern: `<name>` for `{name}`.
    fn as_in_docs(pattern: &str) -> String {
        pattern
            .replace(":012", "")
            .replace('{', "<")
            .replace('}', ">")
    }

    fn code(text: &str) -> String {
        text.trim_matches('`').to_owned()
    }

    #[test]
    fn the_data_table_of_the_docs_has_exactly_the_places_that_are_made() {
        let mut table = String::new();
        let mut documented = BTreeSet::new();
        for row in rows_of_docs("| table | pk |") {
            if !row[0].is_empty() {
                table = code(&row[0]);
            }
            let is_new = documented.insert((table.clone(), code(&row[1]), code(&row[2])));
            assert!(is_new, "twice in docs/ARCHITECTURE.md: {row:?}");
        }
        let places = PLACES.iter().map(|row| {
            let table = row.table.suffix().to_owned();
            (table, as_in_docs(row.pk), as_in_docs(row.sk))
        });
        let made: BTreeSet<_> = places.collect();
        let missing: Vec<_> = made.difference(&documented).collect();
        let unknown: Vec<_> = documented.difference(&made).collect();
        assert!(
            missing.is_empty() && unknown.is_empty(),
            "add to the table under \"Data\" in docs/ARCHITECTURE.md: {missing:#?}; remove from it: {unknown:#?}"
        );
    }

    #[test]
    fn the_index_table_of_the_docs_has_exactly_the_partitions_that_are_listed() {
        let mut documented = BTreeSet::new();
        let mut index = String::new();
        for row in rows_of_docs("| index | partition |") {
            if !row[0].is_empty() {
                index = code(&row[0]);
            }
            for partition in row[1].split(", ") {
                documented.insert((index.clone(), code(partition)));
            }
        }
        let listed = LISTINGS.iter().filter(|row| !row.index.name.is_empty());
        let made: BTreeSet<_> = listed
            .map(|row| (row.index.name.to_owned(), as_in_docs(row.partition)))
            .collect();
        assert_eq!(made, documented, "left: made; right: docs/ARCHITECTURE.md");
        let used: BTreeSet<_> = made.iter().map(|(index, _)| index.as_str()).collect();
        let defined: BTreeSet<_> = INDEXES.iter().map(|index| index.name).collect();
        assert_eq!(used, defined);
    }

    #[test]
    fn what_is_read_together_is_in_places_that_are_made() {
        for row in PARTITIONS {
            let is_made = |place: &&Row| {
                (place.table, place.pk) == (row.table, row.pk) && place.sk.starts_with(row.sk)
            };
            assert!(PLACES.iter().any(|place| is_made(&place)), "{}", row.name);
        }
        for row in LISTINGS.iter().filter(|row| row.index.name.is_empty()) {
            let is_made = |place: &&Row| (place.table, place.pk) == (row.table, row.partition);
            assert!(
                PLACES.iter().any(|place| is_made(&place)),
                "{}",
                row.partition
            );
        }
        let names: BTreeSet<_> = PLACES.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), PLACES.len());
    }

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }

    /// Whether a line has a text with a part of a key: `#` behind a letter or a placeholder.
    fn makes_a_key(line: &str) -> bool {
        let mut texts = line.split('"').skip(1).step_by(2);
        texts.any(|text| {
            let bytes = text.as_bytes();
            let mut pairs = bytes.windows(2);
            pairs.any(|pair| pair[1] == b'#' && matches!(pair[0], b'a'..=b'z' | b'}'))
        })
    }

    #[test]
    fn no_other_file_makes_a_key() {
        assert!(makes_a_key(r#"format!("app#{app}")"#) && makes_a_key(r#""day#""#));
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut files = Vec::new();
        sources(&root, &mut files);
        assert!(files.len() > 30, "{files:?}");
        for file in files {
            let path = file.strip_prefix(&root).expect("below");
            if path == Path::new("places.rs") {
                continue;
            }
            let source = std::fs::read_to_string(&file).expect("a source");
            let code = source.split("#[cfg(test)]").next().unwrap_or_default();
            let keys: Vec<&str> = code.lines().filter(|line| makes_a_key(line)).collect();
            assert!(
                keys.is_empty(),
                "{path:?} makes a key; make it in places.rs: {keys:#?}"
            );
        }
    }
}
