//! A person who signed up, and their sessions.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::AccountId;

/// A person who signed up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Names the account.
    pub id: AccountId,
    /// What to call the person.
    pub name: String,
    /// Where they sign in, in lower case.
    pub email: String,
    /// When they signed up.
    pub created_at: DateTime<Utc>,
}

/// A signed-in console.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Who signed in.
    pub account: AccountId,
    /// When.
    pub created_at: DateTime<Utc>,
    /// From when on it is refused.
    pub expires_at: DateTime<Utc>,
}
