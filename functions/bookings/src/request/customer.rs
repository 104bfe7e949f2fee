//! Whom a booking is for.

use api::customer::parse_customer;
use api::{Faults, Field};
use model::booking::Customer;
use model::graph::Graph;
use scheduling::Defaults;
use serde_json::{Map, Value};

/// Whom a booking is for: as the request says, or else its reservation. A group needs nobody, because it is for everybody who
/// takes a seat in it.
pub(super) fn customer(
    faults: &mut Faults,
    sent: Field<Map<String, Value>>,
    graph: Option<Graph>,
    defaults: &Defaults<'_>,
    random: &dyn model::Random,
) -> Option<Customer> {
    if !sent.is_present() {
        let reservation = defaults.reservation();
        let reserved = reservation.and_then(|held| held.customer.clone());
        if reserved.is_some() || graph == Some(Graph::GroupOwner) {
            return reserved;
        }
    }
    let fields = faults.required("customer", sent)?;
    parse_customer(faults, fields, random)
}
