//! Passwords: argon2id with OWASP's parameters, and the same cost whether or not there is anything to check.

use std::thread::Builder;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use model::Random;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::oneshot;

use crate::shares::{Overloaded, Owner, Shares};

/// The fewest and the most characters of a password.
pub const LENGTH: std::ops::RangeInclusive<usize> = 10..=200;

/// Why a password was not hashed or checked. It says nothing of the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashingError {
    /// Memory or threads ran out.
    #[error("the password could not be hashed")]
    Failed,
    /// Too many of the same caller's passwords wait to be hashed.
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
}

/// A hash that nothing matches. A sign-in for which there is no account is checked against it, so that it
/// takes as long as one with a wrong password.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes and checks passwords, away from the threads that serve requests, and few at once: each takes 19 MiB and a
/// processor while it lasts. Clones share their turns.
#[derive(Clone, Debug, Default)]
pub struct Hashing {
    shares: Shares,
}

impl Hashing {
    /// Hashes a password of `owner`'s with a new salt.
    ///
    /// # Errors
    ///
    /// [`HashingError`].
    pub async fn hash(
        &self,
        owner: Owner,
        password: SecretString,
        random: &dyn Random,
    ) -> Result<String, HashingError> {
        let salt = random.bytes::<16>();
        let work = move || {
            let hash: PasswordHash = Argon2::default()
                .hash_password_with_salt(password.expose_secret().as_bytes(), &salt)
                .map_err(|_| HashingError::Failed)?;
            Ok(hash.to_string())
        };
        self.in_turn(owner, work).await?
    }

    /// Whether a password is the one that was hashed; with no hash it never is, and takes as long to say so.
    ///
    /// # Errors
    ///
    /// [`HashingError`].
    pub async fn matches(
        &self,
        owner: Owner,
        password: SecretString,
        hash: Option<String>,
    ) -> Result<bool, HashingError> {
        let work = move || {
            let known = hash.is_some();
            let hash = hash.as_deref().unwrap_or(NOBODYS);
            Argon2::default()
                .verify_password(password.expose_secret().as_bytes(), hash)
                .is_ok()
                && known
        };
        self.in_turn(owner, work).await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        owner: Owner,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashingError> {
        let turn = self.shares.turn(owner).await?;
        let work = move || {
            let done = work();
            // Not before: a caller that goes away leaves the work running.
            drop(turn);
            done
        };
        // On a thread of its own, whose part of the allocator the next one takes over. Each thread of the runtime's pool
        // would keep its own 19 MiB: that is how many sign-ups, one after another, once took hundreds of megabytes.
        let (answer, answered) = oneshot::channel();
        Builder::new()
            .name("hashing".to_owned())
            .spawn(move || {
                // A caller that went away does not hear it.
                let _ = answer.send(work());
            })
            .map_err(|_| HashingError::Failed)?;
        answered.await.map_err(|_| HashingError::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Ones;

    impl Random for Ones {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(1);
        }
    }

    #[tokio::test]
    async fn only_the_password_that_was_hashed_matches() {
        let (hashing, owner) = (Hashing::default(), Owner::Stranger(None));
        let hashed = hashing.hash(owner, "correct horse".into(), &Ones).await;
        let hashed = hashed.expect("a hash");
        assert!(
            hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hashed}"
        );
        let matches = async |password: &str, hash: Option<String>| {
            let checked = hashing.matches(owner, password.into(), hash).await;
            checked.expect("checked")
        };
        assert!(matches("correct horse", Some(hashed.clone())).await);
        assert!(!matches("wrong horse", Some(hashed)).await);
        assert!(!matches("correct horse", None).await);
    }

    #[test]
    fn the_hash_of_nobody_is_one_that_can_be_checked() {
        assert!(PasswordHash::new(NOBODYS).is_ok());
    }
}
