//! Filter collections: what a client may say of them, and how callers see them.

use api::body::MAX_FREE_FORM;
use api::{Faults, Field};
use model::filter::{FilterCollection, Filters};
use model::time::{Tz, format_instant};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::fields::free_form;

/// A filter collection's fields. Fields that are not listed are ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct FilterCollectionRequest {
    /// What people call it.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 200)]
    name: Field<String>,
    /// Filters as `POST /v2/findtime` takes them: `and`, `or` and `after`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    filters: Field<Map<String, Value>>,
    /// The same as in `filters`, as older clients send it.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Object>>)]
    and: Field<Value>,
    /// The same as in `filters`, as older clients send it.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Object>>)]
    or: Field<Value>,
    /// The same as in `filters`, as older clients send it.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Object>>)]
    after: Field<Value>,
}

/// Filters that are kept. No search reads them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FilterCollectionView {
    /// Names it.
    #[schema(format = Uuid)]
    id: String,
    /// What people call it.
    name: String,
    /// The filters.
    #[schema(value_type = Object)]
    filters: Map<String, Value>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last changed.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// What was said; `None` stands for nothing said.
pub(crate) struct FilterCollectionFields {
    name: Option<String>,
    filters: Option<Map<String, Value>>,
}

impl FilterCollectionFields {
    /// Reads the request; what is wrong with it goes to `faults`.
    pub(crate) fn read(request: FilterCollectionRequest, faults: &mut Faults) -> Self {
        let name = faults.optional("name", request.name);
        let groups = [
            ("and", request.and),
            ("or", request.or),
            ("after", request.after),
        ];
        let filters = filters(faults, request.filters, groups);
        if let Some(filters) = &filters
            && let Err(wrong) = Filters::parse(&Value::Object(filters.clone()), "filters")
        {
            faults.append(wrong);
        }
        Self {
            name: faults.text("name", name, 0..=200),
            filters,
        }
    }

    /// The collection with everything that was said.
    pub(crate) fn apply(&self, collection: FilterCollection) -> FilterCollection {
        FilterCollection {
            name: self.name.clone().unwrap_or(collection.name),
            filters: self.filters.clone().unwrap_or(collection.filters),
            ..collection
        }
    }
}

/// The filters, whether they were sent in `filters` or beside the name.
fn filters(
    faults: &mut Faults,
    sent: Field<Map<String, Value>>,
    groups: [(&str, Field<Value>); 3],
) -> Option<Map<String, Value>> {
    let mut filters = free_form(faults, "filters", sent, MAX_FREE_FORM);
    for (name, group) in groups {
        let Some(group) = faults.optional(name, group) else {
            continue;
        };
        let filters = filters.get_or_insert_default();
        if filters.contains_key(name) {
            faults.add(name, "is in filters too; send it once");
        } else {
            filters.insert(name.to_owned(), group);
        }
    }
    faults.size("filters", &filters, MAX_FREE_FORM);
    filters
}

impl From<FilterCollection> for FilterCollectionView {
    fn from(collection: FilterCollection) -> Self {
        Self {
            id: collection.id.to_string(),
            name: collection.name,
            filters: collection.filters,
            created_at: format_instant(collection.created_at, Tz::UTC),
            updated_at: format_instant(collection.updated_at, Tz::UTC),
        }
    }
}
