//! A page's form does what it does once only, by the one-time value that stands in it: the same records as for an
//! `Idempotency-Key`, of the widget key that the page acts as.
//!
//! A form is not held to be sent again exactly as it was: who goes back and sends it with other words has been answered
//! already, and is shown that.

use auth::Principal;
use auth::plain_key::hash_secret;
use model::ids::BookingId;
use store::{IdempotencyKey, KeptAnswer, PendingAnswer, RecordOwner, Seed, Writer};

use crate::error::ApiError;
use crate::state::State;

/// The longest one-time value that is taken, in bytes.
const MAX_ONCE: usize = 64;

/// What the record says in place of a code of the request, which a form has none of.
const ANY_REQUEST: &str = "form";

/// The alphabet of one-time values.
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A form that was sent.
#[derive(Clone)]
pub struct FormOnce {
    place: IdempotencyKey,
    keep: PendingAnswer,
}

/// What is known of a form that was sent.
pub enum Sent {
    /// Nothing: it is to be done now.
    First(FormOnce),
    /// It was done, and this is the booking.
    Before(BookingId),
}

/// A new one-time value, of 130 bits.
pub fn one_time_value(state: &State) -> String {
    state.random().text(LETTERS, 22)
}

/// Whether a one-time value can be one of ours.
pub fn is_one_time_value(once: &str) -> bool {
    (16..=MAX_ONCE).contains(&once.len()) && once.bytes().all(|byte| LETTERS.contains(&byte))
}

impl FormOnce {
    /// Looks for what became of the form with the one-time value `once`, which was sent to `route` and acts as `principal`.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn begin(
        state: &State,
        principal: &Principal,
        route: &str,
        once: &str,
    ) -> Result<Sent, ApiError> {
        let owner = RecordOwner::App(principal.app);
        let hash = hash_secret(once);
        let place = IdempotencyKey::new(owner, principal.caller_id(), route, hash);
        let seed = Seed::random(state.random());
        let keep = PendingAnswer::new(place.clone(), ANY_REQUEST.to_owned(), seed, state.now());
        let this = Self { place, keep };
        let before = this.before(state).await?;
        Ok(before.map_or(Sent::First(this), Sent::Before))
    }

    /// What a twin of the form, sent at the same time, has done meanwhile.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn before(&self, state: &State) -> Result<Option<BookingId>, ApiError> {
        let store = state.store();
        let found = store
            .find_idempotency_record(&self.place, state.now())
            .await?;
        let answer = found.and_then(|record| record.answer);
        Ok(answer.and_then(|answer| answer.body.parse().ok()))
    }

    /// What the form's one transaction is written with.
    pub fn writer(&self, state: &State) -> Writer {
        state.store().writer_keeping(&self.keep)
    }

    /// Says which booking the form will have made, before it is written.
    pub fn keep(&self, booking: BookingId) {
        self.keep.set(KeptAnswer {
            status: 303,
            headers: std::collections::BTreeMap::new(),
            body: booking.to_string(),
        });
    }
}
