//! Deliveries for the verifiers of others, and the sample of docs/WEBHOOKS.md for Rust, which is the module [`sample`].

use model::outbox::EventType;
use outbound::{AppSecret, EndpointSecret, sign_standard, sign_timekit};
use serde_json::{Value, json};

use crate::contract::operations::read;

#[path = "sample.rs"]
#[expect(unreachable_pub, reason = "readers of the page need it to be so")]
mod sample;

/// When the deliveries are signed: Sunday, 29 November 2026, 10:00:05 UTC.
const NOW: i64 = 1_795_946_405;

/// Nobody's secrets, the newest first.
fn secrets(count: u8) -> Vec<EndpointSecret> {
    let keys = (1..=count).map(|number| [number; 32]);
    keys.map(EndpointSecret::from_bytes).collect()
}

fn app_secret() -> AppSecret {
    AppSecret::from_bytes([7; 32])
}

/// A delivery as it arrives, with a secret that it can be verified with: with several it is the oldest.
fn delivery(number: u8, secrets: &[EndpointSecret], body: &str) -> Value {
    let id = format!("019acefa-6a40-7000-8000-00000000000{number}");
    let secret = secrets.last().map(EndpointSecret::expose);
    json!({
        "secret": secret,
        "headers": {
            "webhook-id": id,
            "webhook-timestamp": NOW.to_string(),
            "webhook-signature": sign_standard(secrets, &id, NOW, body.as_bytes()),
            "x-timekit-signature": sign_timekit(&app_secret(), body.as_bytes()),
        },
        "body": body,
    })
}

fn deliveries() -> Vec<Value> {
    let confirmed = views::webhook::example(EventType::Confirmed).expect("an example");
    let group = views::webhook::example(EventType::SeatTaken).expect("an example");
    let timekit = confirmed.timekit.expect("a body");
    vec![
        delivery(1, &secrets(1), &confirmed.standard.to_string()),
        delivery(2, &secrets(1), &timekit.to_string()),
        delivery(3, &secrets(2), &group.standard.to_string()),
        delivery(
            4,
            &secrets(1),
            r#"{"type":"endpoint.test","data":{"what":"Frühstück, 朝食 🥐"}}"#,
        ),
    ]
}

/// What `tests/clients/webhooks/deliveries.json` says.
pub(crate) fn described() -> String {
    let facts = json!({
        "now": NOW,
        "app_secret": app_secret().expose(),
        "deliveries": deliveries(),
    });
    let text = serde_json::to_string_pretty(&facts).expect("JSON");
    format!("{text}\n")
}

#[test]
fn the_sample_for_rust_accepts_all_and_refuses_every_change_of_a_bit() {
    let page = read("docs/WEBHOOKS.md");
    let source = read("tests/black_box/webhooks/sample.rs");
    let (_, code) = source
        .split_once("\n\n")
        .expect("a comment above the sample");
    assert!(
        page.contains(&format!("```rust\n{code}```")),
        "docs/WEBHOOKS.md does not show tests/black_box/webhooks/sample.rs"
    );
    for delivery in deliveries() {
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let header = |name: &str| text(&delivery["headers"][name]);
        let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
        let (secret, body) = (text(&delivery["secret"]), text(&delivery["body"]));
        let is_accepted = |body: &[u8], now: i64| {
            let signatures = header("webhook-signature");
            sample::is_from_latchkey(&secret, &id, &timestamp, &signatures, body, now)
        };
        assert!(is_accepted(body.as_bytes(), NOW));
        assert!(
            !is_accepted(body.as_bytes(), NOW + 301) && !is_accepted(body.as_bytes(), NOW - 301)
        );
        for bit in 0..body.len() * 8 {
            let mut changed = body.clone().into_bytes();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(!is_accepted(&changed, NOW), "bit {bit}");
        }
    }
}
