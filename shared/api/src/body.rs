//! Request bodies: JSON whatever the content type says, and every fault in them found at once.

use std::fmt;
use std::marker::PhantomData;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use model::fault::{FaultKind, Faults, Input};
use serde::de::{DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::error::ApiError;
use crate::lenient;
use crate::shape::{NEWTYPE, Shape};
use crate::state::State;
use crate::warnings::Warnings;

pub use crate::sizes::{MAX_BODY, MAX_FREE_FORM};

/// UTF-8's byte order mark.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A body, read as JSON. An empty one counts as an empty object.
#[derive(Debug)]
pub struct Body<T>(pub T);

/// A body that is a bare array, read as JSON: the form in which clients send a whole set.
#[derive(Debug)]
pub struct BareArray(pub Vec<Value>);

/// One field of a body. Reading it never fails the whole body, so that all faults can be told at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Field<T> {
    /// It was not sent.
    #[default]
    Absent,
    /// It was sent as `null`.
    Null,
    /// It was sent.
    Value(T),
    /// It was sent and cannot be read: why.
    Wrong(FaultKind),
}

impl<T> Field<T> {
    /// The value, if it was sent and can be read.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null | Self::Wrong(_) => None,
        }
    }

    /// Whether it was sent, `null` and unreadable included.
    pub const fn is_present(&self) -> bool {
        !matches!(self, Self::Absent)
    }

    /// Whether it was sent, and not as `null`.
    pub const fn is_given(&self) -> bool {
        !matches!(self, Self::Absent | Self::Null)
    }

    /// The same with what `change` makes of the value, if there is one.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Field<U> {
        match self {
            Self::Absent => Field::Absent,
            Self::Null => Field::Null,
            Self::Value(value) => Field::Value(change(value)),
            Self::Wrong(kind) => Field::Wrong(kind),
        }
    }

    /// This one if it was sent, else the other: for a field with an older name.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self.is_present() { self } else { other }
    }
}

impl<T> Input for Field<T> {
    type Value = T;

    fn input(self) -> Option<Result<T, FaultKind>> {
        match self {
            Self::Absent | Self::Null => None,
            Self::Value(value) => Some(Ok(value)),
            Self::Wrong(kind) => Some(Err(kind)),
        }
    }
}

impl<T: DeserializeOwned> Field<T> {
    /// What was sent, read as every field is.
    pub fn read(value: Value) -> Self {
        if value.is_null() {
            return Self::Null;
        }
        match lenient::read(value) {
            Ok(value) => Self::Value(value),
            Err(wrong) => Self::Wrong(wrong.to_string().into()),
        }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(NEWTYPE, FieldVisitor(PhantomData))
    }
}

struct FieldVisitor<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for FieldVisitor<T> {
    type Value = Field<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, source: D) -> Result<Field<T>, D::Error> {
        Value::deserialize(source).map(Field::read)
    }

    /// For a source that only looks at what is read.
    fn visit_some<D: Deserializer<'de>>(self, source: D) -> Result<Field<T>, D::Error> {
        let _ = T::deserialize(source);
        Ok(Field::Absent)
    }
}

/// A value that is read from a JSON object only. serde would also take an array for the fields of a struct in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object<T>(pub T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(NEWTYPE, ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, source: D) -> Result<Object<T>, D::Error> {
        let fields = serde_json::Map::deserialize(source)?;
        lenient::read(fields.into())
            .map(Object)
            .map_err(serde::de::Error::custom)
    }

    /// For a source that only looks at what is read.
    fn visit_some<D: Deserializer<'de>>(self, source: D) -> Result<Object<T>, D::Error> {
        T::deserialize(source).map(Object)
    }
}

impl<T: DeserializeOwned> FromRequest<State> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &State) -> Result<Self, Self::Rejection> {
        let warnings = request.extensions().get::<Warnings>().cloned();
        let value = json(request).await?;
        if let Some(warnings) = warnings {
            warnings.note(&value, &Shape::of::<T>());
        }
        read_object(value).map(Self)
    }
}

/// Reads what must be an object, as the body of a request or in a list of such bodies. An empty list is an empty object.
///
/// # Errors
///
/// [`ApiError::Invalid`] about the `body`.
pub fn read_object<T: DeserializeOwned>(value: Value) -> Result<T, ApiError> {
    lenient::fields(value)
        .and_then(|fields| lenient::read(fields.into()))
        .map_err(|wrong| ApiError::Invalid(Faults::one("body", wrong.to_string())))
}

/// The whole of a body, which must not be larger than [`MAX_BODY`].
pub(crate) async fn read(body: axum::body::Body) -> Result<Bytes, ApiError> {
    axum::body::to_bytes(body, MAX_BODY).await.map_err(|error| {
        // The limit is the one error that the caller can mend; any other is a connection that broke.
        let too_large = std::error::Error::source(&error)
            .is_some_and(|source| source.to_string().contains("length limit"));
        if too_large {
            ApiError::TooLarge
        } else {
            ApiError::Invalid(Faults::one("body", "did not arrive whole"))
        }
    })
}

impl FromRequest<State> for BareArray {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &State) -> Result<Self, Self::Rejection> {
        lenient::list(json(request).await?)
            .map(Self)
            .map_err(|wrong| ApiError::Invalid(Faults::one("body", wrong.to_string())))
    }
}

/// The body's JSON; an empty body counts as an empty object.
async fn json(request: Request) -> Result<Value, ApiError> {
    let bytes = read(request.into_body()).await?;
    // Windows programs begin a file, and so a body, with a byte order mark.
    let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes);
    let text: &[u8] = if text.trim_ascii().is_empty() {
        b"{}"
    } else {
        text
    };
    let value = serde_json::from_slice(text).map(crate::letters::compose);
    value.map_err(|error| {
        let at = format!("line {}, column {}", error.line(), error.column());
        ApiError::Invalid(Faults::one("body", format!("is not valid JSON (at {at})")))
    })
}

/// Text that is no e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a valid e-mail address")]
pub struct InvalidEmail;

/// Reads an e-mail address, as it was written but for blanks around it.
///
/// # Errors
///
/// [`InvalidEmail`] for what cannot be one.
pub fn parse_email(text: &str) -> Result<String, InvalidEmail> {
    let text = text.trim();
    let is_plain = text.len() <= 254 && !text.contains(|c: char| c.is_whitespace() || c == ':');
    if is_plain && email_address::EmailAddress::is_valid(text) {
        Ok(text.to_owned())
    } else {
        Err(InvalidEmail)
    }
}

/// A password of an allowed length, counted in characters.
pub fn sound_password(faults: &mut Faults, name: &str, password: Option<String>) -> Option<String> {
    let length = auth::password::LENGTH;
    let password = password?;
    if length.contains(&password.chars().count()) {
        Some(password)
    } else {
        faults.add(
            name,
            format!(
                "must have {} to {} characters",
                length.start(),
                length.end()
            ),
        );
        None
    }
}
