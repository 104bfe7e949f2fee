//! The form of a page: its fields, what was filled in, and what is wrong with it.

use std::collections::BTreeMap;

use api::customer::parse_customer;
use api::{ApiError, Faults, State};
use html::{Count, Language, Text};
use model::booking::Customer;
use model::fault::Fault;
use model::project::FormField;
use serde_json::{Map, Value};

use super::ask::Ask;
use super::site::Site;

/// The longest text that a field takes, in characters.
pub(crate) const MAX_TEXT: u32 = 10_000;

/// The longest name, in characters.
const MAX_NAME: u32 = 1_000;

/// How a field is filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Email,
    Phone,
    Number,
    Long,
    Tick,
    Choice,
}

/// A field as the page shows it.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) field: FormField,
    pub(crate) kind: Kind,
    /// What it is called.
    pub(crate) label: String,
    /// What stands in it.
    pub(crate) value: String,
    /// What is wrong with that.
    pub(crate) error: Option<String>,
}

/// The form's fields, in order.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) fields: Vec<Field>,
    /// What is wrong with the choice of whom.
    pub(crate) resource_error: Option<String>,
}

impl Form {
    /// The fields of the project's form, with what `ask` has of them.
    pub(crate) fn read(site: &Site, ask: &Ask, language: Language) -> Result<Self, ApiError> {
        let fields = site.project.form();
        let fields = fields.map_err(scheduling::SchedulingError::from)?;
        let fields = fields.into_iter().map(|field| {
            let value = ask.customer(&field.name).unwrap_or_default().to_owned();
            Field {
                kind: kind(&field),
                label: label(&field, language),
                value,
                error: None,
                field,
            }
        });
        Ok(Self {
            fields: fields.collect(),
            resource_error: None,
        })
    }

    /// Whom the booking is for, as filled in; what is wrong is noted at its field.
    pub(crate) fn customer(
        &mut self,
        state: &State,
        ask: &Ask,
        language: Language,
    ) -> Option<Customer> {
        for field in &mut self.fields {
            field.error = field.missing(language).or_else(|| field.too_long(language));
        }
        let mut values: Map<String, Value> = self
            .fields
            .iter()
            .filter(|field| !field.value.is_empty() && !field.field.is_readonly)
            .map(|field| (field.field.name.clone(), Value::from(field.value.clone())))
            .collect();
        // The visitor's zone goes with the booking, as the widget sends it.
        let zone = ask.zone.map(|zone| Value::from(zone.name()));
        if let (None, Some(zone)) = (values.get("timezone"), zone) {
            values.insert("timezone".to_owned(), zone);
        }
        let mut faults = Faults::none();
        let customer = parse_customer(&mut faults, values, state.random());
        for fault in faults.iter() {
            self.note(fault, language);
        }
        customer.filter(|_| faults.is_empty() && !self.has_errors())
    }

    fn note(&mut self, fault: &Fault, language: Language) {
        let name = fault
            .path
            .as_str()
            .strip_prefix("customer.")
            .unwrap_or_default();
        let at = self
            .fields
            .iter()
            .position(|field| field.field.name == name);
        // A form without a name still needs one: the first field says so.
        let Some(field) = self.fields.get_mut(at.unwrap_or(0)) else {
            return;
        };
        let said = match (name, field.value.is_empty()) {
            (_, true) => Text::Missing,
            ("email", false) => Text::BadEmail,
            (_, false) => Text::BadValue,
        };
        field
            .error
            .get_or_insert_with(|| language.text(said).to_owned());
    }

    /// Whether anything is wrong.
    pub(crate) fn has_errors(&self) -> bool {
        self.resource_error.is_some() || self.fields.iter().any(|field| field.error.is_some())
    }

    /// Everything that is wrong, by the id of its field.
    pub(crate) fn errors(&self) -> BTreeMap<String, String> {
        let fields = self.fields.iter().enumerate();
        let mut errors: BTreeMap<String, String> = fields
            .filter_map(|(at, field)| Some((id(at), field.error.clone()?)))
            .collect();
        errors.extend(
            self.resource_error
                .clone()
                .map(|error| ("whom".to_owned(), error)),
        );
        errors
    }
}

/// The id of a field, in its place.
pub(crate) fn id(at: usize) -> String {
    format!("field-{at}")
}

impl Field {
    fn missing(&self, language: Language) -> Option<String> {
        let text = match self.kind {
            Kind::Tick => Text::MissingTick,
            Kind::Choice => Text::MissingChoice,
            _ => Text::Missing,
        };
        let is_shown = !self.field.is_hidden && !self.field.is_readonly;
        (self.field.is_required && is_shown && self.value.is_empty())
            .then(|| language.text(text).to_owned())
    }

    fn too_long(&self, language: Language) -> Option<String> {
        let most = if self.field.name == "name" {
            MAX_NAME
        } else {
            MAX_TEXT
        };
        let length = u32::try_from(self.value.chars().count()).unwrap_or(u32::MAX);
        (length > most).then(|| language.count(Count::TooLong, most))
    }

    /// What the page says of it when it is filled in wrongly.
    pub(crate) fn bad(&self, language: Language) -> &'static str {
        language.text(match self.kind {
            Kind::Email => Text::BadEmail,
            Kind::Phone => Text::BadPhone,
            Kind::Number => Text::BadNumber,
            _ => Text::BadValue,
        })
    }

    /// What the page says of it when it is left out.
    pub(crate) fn lacking(&self, language: Language) -> &'static str {
        language.text(match self.kind {
            Kind::Tick => Text::MissingTick,
            Kind::Choice => Text::MissingChoice,
            _ => Text::Missing,
        })
    }
}

fn kind(field: &FormField) -> Kind {
    match (field.format.as_deref(), field.name.as_str()) {
        _ if !field.options.is_empty() => Kind::Choice,
        (Some("email"), _) | (None, "email") => Kind::Email,
        (Some("tel" | "phone"), _) | (None, "phone") => Kind::Phone,
        (Some("number"), _) => Kind::Number,
        (Some("textarea"), _) | (None, "comment") => Kind::Long,
        (Some("checkbox"), _) => Kind::Tick,
        _ => Kind::Text,
    }
}

/// The names that a project has by default, which stand in the visitor's language instead.
const DEFAULT_TITLES: [(&str, &str, Text); 6] = [
    ("name", "Name", Text::FieldName),
    ("email", "E-mail", Text::FieldEmail),
    ("phone", "Phone", Text::FieldPhone),
    ("voip", "Voip", Text::FieldVoip),
    ("location", "Location", Text::FieldLocation),
    ("comment", "Comment", Text::FieldComment),
];

/// What a field is called: as its project calls it or, where that is the usual name, in the visitor's language.
pub(crate) fn label(field: &FormField, language: Language) -> String {
    let known = DEFAULT_TITLES
        .iter()
        .find(|(name, _, _)| *name == field.name);
    let own = field
        .title
        .as_deref()
        .filter(|title| !title.trim().is_empty());
    match (own, known) {
        (Some(own), Some((_, usual, text))) if own == *usual => language.text(*text).to_owned(),
        (Some(own), _) => own.to_owned(),
        (None, Some((_, _, text))) => language.text(*text).to_owned(),
        (None, None) => field.name.clone(),
    }
}
