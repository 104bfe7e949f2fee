//! How long a booking waits for its payment.

use api::{Faults, Field};
use model::duration::CalendarSpan;
use model::graph::Graph;
use model::payment::parse_timeout;
use scheduling::Defaults;
use serde_json::Value;

/// Reads a request's `timeout`, if it has one.
pub(crate) fn timeout(faults: &mut Faults, field: Field<Value>) -> Option<CalendarSpan> {
    let value = faults.optional("timeout", field)?;
    parse_timeout(&value, "timeout").unwrap_or_else(|fault| {
        faults.push(fault);
        None
    })
}

/// How long a booking waits.
pub(super) fn payment_time(
    faults: &mut Faults,
    sent: Field<Value>,
    graph: Option<Graph>,
    defaults: &Defaults<'_>,
    is_public: bool,
) -> CalendarSpan {
    // Pages send their whole configuration with whatever they book.
    let sent = match graph {
        Some(graph) if graph.waits_for_payment() => timeout(faults, sent),
        _ => None,
    };
    defaults.payment_time(sent, is_public)
}
