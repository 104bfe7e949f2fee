//! Requests as API Gateway sends them, payloads of both versions.

use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt as _};

use crate::address::{Peer, ReachedAt};
use crate::edge::KnownAs;

/// Takes from the gateway's context what must never come from a header: where the caller is, where the API was
/// reached, and what the gateway and Lambda call the request.
pub fn with_context(mut request: Request) -> Request {
    let (address, domain, gateway_request_id) = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => (
            context.http.source_ip.clone(),
            context.domain_name.clone(),
            context.request_id.clone(),
        ),
        Some(RequestContext::ApiGatewayV1(context)) => (
            context.identity.source_ip.clone(),
            context.domain_name.clone(),
            context.request_id.clone(),
        ),
        _ => (None, None, None),
    };
    let lambda = request.lambda_context_ref();
    let known_as = KnownAs {
        gateway_request_id,
        function_request_id: lambda.map(|lambda| lambda.request_id.clone()),
        trace_id: lambda
            .and_then(|lambda| lambda.xray_trace_id.as_deref())
            .and_then(trace_id),
    };
    request.extensions_mut().insert(known_as);
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

/// The trace's own id in a tracing header, which names the segment and the sampling decision besides.
fn trace_id(header: &str) -> Option<String> {
    let mut fields = header.split(';');
    let root = fields.find_map(|field| field.trim().strip_prefix("Root="))?;
    Some(root.to_owned())
}
