//! The clock on AWS: what is due each minute.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    workers::on_aws::clock().await
}
