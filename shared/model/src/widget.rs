//! Widgets: configurations of booking pages of the older kind (v1), kept here and read by the pages. Projects came after
//! them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ids::{CredentialId, WidgetId};

/// A widget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Widget {
    /// Names it.
    pub id: WidgetId,
    /// What people call it.
    pub name: String,
    /// The name in its address; unique in the deployment.
    pub slug: String,
    /// What the page is told, without its token.
    pub config: Map<String, Value>,
    /// The `client-token` that the page uses, if it has one.
    pub token: Option<WidgetToken>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A page's token: not the token itself, but what it is derived from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WidgetToken {
    /// Where it stands in the configuration.
    pub field: String,
    /// Whose token it is.
    pub credential: CredentialId,
    /// Version of the master secret that it is derived under.
    pub secret_version: u32,
}
