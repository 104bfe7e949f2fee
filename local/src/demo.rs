//! What a new user finds on an empty store: an account with a live and a test app, a few resources and bookings, and in
//! each app a project, so that there is a booking page to look at. The ids are fixed, so that the example events fit; the keys are new each time but for the
//! published development key.

use api::State;
use auth::development::{DEMO_SLUG, DEVELOPMENT_KEY};
use auth::issue::{self, IssuedApp, NewCredential, NewKey, Secret};
use auth::plain_key::hash_secret;
use auth::{Owner, PlainKey};
use chrono::{DateTime, TimeDelta};
use model::TimeSlot;
use model::account::Account;
use model::booking::{Act, Booking, Customer, EventText, NewBooking, Notice};
use model::graph::{Action, Graph};
use model::ids::{
    AccountId, AppId, BookingId, CalendarId, CredentialId, CustomerId, KeyId, LocationId,
    ProjectId, ResourceId, ServiceId,
};
use model::key::{ApiKey, KeyKind, Mode, TokenType};
use model::location::{Location, Service};
use model::occupancy::Buffers;
use model::project::Project;
use model::resource::{Calendar, Resource};
use model::scope::Scopes;
use model::time::Tz;
use model::wall;
use serde_json::{Map, Value, json};
use store::{ResourceSecret, Tenant, Versioned};
use uuid::Uuid;

use crate::error::LocalError;

/// Where the demo account signs in.
pub const EMAIL: &str = "demo@latchkey.example";
/// The live app's slug.
pub const LIVE_SLUG: &str = "demo";
/// The test app's slug.
pub const TEST_SLUG: &str = DEMO_SLUG;

const fn id(group: u16, number: u16) -> Uuid {
    Uuid::from_fields(
        0,
        0,
        0x4000 | group,
        &[
            0x80,
            0,
            0,
            0,
            0,
            0,
            (number >> 8) as u8,
            (number & 0xff) as u8,
        ],
    )
}

/// The account.
pub const ACCOUNT: AccountId = AccountId::new(id(1, 1));
/// The live app.
pub const LIVE_APP: AppId = AppId::new(id(2, 1));
/// The test app: everything else below is in it.
pub const TEST_APP: AppId = AppId::new(id(2, 2));
/// Doc Brown.
pub const DOC_BROWN: ResourceId = ResourceId::new(id(3, 1));
/// The meeting room.
pub const ROOM: ResourceId = ResourceId::new(id(3, 2));
/// A confirmed booking of Doc Brown.
pub const CONFIRMED: BookingId = BookingId::new(id(4, 1));
/// A tentative booking of Doc Brown.
pub const TENTATIVE: BookingId = BookingId::new(id(4, 2));
/// A declined booking of Doc Brown.
pub const DECLINED: BookingId = BookingId::new(id(4, 3));
/// A named key that nobody has the text of.
pub const NAMED_KEY: KeyId = KeyId::new(id(5, 1));
/// The development key's record.
pub const DEVELOPMENT_KEY_ID: KeyId = KeyId::new(id(5, 2));
/// Doc Brown again, in the live app, which shares nothing with the test app.
pub const LIVE_DOC_BROWN: ResourceId = ResourceId::new(id(3, 3));
/// The live app's project, with the live Doc Brown. Its slug is the app's.
pub const LIVE_PROJECT: ProjectId = ProjectId::new(id(7, 1));
/// The test app's project, with Doc Brown. Its slug is the app's.
pub const TEST_PROJECT: ProjectId = ProjectId::new(id(7, 2));
/// Where the test app's project takes place.
pub const LOCATION: LocationId = LocationId::new(id(8, 1));
/// What the test app's project is about.
pub const SERVICE: ServiceId = ServiceId::new(id(9, 1));
/// Doc Brown's calendar.
pub const CALENDAR: CalendarId = CalendarId::new(id(10, 1));
/// A client-token of Doc Brown.
pub const CREDENTIAL: CredentialId = CredentialId::new(id(6, 1));

/// What is shown once, at the first start.
#[derive(Debug)]
pub struct Demo {
    /// The account's password.
    pub password: String,
    /// The live app's keys.
    pub live: IssuedApp,
    /// The test app's keys.
    pub test: IssuedApp,
}

/// Makes the demo. The store must be empty.
///
/// # Errors
///
/// If the store fails.
pub async fn create(state: &State) -> Result<Demo, LocalError> {
    let (random, now, writer) = (state.random(), state.now(), state.writer());
    let failed = |error: &(dyn std::error::Error + 'static)| LocalError::store(error);

    let password = random.text(b"abcdefghijkmnpqrstuvwxyz23456789", 16);
    let owner = Owner::Stranger(None);
    let hash = state
        .hashing()
        .hash(owner, password.as_str().into(), random)
        .await
        .map_err(|e| failed(&e))?;
    let account = Account {
        id: ACCOUNT,
        name: "Demo".to_owned(),
        email: EMAIL.to_owned(),
        created_at: now,
    };
    let app = |id, slug: &str, name, mode| {
        issue::app_with(id, slug.to_owned(), ACCOUNT, name, mode, random, now)
    };
    let live = app(LIVE_APP, LIVE_SLUG, "Demo", Mode::Live);
    let mut test = app(TEST_APP, TEST_SLUG, "Demo (test)", Mode::Test);
    let issuer = auth::Issuer {
        app: TEST_APP,
        app_created_at: now,
        mode: Mode::Test,
        by: format!("account:{ACCOUNT}"),
    };
    let named = PlainKey::generate(KeyKind::Named, Mode::Test, random);
    let named = issue::key(
        new_key("Example", KeyKind::Named),
        Secret::Ours(&named),
        &issuer,
        random,
        now,
    );
    let published = Secret::Imported(hash_secret(DEVELOPMENT_KEY));
    let published = issue::key(
        new_key("Published development key", KeyKind::Api),
        published,
        &issuer,
        random,
        now,
    );
    test.new.keys.push(ApiKey {
        id: NAMED_KEY,
        ..named
    });
    test.new.keys.push(ApiKey {
        id: DEVELOPMENT_KEY_ID,
        ..published
    });
    let apps = [live.new.clone(), test.new.clone()];
    writer
        .create_account(&account, &hash, &apps)
        .await
        .map_err(|e| failed(&e))?;

    let tenant = Tenant::app(TEST_APP);
    let doc_brown = resource(
        DOC_BROWN,
        "Doc Brown",
        Some("doc.brown@latchkey.example"),
        Tz::known("America/Los_Angeles"),
        state,
    );
    let room = resource(
        ROOM,
        "Meeting room",
        None,
        Tz::known("Europe/Copenhagen"),
        state,
    );
    let secret = state.master_secret().await.map_err(|e| failed(&e))?;
    for resource in [&doc_brown, &room] {
        let mut credentials =
            issue::first_credentials(resource, &issuer, secret, random, now, None)
                .map_err(|e| failed(&e))?;
        if resource.id == DOC_BROWN {
            let new = NewCredential {
                token_type: TokenType::ClientToken,
                description: "Example".to_owned(),
                referrer: Vec::new(),
                expires_at: None,
            };
            let example = issue::credential_with(CREDENTIAL, new, resource, &issuer, secret, now);
            credentials.push(example.map_err(|e| failed(&e))?);
        }
        let resource = Versioned::new(resource.clone(), random);
        let no_password = ResourceSecret {
            password_hash: None,
        };
        writer
            .create_resource(tenant, &resource, &no_password, &credentials)
            .await
            .map_err(|e| failed(&e))?;
    }

    create_pages(state, &live).await?;

    let by = "demo";
    for (id, graph, days, action) in [
        (CONFIRMED, Graph::Instant, 1, None),
        (TENTATIVE, Graph::ConfirmDecline, 2, None),
        (DECLINED, Graph::ConfirmDecline, 3, Some(Action::Decline)),
    ] {
        let booking = Booking::create(new_booking(graph, &doc_brown, days, state)?, id, by, now);
        let booking = match action {
            Some(action) => {
                let act = Act {
                    action,
                    by: by.to_owned(),
                    message: None,
                    payment_id: None,
                };
                booking.act(act, now).map_err(|e| failed(&e))?
            }
            None => booking,
        };
        writer
            .until_decided(|| async {
                let mut decision = writer.decision(tenant, now);
                decision.put(booking.clone());
                decision.commit(()).await
            })
            .await
            .map_err(|e| failed(&e))?;
    }
    Ok(Demo {
        password,
        live,
        test,
    })
}

/// A project in each app, and in the live one the resource for it.
async fn create_pages(state: &State, live: &IssuedApp) -> Result<(), LocalError> {
    let (writer, now) = (state.writer(), state.now());
    let failed = |error: &(dyn std::error::Error + 'static)| LocalError::store(error);
    let (live_app, test_app) = (Tenant::app(LIVE_APP), Tenant::app(TEST_APP));
    let doc_brown = resource(
        LIVE_DOC_BROWN,
        "Doc Brown",
        Some("doc.brown@latchkey.example"),
        Tz::known("America/Los_Angeles"),
        state,
    );
    let issuer = auth::Issuer {
        app: LIVE_APP,
        app_created_at: live.new.app.created_at,
        mode: Mode::Live,
        by: format!("account:{ACCOUNT}"),
    };
    let secret = state.master_secret().await.map_err(|e| failed(&e))?;
    let credentials =
        issue::first_credentials(&doc_brown, &issuer, secret, state.random(), now, None)
            .map_err(|e| failed(&e))?;
    let doc_brown = Versioned::new(doc_brown, state.random());
    let no_password = ResourceSecret {
        password_hash: None,
    };
    writer
        .create_resource(live_app, &doc_brown, &no_password, &credentials)
        .await
        .map_err(|e| failed(&e))?;
    let location = Location {
        id: LOCATION,
        name: "Clock tower".to_owned(),
        description: String::new(),
        latitude: None,
        longitude: None,
        use_custom_hours: false,
        meta: object(json!({ "t_store_city": "Hill Valley", "t_store_name": "Clock tower" })),
        created_at: now,
        updated_at: now,
    };
    let service = Service {
        id: SERVICE,
        name: "Consultation".to_owned(),
        description: "An hour with Doc Brown".to_owned(),
        image_url: None,
        availability: object(json!({ "length": "1 hour" })),
        meta: Map::new(),
        created_at: now,
        updated_at: now,
    };
    writer
        .create_entity(test_app, &location)
        .await
        .map_err(|e| failed(&e))?;
    writer
        .create_entity(test_app, &service)
        .await
        .map_err(|e| failed(&e))?;
    let live_project = project(LIVE_PROJECT, LIVE_SLUG, LIVE_DOC_BROWN, state);
    let mut test_project = project(TEST_PROJECT, TEST_SLUG, DOC_BROWN, state);
    test_project.locations = vec![LOCATION];
    test_project.services = vec![SERVICE];
    for (tenant, project) in [(live_app, live_project), (test_app, test_project)] {
        writer
            .create_project(tenant, &project)
            .await
            .map_err(|e| failed(&e))?;
    }
    Ok(())
}

/// An hour of one resource on a weekday, confirmed at once.
fn project(id: ProjectId, slug: &str, resource: ResourceId, state: &State) -> Project {
    let name = "Consultation".to_owned();
    let mut project = Project::new(id, slug.to_owned(), name, state.now());
    project.resources = vec![resource];
    project.set_availability(object(
        json!({ "mode": "roundrobin_random", "length": "1 hour" }),
    ));
    project.set_availability_constraints(vec![
        json!({ "allow_weekdays": {} }),
        json!({ "allow_hours": { "start": 9, "end": 17 } }),
    ]);
    project.set_booking(object(json!({
        "graph": "instant",
        "what": "Consultation for {{customer.name}}",
        "where": "Courthouse, Hill Valley, CA 95420, USA",
    })));
    project.ui = object(json!({ "display_name": "Doc Brown" })).into();
    project.with_defaults()
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn new_key(name: &str, kind: KeyKind) -> NewKey {
    NewKey {
        name: name.to_owned(),
        kind,
        scopes: Scopes::everything(),
        expires_at: None,
        allowed_cidrs: Vec::new(),
        allowed_origins: Vec::new(),
        rate_limit: None,
        address_rate_limit: None,
    }
}

fn resource(
    id: ResourceId,
    name: &str,
    email: Option<&str>,
    timezone: Tz,
    state: &State,
) -> Resource {
    let now = state.now();
    // Its calendar has the same number as it has.
    let number = u16::from(id.uuid().as_bytes()[15]);
    let calendar = CalendarId::new(self::id(10, number));
    Resource {
        id,
        name: name.to_owned(),
        first_name: None,
        last_name: None,
        email: email.map(str::to_owned),
        image: None,
        timezone,
        capacity: 1,
        availability_constraints: Vec::new(),
        max_public_length: None,
        tags: Vec::new(),
        meta: Map::new(),
        calendars: vec![Calendar::default_of_resource(calendar, now)],
        calendar_feed: None,
        created_at: now,
        updated_at: now,
    }
}

/// An hour at nine in the morning where the resource is, some days from now.
fn new_booking(
    graph: Graph,
    resource: &Resource,
    days: i64,
    state: &State,
) -> Result<NewBooking, LocalError> {
    let zone = resource.timezone;
    let now = state.now().timestamp();
    let day = wall::day(now + wall::offset_s(zone, now)) + days;
    let about_nine = wall::day_start(zone, day) + 9 * 3_600;
    // Clocks change at night, so the offset at about nine is the one at nine.
    let nine = day * wall::DAY_S + 9 * 3_600 - wall::offset_s(zone, about_nine);
    let start = DateTime::from_timestamp(nine, 0).unwrap_or_default();
    let slot = TimeSlot::new(start, start + TimeDelta::hours(1))
        .map_err(|error| LocalError::store(&error))?;
    Ok(NewBooking {
        resource_id: resource.id,
        further_resources: Vec::new(),
        calendar_id: resource.calendars[0].id,
        project_id: None,
        graph,
        slot,
        buffers: Buffers::default(),
        allow_double_bookings: false,
        ignore_all_day_events: false,
        only_offered: false,
        notice: Notice::default(),
        payment_time: model::payment::DEFAULT_PAYMENT_TIME,
        max_seats: None,
        owner_id: None,
        related: Vec::new(),
        timezone: resource.timezone,
        event: EventText {
            what: "Catch the lightning".to_owned(),
            place: "Courthouse, Hill Valley, CA 95420, USA".to_owned(),
            description: "The lightning strikes at 10:04 PM exactly!".to_owned(),
            participants: Vec::new(),
        },
        customers: vec![Customer {
            id: CustomerId::random(state.random()),
            name: "Marty McFly".to_owned(),
            email: Some("marty.mcfly@latchkey.example".to_owned()),
            phone: Some("(916) 555-4385".to_owned()),
            voip: None,
            timezone: Some("America/Los_Angeles".to_owned()),
            fields: Map::new(),
        }],
        meta: json!({ "demo": true })
            .as_object()
            .cloned()
            .unwrap_or_default(),
    })
}
