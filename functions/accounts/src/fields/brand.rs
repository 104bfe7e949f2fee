//! What a request says of how an app's booking pages look.

use std::fmt::Display;
use std::str::FromStr;

use api::{Change, Faults, Field, Object, PublicTexts};
use model::app::{Accent, Brand, Logo, MAX_BRAND_NAME};
use serde::Deserialize;

/// The parts of a brand. What is not sent stays; `null` or an empty text removes it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub(crate) struct BrandRequest {
    name: Field<String>,
    logo: Field<String>,
    accent: Field<String>,
}

/// A sound change of a brand.
#[derive(Clone, Debug)]
pub(crate) struct BrandChange {
    name: Change<String>,
    logo: Change<Logo>,
    accent: Change<Accent>,
}

impl BrandChange {
    /// Reads what was sent as `settings.brand`; `null` removes all of it. Anybody may read a brand, so a secret in it is a
    /// fault.
    pub(crate) fn read(
        faults: &mut Faults,
        sent: Field<Object<BrandRequest>>,
        public: &PublicTexts,
    ) -> Self {
        if matches!(sent, Field::Null) {
            return Self {
                name: Change::Remove,
                logo: Change::Remove,
                accent: Change::Remove,
            };
        }
        let sent = faults.optional("settings.brand", sent);
        let Object(sent) = sent.unwrap_or_default();
        let name = part(faults, "settings.brand.name", sent.name, |faults, text| {
            faults.text("settings.brand.name", Some(text), 1..=MAX_BRAND_NAME)
        });
        let logo = parsed(faults, "settings.brand.logo", sent.logo);
        let accent = parsed(faults, "settings.brand.accent", sent.accent);
        let name_text = name.value().map(String::as_str);
        public.check_text(faults, "settings.brand.name", name_text);
        let logo_text = logo.value().map(|logo: &Logo| logo.url().as_str());
        public.check_text(faults, "settings.brand.logo", logo_text);
        Self { name, logo, accent }
    }

    /// The brand after the change.
    pub(crate) fn of(&self, current: Brand) -> Brand {
        Brand {
            name: self.name.of(current.name),
            logo: self.logo.of(current.logo),
            accent: self.accent.of(current.accent),
        }
    }
}

/// A part of the brand that `parse` reads: removed by an empty text, as a form sends it, or by `null`.
fn part<T>(
    faults: &mut Faults,
    name: &str,
    field: Field<String>,
    parse: impl FnOnce(&mut Faults, String) -> Option<T>,
) -> Change<T> {
    match field {
        Field::Value(text) if text.trim().is_empty() => Change::Remove,
        field => Change::read(faults, name, field, parse),
    }
}

fn parsed<T: FromStr<Err: Display>>(
    faults: &mut Faults,
    name: &str,
    field: Field<String>,
) -> Change<T> {
    part(faults, name, field, |faults, text| {
        faults.parsed(name, Some(text.trim()), str::parse)
    })
}
