//! Measurements; see `benches/`.
