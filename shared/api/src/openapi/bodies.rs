//! What the OpenAPI document says of request bodies, beside their schemas.

use utoipa::openapi::path::Operation as OpenApiOperation;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{RefOr, Required};

use super::add_sentence;
use crate::body::MAX_BODY;

/// Says whether the body must be sent, and which errors it brings: an empty body counts as an empty object, so one without
/// required fields may be left out.
pub(crate) fn describe(operation: &mut OpenApiOperation, schemas: &[(String, RefOr<Schema>)]) {
    let Some(RefOr::T(body)) = &mut operation.request_body else {
        return;
    };
    let must_be_sent = (body.content.values()).any(|content| match content {
        RefOr::T(content) => {
            (content.schema.as_ref()).is_some_and(|schema| !accepts_empty_object(schema, schemas))
        }
        RefOr::Ref(_) => true,
    });
    body.required = Some(if must_be_sent {
        Required::True
    } else {
        Required::False
    });
    let responses = &mut operation.responses.responses;
    let kilobytes = MAX_BODY / 1024;
    add_sentence(
        responses,
        "413",
        &format!("`too_large`: the body has more than {kilobytes} KB."),
    );
    add_sentence(
        responses,
        "422",
        "`invalid`: the body is not JSON, or a field is wrong: `errors`, by field.",
    );
}

fn accepts_empty_object(schema: &RefOr<Schema>, schemas: &[(String, RefOr<Schema>)]) -> bool {
    match schema {
        RefOr::Ref(reference) => {
            let name = reference.ref_location.rsplit('/').next();
            (schemas.iter())
                .find(|(known, _)| Some(known.as_str()) == name)
                .is_none_or(|(_, schema)| accepts_empty_object(schema, schemas))
        }
        RefOr::T(Schema::Object(object)) => object.required.is_empty(),
        RefOr::T(Schema::AllOf(all)) => {
            (all.items.iter()).all(|schema| accepts_empty_object(schema, schemas))
        }
        RefOr::T(Schema::AnyOf(any)) => {
            (any.items.iter()).any(|schema| accepts_empty_object(schema, schemas))
        }
        RefOr::T(_) => false,
    }
}
