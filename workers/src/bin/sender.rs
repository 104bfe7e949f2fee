//! The sender on AWS: from the queue to endpoints.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    workers::on_aws::sender().await
}
