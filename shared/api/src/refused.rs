//! Requests that are refused before any operation is asked, e.g. because the event could not be read.

use std::sync::Arc;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::error::ApiError;

/// Goes with a request that no handler may see.
#[derive(Clone, Debug)]
pub(crate) struct Refused(pub(crate) Arc<ApiError>);

/// Between the edge and the operations, behind a gateway: says no for what was refused before.
pub(crate) async fn refuse(mut request: Request, next: Next) -> Response {
    if let Some(Refused(error)) = request.extensions_mut().remove() {
        let mut response = error.status().into_response();
        response.extensions_mut().insert(error);
        return response;
    }
    next.run(request).await
}
