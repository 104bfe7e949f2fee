//! Whether customers can book on a project's page.

use super::{Project, UnreadableProject};
use crate::graph::Graph;

/// Why nobody can book on a project's page, though its settings are valid. Its owner is told, and not its customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PageProblem {
    /// None of its resources is there.
    NobodyToBook,
    /// Its bookings wait for a payment, which no page can take because no payment provider is connected.
    PaymentWithoutProvider,
    /// Its bookings are groups, whose seats a page cannot set.
    MakesGroups,
}

impl PageProblem {
    /// All of them.
    pub const ALL: [Self; 3] = [
        Self::NobodyToBook,
        Self::PaymentWithoutProvider,
        Self::MakesGroups,
    ];

    /// Its name on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NobodyToBook => "nobody_to_book",
            Self::PaymentWithoutProvider => "payment_without_provider",
            Self::MakesGroups => "makes_groups",
        }
    }

    /// What the owner can do about it, as a sentence.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::NobodyToBook => "The page has nobody to book. Choose at least one resource.",
            Self::PaymentWithoutProvider => {
                "The page cannot take a payment, because no payment provider is connected. Choose another way to book."
            }
            Self::MakesGroups => {
                "The page cannot create groups. Choose seats in a group, and create the groups through the API."
            }
        }
    }
}

impl Project {
    /// Why nobody can book on its page, of which `has_resources` says whether one of its resources is still there. Empty if
    /// customers can, as far as its settings say.
    ///
    /// # Errors
    ///
    /// [`UnreadableProject`] if its fields cannot be read.
    pub fn page_problems(
        &self,
        has_resources: bool,
    ) -> Result<Vec<PageProblem>, UnreadableProject> {
        let graph = self.rules()?.booking.graph;
        let is = |problem| match problem {
            PageProblem::NobodyToBook => !has_resources,
            PageProblem::PaymentWithoutProvider => graph.is_some_and(Graph::waits_for_payment),
            PageProblem::MakesGroups => graph == Some(Graph::GroupOwner),
        };
        let problems = PageProblem::ALL.into_iter();
        Ok(problems.filter(|problem| is(*problem)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::tests::project;
    use serde_json::{Map, json};

    #[test]
    fn a_page_works_with_every_graph_that_needs_neither_payment_nor_settings() {
        for graph in Graph::ALL {
            let booking: Map<_, _> = [("graph".to_owned(), json!(graph.name()))]
                .into_iter()
                .collect();
            let mut project = project();
            project.set_booking(booking);
            let problems = project.page_problems(true).expect("readable");
            let expected: &[PageProblem] = match graph {
                Graph::Instant | Graph::ConfirmDecline | Graph::GroupCustomer => &[],
                Graph::InstantPayment | Graph::GroupCustomerPayment => {
                    &[PageProblem::PaymentWithoutProvider]
                }
                Graph::GroupOwner => &[PageProblem::MakesGroups],
            };
            assert_eq!(problems, expected, "{graph}");
            let without = project.page_problems(false).expect("readable");
            assert_eq!(without.first(), Some(&PageProblem::NobodyToBook), "{graph}");
        }
    }
}
