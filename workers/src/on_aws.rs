//! The workers as Lambda functions: what their thin `main`s share.

use std::env;

use api::lambda;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{BehaviorVersion, Region};
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use futures_util::future::join_all;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};
use store::{Connection, Due};
use tokio::time::{Duration, Instant};

use crate::messages::{self, Message};
use crate::{Jobs, STREAM_LAG, WORK};

/// The most messages that SQS takes at once.
const BATCH: usize = 10;

/// How much of each shard of what is due a tick sends. What is left is the next tick's: the oldest goes first.
const ROWS: usize = 250;

/// How long the clock carries out what is due of bookings at each tick. The function has a minute.
const CLOCK_TIME: Duration = Duration::from_secs(40);

/// The queue between those who find what is to be done and those who do it.
pub struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    /// The queue that the environment names.
    ///
    /// # Errors
    ///
    /// If it names none.
    pub async fn from_environment() -> Result<Self, Error> {
        let url = variable("QUEUE_URL")
            .ok_or("QUEUE_URL is not set: give the queue's URL, as template.yaml does")?;
        let config = match variable("SQS_ENDPOINT") {
            None => aws_sdk_sqs::config::Builder::from(&store::function_config().await),
            Some(endpoint) => aws_sdk_sqs::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .http_client(Connection::Endpoint(endpoint.clone()).http_client())
                .region(Region::new("us-east-1"))
                .credentials_provider(store::local_credentials(store::session_token()))
                .endpoint_url(endpoint),
        };
        let client = Client::from_conf(config.build());
        Ok(Self { client, url })
    }

    /// Sends a message for each of these, in the group of its app, so that an app with many keeps no other waiting. Answers, for
    /// each, whether it was taken.
    async fn send(&self, due: &[Due]) -> Vec<bool> {
        let batches = join_all(due.chunks(BATCH).map(|batch| self.send_batch(batch))).await;
        batches.into_iter().flatten().collect()
    }

    async fn send_batch(&self, due: &[Due]) -> Vec<bool> {
        let entry = |(index, due): (usize, &Due)| {
            let body = serde_json::to_string(&Message::from(*due)).ok()?;
            SendMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .message_group_id(due.app().to_string())
                .message_body(body)
                .build()
                .ok()
        };
        let entries = due.iter().enumerate().filter_map(entry).collect();
        let sent = self.client.send_message_batch().queue_url(&self.url);
        let sent = match sent.set_entries(Some(entries)).send().await {
            Ok(sent) => sent.successful,
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(%error, cause, "the queue takes no messages");
                Vec::new()
            }
        };
        let is_taken = |index: usize| sent.iter().any(|one| one.id() == index.to_string());
        (0..due.len()).map(is_taken).collect()
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Runs the dispatcher: it takes batches of the outbox's stream and sends a message for each new item. It works on nothing
/// itself, so that what is slow never holds up a shard.
///
/// # Errors
///
/// If the environment lacks what the template sets, or Lambda's runtime cannot be reached.
pub async fn dispatcher() -> Result<(), Error> {
    lambda::start_log()?;
    let queue = &Queue::from_environment().await?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let records = messages::of_stream(&event.payload);
        let known: Vec<_> = records
            .iter()
            .filter_map(|one| Some((one, one.due?)))
            .collect();
        if known.len() < records.len() {
            let rows = records.len() - known.len();
            tracing::error!(
                target: WORK,
                UnreadableRows = rows as u64,
                "rows of the stream name nothing that this version knows"
            );
        }
        let due: Vec<Due> = known.iter().map(|(_, due)| *due).collect();
        let taken = queue.send(&due).await;
        let failed = known.iter().zip(taken).filter(|(_, taken)| !taken);
        let failed = failed.map(|((record, _), _)| record.identifier.clone());
        Ok::<_, Error>(messages::failures(failed))
    }))
    .await
}

/// Runs the sender: it takes batches of the queue and works on what they name.
///
/// # Errors
///
/// As [`dispatcher`].
pub async fn sender() -> Result<(), Error> {
    let jobs = &Jobs::new(lambda::start().await?);
    let queue = &Queue::from_environment().await?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let batch = messages::of_queue(&event.payload);
        // Boxed, or the compiler's queries about so deep a future overflow.
        let worked = Box::pin(jobs.work_on(batch)).await;
        // What is not taken here stays due, and the clock finds it.
        queue.send(&worked.more).await;
        Ok::<_, Error>(messages::failures(worked.failed))
    }))
    .await
}

/// Runs the clock: each minute it sends a message for what is due and nobody has been told of, and carries out what is due of
/// bookings and reservations.
///
/// # Errors
///
/// As [`dispatcher`].
pub async fn clock() -> Result<(), Error> {
    let jobs = &Jobs::new(lambda::start().await?);
    let queue = &Queue::from_environment().await?;
    lambda_runtime::run(service_fn(async |_: LambdaEvent<Value>| {
        let until = Instant::now() + CLOCK_TIME;
        let found = jobs.find_due(STREAM_LAG, ROWS).await?;
        queue.send(&found.due).await;
        // Boxed, or the compiler's queries about so deep a future overflow.
        let ticked = Box::pin(jobs.carry_out(|| Instant::now() < until)).await?;
        let oldest = [found.oldest, ticked.oldest].into_iter().flatten().min();
        let oldest_s = oldest.map_or(0, |since| (jobs.now() - since).num_seconds().max(0));
        tracing::info!(
            target: WORK,
            DueRows = found.due.len() as u64,
            OldestDue = oldest_s,
            FailedSteps = ticked.failed as u64,
            carried_out = ticked.carried_out,
            has_more = found.has_more || ticked.has_more,
            "the clock ticked"
        );
        Ok::<_, Error>(json!({}))
    }))
    .await
}
