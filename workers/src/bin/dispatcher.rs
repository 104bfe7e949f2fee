//! The dispatcher on AWS: from the outbox's stream to the queue.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    workers::on_aws::dispatcher().await
}
