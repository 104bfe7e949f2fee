//! The walk over all operations that several tests take.

use api::operations::Operation;

use crate::{Options, TestServer};

/// Visits every operation that `takes` it, with a server whose demo nobody has changed: one that writes has a server of
/// its own, and those of a function that change nothing share one.
pub async fn every_operation(
    takes: impl Fn(&Operation) -> bool,
    mut visit: impl AsyncFnMut(&TestServer, &[&Operation]),
) {
    for (_, operations) in local::functions() {
        let taken = operations.list().iter().filter(|one| takes(one));
        let (writing, reading): (Vec<_>, Vec<_>) = taken.partition(|one| one.writes);
        let alone = writing.into_iter().map(|one| vec![one]);
        for operations in alone.chain([reading]) {
            let server = TestServer::start_with(Options {
                allow_imported_keys: true,
                ..Options::default()
            })
            .await;
            visit(&server, &operations).await;
        }
    }
}
