//! Answers that went well: `{"data": …}`, or nothing.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// 200 with what was asked for.
#[derive(Clone, Debug, Serialize)]
pub struct Data<T> {
    /// What was asked for.
    pub data: T,
}

/// 201 with what was made.
#[derive(Clone, Debug)]
pub struct Created<T>(pub T);

/// 204.
#[derive(Clone, Copy, Debug)]
pub struct NoContent;

impl<T: Serialize> IntoResponse for Data<T> {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, Data { data: self.0 }).into_response()
    }
}

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}
