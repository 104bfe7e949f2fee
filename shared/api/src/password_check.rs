//! Checking a password: wrong ones are counted, for the account and for the address, before the answer is known.
//!
//! An address with too many wrong ones is refused whatever it sends. An account with too many is not locked:
//! whoever knows the password gets in from an address that has not been guessing; everybody else hears 429.

use std::net::IpAddr;

use auth::Owner;
use secrecy::SecretString;
use store::CountedAttempt;

use crate::address::stranger;
use crate::authorize::bad_credentials;
use crate::error::ApiError;
use crate::limits::{self, WRONG_PASSWORDS, disguised, disguised_address};
use crate::state::State;

/// A sign-in that has begun.
#[derive(Debug)]
pub struct PasswordCheck {
    of_account: CountedAttempt,
    of_address: CountedAttempt,
    owner: Owner,
}

impl PasswordCheck {
    /// Counts the attempt, and refuses it if its address has guessed too often.
    ///
    /// # Errors
    ///
    /// [`ApiError::TooMany`].
    pub async fn begin(
        state: &State,
        account: &str,
        address: Option<IpAddr>,
    ) -> Result<Self, ApiError> {
        let owner = stranger(address);
        let address = disguised_address(state, address).await?;
        let of_address =
            limits::count(state, "wrong-password-from", &address, WRONG_PASSWORDS).await?;
        let account = disguised(state, &model::text::email_key(account)).await?;
        let of_account = state
            .counters()
            .count_attempt("wrong-password-for", &account, WRONG_PASSWORDS, state.now())
            .await?;
        Ok(Self {
            of_account,
            of_address,
            owner,
        })
    }

    /// Checks the password; a right one is not counted after all.
    ///
    /// # Errors
    ///
    /// The one 401, or [`ApiError::TooMany`] once the account has been guessed at too often.
    pub async fn finish(
        self,
        state: &State,
        password: SecretString,
        hash: Option<String>,
    ) -> Result<(), ApiError> {
        let checked = state.hashing().matches(self.owner, password, hash).await;
        // A password that was not looked at is no guess.
        if !matches!(checked, Ok(false)) {
            state.counters().forget_attempt(&self.of_address).await?;
            state.counters().forget_attempt(&self.of_account).await?;
            return Ok(checked.map(drop)?);
        }
        if self.of_account.count > WRONG_PASSWORDS.limit {
            return Err(limits::too_many(WRONG_PASSWORDS));
        }
        Err(bad_credentials())
    }
}
