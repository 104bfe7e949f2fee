//! The real clock and the operating system's random generator. Only the edge of the program takes them up.

use chrono::{DateTime, Utc};
use model::{Clock, Random};

/// The machine's clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where the time comes in")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(
        clippy::expect_used,
        reason = "without randomness every key would be guessable; stopping is right"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}
