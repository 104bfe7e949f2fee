//! Where things are booked, and what is booked there. A project ties the two together.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ids::{LocationId, ServiceId};
use crate::json_text;

/// A place that people come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// Names it.
    pub id: LocationId,
    /// What people call it.
    pub name: String,
    /// More about it.
    pub description: String,
    /// Degrees north.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
    /// Whether it has hours of its own. Kept; nothing acts on it.
    pub use_custom_hours: bool,
    /// Whatever its owner wants to keep with it. Pages see what begins with `t_`.
    #[serde(with = "json_text")]
    pub meta: Map<String, Value>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Something that is done for people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// Names it.
    pub id: ServiceId,
    /// What people call it.
    pub name: String,
    /// More about it.
    pub description: String,
    /// Address of a picture.
    pub image_url: Option<String>,
    /// Its `length`, for pages to show. Kept; a booking's length is its project's.
    #[serde(with = "json_text")]
    pub availability: Map<String, Value>,
    /// Whatever its owner wants to keep with it.
    #[serde(with = "json_text")]
    pub meta: Map<String, Value>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}
