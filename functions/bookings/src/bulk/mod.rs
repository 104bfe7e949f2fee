//! What a request about many bookings says, and what it is answered.

use api::idempotency::Keepable;
use api::{ApiError, Faults, Field, State};
use auth::Owner;
use auth::shares::Turn;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use model::ids::AppId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{DecisionError, KeptAnswer};
use utoipa::ToSchema;

use crate::view::BookingView;

/// The most bookings of one request.
pub(crate) const MAX_BOOKINGS: usize = 100;

/// Up to how many bookings are decided on at once without waiting for a turn.
const MAX_WITHOUT_TURN: usize = 10;

/// Waits until so many bookings of this app may be decided on.
///
/// # Errors
///
/// [`ApiError::TooMany`] if too much of the app's is waiting.
pub(crate) async fn turn_for(
    state: &State,
    app: AppId,
    bookings: usize,
) -> Result<Option<Turn>, ApiError> {
    if bookings <= MAX_WITHOUT_TURN {
        return Ok(None);
    }
    Ok(Some(state.heavy().turn(Owner::App(app)).await?))
}

/// Many bookings at once.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct BulkRequest {
    /// One to 100 of them: each as a request of its own would have it.
    #[serde(default)]
    #[schema(value_type = Vec<Object>, required, min_items = 1, max_items = 100)]
    bookings: Field<Vec<Value>>,
    /// Whether to leave the rest alone once one has failed.
    #[serde(default)]
    #[schema(value_type = Option<bool>, default = false)]
    stop_on_first_error: Field<bool>,
    /// Whether the bookings made are to be changed together from now on.
    #[serde(default)]
    #[schema(value_type = Option<bool>, default = false)]
    relate_bookings: Field<bool>,
    /// All or nothing: in one transaction, which has room for a bounded number of bookings.
    #[serde(default)]
    #[schema(value_type = Option<bool>, default = false)]
    delete_all_on_error: Field<bool>,
}

/// A request about many bookings, sound but for the bookings themselves.
pub(crate) struct Bulk {
    pub(crate) bookings: Vec<Value>,
    pub(crate) stops_on_error: bool,
    pub(crate) relates: bool,
    pub(crate) is_all_or_nothing: bool,
}

impl BulkRequest {
    pub(crate) fn parse(self) -> Result<Bulk, ApiError> {
        let mut faults = Faults::none();
        let bookings = faults.required("bookings", self.bookings);
        if let Some(bookings) = &bookings
            && !(1..=MAX_BOOKINGS).contains(&bookings.len())
        {
            faults.add(
                "bookings",
                format!("must be from 1 to {MAX_BOOKINGS}; send the rest in another request"),
            );
        }
        let mut flag = |name: &str, field| faults.optional(name, field).unwrap_or(false);
        let stops_on_error = flag("stop_on_first_error", self.stop_on_first_error);
        let relates = flag("relate_bookings", self.relate_bookings);
        let is_all_or_nothing = flag("delete_all_on_error", self.delete_all_on_error);
        let bulk = bookings.map(|bookings| Bulk {
            bookings,
            stops_on_error,
            relates,
            is_all_or_nothing,
        });
        Ok(faults.finish(bulk)?)
    }
}

/// One booking of many, read as the body of a request of its own would be.
pub(crate) fn item<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, ApiError> {
    api::body::read_object(value)
}

/// What became of many bookings: those that went well in the order they were sent, and what was wrong with the others.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BulkAnswer {
    /// The bookings that went well.
    data: Vec<BookingView>,
    /// What was wrong with the others: `index` from 0, `status`, and what a request of its own would have been answered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    errors: Vec<Map<String, Value>>,
    #[serde(skip)]
    #[schema(ignore)]
    status: StatusCode,
}

impl BulkAnswer {
    /// `all_well` if all went well, else 207.
    ///
    /// # Errors
    ///
    /// The first error, if nothing went well.
    pub(crate) fn new(
        all_well: StatusCode,
        results: Vec<Result<BookingView, ApiError>>,
    ) -> Result<Self, ApiError> {
        let mut answer = Self {
            data: Vec::with_capacity(results.len()),
            errors: Vec::new(),
            status: all_well,
        };
        let mut first = None;
        for (index, result) in results.into_iter().enumerate() {
            match result {
                Ok(view) => answer.data.push(view),
                Err(error) => {
                    let error = of_many(index, error);
                    let mut shown = error.what_is_wrong();
                    shown.insert("status".to_owned(), error.status().as_u16().into());
                    answer.errors.push(shown);
                    answer.status = StatusCode::MULTI_STATUS;
                    first = first.or(Some(error));
                }
            }
        }
        match first {
            Some(error) if answer.data.is_empty() => Err(error),
            _ => Ok(answer),
        }
    }
}

/// The customer's links of the bookings of an answer, in their order.
type Links = Vec<Option<Map<String, Value>>>;

impl BulkAnswer {
    /// Takes the customers' links out of it: an answer is kept without them.
    pub(crate) fn take_links(&mut self) -> Links {
        self.data.iter_mut().map(BookingView::take_links).collect()
    }

    /// The same with the links that were taken.
    pub(crate) fn with_links(self, links: Links) -> Self {
        let data = self.data.into_iter().zip(links);
        let data = data.map(|(view, links)| view.with_links(links)).collect();
        Self { data, ..self }
    }
}

/// An error of a decision of which each booking is a part.
pub(crate) fn of_part(error: DecisionError) -> ApiError {
    let part = error.part();
    let error = ApiError::from(error);
    match part {
        Some(index) => of_many(index, error),
        None => error,
    }
}

/// `error`, as what is wrong with number `index`.
pub(crate) fn of_many(index: usize, error: ApiError) -> ApiError {
    ApiError::OfMany {
        index,
        error: Box::new(error),
    }
}

impl IntoResponse for BulkAnswer {
    fn into_response(self) -> Response {
        (self.status, Json(self)).into_response()
    }
}

impl Keepable for BulkAnswer {
    fn kept(&self) -> Result<KeptAnswer, ApiError> {
        (self.status, Json(self)).kept()
    }
}
