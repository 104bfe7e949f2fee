//! What a request does to a value that is kept: its field may be missing, or `null`.

use model::fault::Faults;

use crate::body::Field;

/// What a request does to a value that a record may lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<T> {
    /// The field was not sent, or is faulty: the value stays.
    Keep,
    /// The field is `null`: the value is removed.
    Remove,
    /// The value is replaced.
    Set(T),
}

impl<T> Change<T> {
    /// Reads a field; `read` makes the value of what was sent, or notes what is wrong with it.
    pub fn read<F>(
        faults: &mut Faults,
        name: &str,
        field: Field<F>,
        read: impl FnOnce(&mut Faults, F) -> Option<T>,
    ) -> Self {
        if matches!(field, Field::Null) {
            return Self::Remove;
        }
        let sent = faults.optional(name, field);
        match sent.and_then(|sent| read(faults, sent)) {
            Some(value) => Self::Set(value),
            None => Self::Keep,
        }
    }

    /// The new value, if there is one.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Remove => None,
        }
    }

    /// Whether the value is removed or replaced.
    pub const fn is_some(&self) -> bool {
        !matches!(self, Self::Keep)
    }
}

impl<T: Clone> Change<T> {
    /// The value after the change.
    pub fn of(&self, current: Option<T>) -> Option<T> {
        match self {
            Self::Keep => current,
            Self::Remove => None,
            Self::Set(value) => Some(value.clone()),
        }
    }
}

impl Change<String> {
    /// Reads a text of at most `max` characters.
    pub fn text(faults: &mut Faults, name: &str, field: Field<String>, max: usize) -> Self {
        Self::read(faults, name, field, |faults, text| {
            faults.text(name, Some(text), 0..=max)
        })
    }
}

/// A field whose value is there in every record: `null` empties it.
pub fn cleared<T: Default>(faults: &mut Faults, name: &str, field: Field<T>) -> Option<T> {
    if matches!(field, Field::Null) {
        Some(T::default())
    } else {
        faults.optional(name, field)
    }
}
