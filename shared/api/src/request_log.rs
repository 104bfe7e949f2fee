//! The one line that the log has for each request, and what is learned for it on the way.

use std::time::Duration;

use auth::Principal;
use axum::http::StatusCode;
use store::Cost;

use crate::error::ApiError;

/// The lines that say what became of a request have this target.
pub const REQUESTS: &str = "latchkey::requests";

/// The lines that say what became of a worker's job have this target.
pub const WORK: &str = "latchkey::work";

/// What others call the request in their own logs, as far as they have told.
#[derive(Clone, Debug, Default)]
pub struct KnownAs {
    /// The gateway's id of it.
    pub gateway_request_id: Option<String>,
    /// Lambda's id of it.
    pub function_request_id: Option<String>,
    /// The id of its X-Ray trace.
    pub trace_id: Option<String>,
}

/// Who called which operation. Of a refused caller it is the key that was found.
#[derive(Clone, Debug)]
pub(crate) struct CallerOfRequest {
    pub(crate) operation: String,
    pub(crate) app: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) caller: Option<String>,
    pub(crate) meters_are_away: bool,
}

impl CallerOfRequest {
    /// Names the widget key that a page has acted as.
    pub(crate) fn acts_as(&mut self, principal: &Principal) {
        self.app = Some(principal.app.to_string());
        self.key = Some(principal.caller_id().to_string());
        self.caller = Some(principal.actor());
    }
}

/// What the log says of a request when it is over.
pub(crate) struct Line<'a> {
    pub(crate) request_id: &'a str,
    pub(crate) known_as: KnownAs,
    pub(crate) method: &'a str,
    pub(crate) status: StatusCode,
    pub(crate) error: Option<&'a ApiError>,
    pub(crate) called: Option<&'a CallerOfRequest>,
    pub(crate) duration: Duration,
    pub(crate) cost: Cost,
}

impl Line<'_> {
    /// Writes it.
    pub(crate) fn write(&self) {
        let Self {
            request_id,
            status,
            called,
            ..
        } = self;
        let code = self.error.map(ApiError::code);
        let cause = self.error.and_then(ApiError::cause);
        // That this server never does what was asked for is no failure.
        let has_failed = status.is_server_error() && *status != StatusCode::NOT_IMPLEMENTED;
        if has_failed {
            tracing::error!(request_id, code, cause, "request failed");
        }
        // What did not happen is left out: a metric without a value costs nothing.
        let count_if = |happened: bool| happened.then_some(1_u64);
        tracing::info!(
            target: REQUESTS,
            request_id,
            gateway_request_id = self.known_as.gateway_request_id,
            function_request_id = self.known_as.function_request_id,
            trace_id = self.known_as.trace_id,
            operation = called.map(|called| called.operation.as_str()),
            method = self.method,
            status = status.as_u16(),
            code,
            reason = cause.filter(|_| status.is_client_error()),
            app_id = called.and_then(|called| called.app.as_deref()),
            key_id = called.and_then(|called| called.key.as_deref()),
            caller = called.and_then(|called| called.caller.as_deref()),
            Duration = self.duration.as_micros() as f64 / 1_000.0,
            StoreCalls = self.cost.calls,
            ReadUnits = self.cost.read_units,
            WriteUnits = self.cost.write_units,
            Requests = 1_u64,
            ServerErrors = count_if(has_failed),
            Contended = count_if(code == Some(ApiError::Contended.code())),
            Conflicts = count_if(*status == StatusCode::CONFLICT),
            AuthRefusals = count_if(matches!(
                *status,
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
            )),
            RateLimited = count_if(*status == StatusCode::TOO_MANY_REQUESTS),
            MetersAway = count_if(called.is_some_and(|called| called.meters_are_away)),
            "answered"
        );
    }
}
