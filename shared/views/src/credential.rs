//! A resource's credential.

use auth::master_secret::VersionGone;
use auth::principal::credential_reach;
use auth::{MasterSecret, Principal};
use model::key::{Credential, TokenType};
use model::time::{Tz, format_instant};
use serde::Serialize;
use utoipa::ToSchema;

/// A resource's credential.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CredentialView {
    /// Names it.
    #[schema(format = Uuid)]
    id: String,
    /// `client-token`, safe in web pages, or `server-token`, deprecated.
    #[serde(rename = "type")]
    token_type: &'static str,
    /// What it is for.
    description: String,
    /// The token; `null` for a caller that it would give more than it has, and for an imported one.
    token: Option<String>,
    /// The user part that goes with the token in Basic authentication.
    user: String,
    /// `widget` or `global`.
    scopes: [&'static str; 1],
    /// Origins it may be used from; empty means any.
    referrer: Vec<String>,
    /// From when on it is refused.
    expires: Option<String>,
    /// When the token was made.
    token_generated_at: String,
    /// The resource it acts as.
    #[schema(format = Uuid)]
    resource_id: String,
    /// Whether it is kept for old integrations only.
    deprecated: bool,
    /// In an answer that was kept without the token: where to find it.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<&'static str>,
}

const TOKEN_NOTICE: &str = "The token was in the first answer to this request, and is not kept with it. \
    GET /v2/credentials shows it.";

impl CredentialView {
    /// The credential, with its token if `caller` may have it.
    ///
    /// # Errors
    ///
    /// Only if the token cannot be derived any more.
    pub fn of(
        credential: &Credential,
        caller: &Principal,
        secret: &MasterSecret,
    ) -> Result<Self, VersionGone> {
        let needed = credential_reach(credential);
        let token = match credential.secret_version {
            Some(version) if caller.reach().covers(&needed).is_ok() => Some(
                secret
                    .resource_token(version, credential.id)?
                    .expose()
                    .to_owned(),
            ),
            _ => None,
        };
        Ok(Self {
            id: credential.id.to_string(),
            token_type: credential.token_type.name(),
            description: credential.description.clone(),
            token,
            user: credential.user.clone(),
            scopes: [credential.token_type.scope()],
            referrer: credential
                .referrer
                .iter()
                .map(ToString::to_string)
                .collect(),
            expires: credential.expires_at.map(|at| format_instant(at, Tz::UTC)),
            token_generated_at: format_instant(credential.created_at, Tz::UTC),
            resource_id: credential.resource.to_string(),
            deprecated: credential.token_type == TokenType::ServerToken,
            notice: None,
        })
    }

    /// The token, if the caller may have it.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Takes the token away, for an answer that is kept.
    pub fn hide_token(&mut self) {
        if self.token.take().is_some() {
            self.notice = Some(TOKEN_NOTICE);
        }
    }

    /// The same without its token, to be kept.
    #[must_use]
    pub fn without_token(&self) -> Self {
        let mut view = self.clone();
        view.hide_token();
        view
    }
}
