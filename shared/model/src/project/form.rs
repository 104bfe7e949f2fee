//! The fields of a booking page's form, typed as far as the contract names them.

use serde_json::{Map, Value};

use super::{Project, UnreadableProject};
use crate::lenient;

/// A field of the form that customers fill in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormField {
    /// Its name in a booking's `customer`.
    pub name: String,
    /// What the form calls it.
    pub title: Option<String>,
    /// What is written in it, e.g. `email`, `tel` or `textarea`. Unknown formats are kept.
    pub format: Option<String>,
    /// Whether it must be filled in.
    pub is_required: bool,
    /// Whether the page shows it without letting anybody change it.
    pub is_readonly: bool,
    /// Whether the page sends it without showing it.
    pub is_hidden: bool,
    /// The values to choose from; empty if anything may be written.
    pub options: Vec<String>,
}

impl FormField {
    fn read(name: String, field: &Map<String, Value>) -> Self {
        let text = |name: &str| Some(lenient::text(field.get(name)?)?.into_owned());
        let is = |name: &str| field.get(name).and_then(lenient::flag) == Some(true);
        let options = field.get("enum").and_then(Value::as_array);
        let options = options.into_iter().flatten();
        Self {
            name,
            title: text("title"),
            format: text("format"),
            is_required: is("required"),
            is_readonly: is("readonly"),
            is_hidden: is("hidden"),
            options: options
                .filter_map(|option| Some(lenient::text(option)?.into_owned()))
                .collect(),
        }
    }
}

impl Project {
    /// The fields of its page's form, in order. A field that is `null` has been taken away.
    ///
    /// # Errors
    ///
    /// [`UnreadableProject`] if they are no JSON object.
    pub fn form(&self) -> Result<Vec<FormField>, UnreadableProject> {
        let fields = self.members("customer_fields", &self.customer_fields)?;
        let fields = fields.into_iter();
        Ok(fields
            .filter_map(|(name, field)| Some(FormField::read(name, lenient::object(&field)?)))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::project;
    use super::*;
    use serde_json::json;

    #[test]
    fn a_form_has_its_fields_in_the_order_in_which_they_were_sent() {
        let mut project = project();
        let fields = json!({
            "seats": { "title": "Seats", "format": "stepper", "enum": ["1", 2], "required": 1 },
            "voucher": { "hidden": true, "readonly": "true" },
            "gone": null,
            "bare": [],
        });
        project.customer_fields = fields.as_object().cloned().expect("an object").into();
        let form = project.form().expect("a form");
        let names: Vec<&str> = form.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["seats", "voucher", "bare"]);
        assert_eq!(
            form[0],
            FormField {
                name: "seats".to_owned(),
                title: Some("Seats".to_owned()),
                format: Some("stepper".to_owned()),
                is_required: true,
                is_readonly: false,
                is_hidden: false,
                options: vec!["1".to_owned(), "2".to_owned()],
            }
        );
        assert!(form[1].is_hidden && form[1].is_readonly && !form[1].is_required);
    }
}
