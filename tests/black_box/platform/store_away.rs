//! While the store does not answer, every operation that needs it says so, and that it is nobody's fault.

use tests::events::Event;
use tests::{Options, TestServer};
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_that_needs_the_store_is_a_503_while_it_is_away() {
    let mut server = TestServer::start_with(Options {
        store_is_apart: true,
        ..Options::default()
    })
    .await;
    let events: Vec<_> = local::operations()
        .list()
        .iter()
        .map(|operation| (operation.id.clone(), Event::of(&operation.id)))
        .map(|(id, event)| (id, event.sender(&server), event.request()))
        .collect();
    server.stop_store().await;
    // At once, because each is tried for seconds.
    let mut sent = JoinSet::new();
    for (id, caller, (method, path, body)) in events {
        let mut headers = caller.headers().iter();
        let has_key = headers.any(|(name, _)| name == "authorization");
        sent.spawn(async move { (id, has_key, caller.send(method, &path, &body).await) });
    }
    let mut away = 0;
    while let Some(reply) = sent.join_next().await {
        let (id, has_key, reply) = reply.expect("a response");
        let is_sound = reply.status < 500 || [501, 503].contains(&reply.status);
        let is_blamed = has_key && reply.status == 401;
        assert!(is_sound && !is_blamed, "{id}: {}", reply.body);
        away += usize::from(reply.status == 503);
    }
    // All but pages, and what is refused or not served whatever the store has.
    assert!(away > 100, "{away}");
}
