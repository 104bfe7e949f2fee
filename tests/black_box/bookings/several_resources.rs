//! A booking of several resources, e.g. a person and a room: it takes time of each, all or none. No request names several
//! yet, so the plan is made here; everything else is the API.

use local::demo::{DOC_BROWN, ROOM, TEST_APP};
use model::TimeSlot;
use model::booking::{Booking, Notice};
use model::graph::Graph;
use model::ids::{BookingId, ResourceId};
use model::occupancy::{Buffers, CannotPlace};
use model::payment::DEFAULT_PAYMENT_TIME;
use scheduling::defaults::Texts;
use scheduling::plan::{BookingPlan, BookingRequest, Place};
use scheduling::{Actor, References, SchedulingError};
use serde_json::{Map, json};
use store::{DecisionError, Tenant};
use tests::{TestServer, booking, instant};

const TEN: &str = "2026-12-01T10:00:00Z";
const ELEVEN: &str = "2026-12-01T11:00:00Z";
const NOON: &str = "2026-12-01T12:00:00Z";

/// Books all of `resources` from `start` to `end`, by a page if `is_public`.
async fn book(
    server: &TestServer,
    resources: &[ResourceId],
    (start, end): (&str, &str),
    is_public: bool,
) -> Result<Booking, SchedulingError> {
    let (store, now) = (server.state.store(), server.state.now());
    let actor = Actor {
        tenant: Tenant::app(TEST_APP),
        is_public,
        name: "test".to_owned(),
    };
    let request = BookingRequest {
        graph: Graph::Instant,
        place: Place::Time {
            resource_ids: resources.to_vec(),
            slot: TimeSlot::new(instant(start), instant(end)).expect("a slot"),
            reservation_id: None,
        },
        project_id: None,
        calendar_id: None,
        reserved_calendar_id: None,
        buffers: Buffers::default(),
        allow_double_bookings: false,
        ignore_all_day_events: false,
        only_offered: false,
        is_checked: false,
        notice: Notice::default(),
        locale: None,
        payment_time: DEFAULT_PAYMENT_TIME,
        max_seats: None,
        texts: Texts::default(),
        customer: None,
        reminders: Vec::new(),
        meta: Map::new(),
    };
    let references = References::default();
    let defaults = references.defaults()?;
    let id = BookingId::random(server.state.random());
    let plan = BookingPlan::read(store, &actor, request, &defaults, id, now).await?;
    let writer = store.writer();
    writer
        .until_decided(|| async {
            let mut decision = writer.decision(actor.tenant, now);
            let booking = plan.decide(&mut decision, now).await?;
            Ok::<_, SchedulingError>(decision.commit(booking).await?)
        })
        .await
}

/// What the API answers to a booking of each resource at this time, which is cancelled again.
async fn statuses(server: &TestServer, (start, end): (&str, &str)) -> [u16; 2] {
    let app = server.app();
    let mut statuses = [0; 2];
    for (status, resource) in statuses.iter_mut().zip([DOC_BROWN, ROOM]) {
        let body = booking(&resource.to_string(), "instant", start, end);
        let reply = app.post("/v2/bookings", body).await;
        *status = reply.status;
        if reply.status == 201 {
            let cancel = format!("/v2/bookings/{}/cancel", reply.id());
            app.put(&cancel, json!({})).await.expecting(200);
        }
    }
    statuses
}

#[tokio::test]
async fn a_person_and_a_room_are_booked_together_or_neither_is() {
    let server = TestServer::start().await;
    let (app, both) = (server.app(), [DOC_BROWN, ROOM]);
    let taken = booking(&ROOM.to_string(), "instant", TEN, ELEVEN);
    app.post("/v2/bookings", taken).await.expecting(201);

    let refused = book(&server, &both, (TEN, ELEVEN), false).await;
    assert!(
        matches!(
            refused,
            Err(SchedulingError::Decision(DecisionError::CannotPlace {
                resource: ROOM,
                error: CannotPlace::Taken,
                ..
            }))
        ),
        "{refused:?}"
    );
    assert_eq!(statuses(&server, (TEN, ELEVEN)).await, [201, 409]);

    let booked = book(&server, &both, (ELEVEN, NOON), false).await;
    let booked = booked.expect("both are free");
    assert_eq!(statuses(&server, (ELEVEN, NOON)).await, [409, 409]);
    let cancel = format!("/v2/bookings/{}/cancel", booked.id);
    app.put(&cancel, json!({})).await.expecting(200);
    assert_eq!(statuses(&server, (ELEVEN, NOON)).await, [201, 201]);
}

#[tokio::test]
async fn a_booking_of_a_person_and_a_room_moves_with_both() {
    let server = TestServer::start().await;
    let booked = book(&server, &[DOC_BROWN, ROOM], (TEN, ELEVEN), false).await;
    let id = booked.expect("both are free").id;
    let path = format!("/v2/bookings/{id}/reschedule");
    let to = json!({ "start": ELEVEN, "end": NOON });
    let moved = server.app().post(&path, to).await.expecting(200);
    assert_eq!(moved.body["data"]["resource_id"], DOC_BROWN.to_string());
    assert_eq!(statuses(&server, (TEN, ELEVEN)).await, [201, 201]);
    assert_eq!(statuses(&server, (ELEVEN, NOON)).await, [409, 409]);
}

#[tokio::test]
async fn a_page_books_several_resources_only_where_each_is_offered() {
    let server = TestServer::start().await;
    let refused = book(&server, &[ROOM, DOC_BROWN], (TEN, ELEVEN), true).await;
    assert!(
        matches!(
            &refused,
            Err(SchedulingError::ProjectRequired { resources }) if resources == &[DOC_BROWN]
        ),
        "{refused:?}"
    );
}
