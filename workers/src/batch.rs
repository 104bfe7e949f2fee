//! A batch of the queue: each of its messages is worked on beside the others, and each fails by itself.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::join_all;
use model::delivery::DeliveryId;
use model::ids::{AppId, WebhookId};
use store::{Due, StoreError};
use tokio::sync::Semaphore;

use crate::lanes::PER_WEBHOOK;
use crate::messages::Record;
use crate::{Jobs, WORK};

/// How many deliveries of what one message handed on are attempted with it. More are messages of their own, so that a message
/// takes a bounded time.
const ATTEMPTED_AT_ONCE: usize = 8;

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Worked {
    /// The messages that failed for now, by what the batch calls them. They are to come again.
    pub failed: Vec<String>,
    /// What is due beside it, and has no message yet.
    pub more: Vec<Due>,
}

/// How many attempts of each endpoint of a batch may be under way at once.
type Turns = HashMap<WebhookId, Arc<Semaphore>>;

impl Jobs {
    /// Works on a batch.
    pub async fn work_on(&self, batch: Vec<Record>) -> Worked {
        let of_message = |record: &Record| match record.due {
            Some(Due::Delivery { id, .. }) => Some((id.webhook, turn())),
            Some(Due::Told { .. }) | None => None,
        };
        let turns: Turns = batch.iter().filter_map(of_message).collect();
        let turns = &turns;
        let each = batch.into_iter().map(|record| async move {
            let done = self.work_on_one(&record, turns).await;
            (record.identifier, done)
        });
        let mut worked = Worked::default();
        for (identifier, done) in join_all(each).await {
            match done {
                Ok(more) => worked.more.extend(more),
                Err(error) => {
                    tracing::warn!(identifier, %error, "a message cannot be worked on, and comes again");
                    worked.failed.push(identifier);
                }
            }
        }
        worked
    }

    async fn work_on_one(&self, record: &Record, turns: &Turns) -> Result<Vec<Due>, StoreError> {
        match record.due {
            None => {
                // Coming again would not make it known.
                tracing::error!(
                    target: WORK,
                    identifier = record.identifier,
                    UnreadableRows = 1_u64,
                    "a message names nothing that this version knows"
                );
                Ok(Vec::new())
            }
            Some(Due::Delivery { app, id }) => {
                self.in_turn(app, id, turns).await?;
                Ok(Vec::new())
            }
            Some(Due::Told { app, id }) => {
                let created = self.hand_on(app, id).await?;
                let due = |id: &DeliveryId| Due::Delivery { app, id: *id };
                if created.len() > ATTEMPTED_AT_ONCE {
                    return Ok(created.iter().map(due).collect());
                }
                let attempts = join_all(created.iter().map(|id| self.attempt(app, *id))).await;
                // What failed for now stays due, and has a message of its own next time.
                for error in attempts.into_iter().filter_map(Result::err) {
                    tracing::warn!(%error, "a delivery could not be worked on, and stays due");
                }
                Ok(Vec::new())
            }
        }
    }

    async fn in_turn(&self, app: AppId, id: DeliveryId, turns: &Turns) -> Result<(), StoreError> {
        let turn = turns.get(&id.webhook).cloned().unwrap_or_else(turn);
        // It is never closed.
        let _held = turn.acquire_owned().await.ok();
        self.attempt(app, id).await.map(|_| ())
    }
}

fn turn() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(PER_WEBHOOK))
}
