//! What a program would otherwise take from its surroundings: the time and chance.

use chrono::{DateTime, Utc};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> DateTime<Utc>;
}

/// Gives random bytes that nobody can guess.
pub trait Random: Send + Sync {
    /// Fills `bytes` with random ones.
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Random + '_ {
    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A whole number in `0..=most`, close enough to evenly spread for waiting times.
    pub fn up_to(&self, most: u64) -> u64 {
        match most.checked_add(1) {
            Some(count) => u64::from_le_bytes(self.bytes()) % count,
            None => u64::from_le_bytes(self.bytes()),
        }
    }

    /// `length` random characters of `alphabet`, evenly spread: bytes past the last whole multiple
    /// of its size are thrown away rather than folded over.
    pub fn text(&self, alphabet: &[u8], length: usize) -> String {
        let limit = 256 - 256 % alphabet.len();
        let mut text = String::with_capacity(length);
        while text.len() < length {
            for byte in self.bytes::<64>() {
                if usize::from(byte) < limit && text.len() < length {
                    text.push(char::from(alphabet[usize::from(byte) % alphabet.len()]));
                }
            }
        }
        text
    }
}
