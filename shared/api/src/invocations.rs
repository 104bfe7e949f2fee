//! Invocations of a function. Whatever is wrong with an event, or with us, is answered in the shape that callers know, and
//! stands in the log; the next event is served as if nothing had been.

use std::panic::{AssertUnwindSafe, PanicHookInfo};
use std::sync::Arc;

use axum::Router;
use axum::http::header;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt as _;
use lambda_http::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayV2httpRequest};
use lambda_http::lambda_runtime::{self, Context, LambdaEvent};
use lambda_http::request::LambdaRequest;
use lambda_http::tower::{ServiceBuilder, service_fn};
use lambda_http::{Adapter, Error, Service as _};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use crate::error::{ApiError, Source};
use crate::gateway;
use crate::headers::{REQUEST_ID, SECURITY_HEADERS};
use crate::refused::Refused;

/// What stands in no query as it is.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// What stands in no path as it is.
const ESCAPED_IN_PATH: &AsciiSet = &ESCAPED.add(b'?');

/// Serves events with `router` until Lambda ends the instance.
///
/// # Errors
///
/// If Lambda's runtime cannot be reached.
pub async fn serve(router: Router) -> Result<(), Error> {
    std::panic::set_hook(Box::new(log_panic));
    let answer = |event| answer(&router, event);
    lambda_runtime::run(service_fn(answer)).await
}

/// One line for each panic, like everything else in the log, with the id of the request it happened in.
fn log_panic(panic: &PanicHookInfo<'_>) {
    tracing::error!(
        reason = panic.payload_as_str(),
        place = panic.location().map(ToString::to_string),
        "panicked"
    );
}

/// What `router` answers to an event of the gateway's, as the gateway reads it.
///
/// # Errors
///
/// None that is known: every error is an answer.
pub async fn answer(
    router: &Router,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<Box<RawValue>, Error> {
    let LambdaEvent { payload, context } = event;
    let outline = Outline::of(payload.get());
    let answering = async {
        let request = outline.read(payload.get())?;
        call(router, request, &context, None).await
    };
    let error = match AssertUnwindSafe(answering).catch_unwind().await {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(error)) => error,
        Err(_) => "panicked outside of a handler".into(),
    };
    let refused = Refused(Arc::new(ApiError::Internal(error)));
    let refusing = call(router, outline.blank(), &context, Some(refused.clone()));
    match AssertUnwindSafe(refusing).catch_unwind().await {
        Ok(Ok(answer)) => Ok(answer),
        _ => without_edge(&refused.0, &context.request_id),
    }
}

/// Has `router` answer a request, or the edge around it say that it is refused.
async fn call(
    router: &Router,
    request: LambdaRequest,
    context: &Context,
    refused: Option<Refused>,
) -> Result<Box<RawValue>, Source> {
    let service = ServiceBuilder::new()
        .map_request(move |request| {
            let mut request = gateway::with_context(request);
            if let Some(refused) = refused.clone() {
                request.extensions_mut().insert(refused);
            }
            request
        })
        .service(router.clone());
    let event = LambdaEvent::new(request, context.clone());
    let Ok(answer) = Adapter::from(service).call(event).await;
    Ok(to_raw_value(&answer)?)
}

/// The answer when not even the edge is sound.
fn without_edge(error: &ApiError, request_id: &str) -> Result<Box<RawValue>, Error> {
    let code = error.code();
    tracing::error!(
        request_id,
        code,
        cause = error.cause(),
        "request failed at the edge"
    );
    let mut headers: serde_json::Map<_, _> = SECURITY_HEADERS
        .iter()
        .map(|(name, value)| (name.to_string(), (*value).into()))
        .collect();
    headers.insert(header::CONTENT_TYPE.to_string(), "application/json".into());
    headers.insert(REQUEST_ID.to_string(), request_id.into());
    let answer = json!({
        "statusCode": error.status().as_u16(),
        "headers": headers,
        "body": error.body(request_id).to_string(),
        "isBase64Encoded": false,
    });
    Ok(to_raw_value(&answer)?)
}

/// Why an event cannot be read. Nothing that a caller sends through the gateway makes one of these, and none of them repeats
/// what the event says, because credentials are in it.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error(
        "the event has the payload version {0}, and 1.0 and 2.0 are understood: set PayloadFormatVersion of the gateway's \
         integration"
    )]
    Version(String),
    #[error("the event has no requestContext, so it does not come from an HTTP API or a REST API")]
    NoContext,
    #[error("the event does not have the shape of payload version {version}: {fault}")]
    Shape {
        version: &'static str,
        fault: String,
    },
    #[error("the event's body is marked as Base64 and is not")]
    NotBase64,
}

/// What of an event says how the rest is to be read.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outline<'a> {
    #[serde(borrow)]
    version: Option<&'a RawValue>,
    #[serde(borrow)]
    http_method: Option<&'a RawValue>,
    #[serde(borrow)]
    request_context: Option<&'a RawValue>,
}

impl<'a> Outline<'a> {
    /// None of it, if the event is no object.
    fn of(event: &'a str) -> Self {
        serde_json::from_str(event).unwrap_or_default()
    }

    /// REST APIs name no version, but only version 1.0 has the method outside the context.
    fn is_version_1(&self) -> bool {
        self.http_method.is_some()
            && self
                .version
                .is_none_or(|version| version.get() != "\"2.0\"")
    }

    fn read(&self, event: &str) -> Result<LambdaRequest, Source> {
        if let Some(version) = self.version.map(RawValue::get)
            && !["\"1.0\"", "\"2.0\""].contains(&version)
        {
            return Err(Unreadable::Version(version.chars().take(20).collect()).into());
        }
        if self.request_context.is_none() {
            return Err(Unreadable::NoContext.into());
        }
        let request = if self.is_version_1() {
            let event = serde_json::from_str(event).map_err(|error| misshapen("1.0", &error))?;
            LambdaRequest::ApiGatewayV1(mended_1(event)?)
        } else {
            let event = serde_json::from_str(event).map_err(|error| misshapen("2.0", &error))?;
            LambdaRequest::ApiGatewayV2(mended_2(event)?)
        };
        Ok(request)
    }

    /// A request for nothing, which is answered in the version of the event.
    fn blank(&self) -> LambdaRequest {
        if self.is_version_1() {
            LambdaRequest::ApiGatewayV1(ApiGatewayProxyRequest::default())
        } else {
            LambdaRequest::ApiGatewayV2(ApiGatewayV2httpRequest::default())
        }
    }
}

fn misshapen(version: &'static str, error: &serde_json::Error) -> Unreadable {
    let text = error.to_string();
    let fault = if text.starts_with("missing field") {
        text
    } else {
        format!("line {}, column {}", error.line(), error.column())
    };
    Unreadable::Shape { version, fault }
}

// What follows is mended before lambda_http reads it, because lambda_http would panic over it or lose it.

fn mended_1(mut event: ApiGatewayProxyRequest) -> Result<ApiGatewayProxyRequest, Unreadable> {
    check_base64(event.is_base64_encoded, event.body.as_deref())?;
    event.path = event.path.map(|path| escaped_path(&path));
    // Single values would take the place of all that were sent.
    for name in event.multi_value_headers.keys() {
        event.headers.remove(name);
    }
    Ok(event)
}

fn mended_2(mut event: ApiGatewayV2httpRequest) -> Result<ApiGatewayV2httpRequest, Unreadable> {
    check_base64(event.is_base64_encoded, event.body.as_deref())?;
    event.raw_path = event.raw_path.map(|path| escaped_path(&path));
    event.raw_query_string = event.raw_query_string.map(|query| escaped(&query, ESCAPED));
    Ok(event)
}

fn check_base64(is_base64: bool, body: Option<&str>) -> Result<(), Unreadable> {
    match body {
        Some(body) if is_base64 && STANDARD.decode(body).is_err() => Err(Unreadable::NotBase64),
        _ => Ok(()),
    }
}

/// HTTP APIs decode a path, REST APIs leave it as it was sent: what cannot stand in a path was decoded.
fn escaped_path(path: &str) -> String {
    let escaped = escaped(path, ESCAPED_IN_PATH);
    if escaped.starts_with('/') {
        escaped
    } else {
        format!("/{escaped}")
    }
}

/// Escapes what `set` has, and each `%` that begins no escape.
fn escaped(text: &str, set: &'static AsciiSet) -> String {
    let mut parts = text.split('%');
    let mut escaped: String = parts
        .next()
        .map(|part| utf8_percent_encode(part, set).to_string())
        .unwrap_or_default();
    for part in parts {
        let begins_escape = part
            .as_bytes()
            .get(..2)
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        escaped.push_str(if begins_escape { "%" } else { "%25" });
        escaped.extend(utf8_percent_encode(part, set));
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::Query;
    use lambda_http::Body as EventBody;
    use serde_json::Value;

    type Read = lambda_http::Request;

    fn version_2(changes: Value) -> Value {
        let mut event = json!({
            "version": "2.0", "routeKey": "$default", "rawPath": "/v2/bookings", "rawQueryString": "",
            "headers": { "host": "api.example.com" }, "isBase64Encoded": false,
            "requestContext": {
                "accountId": "1", "apiId": "a", "domainName": "api.example.com", "domainPrefix": "api",
                "http": {
                    "method": "POST", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "",
                },
                "requestId": "r", "routeKey": "$default", "stage": "$default", "time": "", "timeEpoch": 0,
            },
        });
        change(&mut event, changes);
        event
    }

    fn version_1(changes: Value) -> Value {
        let mut event = json!({
            "version": "1.0", "resource": "/{proxy+}", "path": "/v2/bookings", "httpMethod": "POST",
            "headers": { "host": "api.example.com" }, "multiValueHeaders": { "host": ["api.example.com"] },
            "queryStringParameters": null, "multiValueQueryStringParameters": null, "isBase64Encoded": false,
            "requestContext": {
                "accountId": "1", "apiId": "a", "domainName": "api.example.com", "domainPrefix": "api",
                "httpMethod": "POST", "identity": { "sourceIp": "192.0.2.1" }, "path": "/", "protocol": "HTTP/1.1",
                "requestId": "r", "resourceId": "x", "resourcePath": "/{proxy+}",
            },
        });
        change(&mut event, changes);
        event
    }

    fn change(event: &mut Value, changes: Value) {
        for (name, value) in changes.as_object().expect("changes") {
            event[name.as_str()] = value.clone();
        }
    }

    fn read(event: &Value) -> Read {
        let event = event.to_string();
        let request = Outline::of(&event).read(&event);
        request.expect("an event that can be read").into()
    }

    fn queries(request: &Read) -> Vec<(String, String)> {
        let query = request.uri().query().unwrap_or_default();
        form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect()
    }

    fn values<'a>(request: &'a Read, name: &str) -> Vec<&'a str> {
        let values = request.headers().get_all(name).iter();
        values.map(|value| value.to_str().expect("text")).collect()
    }

    fn body(request: &Read) -> Vec<u8> {
        match request.body() {
            EventBody::Text(text) => text.clone().into_bytes(),
            EventBody::Binary(bytes) => bytes.clone(),
            _ => Vec::new(),
        }
    }

    /// HTTP APIs hand paths over decoded, REST APIs as they were sent.
    #[test]
    fn a_path_means_the_same_whether_the_gateway_has_decoded_it_or_not() {
        for (decoded, as_sent, wanted) in [
            ("/v2/keys/a+b", "/v2/keys/a+b", "/v2/keys/a+b"),
            ("/v2/keys/a+b", "/v2/keys/a%2Bb", "/v2/keys/a+b"),
            ("/v2/keys/a b", "/v2/keys/a%20b", "/v2/keys/a b"),
            ("/v2/keys/100%", "/v2/keys/100%25", "/v2/keys/100%"),
            ("/v2/keys/%zz", "/v2/keys/%25zz", "/v2/keys/%zz"),
            ("/v2/keys/a?b", "/v2/keys/a%3Fb", "/v2/keys/a?b"),
            ("/v2/keys/a#b", "/v2/keys/a%23b", "/v2/keys/a#b"),
            ("/v2/keys/<ä>", "/v2/keys/%3C%C3%A4%3E", "/v2/keys/<ä>"),
            ("/v2/keys/a;b", "/v2/keys/a;b", "/v2/keys/a;b"),
        ] {
            for event in [
                version_2(json!({ "rawPath": decoded, "rawQueryString": "page=2" })),
                version_2(json!({ "rawPath": as_sent, "rawQueryString": "page=2" })),
                version_1(json!({ "path": as_sent, "queryStringParameters": { "page": "2" } })),
                version_1(json!({ "path": decoded, "queryStringParameters": { "page": "2" } })),
            ] {
                let request = read(&event);
                let path = percent_encoding::percent_decode_str(request.uri().path());
                assert_eq!(path.decode_utf8().as_deref(), Ok(wanted), "{event}");
                assert_eq!(request.uri().query(), Some("page=2"), "{event}");
            }
        }
    }

    #[test]
    fn a_query_is_what_was_sent_with_semicolons_and_pluses_and_repeated_names() {
        let sent = [
            ("search", "customer.email:a+b@example.com;state:confirmed"),
            ("include", "meta"),
            ("include", "customers"),
            ("empty", ""),
            ("text", "a b&c=d%ä"),
        ];
        let sent: Vec<_> = sent.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec();
        let raw = "search=customer.email:a%2Bb@example.com;state:confirmed&include=meta&include=customers&empty=\
                   &text=a+b%26c%3Dd%25%C3%A4";
        let in_version_2 = read(&version_2(json!({ "rawQueryString": raw })));
        assert_eq!(queries(&in_version_2), sent);

        let in_version_1 = read(&version_1(json!({
            "queryStringParameters": {
                "search": sent[0].1, "include": "customers", "empty": "", "text": sent[4].1,
            },
            "multiValueQueryStringParameters": {
                "search": [sent[0].1], "include": ["meta", "customers"], "empty": [""], "text": [sent[4].1],
            },
        })));
        // The names are in no order there, the values of one are.
        let mut found = queries(&in_version_1);
        found.sort_by_key(|(name, _)| sent.iter().position(|(sent, _)| sent == name));
        assert_eq!(found, sent);

        let only_single = read(&version_1(
            json!({ "queryStringParameters": { "a": "b;c" } }),
        ));
        let query = Query::parse(only_single.uri().query().unwrap_or_default());
        assert_eq!(query.get("a"), Some("b;c"));
    }

    #[test]
    fn a_query_that_no_address_could_hold_is_read_all_the_same() {
        for (raw, wanted) in [
            ("a=b c", "b c"),
            ("a=<b>", "<b>"),
            ("a=100%", "100%"),
            ("a=b#c", "b#c"),
            ("a=ä", "ä"),
        ] {
            let request = read(&version_2(json!({ "rawQueryString": raw })));
            let wanted = ("a".to_owned(), wanted.to_owned());
            assert_eq!(queries(&request), [wanted], "{raw}");
        }
    }

    #[test]
    fn every_value_of_a_header_and_every_cookie_arrives() {
        let request = read(&version_1(json!({
            "headers": { "Host": "api.example.com", "X-Forwarded-For": "10.0.0.1", "Accept": "text/html" },
            "multiValueHeaders": { "host": ["api.example.com"], "x-forwarded-for": ["203.0.113.7", "10.0.0.1"] },
        })));
        assert_eq!(
            values(&request, "x-forwarded-for"),
            ["203.0.113.7", "10.0.0.1"]
        );
        assert_eq!(values(&request, "accept"), ["text/html"]);
        assert_eq!(values(&request, "host"), ["api.example.com"]);

        let request = read(&version_2(json!({ "cookies": ["a=1", "b=2"] })));
        assert_eq!(values(&request, "cookie"), ["a=1; b=2"]);
        let request = read(&version_1(
            json!({ "multiValueHeaders": { "Cookie": ["a=1; b=2"] } }),
        ));
        assert_eq!(values(&request, "cookie"), ["a=1; b=2"]);
    }

    #[test]
    fn a_body_is_the_same_as_text_and_as_base64() {
        for event in [version_1, version_2] {
            let text = read(&event(json!({ "body": "{\"a\": 1}" })));
            let encoded = STANDARD.encode("{\"a\": 1}");
            let base64 = read(&event(json!({ "body": encoded, "isBase64Encoded": true })));
            assert_eq!(body(&text), b"{\"a\": 1}");
            assert_eq!(body(&base64), body(&text));
            let none = read(&event(json!({ "body": null, "isBase64Encoded": true })));
            assert_eq!(body(&none), b"");
        }
    }

    #[test]
    fn a_function_url_and_a_gateway_that_names_no_version_are_understood() {
        let mut rest = version_1(json!({}));
        rest.as_object_mut().expect("an event").remove("version");
        assert_eq!(read(&rest).method(), "POST");
        // Version 2.0 may repeat the method; it is no less version 2.0.
        let both = read(&version_2(json!({ "httpMethod": "GET" })));
        assert_eq!(both.method(), "POST");
    }
}
