//! Schemas of fields whose values are a list that `model` has: made from the list, so that the OpenAPI document cannot
//! differ from it.

use model::constraint::KINDS;
use model::graph::{Action as KnownAction, Graph as KnownGraph};
use model::key::{KeyKind as KnownKeyKind, TokenType as KnownTokenType};
use model::scope::Scope as KnownScope;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{
    AdditionalProperties, AnyOfBuilder, ObjectBuilder, Schema, SchemaType, Type,
};

fn one_of(names: impl Iterator<Item = &'static str>, description: &str) -> RefOr<Schema> {
    let schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(names.collect::<Vec<_>>()))
        .description(Some(description));
    Schema::Object(schema.build()).into()
}

macro_rules! schemas {
    ($($(#[doc = $description:literal])+ $name:ident = $names:expr;)+) => {$(
        $(#[doc = $description])+
        #[derive(Debug)]
        pub struct $name;

        impl utoipa::PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                one_of($names, concat!($($description),+).trim())
            }
        }

        impl utoipa::ToSchema for $name {}
    )+};
}

schemas! {
    /// What can be done with a booking.
    Action = KnownAction::ALL.iter().map(|action| action.name());
    /// How a booking comes about and ends.
    Graph = KnownGraph::ALL.iter().map(|graph| graph.name());
    /// A kind of key.
    KeyKind = KnownKeyKind::ALL.iter().map(|kind| kind.name());
    /// A permission: `resource.action`, or `*` for all of them.
    Scope = KnownScope::ALL.iter().map(|scope| scope.name());
    /// A type of resource token.
    TokenType = KnownTokenType::ALL.iter().map(|token_type| token_type.name());
}

/// One constraint: an object with one field, its kind.
#[derive(Debug)]
pub struct Constraint;

impl utoipa::PartialSchema for Constraint {
    fn schema() -> RefOr<Schema> {
        let names = ["allow", "block"]
            .into_iter()
            .flat_map(|effect| KINDS.map(|kind| (format!("{effect}_{kind}"), kind)));
        let one_of_each = names.map(|(name, kind)| {
            ObjectBuilder::new()
                .property(&name, fields_of(kind))
                .required(name)
                .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)))
        });
        let any = one_of_each.fold(AnyOfBuilder::new(), AnyOfBuilder::item);
        let any = any.description(Some(
            "When something may be booked (`allow`) or not (`block`), by the clock of each resource. `end` must be after \
             `start`.",
        ));
        Schema::AnyOf(any.build()).into()
    }
}

impl utoipa::ToSchema for Constraint {}

/// What a constraint of this kind consists of.
fn fields_of(kind: &str) -> ObjectBuilder {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let day = || {
        // Any case is read; this is the one that is documented.
        text().enum_values(Some([
            "Monday",
            "Tuesday",
            "Wednesday",
            "Thursday",
            "Friday",
            "Saturday",
            "Sunday",
        ]))
    };
    let hour = || {
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::Integer, Type::String]))
            .minimum(Some(0))
            .maximum(Some(24))
            .pattern(Some(r"^([01]?[0-9]|2[0-3]):[0-5][0-9]$|^24:00$"))
            .description(Some(
                "A whole hour, or a time like `09:30`; `24` is the end of the day.",
            ))
    };
    let moment = || {
        text()
            .pattern(Some("^[0-9]{4}-[01][0-9]-[0-3][0-9]"))
            .description(Some("RFC 3339, or a date, whose midnight is meant."))
    };
    let with = |fields: Vec<(&str, ObjectBuilder)>| {
        fields
            .into_iter()
            .fold(ObjectBuilder::new(), |object, (name, field)| {
                object.property(name, field).required(name)
            })
    };
    match kind {
        "day_and_time" => with(vec![("day", day()), ("start", hour()), ("end", hour())]),
        "hours" => with(vec![("start", hour()), ("end", hour())]),
        "day" => with(vec![("day", day())]),
        "period" => with(vec![("start", moment()), ("end", moment())]),
        // The days of the week say it all.
        _ => ObjectBuilder::new(),
    }
}
