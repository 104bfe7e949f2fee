//! Requests as API Gateway sends them, payloads of both versions.

use http::Uri;
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt as _};

use crate::address::{Peer, ReachedAt};
use crate::request_log::KnownAs;

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
    take_stage_off(&mut request);
    request
}

/// The trace's own id in a tracing header, which names the segment and the sampling decision besides.
fn trace_id(header: &str) -> Option<String> {
    let mut fields = header.split(';');
    let root = fields.find_map(|field| field.trim().strip_prefix("Root="))?;
    Some(root.to_owned())
}

/// A stage that is named in the path, as every REST API has one, belongs to where the API is reached, and is no part of
/// an operation's path.
fn take_stage_off(request: &mut Request) {
    let (stage, called_at, is_rest) = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => {
            (context.stage.clone(), context.http.path.clone(), false)
        }
        Some(RequestContext::ApiGatewayV1(context)) => {
            (context.stage.clone(), context.path.clone(), true)
        }
        _ => return,
    };
    let Some(stage) = stage.filter(|stage| stage != "$default") else {
        return;
    };
    let prefix = format!("/{stage}/");
    // Behind a domain of one's own it is not named.
    if called_at.is_some_and(|path| path.starts_with(&prefix))
        && let Some(ReachedAt(url)) = request.extensions_mut().get_mut()
    {
        url.push_str(prefix.trim_end_matches('/'));
    }
    // lambda_http puts it in front of a path that does not begin with it. A REST API's own path never does because of
    // the stage.
    if is_rest && request.raw_http_path().starts_with(&prefix) {
        return;
    }
    if let Some(uri) = below(request.uri(), &prefix) {
        *request.uri_mut() = uri;
    }
}

/// What follows `prefix` in a path, as a path of its own, with the query.
fn below(uri: &Uri, prefix: &str) -> Option<Uri> {
    let rest = uri.path_and_query()?.as_str().strip_prefix(prefix)?;
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(format!("/{rest}").parse().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// What is seen of an event: the path with its query, and where the API was reached.
    fn seen(event: &Value) -> (String, String) {
        let request = lambda_http::request::from_str(&event.to_string()).expect("an event");
        let request = with_context(request);
        let path = request.uri().path_and_query().expect("a path").to_string();
        let reached = request.extensions().get::<ReachedAt>().expect("a domain");
        (path, reached.0.clone())
    }

    fn http_api(stage: &str, path: &str) -> Value {
        json!({
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "page=2",
            "headers": { "host": "api.example.com" }, "isBase64Encoded": false,
            "requestContext": {
                "accountId": "1", "apiId": "a", "domainName": "api.example.com", "domainPrefix": "api",
                "http": { "method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "" },
                "requestId": "r", "routeKey": "$default", "stage": stage, "time": "", "timeEpoch": 0,
            },
        })
    }

    fn rest_api(stage: &str, path: &str, called_at: &str) -> Value {
        json!({
            "version": "1.0", "resource": "/{proxy+}", "path": path, "httpMethod": "GET",
            "headers": { "host": "api.example.com" }, "multiValueHeaders": { "host": ["api.example.com"] },
            "queryStringParameters": { "page": "2" }, "multiValueQueryStringParameters": { "page": ["2"] },
            "isBase64Encoded": false,
            "requestContext": {
                "accountId": "1", "apiId": "a", "domainName": "api.example.com", "domainPrefix": "api",
                "httpMethod": "GET", "identity": { "sourceIp": "192.0.2.1" }, "path": called_at, "protocol": "HTTP/1.1",
                "requestId": "r", "resourceId": "x", "resourcePath": "/{proxy+}", "stage": stage,
            },
        })
    }

    #[test]
    fn a_stage_is_no_part_of_an_operations_path() {
        let bookings = "/v2/bookings?page=2";
        let (here, below) = ("https://api.example.com", "https://api.example.com/prod");
        for (event, path, reached) in [
            (http_api("$default", "/v2/bookings"), bookings, here),
            (http_api("prod", "/prod/v2/bookings"), bookings, below),
            // Behind a domain of one's own, neither names it.
            (http_api("prod", "/v2/bookings"), bookings, here),
            (
                rest_api("prod", "/v2/bookings", "/prod/v2/bookings"),
                bookings,
                below,
            ),
            (
                rest_api("prod", "/v2/bookings", "/v2/bookings"),
                bookings,
                here,
            ),
            (
                rest_api("v2", "/v2/bookings", "/v2/v2/bookings"),
                bookings,
                "https://api.example.com/v2",
            ),
        ] {
            let wanted = (path.to_owned(), reached.to_owned());
            assert_eq!(seen(&event), wanted, "{event}");
        }
    }
}
