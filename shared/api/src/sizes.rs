//! How large a request may be.

/// The largest body, in bytes.
pub const MAX_BODY: usize = 256 * 1024;

/// The most bytes of free-form JSON in one field. Everything a record may hold stays below DynamoDB's 400 KB an item.
pub const MAX_FREE_FORM: usize = 64 * 1024;
