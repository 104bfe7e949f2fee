//! How much of a decision fits one transaction.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::dynamo::Transaction;
use crate::dynamo::transaction::{MAX_ACTIONS, MAX_BYTES};
use crate::outbox::{self, MAX_TOLD};
use crate::unit::decision::{Decision, DecisionError};
use crate::unit::drafts::Guard;
use crate::unit::touched::{Sizes, Touched};

/// How many actions it takes to tell what happened.
const OUTBOX: usize = 1;

impl Decision<'_> {
    /// How many parts fit one transaction, from the first on; of a decision without parts, how many records beside
    /// the one that was put last, which they change with.
    pub(super) fn too_large(&self, sizes: &Sizes) -> DecisionError {
        let empty = Transaction::<Guard>::new(self.writer);
        let mut touched = BTreeSet::new();
        let mut fits = |ids: &&[Uuid]| {
            touched.extend(ids.iter().flat_map(|id| self.touched_by(*id)));
            let bytes: usize = touched.iter().filter_map(|item| sizes.get(item)).sum();
            let told = touched.iter().filter_map(|item| match item {
                Touched::Record(id) => self.told.get(id),
                Touched::Sheet(..) => None,
            });
            let told: usize = told.map(|events| outbox::size_of(events)).sum();
            touched.len() + OUTBOX + empty.len() <= MAX_ACTIONS
                && bytes + told + empty.bytes() <= MAX_BYTES
                && told <= MAX_TOLD
        };
        if self.parts.is_empty() {
            let (others, last) = self.order.split_at(self.order.len().saturating_sub(1));
            fits(&last);
            let fits = others.chunks(1).take_while(fits).count();
            return DecisionError::TooManyAtOnce { fits };
        }
        let begins = self.parts.iter().copied();
        let ends = begins.clone().skip(1).chain([self.order.len()]);
        let parts = begins.zip(ends).map(|(begin, end)| &self.order[begin..end]);
        DecisionError::TooManyParts {
            fits: parts.take_while(fits).count(),
        }
    }

    /// The items that a change of this record takes part in.
    fn touched_by(&self, id: Uuid) -> Vec<Touched> {
        let mut touched = vec![Touched::Record(id)];
        for kind in self.kinds() {
            for (resource, step) in kind.moves_of(id) {
                let days = step.claim().widened().days();
                touched.extend(days.map(|day| Touched::Sheet(resource, day)));
            }
            touched.extend(kind.changes_with(id).map(Touched::Record));
        }
        touched
    }
}
