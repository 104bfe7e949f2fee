//! Request schemas for creation: the fields of an update, some of them required.

use utoipa::openapi::schema::{AllOfBuilder, AnyOfBuilder, ObjectBuilder, Schema};
use utoipa::openapi::{Ref, RefOr};

/// Describes the body of a creation in OpenAPI by the struct that creation and update share: with the fields in brackets
/// required. Several brackets are alternatives.
///
/// ```text
/// api::required!(CreateResourceRequest: ResourceRequest {
///     ["timezone", "name"],
///     ["timezone", "first_name", "last_name"],
/// });
/// ```
#[macro_export]
macro_rules! required {
    ($name:ident: $request:ident { $([$($field:literal),+ $(,)?]),+ $(,)? }) => {
        #[doc = concat!("[`", stringify!($request), "`] at creation.")]
        pub(crate) struct $name;

        impl ::utoipa::PartialSchema for $name {
            fn schema() -> ::utoipa::openapi::RefOr<::utoipa::openapi::schema::Schema> {
                let alternatives: &[&[&str]] = &[$(&[$($field),+]),+];
                $crate::required::with_required(
                    &<$request as ::utoipa::ToSchema>::name(),
                    alternatives,
                )
            }
        }

        impl ::utoipa::ToSchema for $name {
            fn schemas(
                schemas: &mut Vec<(
                    String,
                    ::utoipa::openapi::RefOr<::utoipa::openapi::schema::Schema>,
                )>,
            ) {
                schemas.push((
                    <$request as ::utoipa::ToSchema>::name().into_owned(),
                    <$request as ::utoipa::PartialSchema>::schema(),
                ));
                <$request as ::utoipa::ToSchema>::schemas(schemas);
            }
        }
    };
}

/// The schema called `name`, and of it all fields of one alternative.
#[doc(hidden)]
pub fn with_required(name: &str, alternatives: &[&[&str]]) -> RefOr<Schema> {
    let required = |fields: &&[&str]| {
        fields.iter().fold(ObjectBuilder::new(), |object, field| {
            object.required(*field)
        })
    };
    let all = AllOfBuilder::new().item(Ref::from_schema_name(name));
    let all = match alternatives {
        [one] => all.item(required(one)),
        several => {
            let any = several.iter().map(required);
            all.item(any.fold(AnyOfBuilder::new(), AnyOfBuilder::item))
        }
    };
    Schema::AllOf(all.build()).into()
}
