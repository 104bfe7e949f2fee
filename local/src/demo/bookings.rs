//! The bookings, created and acted on by the plans that requests are carried out by.

use api::State;
use chrono::{DateTime, TimeDelta};
use model::TimeSlot;
use model::booking::{Act, Customer, Notice};
use model::graph::{Action, Graph};
use model::ids::{BookingId, CustomerId};
use model::occupancy::Buffers;
use model::resource::Resource;
use model::wall;
use scheduling::SchedulingError;
use scheduling::actor::Actor;
use scheduling::defaults::{References, Texts};
use scheduling::plan::{ActionPlan, BookingPlan, BookingRequest, Place};
use serde_json::{Map, json};
use store::{Expected, Tenant};

use super::common::{failed, object};
use super::ids::{CONFIRMED, DECLINED, TENTATIVE, TEST_APP};
use crate::error::LocalError;

/// Who creates the bookings, in their logs.
const BY: &str = "demo";

/// Creates the bookings of `resource`.
pub(super) async fn create(state: &State, resource: &Resource) -> Result<(), LocalError> {
    for (id, graph, days, action) in [
        (CONFIRMED, Graph::Instant, 1, None),
        (TENTATIVE, Graph::ConfirmDecline, 2, None),
        (DECLINED, Graph::ConfirmDecline, 3, Some(Action::Decline)),
    ] {
        let slot = at_nine(resource, days, state)?;
        let request = request(graph, resource, slot, state);
        create_one(state, request, id, action)
            .await
            .map_err(failed)?;
    }
    Ok(())
}

/// Creates a booking, and takes `action` on it.
async fn create_one(
    state: &State,
    request: BookingRequest,
    id: BookingId,
    action: Option<Action>,
) -> Result<(), SchedulingError> {
    let (store, writer, now) = (state.store(), state.writer(), state.now());
    let actor = Actor {
        tenant: Tenant::app(TEST_APP),
        is_public: false,
        name: BY.to_owned(),
    };
    let references = References::default();
    let defaults = references.defaults()?;
    let plan = BookingPlan::read(store, &actor, request, &defaults, id, now).await?;
    let action = action.map(|action| ActionPlan {
        id,
        act: Act {
            action,
            by: BY.to_owned(),
            message: None,
            payment_id: None,
        },
        with_related: false,
        expected: Expected::Any,
    });
    writer
        .until_decided(|| async {
            let mut decision = writer.decision(actor.tenant, now);
            plan.decide(&mut decision, now).await?;
            if let Some(action) = &action {
                action.decide(&mut decision, now).await?;
            }
            Ok(decision.commit(()).await?)
        })
        .await
}

/// An hour at nine in the morning where the resource is, some days from now.
fn at_nine(resource: &Resource, days: i64, state: &State) -> Result<TimeSlot, LocalError> {
    let zone = resource.timezone;
    let now = state.now().timestamp();
    let day = wall::day(now + wall::offset_s(zone, now)) + days;
    let about_nine = wall::day_start(zone, day) + 9 * 3_600;
    // Clocks change at night, so the offset at about nine is the one at nine.
    let nine = day * wall::DAY_S + 9 * 3_600 - wall::offset_s(zone, about_nine);
    let start = DateTime::from_timestamp(nine, 0).unwrap_or_default();
    TimeSlot::new(start, start + TimeDelta::hours(1)).map_err(failed)
}

fn request(graph: Graph, resource: &Resource, slot: TimeSlot, state: &State) -> BookingRequest {
    BookingRequest {
        graph,
        place: Place::Time {
            resource_ids: vec![resource.id],
            slot,
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
        payment_time: model::payment::DEFAULT_PAYMENT_TIME,
        max_seats: None,
        texts: Texts {
            what: Some("Catch the lightning".to_owned()),
            place: Some("Courthouse, Hill Valley, CA 95420, USA".to_owned()),
            description: Some("The lightning strikes at 10:04 PM exactly!".to_owned()),
            participants: Vec::new(),
        },
        customer: Some(Customer {
            id: CustomerId::random(state.random()),
            name: "Marty McFly".to_owned(),
            email: Some("marty.mcfly@latchkey.example".to_owned()),
            phone: Some("(916) 555-4385".to_owned()),
            voip: None,
            timezone: Some("America/Los_Angeles".to_owned()),
            fields: Map::new(),
        }),
        reminders: Vec::new(),
        meta: object(json!({ "demo": true })),
    }
}
