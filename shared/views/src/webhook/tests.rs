use auth::SigningSecret;
use model::outbox::EventType;
use model::outbox::ToldEvent;
use model::scope::{Scope, Scopes};
use model::webhook::{Format, Payload, Webhook};
use serde_json::{Value, json};

use super::body::MAX_BODY;
use super::example::parts;
use super::*;
use crate::CustomerLinks;

/// What version 1 of `standard` says of a confirmed booking, as paths of members. Programs of others rely on each: members may
/// be added here, and none may go.
const STANDARD_1: &[&str] = &[
    "/type",
    "/timestamp",
    "/data/event_id",
    "/data/app_id",
    "/data/livemode",
    "/data/id",
    "/data/sequence",
    "/data/graph",
    "/data/previous_state",
    "/data/state",
    "/data/resource_id",
    "/data/project_id",
    "/data/start",
    "/data/end",
    "/data/by/type",
    "/data/by/id",
    "/data/booking/id",
    "/data/booking/state",
    "/data/booking/graph",
    "/data/booking/completed",
    "/data/booking/resource_id",
    "/data/booking/created_at",
    "/data/booking/updated_at",
    "/data/booking/attributes/event_info/start",
    "/data/booking/event/what",
    "/data/booking/resource/name",
    "/data/booking/customers/0/email",
    "/data/booking/calendar/id",
    "/data/booking/project/slug",
    "/data/booking/meta",
    "/data/booking/available_actions",
    "/data/booking/payment_id",
    "/data/booking/related",
    "/data/booking/owner_booking",
];

/// The same of `timekit`: Timekit's own field set.
const TIMEKIT_1: &[&str] = &[
    "/id",
    "/state",
    "/graph",
    "/completed",
    "/created_at",
    "/updated_at",
    "/event/what",
    "/calendar/id",
    "/customers/0/email",
    "/customers/0/meta",
    "/attributes/event_info/start",
    "/user/name",
    "/project/slug",
    "/meta",
    "/available_actions",
    "/owner_booking",
];

/// The body of a type of events, of an endpoint as `change` leaves the example's.
fn made(
    kind: EventType,
    format: Format,
    change: impl FnOnce(&mut Webhook, &mut ToldEvent, &mut Subject),
) -> Value {
    let (app, mut webhook, mut told, mut subject) = parts(kind, format).expect("an event");
    change(&mut webhook, &mut told, &mut subject);
    let delivered = Delivered {
        app: &app,
        webhook: &webhook,
        told: &told,
    };
    let text = body(&delivered, subject, told.at).expect("a body");
    serde_json::from_str(&text).expect("JSON")
}

fn as_it_is(_: &mut Webhook, _: &mut ToldEvent, _: &mut Subject) {}

#[test]
fn version_1_keeps_its_members() {
    for (format, members) in [(Format::Standard, STANDARD_1), (Format::Timekit, TIMEKIT_1)] {
        let body = made(EventType::Confirmed, format, as_it_is);
        for member in members {
            assert!(
                body.pointer(member).is_some(),
                "{member} is not in {body:#}"
            );
        }
    }
}

#[test]
fn every_type_of_event_has_an_example_of_its_own() {
    for kind in EventType::ALL {
        let Example { standard, timekit } = example(*kind).expect("an example");
        assert_eq!(standard["type"], kind.name());
        let data = standard["data"].as_object().expect("data");
        assert!(
            data.contains_key("id") && data.contains_key("by"),
            "{standard:#}"
        );
        if let Some(state) = data.get("state") {
            assert_eq!(data["booking"]["state"], *state, "{standard:#}");
        }
        let wants = Format::Timekit.has_body_of(kind.name());
        assert_eq!(timekit.is_some(), wants, "{kind}");
    }
}

#[test]
fn state_and_time_are_as_of_the_event_and_the_rest_as_of_the_first_delivery() {
    for format in [Format::Standard, Format::Timekit] {
        let body = made(EventType::Confirmed, format, |_, told, subject| {
            let booking = subject.booking.as_mut().expect("a booking");
            booking.state = model::graph::BookingState::Cancelled;
            booking.event.what = "Changed since".to_owned();
            let start = booking.slot.start() - chrono::TimeDelta::hours(5);
            told.event.start = Some(start);
        });
        let shown = if format == Format::Standard {
            &body["data"]["booking"]
        } else {
            &body
        };
        assert_eq!(shown["state"], "confirmed");
        assert_eq!(shown["event"]["what"], "Changed since");
        assert_eq!(shown["event"]["start"], "2026-12-01T05:00:00+00:00");
    }
}

#[test]
fn links_that_no_longer_work_are_not_sent() {
    let links = |subject: &mut Subject| {
        let master =
            auth::MasterSecret::parse(&format!(r#"{{"current":"1","1":"{}"}}"#, "x".repeat(32)));
        let secret: SigningSecret = master
            .expect("a secret")
            .signing_secret(model::ids::AppId::new(uuid::Uuid::nil()))
            .expect("a secret");
        let base = "https://api.example.com".to_owned();
        subject.links = Some(CustomerLinks::new(base, "demo".to_owned(), secret, None));
    };
    let working = made(EventType::Confirmed, Format::Standard, |_, _, subject| {
        links(subject)
    });
    let shown = &working["data"]["booking"]["customer_action_links"];
    assert!(shown["cancel_by_customer"].is_string(), "{working:#}");
    let dead = made(EventType::Confirmed, Format::Standard, |_, _, subject| {
        links(subject);
        let booking = subject.booking.as_mut().expect("a booking");
        booking.state = model::graph::BookingState::Cancelled;
    });
    assert_eq!(dead["data"]["booking"]["customer_action_links"], json!({}));
}

#[test]
fn a_thin_body_says_nothing_of_customers() {
    let thin =
        |webhook: &mut Webhook, _: &mut ToldEvent, _: &mut Subject| webhook.payload = Payload::Thin;
    for kind in EventType::ALL {
        let body = made(*kind, Format::Standard, thin);
        let text = body.to_string();
        assert!(
            !text.contains("McFly") && !text.contains("booking\":{"),
            "{text}"
        );
        assert_eq!(body["type"], kind.name());
    }
}

#[test]
fn only_an_endpoint_that_may_read_the_audit_log_gets_the_id_and_address_of_the_author() {
    let from = "192.0.2.7".parse().ok();
    let all = made(EventType::Confirmed, Format::Standard, |_, told, _| {
        told.from = from
    });
    assert_eq!(all["data"]["by"]["type"], "key");
    assert!(all["data"]["by"]["id"].is_string() && all["data"]["from"] == "192.0.2.7");
    let some = made(
        EventType::Confirmed,
        Format::Standard,
        |webhook, told, _| {
            told.from = from;
            webhook.scopes = Scopes::from_iter([Scope::BookingsRead]);
        },
    );
    assert_eq!(some["data"]["by"], json!({ "type": "key" }));
    assert_eq!(some["data"].get("from"), None);
}

#[test]
fn a_body_that_is_too_large_is_sent_thin() {
    let body = made(EventType::Confirmed, Format::Standard, |_, _, subject| {
        let booking = subject.booking.as_mut().expect("a booking");
        booking.event.description = "x".repeat(MAX_BODY);
    });
    assert_eq!(body["data"]["state"], "confirmed");
    assert_eq!(body["data"].get("booking"), None);
}

#[test]
fn what_was_deleted_since_is_told_by_what_the_event_says() {
    for format in [Format::Standard, Format::Timekit] {
        let body = made(EventType::Confirmed, format, |_, _, subject| {
            *subject = Subject::default()
        });
        let shown = if format == Format::Standard {
            &body["data"]
        } else {
            &body
        };
        assert_eq!(shown["state"], "confirmed");
        assert!(shown["id"].is_string());
    }
}

#[test]
fn timekit_gets_what_a_form_asked_besides_as_json_in_a_text() {
    let body = made(EventType::Confirmed, Format::Timekit, as_it_is);
    assert_eq!(
        body["customers"][0]["meta"],
        r#"{"company":"Hill Valley High"}"#
    );
}
