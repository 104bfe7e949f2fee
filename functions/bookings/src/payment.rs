//! How long a booking waits for its payment.

use api::{Faults, Field};
use auth::Principal;
use model::duration::CalendarSpan;
use model::graph::Graph;
use model::payment::{DEFAULT_PAYMENT_TIME, parse_timeout};
use model::project::BookingDefaults;
use model::reservation::Reservation;
use serde_json::Value;

/// Reads a request's `timeout`, if it has one.
pub(crate) fn timeout(faults: &mut Faults, field: Field<Value>) -> Option<CalendarSpan> {
    let value = faults.optional("timeout", field)?;
    parse_timeout(&value, "timeout").unwrap_or_else(|fault| {
        faults.push(fault);
        None
    })
}

/// How long a booking waits: as the request says, or else its reservation, or else its project. Public callers can only
/// shorten that, because a page's visitors would else hold time for as long as they like.
pub(crate) fn payment_time(
    faults: &mut Faults,
    sent: Field<Value>,
    graph: Option<Graph>,
    held: Option<&Reservation>,
    project: Option<&BookingDefaults>,
    principal: &Principal,
) -> CalendarSpan {
    // Pages send their whole configuration with whatever they book.
    let sent = match graph {
        Some(graph) if graph.waits_for_payment() => timeout(faults, sent),
        _ => None,
    };
    let of_project = || project?.payment_time;
    let otherwise = held
        .and_then(|held| held.payment_time)
        .or_else(of_project)
        .unwrap_or(DEFAULT_PAYMENT_TIME);
    match sent {
        Some(sent) if principal.is_public() && sent.on_clock_s() >= otherwise.on_clock_s() => {
            otherwise
        }
        sent => sent.unwrap_or(otherwise),
    }
}
