//! A member of a response that may be left out and may be `null`, which are two answers.

use serde::{Serialize, Serializer};

/// A member that is left out with `#[serde(skip_serializing_if = "Member::is_left_out")]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Member<T> {
    /// It is not part of this response.
    LeftOut,
    /// It is `null`: there is no value, or none for this caller.
    Null,
    /// It has a value.
    Value(T),
}

impl<T> Member<T> {
    /// Whether it is not part of the response.
    pub const fn is_left_out(&self) -> bool {
        matches!(self, Self::LeftOut)
    }

    /// Takes the value away, if there is one, and says whether there was.
    pub fn hide(&mut self) -> bool {
        let had_value = matches!(self, Self::Value(_));
        if had_value {
            *self = Self::Null;
        }
        had_value
    }
}

/// A value, or `null`.
impl<T> From<Option<T>> for Member<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Value)
    }
}

impl<T: Serialize> Serialize for Member<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::LeftOut | Self::Null => serializer.serialize_none(),
            Self::Value(value) => value.serialize(serializer),
        }
    }
}
