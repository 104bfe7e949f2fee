//! The catalogue of events in the OpenAPI document, under `webhooks`: each type with its body and an example.

use model::outbox::EventType;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem, Paths,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Components, ContentBuilder, OpenApi, Ref, Required};
use utoipa::{PartialSchema as _, ToSchema as _};

use super::example::{Example, example};
use super::standard::WebhookBody;

/// The headers of every delivery, with what each is for.
const HEADERS: [(&str, bool, &str); 5] = [
    (
        "webhook-id",
        true,
        "Names the event. It is the same at every attempt, so that what was received twice can be told.",
    ),
    (
        "webhook-timestamp",
        true,
        "When this attempt was made, in seconds since 1970. Refuse what is older than five minutes.",
    ),
    (
        "webhook-signature",
        true,
        "`v1,` and a base64 signature under the endpoint's secret, as Standard Webhooks has it; several of them, with spaces \
         between, while secrets overlap.",
    ),
    (
        "x-timekit-signature",
        true,
        "Timekit's signature: HMAC-SHA256 of the body in lower-case hex, under the `webhook_secret` of `GET /v2/app`.",
    ),
    (
        "traceparent",
        false,
        "A W3C trace that begins with the attempt.",
    ),
];

/// Adds what endpoints receive to the document.
///
/// # Errors
///
/// Only if an example cannot be written, which is a mistake in the program.
pub fn describe(document: &mut OpenApi) -> serde_json::Result<()> {
    let mut schemas = Vec::new();
    WebhookBody::schemas(&mut schemas);
    schemas.push((WebhookBody::name().into_owned(), WebhookBody::schema()));
    let components = document.components.get_or_insert_with(Components::new);
    for (name, schema) in schemas {
        components.schemas.entry(name).or_insert(schema);
    }
    let mut webhooks = Paths::new();
    for kind in EventType::ALL {
        webhooks.paths.insert(kind.name().to_owned(), item(*kind)?);
    }
    document.webhooks = Some(webhooks);
    Ok(())
}

fn item(kind: EventType) -> serde_json::Result<PathItem> {
    let Example { standard, timekit } = example(kind)?;
    let body = Ref::from_schema_name(WebhookBody::name());
    let mut content = ContentBuilder::new().schema(Some(body));
    let examples = [("standard", Some(standard)), ("timekit", timekit)];
    for (format, value) in examples {
        let Some(value) = value else { continue };
        let example = ExampleBuilder::new().value(Some(value)).build();
        content = content.examples_from_iter([(format, example)]);
    }
    let request = RequestBodyBuilder::new()
        .description(Some("As the endpoint's `format` and `payload` have it."))
        .content("application/json", content.build())
        .required(Some(Required::True));
    let mut operation = OperationBuilder::new()
        .operation_id(Some(operation_id(kind)))
        .tag("webhooks")
        .summary(Some(kind.happened()))
        .request_body(Some(request.build()))
        .response("2XX", response("It was received."))
        .response(
            "410",
            response("No more is wanted: the endpoint is disabled."),
        );
    for (name, is_required, description) in HEADERS {
        operation = operation.parameter(header(name, is_required, description));
    }
    Ok(PathItem::new(HttpMethod::Post, operation.build()))
}

/// E.g. `on_booking_confirmed`.
fn operation_id(kind: EventType) -> String {
    format!("on_{}", kind.name().replace('.', "_"))
}

fn response(description: &str) -> utoipa::openapi::Response {
    ResponseBuilder::new().description(description).build()
}

fn header(name: &str, is_required: bool, description: &str) -> Parameter {
    let text = ObjectBuilder::new().schema_type(Type::String).build();
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(if is_required {
            Required::True
        } else {
            Required::False
        })
        .description(Some(description))
        .schema(Some(text))
        .build()
}
