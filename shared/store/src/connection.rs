//! How to reach DynamoDB: AWS's own, or one at an address of its own.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

/// Where DynamoDB is.
#[derive(Clone, Debug)]
pub enum Connection {
    /// AWS's, in the region and with the credentials of the environment.
    Aws,
    /// Another one, at this address, which asks for no credentials that mean anything.
    Endpoint(String),
}

impl Connection {
    /// A client for this DynamoDB. Retries are off in it: the store decides itself what may be tried again.
    pub async fn client(&self) -> Client {
        self.client_over(self.http_client()).await
    }

    /// The ordinary way to this DynamoDB.
    pub fn http_client(&self) -> SharedHttpClient {
        match self {
            Self::Endpoint(url) if !url.starts_with("https:") => Builder::new().build_http(),
            Self::Aws | Self::Endpoint(_) => https_client(),
        }
    }

    /// As [`Connection::client`], by another way.
    pub async fn client_over(&self, http: SharedHttpClient) -> Client {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(1))
            .operation_attempt_timeout(Duration::from_secs(2))
            .build();
        let config = match self {
            Self::Aws => {
                let shared = aws_config::defaults(BehaviorVersion::latest())
                    .http_client(http)
                    .load()
                    .await;
                aws_sdk_dynamodb::config::Builder::from(&shared)
            }
            Self::Endpoint(url) => aws_sdk_dynamodb::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .http_client(http)
                .region(Region::new("us-east-1"))
                .credentials_provider(Credentials::new("local", "local", None, None, "local"))
                .endpoint_url(url),
        };
        let config = config
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            .build();
        Client::from_conf(config)
    }
}

/// The way to every AWS service: one TLS stack, the operating system's root certificates.
pub fn https_client() -> SharedHttpClient {
    Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https()
}
