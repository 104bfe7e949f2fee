//! What the audit log tells: who did what to a key, from where, and who was turned away.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{AppId, KeyId};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuditAction {
    /// A key was made.
    Created,
    /// A key was brought along by its hash.
    Imported,
    /// A key was changed.
    Updated,
    /// A key was replaced by a new one.
    Rotated,
    /// A key was revoked.
    Revoked,
    /// A key was reported as leaked, and so revoked.
    Leaked,
    /// A known key was turned away.
    Refused,
}

impl AuditAction {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Created,
        Self::Imported,
        Self::Updated,
        Self::Rotated,
        Self::Revoked,
        Self::Leaked,
        Self::Refused,
    ];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Imported => "imported",
            Self::Updated => "updated",
            Self::Rotated => "rotated",
            Self::Revoked => "revoked",
            Self::Leaked => "leaked",
            Self::Refused => "refused",
        }
    }
}

/// One line of an app's audit log. Lines are only ever added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// Names the line; nobody can guess it before it is written.
    pub id: String,
    /// Whose log it is in.
    pub app: AppId,
    /// What happened.
    pub action: AuditAction,
    /// To which key.
    pub key: KeyId,
    /// Who did it.
    pub by: String,
    /// From where, if that is known.
    pub source: Option<String>,
    /// Why a key was turned away, or what was changed.
    pub detail: Option<String>,
    /// When; for refusals, the minute they are counted in.
    pub at: DateTime<Utc>,
}
