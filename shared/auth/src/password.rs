//! Passwords: argon2id with OWASP's parameters, and the same cost whether or not there is anything to check.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use model::Random;
use secrecy::{ExposeSecret, SecretString};

/// The fewest and the most characters of a password.
pub const LENGTH: std::ops::RangeInclusive<usize> = 10..=200;

/// A password could not be hashed. It says nothing of the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the password could not be hashed")]
pub struct HashingFailed;

/// A hash that nothing matches. A sign-in for which there is no account is checked against it, so that it
/// takes as long as one with a wrong password.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes a password with a new salt, away from the threads that serve requests.
///
/// # Errors
///
/// [`HashingFailed`] if memory or the thread pool ran out.
pub async fn hash(password: SecretString, random: &dyn Random) -> Result<String, HashingFailed> {
    let salt = random.bytes::<16>();
    tokio::task::spawn_blocking(move || {
        let hash: PasswordHash = Argon2::default()
            .hash_password_with_salt(password.expose_secret().as_bytes(), &salt)
            .map_err(|_| HashingFailed)?;
        Ok(hash.to_string())
    })
    .await
    .map_err(|_| HashingFailed)?
}

/// Whether a password is the one that was hashed; with no hash it never is, and takes as long to say so.
pub async fn matches(password: SecretString, hash: Option<String>) -> bool {
    let checked = tokio::task::spawn_blocking(move || {
        let known = hash.is_some();
        let hash = hash.as_deref().unwrap_or(NOBODYS);
        Argon2::default()
            .verify_password(password.expose_secret().as_bytes(), hash)
            .is_ok()
            && known
    });
    checked.await.unwrap_or(false)
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
        let hashed = hash("correct horse".into(), &Ones).await.expect("a hash");
        assert!(
            hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hashed}"
        );
        assert!(matches("correct horse".into(), Some(hashed.clone())).await);
        assert!(!matches("wrong horse".into(), Some(hashed)).await);
        assert!(!matches("correct horse".into(), None).await);
    }

    #[test]
    fn the_hash_of_nobody_is_one_that_can_be_checked() {
        assert!(PasswordHash::new(NOBODYS).is_ok());
    }
}
