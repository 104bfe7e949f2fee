//! What a client may say of a new credential.

use api::{Faults, Field};
use auth::issue::NewCredential;
use chrono::{DateTime, Utc};
use model::ids::ResourceId;
use model::key::TokenType;
use model::origin::Origin;
use model::time::parse_instant;
use scheduling::owner::resource_id;
use serde::Deserialize;
use store::Tenant;
use utoipa::ToSchema;

/// A credential to make.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateCredentialRequest {
    /// `client-token` or `server-token`.
    #[serde(default, rename = "type")]
    #[schema(value_type = api::schemas::TokenType, example = "client-token", required)]
    token_type: Field<String>,
    /// The resource it acts as. Required unless a resource's own token is used.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Uuid)]
    resource_id: Field<String>,
    /// What it is for.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Field<String>,
    /// `["widget"]` or `["global"]`; follows from the type and may be left out.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    scopes: Field<Vec<String>>,
    /// Origins it may be used from. Defaults to any.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    referrer: Field<Vec<String>>,
    /// From when on it is refused. Defaults to never.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires: Field<String>,
}

/// Reads the request: the resource and its credential. What is wrong with it goes to `faults`.
pub(crate) fn read(
    faults: &mut Faults,
    request: CreateCredentialRequest,
    tenant: Tenant,
    now: DateTime<Utc>,
) -> Option<(ResourceId, NewCredential)> {
    let token_type = faults.required("type", request.token_type);
    let token_type = faults.parsed("type", token_type.as_deref(), str::parse::<TokenType>);
    let resource_id = resource_id(faults, request.resource_id, tenant);
    let description = faults.optional("description", request.description);
    let description = faults
        .text("description", description, 0..=1_000)
        .unwrap_or_default();
    if let (Some(scopes), Some(token_type)) =
        (faults.optional("scopes", request.scopes), token_type)
        && scopes != [token_type.scope()]
    {
        faults.add(
            "scopes",
            format!(
                "a {} has the scope {}",
                token_type.name(),
                token_type.scope()
            ),
        );
    }
    let mut referrer: Vec<Origin> = Vec::new();
    // `[""]` is how the original writes that there is none.
    for origin in faults
        .optional("referrer", request.referrer)
        .unwrap_or_default()
        .iter()
        .filter(|o| !o.is_empty())
    {
        referrer.extend(faults.parsed("referrer", Some(origin), str::parse::<Origin>));
    }
    let expires = faults.optional("expires", request.expires);
    let expires_at = faults.parsed("expires", expires.as_deref(), parse_instant);
    if expires_at.is_some_and(|at| at <= now) {
        faults.add("expires", "must lie in the future");
    }
    let new = NewCredential {
        token_type: token_type?,
        description,
        referrer,
        expires_at,
    };
    Some((resource_id?, new))
}
