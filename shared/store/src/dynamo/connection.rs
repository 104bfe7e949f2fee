//! How to reach DynamoDB: AWS's own, or one at an address of its own.
//!
//! What is built here is paid for by every cold start, so a function looks for nothing that Lambda does not have:
//! `docs/PERFORMANCE.md` has the figures.

use std::env;
use std::sync::LazyLock;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::environment::{
    EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider,
};
use aws_config::meta::region::ProvideRegion as _;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, HttpClient, Region, RuntimeComponents, SharedCredentialsProvider,
    SharedHttpClient, StalledStreamProtectionConfig,
};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector};

/// Where DynamoDB is.
#[derive(Clone, Debug)]
pub enum Connection {
    /// AWS's, as this configuration says.
    Aws(Box<SdkConfig>),
    /// Another one, at this address, which asks for no credentials that mean anything.
    Endpoint(String),
    /// The embedded store of another process, at this address, with the session token that its port asks for.
    Guarded(String, Credentials),
    /// One in this process, which needs no signature.
    Here(SharedHttpClient),
}

impl Connection {
    /// AWS's, as a program on anybody's machine finds it: in the environment, in profiles, or wherever else AWS's tools
    /// look for a region and credentials.
    pub async fn from_machine() -> Self {
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(LAZY_HTTPS.clone())
            .load()
            .await;
        Self::Aws(Box::new(config))
    }

    /// AWS's, as a Lambda function finds it.
    pub async fn from_function() -> Self {
        Self::Aws(Box::new(function_config().await))
    }

    /// Another one than AWS's, at `url`, with the session token of the environment if there is one.
    pub fn at(url: String) -> Self {
        match session_token() {
            Some(token) => Self::guarded(url, token),
            None => Self::Endpoint(url),
        }
    }

    /// The embedded store of another process, at `url`, whose port asks for `token`.
    pub fn guarded(url: String, token: String) -> Self {
        Self::Guarded(url, local_credentials(Some(token)))
    }

    /// A client for this DynamoDB. Retries are off in it: the store decides itself what may be tried again.
    pub async fn client(&self) -> Client {
        self.client_over(self.http_client()).await
    }

    /// The ordinary way to this DynamoDB.
    pub fn http_client(&self) -> SharedHttpClient {
        match self {
            Self::Endpoint(url) | Self::Guarded(url, _) if !url.starts_with("https:") => {
                Builder::new().build_http()
            }
            Self::Aws(config) => config.http_client().unwrap_or_else(|| LAZY_HTTPS.clone()),
            Self::Endpoint(_) | Self::Guarded(..) => LAZY_HTTPS.clone(),
            Self::Here(http) => http.clone(),
        }
    }

    /// As [`Connection::client`], by another way.
    pub async fn client_over(&self, http: SharedHttpClient) -> Client {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(1))
            .operation_attempt_timeout(Duration::from_secs(2))
            .build();
        let config = match self {
            Self::Aws(config) => {
                aws_sdk_dynamodb::config::Builder::from(&**config).http_client(http)
            }
            Self::Endpoint(url) => elsewhere(url, local_credentials(None), http),
            Self::Guarded(url, credentials) => elsewhere(url, credentials.clone(), http),
            Self::Here(_) => aws_sdk_dynamodb::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .http_client(http)
                .region(Region::new("us-east-1"))
                .allow_no_auth()
                .endpoint_url(NOWHERE),
        };
        let config = config.retry_config(RetryConfig::disabled());
        let config = match self {
            // Its answers neither are late nor come in parts.
            Self::Here(_) => config
                .timeout_config(TimeoutConfig::disabled())
                .stalled_stream_protection(StalledStreamProtectionConfig::disabled()),
            Self::Aws(_) | Self::Endpoint(_) | Self::Guarded(..) => config.timeout_config(timeouts),
        };
        Client::from_conf(config.build())
    }
}

fn elsewhere(
    url: &str,
    credentials: Credentials,
    http: SharedHttpClient,
) -> aws_sdk_dynamodb::config::Builder {
    aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http)
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials)
        .endpoint_url(url)
}

/// Credentials for a service on this machine, of which only the session token is looked at.
pub fn local_credentials(token: Option<String>) -> Credentials {
    Credentials::new("local", "local", token, None, "local")
}

/// The session token of the environment, where AWS's tools keep theirs: the embedded store's ports ask for it.
pub fn session_token() -> Option<String> {
    env::var("AWS_SESSION_TOKEN")
        .ok()
        .filter(|token| !token.is_empty())
}

/// Stands for an address where an address must be: nothing is sent there.
const NOWHERE: &str = "http://here.invalid";

/// What every AWS client of a Lambda function is configured with: region and credentials are in the environment, and
/// there is neither a profile nor anybody else to ask.
pub async fn function_config() -> SdkConfig {
    let credentials = EnvironmentVariableCredentialsProvider::new();
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(EnvironmentVariableRegionProvider::new().region().await)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .use_fips(is_on("AWS_USE_FIPS_ENDPOINT"))
        .use_dual_stack(is_on("AWS_USE_DUALSTACK_ENDPOINT"))
        .http_client(LAZY_FUNCTION_HTTPS.clone())
        .build()
}

fn is_on(variable: &str) -> bool {
    env::var(variable).is_ok_and(|value| value.eq_ignore_ascii_case("true"))
}

/// The roots that certificates of AWS's services lead to, as Amazon Trust Services lists them for whoever has a trust
/// store of their own. Reading these takes a fraction of what reading all roots of an operating system takes.
const AMAZON_ROOTS: &str = include_str!("amazon_roots.pem");

/// Regions where AWS does not promise these roots.
const OTHER_ROOTS: [&str; 2] = ["cn-", "-iso"];

/// The way to every AWS service from a Lambda function. Whoever names other roots, as a proxy that looks into TLS needs,
/// is followed.
static LAZY_FUNCTION_HTTPS: LazyLock<SharedHttpClient> = LazyLock::new(|| {
    let region = env::var("AWS_REGION").unwrap_or_default();
    let is_named = ["SSL_CERT_FILE", "SSL_CERT_DIR"]
        .iter()
        .any(|name| env::var_os(name).is_some());
    if is_named || OTHER_ROOTS.iter().any(|part| region.contains(part)) {
        return LAZY_HTTPS.clone();
    }
    https(trusting_amazon())
});

/// The way to every AWS service from any other machine: it trusts whom the operating system trusts.
static LAZY_HTTPS: LazyLock<SharedHttpClient> = LazyLock::new(|| https(TlsContext::default()));

fn https(context: TlsContext) -> SharedHttpClient {
    let provider = Provider::Rustls(CryptoMode::Ring);
    let http = Builder::new().tls_provider(provider).tls_context(context);
    SharedHttpClient::new(Lazily(http.build_https()))
}

/// # Panics
///
/// Never: there is nothing in it that could be wrong.
#[expect(
    clippy::expect_used,
    reason = "a trust store alone is always a context"
)]
fn trusting_amazon() -> TlsContext {
    let roots = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
    let context = TlsContext::builder().with_trust_store(roots).build();
    context.expect("a context")
}

/// Builds TLS at the first call. Left to itself the client builds it twice: once when an SDK client is made, to see
/// whether that works, and once to use it.
#[derive(Debug)]
struct Lazily(SharedHttpClient);

impl HttpClient for Lazily {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.0.http_connector(settings, components)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_http_client::Connector;

    use super::*;

    #[test]
    fn a_function_trusts_the_five_roots_of_amazon() {
        assert_eq!(AMAZON_ROOTS.matches("BEGIN CERTIFICATE").count(), 5);
        // Building it reads them, and panics on one that is none.
        let connector = Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(trusting_amazon());
        let _ = connector.build();
    }
}
