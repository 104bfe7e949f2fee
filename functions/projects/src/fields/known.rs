//! Ids in a request must be the app's own. Those that a project has already may be gone.

use std::collections::HashSet;

use api::{ApiError, Faults, State};
use model::ids::ResourceId;
use store::Tenant;

/// Notes which of `asked` no resource of the app has, but for those that the project `kept` already.
pub(crate) async fn refuse_unknown_resources(
    state: &State,
    tenant: Tenant,
    asked: Option<&[ResourceId]>,
    kept: Option<&[ResourceId]>,
    faults: &mut Faults,
) -> Result<(), ApiError> {
    let new = unseen(asked, kept);
    let found = state.store().get_resources(tenant, &new).await?;
    note_unknown(
        faults,
        "resources",
        &new,
        found.iter().map(|found| found.id),
    );
    Ok(())
}

/// Those of `asked` that are not among `kept`.
pub(crate) fn unseen<T: Copy + PartialEq>(asked: Option<&[T]>, kept: Option<&[T]>) -> Vec<T> {
    let kept = kept.unwrap_or_default();
    let asked = asked.unwrap_or_default().iter().copied();
    asked.filter(|id| !kept.contains(id)).collect()
}

/// Notes which of `asked` are not among `found`.
pub(crate) fn note_unknown<T: Copy + Eq + std::hash::Hash + std::fmt::Display>(
    faults: &mut Faults,
    name: &str,
    asked: &[T],
    found: impl Iterator<Item = T>,
) {
    let found: HashSet<T> = found.collect();
    let unknown: Vec<String> = asked
        .iter()
        .filter(|id| !found.contains(id))
        .map(T::to_string)
        .collect();
    if !unknown.is_empty() {
        let (few, others) = unknown.split_at(unknown.len().min(10));
        let mut sentence = format!("are not all of this app: {}", few.join(", "));
        if !others.is_empty() {
            sentence = format!("{sentence} and {} more", others.len());
        }
        faults.add(name, sentence);
    }
}
