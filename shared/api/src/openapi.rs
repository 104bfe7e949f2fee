//! The OpenAPI document: handlers describe themselves; what all share is added here.
//!
//! It is one file because it is one walk over one document.

use std::collections::BTreeMap;

use auth::{Access, AddressLimit, Proof};
use axum::http::Method;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{
    Operation as OpenApiOperation, ParameterBuilder, ParameterIn, PathItem,
};
use utoipa::openapi::schema::{
    AnyOfBuilder, ArrayBuilder, ObjectBuilder, Schema, SchemaType, Type,
};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    Components, ContentBuilder, Info, License, OpenApi, Ref, RefOr, Required, Response,
};

use crate::idempotency::MAX_KEY;
use crate::operation::{Operation, http_method};

pub(crate) mod bodies;
pub(crate) mod parameters;

const BASIC: &str = "basic";
const BEARER: &str = "bearer";
const SESSION: &str = "session";
/// The schema of errors.
const ERROR: &str = "Error";

/// One path's operations.
pub(crate) fn path_item(operations: Vec<(Method, OpenApiOperation)>) -> PathItem {
    let mut operations = operations.into_iter();
    let Some((method, operation)) = operations.next() else {
        return PathItem::default();
    };
    let mut item = PathItem::new(http_method(&method), operation);
    for (method, operation) in operations {
        item.merge_operations(PathItem::new(http_method(&method), operation));
    }
    item
}

/// Puts what an answer holds into the envelope that it comes in, so that no handler needs to describe that.
pub(crate) fn describe_envelope(operation: &mut OpenApiOperation, added: &Operation) {
    let warns = operation.request_body.is_some() && !added.access.is_anonymous();
    let path = added.path.as_str();
    let is_page = (operation.parameters.iter().flatten())
        .any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.name == "page"));
    let went_well = (operation.responses.responses.iter_mut())
        .filter(|(status, _)| path.starts_with("/v2/") && status.starts_with('2'));
    for (_, response) in went_well {
        let RefOr::T(response) = response else {
            continue;
        };
        let Some(RefOr::T(content)) = response.content.get_mut("application/json") else {
            continue;
        };
        let Some(inner) = content.schema.take_if(|schema| !is_envelope(schema)) else {
            continue;
        };
        let mut envelope = ObjectBuilder::new()
            .property("data", inner)
            .required("data");
        if is_page {
            for (name, schema_type, sentence) in PAGE_FIELDS {
                let field = ObjectBuilder::new()
                    .schema_type(schema_type.clone())
                    .description(Some(*sentence));
                envelope = envelope.property(*name, field).required(*name);
            }
        }
        if warns {
            envelope = envelope.property("warnings", warnings_schema());
        }
        content.schema = Some(envelope.into());
    }
}

/// What is told beside an answer of what was sent in vain.
fn warnings_schema() -> ArrayBuilder {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let warning = ObjectBuilder::new()
        .property(
            "field",
            text().description(Some("The path of the field in the body.")),
        )
        .required("field")
        .property(
            "nearest",
            ObjectBuilder::new()
                .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
                .description(Some("The field that was probably meant, if one is near.")),
        )
        .required("nearest")
        .property(
            "message",
            text().description(Some("What is wrong with it, for people. It may change.")),
        )
        .required("message");
    ArrayBuilder::new().items(warning).description(Some(
        "Fields of the body that nobody reads, such as misspelt ones; absent if there are none, and for public callers.",
    ))
}

/// What stands beside the rows of a page.
const PAGE_FIELDS: &[(&str, Type, &str)] = &[
    ("total", Type::Integer, "How many rows there are."),
    (
        "total_is_exact",
        Type::Boolean,
        "Whether `total` is that, and not only a lower bound.",
    ),
    ("per_page", Type::Integer, "The most rows that a page has."),
    ("current_page", Type::Integer, "This page, from 1."),
    (
        "last_page",
        Type::Integer,
        "The last page; while `total` is a lower bound, the next one.",
    ),
];

/// The answers whose types are envelopes already.
fn is_envelope(schema: &RefOr<Schema>) -> bool {
    const ENVELOPES: [&str; 2] = ["/BulkAnswer", "/CreatedWebhookAnswer"];
    let is_one = |location: &str| ENVELOPES.iter().any(|name| location.ends_with(name));
    matches!(schema, RefOr::Ref(reference) if is_one(&reference.ref_location))
}

/// Says in an operation's description who may call it, and which errors that brings.
pub(crate) fn describe_access(operation: &mut OpenApiOperation, access: Access) {
    let who = callers(access);
    let description = operation.description.take().unwrap_or_default();
    let cost = cost(access);
    operation.description = Some(
        format!("{description}\n\nMay be called by: {who}. {cost}")
            .trim()
            .to_owned(),
    );
    operation.security = Some(security(access));
    if !access.is_anonymous() {
        let unauthenticated =
            Response::new("Missing, malformed, unknown, expired or revoked credential.");
        operation
            .responses
            .responses
            .entry("401".to_owned())
            .or_insert(RefOr::T(unauthenticated));
        let forbidden = Response::new("The credential may not do this.");
        operation
            .responses
            .responses
            .entry("403".to_owned())
            .or_insert(RefOr::T(forbidden));
    }
    let unavailable = Response::new(
        "The service cannot answer now; nothing was changed unless an earlier answer said so.",
    );
    operation
        .responses
        .responses
        .entry("503".to_owned())
        .or_insert(RefOr::T(unavailable));
    if is_limited(access) {
        let too_many = Response::new("Too many in too short a time.");
        operation
            .responses
            .responses
            .entry("429".to_owned())
            .or_insert(RefOr::T(too_many));
    }
}

/// Whether somebody may call it who has a rate limit.
const fn is_limited(access: Access) -> bool {
    let is_unlimited = matches!(access.address_limit(), AddressLimit::Unlimited);
    !(access.is_anonymous() && is_unlimited)
}

/// Says what an error's body holds, and when to try again, so that no handler needs to describe that.
pub(crate) fn describe_errors(operation: &mut OpenApiOperation) {
    let errors = (operation.responses.responses.iter_mut())
        .filter(|(status, _)| status.starts_with(['4', '5']));
    for (status, response) in errors {
        let RefOr::T(response) = response else {
            continue;
        };
        if response.content.is_empty() {
            let schema = Ref::from_schema_name(ERROR);
            let content = ContentBuilder::new().schema(Some(schema)).build();
            let content_type = "application/json".to_owned();
            response.content.insert(content_type, RefOr::T(content));
        }
        if matches!(status.as_str(), "429" | "503") {
            let header = HeaderBuilder::new()
                .schema(Some(ObjectBuilder::new().schema_type(Type::Integer)))
                .description(Some("In how many seconds to try again."));
            let header = RefOr::T(header.build());
            response.headers.insert("Retry-After".to_owned(), header);
        }
    }
}

/// What every error's body holds.
fn error_schema() -> ObjectBuilder {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let sentences = ArrayBuilder::new().items(text());
    let by_field = ObjectBuilder::new()
        .additional_properties(Some(sentences))
        .description(Some("What is wrong with which field, in place of `error`."));
    ObjectBuilder::new()
        .description(Some("What went wrong. It has `error` or `errors`."))
        .property(
            "error",
            text().description(Some("What to do about it, for people. It may change.")),
        )
        .property("errors", by_field)
        .property(
            "more_errors",
            ObjectBuilder::new()
                .schema_type(Type::Integer)
                .description(Some(
                    "How many more there are than the 50 that `errors` tells.",
                )),
        )
        .property(
            "code",
            text().description(Some("What went wrong, for programs. It stays.")),
        )
        .required("code")
        .property(
            "request_id",
            text().description(Some("What to quote; also in `X-Request-Id`.")),
        )
        .required("request_id")
}

/// Says in an operation's description which headers count, which come back, and which errors that brings. It is one function
/// because it is a list of these headers.
pub(crate) fn describe_headers(described: &mut OpenApiOperation, operation: &Operation) {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let mut header = |name: &str, schema: ObjectBuilder, sentence: &str| {
        let header = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .schema(Some(schema))
            .description(Some(sentence));
        let parameters = described.parameters.get_or_insert_default();
        parameters.push(RefOr::T(header.build()));
    };
    let mut errors = Vec::new();
    if operation.takes_idempotency_key() {
        let key = text()
            .min_length(Some(1))
            .max_length(Some(MAX_KEY))
            .pattern(Some("^[!-~]+$"));
        header(
            "Idempotency-Key",
            key,
            "Names the request, so that it can be sent again and is done once: for 24 hours the answer is the first one's.",
        );
        errors.extend([
            (
                "409",
                "`outcome_unknown`: it may have been done or not; send it again with the same `Idempotency-Key`.",
            ),
            (
                "422",
                "`idempotency_key_reused`: the `Idempotency-Key` was sent with another request.",
            ),
        ]);
    }
    if operation.takes_if_match() {
        header(
            "If-Match",
            text(),
            "The `ETag` of the state that the change was decided on, or several, or `*`.",
        );
        errors.extend([
            (
                "412",
                "`stale`: it has changed since, and `If-Match` does not name its `ETag`.",
            ),
            ("422", "`invalid_header`: `If-Match` is malformed."),
        ]);
    }
    let responses = &mut described.responses.responses;
    for (status, sentence) in errors {
        add_sentence(responses, status, sentence);
    }
    describe_headers_that_come_back(described, operation);
}

fn describe_headers_that_come_back(described: &mut OpenApiOperation, operation: &Operation) {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let responses = &mut described.responses.responses;
    for (_, response) in responses
        .iter_mut()
        .filter(|(status, _)| status.starts_with('2'))
    {
        let RefOr::T(response) = response else {
            continue;
        };
        let mut shown = |name: &str, sentence: &str| {
            let header = HeaderBuilder::new()
                .schema(Some(text()))
                .description(Some(sentence));
            let header = RefOr::T(header.build());
            response.headers.insert(name.to_owned(), header);
        };
        if operation.shows_etag() {
            shown("ETag", "Names the state that is shown.");
        }
        if operation.takes_idempotency_key() {
            shown(
                "Idempotency-Replayed",
                "`true` if this is the answer to an earlier request with the same key.",
            );
        }
    }
}

/// Adds one more meaning of a status.
pub(crate) fn add_sentence(
    responses: &mut BTreeMap<String, RefOr<Response>>,
    status: &str,
    sentence: &str,
) {
    match responses.get_mut(status) {
        Some(RefOr::T(response)) => {
            response.description = format!("{} {sentence}", response.description);
        }
        _ => {
            let response = Response::new(sentence);
            responses.insert(status.to_owned(), RefOr::T(response));
        }
    }
}

/// Who may call, in words: the access table's wording.
pub fn callers(access: Access) -> String {
    if access.is_anonymous() {
        return "anybody".to_owned();
    }
    let mut who = Vec::new();
    if access.is_open_to(Proof::SecretKey) {
        let scopes: Vec<String> = access.scopes().map(|scope| format!("`{scope}`")).collect();
        who.push(match scopes.as_slice() {
            [] => "any key, a session that names an app".to_owned(),
            scopes => {
                let scopes = scopes.join(" and ");
                format!("a key with {scopes}, a session that names an app")
            }
        });
    }
    let also = [
        (Proof::AccountSession, "a session"),
        (Proof::WidgetKey, "a widget key"),
        (Proof::ServerToken, "a server-token"),
        (Proof::ClientToken, "a client-token"),
        (Proof::SignedSearch, "anybody with a signed search"),
    ];
    who.extend(
        also.into_iter()
            .filter(|(proof, _)| access.is_open_to(*proof))
            .map(|(_, name)| name.to_owned()),
    );
    who.join(", ")
}

/// What a call costs of which limit, in words.
fn cost(access: Access) -> String {
    if !access.is_anonymous() {
        return "A call takes one permit of each of the caller's rate limits.".to_owned();
    }
    match access.address_limit() {
        AddressLimit::Unlimited => "It is not limited.".to_owned(),
        AddressLimit::OfPage => {
            "A call takes one permit of each of the rate limits of the app's widget key.".to_owned()
        }
        AddressLimit::PerMinute(limit) => {
            format!("One address may call it {limit} times a minute.")
        }
    }
}

fn security(access: Access) -> Vec<SecurityRequirement> {
    let is_open_to = |proofs: [Proof; 2]| proofs.iter().any(|proof| access.is_open_to(*proof));
    let none: [&str; 0] = [];
    let mut schemes = Vec::new();
    if is_open_to([Proof::SecretKey, Proof::WidgetKey]) {
        schemes.extend([BASIC, BEARER]);
    } else if is_open_to([Proof::ServerToken, Proof::ClientToken]) {
        schemes.push(BASIC);
    }
    if is_open_to([Proof::AppSession, Proof::AccountSession]) {
        schemes.push(SESSION);
    }
    let nothing = access.is_open_to(Proof::SignedSearch);
    let nothing = nothing.then(SecurityRequirement::default);
    schemes
        .into_iter()
        .map(|scheme| SecurityRequirement::new(scheme, none))
        .chain(nothing)
        .collect()
}

/// Makes `anyOf` of `oneOf`: what utoipa describes so is an enum that serde tries branch by branch, and a value may match
/// several.
fn allow_several_branches(schema: &mut RefOr<Schema>) {
    if let RefOr::T(Schema::OneOf(one)) = schema {
        let mut any = AnyOfBuilder::new().description(one.description.take());
        for branch in std::mem::take(&mut one.items) {
            any = any.item(branch);
        }
        *schema = Schema::AnyOf(any.build()).into();
    }
}

/// Adds what the document as a whole says.
pub(crate) fn complete(mut openapi: OpenApi) -> OpenApi {
    openapi.info = Info::builder()
        .title("Latchkey")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "A booking backend you own. It speaks Timekit's v2 contract.",
        ))
        .license(Some(License::new("MIT OR Apache-2.0")))
        .build();
    let schemes = [
        (BASIC, SecurityScheme::Http(Http::builder().scheme(HttpAuthScheme::Basic)
            .description(Some("An empty user name and a key as password; or a resource's e-mail address and token, with `Timekit-App`."))
            .build())),
        (BEARER, SecurityScheme::Http(Http::builder().scheme(HttpAuthScheme::Bearer).description(Some("A key.")).build())),
        (SESSION, SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
            "__Host-latchkey_session",
            "The console's session; with `Timekit-App`, and `X-CSRF-Token` on everything but GET.",
        )))),
    ];
    let components = openapi.components.get_or_insert_with(Components::new);
    let error: Schema = error_schema().into();
    components.schemas.insert(ERROR.to_owned(), error.into());
    for schema in components.schemas.values_mut() {
        allow_several_branches(schema);
    }
    for (name, scheme) in schemes {
        components.add_security_scheme(name, scheme);
    }
    openapi
}
