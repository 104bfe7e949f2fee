//! What the OpenAPI document says of query parameters that many operations share, so that no handler repeats it.

use utoipa::openapi::path::{
    Operation as OpenApiOperation, Parameter, ParameterBuilder, ParameterIn,
};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Required};

use super::add_sentence;
use crate::page::{DEFAULT_LIMIT, LAST_NUMBERED_ROW, MAX_LIMIT};

/// Gives shared query parameters their bounds, lists their cursor, and whatever reads a query its 422.
pub(crate) fn describe(operation: &mut OpenApiOperation) {
    let Some(parameters) = &mut operation.parameters else {
        return;
    };
    let mut is_list = false;
    let mut reads_query = false;
    for parameter in parameters.iter_mut() {
        let RefOr::T(parameter) = parameter else {
            continue;
        };
        if parameter.parameter_in != ParameterIn::Query {
            continue;
        }
        is_list |= parameter.name == "page";
        if let Some(schema) = shared_schema(&parameter.name) {
            parameter.schema = Some(Schema::Object(schema.build()).into());
            reads_query = true;
        }
    }
    if is_list {
        parameters.push(RefOr::T(cursor()));
    }
    if reads_query {
        add_sentence(
            &mut operation.responses.responses,
            "422",
            "`invalid`: a query parameter is wrong: `errors`, by name.",
        );
    }
}

/// The schema of a query parameter that means the same wherever it is.
fn shared_schema(name: &str) -> Option<ObjectBuilder> {
    let whole_number = |most: usize, default: usize| {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(as_number(most)))
            .default(Some(default.into()))
    };
    let text = || ObjectBuilder::new().schema_type(Type::String);
    match name {
        "limit" => Some(whole_number(MAX_LIMIT, DEFAULT_LIMIT)),
        "page" => Some(whole_number(LAST_NUMBERED_ROW, 1)),
        // Pairs of an attribute and a value; which attributes there are differs by list.
        "search" => Some(text().pattern(Some(
            r"^\s*[A-Za-z_][A-Za-z0-9_.]*:[^;]*(;\s*[A-Za-z_][A-Za-z0-9_.]*:[^;]*)*;?$",
        ))),
        "start" | "end" | "from" | "to" => {
            Some(text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))))
        }
        _ => None,
    }
}

fn as_number(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn cursor() -> Parameter {
    ParameterBuilder::new()
        .name("cursor")
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .description(Some(
            "The position after an earlier page: part of its `next_page_url`, and of no use elsewhere.",
        ))
        .build()
}
