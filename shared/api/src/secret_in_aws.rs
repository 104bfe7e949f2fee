//! The master secret as functions on AWS have it.

use auth::MasterSecret;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Region};
use store::Connection;
use tokio::sync::OnceCell;

use crate::error::ApiError;

/// The master secret in AWS Secrets Manager: read when first needed, then kept for the instance's life.
pub struct SecretInAws {
    id: String,
    endpoint: Option<String>,
    secret: OnceCell<MasterSecret>,
}

impl SecretInAws {
    /// The secret with this name or ARN. With an `endpoint`, which is a URL, that is asked instead of AWS.
    pub fn new(id: String, endpoint: Option<String>) -> Self {
        Self {
            id,
            endpoint,
            secret: OnceCell::new(),
        }
    }

    /// The secret.
    ///
    /// # Errors
    ///
    /// [`ApiError::Unavailable`] if it cannot be read; the next request tries again. [`ApiError::Internal`] if the
    /// function was not told which it is.
    pub async fn get(&self) -> Result<&MasterSecret, ApiError> {
        if self.id.is_empty() && self.endpoint.is_none() {
            let fault = "MASTER_SECRET_ID is not set: give the name or ARN of the secret that the template makes";
            return Err(ApiError::Internal(fault.into()));
        }
        self.secret.get_or_try_init(|| self.read()).await
    }

    async fn read(&self) -> Result<MasterSecret, ApiError> {
        let config = match &self.endpoint {
            None => aws_sdk_secretsmanager::config::Builder::from(&store::function_config().await),
            // No credentials that AWS would know go there, only the token that the port asks for.
            Some(url) => aws_sdk_secretsmanager::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .http_client(Connection::Endpoint(url.clone()).http_client())
                .region(Region::new("us-east-1"))
                .credentials_provider(store::local_credentials(store::session_token()))
                .endpoint_url(url),
        };
        let client = aws_sdk_secretsmanager::Client::from_conf(config.build());
        let answer = client.get_secret_value().secret_id(&self.id).send().await;
        let answer = answer.map_err(|error| ApiError::Unavailable(error.into()))?;
        let text = answer.secret_string().unwrap_or_default();
        MasterSecret::parse(text).map_err(|error| ApiError::Unavailable(error.into()))
    }
}
