//! A function that reads DynamoDB as the SDK's documentation shows it, and does nothing else: the configuration that
//! `aws-config` finds, the operating system's root certificates. `GETS` says how many items it reads, one after
//! another.

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use lambda_http::Error;

mod reading;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let http = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .load()
        .await;
    reading::serve(Client::new(&config)).await
}
