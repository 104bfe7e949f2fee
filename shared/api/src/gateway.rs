//! Requests as API Gateway sends them, payloads of both versions.

use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt as _};

use crate::address::{Peer, ReachedAt};

/// Takes from the gateway's context what must never come from a header: where the caller is, and where the
/// API was reached.
pub fn with_context(mut request: Request) -> Request {
    let (address, domain) = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => {
            (context.http.source_ip.clone(), context.domain_name.clone())
        }
        Some(RequestContext::ApiGatewayV1(context)) => (
            context.identity.source_ip.clone(),
            context.domain_name.clone(),
        ),
        _ => (None, None),
    };
    if let Some(address) = address.and_then(|address| address.parse().ok()) {
        request.extensions_mut().insert(Peer(address));
    }
    if let Some(domain) = domain {
        request
            .extensions_mut()
            .insert(ReachedAt(format!("https://{domain}")));
    }
    request
}
