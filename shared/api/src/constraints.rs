//! Lists of constraints in requests that keep them.

use model::constraint::{MAX_CONSTRAINT_CHARS, parse_constraints};
use model::fault::Faults;
use serde_json::Value;

/// Notes everything that is wrong with `availability_constraints`, if it was sent.
pub fn check(faults: &mut Faults, constraints: Option<&[Value]>) {
    let field = "availability_constraints";
    let constraints = constraints.unwrap_or_default();
    let bytes = serde_json::to_vec(constraints).map_or(usize::MAX, |json| json.len());
    // What is kept is bounded in bytes, which are at least as many as the characters that the original counts.
    if bytes > MAX_CONSTRAINT_CHARS {
        faults.size(field, &constraints, MAX_CONSTRAINT_CHARS);
        return;
    }
    if let Err(found) = parse_constraints(constraints, field) {
        faults.append(found);
    }
}
