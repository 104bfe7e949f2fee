//! When a delivery is tried again: as Standard Webhooks recommends, over 75 hours.

use std::time::Duration;

use model::Random;

/// How an attempt ended, as far as the schedule is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It arrived: a 2xx.
    Delivered,
    /// 410: the receiver wants no more, so its endpoint is to be disabled.
    Gone,
    /// The receiver is overloaded: 429, 502, 504 or no response in time.
    SlowDown,
    /// Anything else.
    Failed,
}

/// The waits between attempts.
#[derive(Clone, Copy, Debug)]
pub struct Schedule;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// What is waited after each attempt, before jitter.
const STEPS: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3_600),
    Duration::from_secs(5 * 3_600),
    Duration::from_secs(10 * 3_600),
    Duration::from_secs(14 * 3_600),
    Duration::from_secs(20 * 3_600),
    Duration::from_secs(24 * 3_600),
];

/// Jitter, in thousandths either way.
const JITTER: u64 = 200;

impl Schedule {
    /// How many attempts there are at most.
    pub const ATTEMPTS: u32 = 10;

    /// How long to wait after attempt `attempt`, counted from 1; none if there is to be no other.
    ///
    /// The wait varies by 20 % either way, so that what failed together is not tried again together. A receiver that is
    /// overloaded has at least a minute. `retry_after` is honoured up to an hour or twice the step, whichever is longer, so
    /// that no receiver can put a delivery off for ever; it is never undercut.
    pub fn next(
        attempt: u32,
        outcome: Outcome,
        retry_after: Option<Duration>,
        random: &dyn Random,
    ) -> Option<Duration> {
        let least = match outcome {
            Outcome::Delivered | Outcome::Gone => return None,
            Outcome::SlowDown => MINUTE,
            Outcome::Failed => Duration::ZERO,
        };
        let index = usize::try_from(attempt.max(1) - 1).ok()?;
        let step = *STEPS.get(index)?;
        let most = HOUR.max(step * 2);
        let asked = retry_after.unwrap_or_default().min(most);
        let jittered = scaled(step, 1_000 - JITTER + random.up_to(2 * JITTER));
        // Above what was asked for, so that those who were asked for the same do not come together either.
        let floor = scaled(asked.max(least), 1_000 + random.up_to(JITTER));
        Some(jittered.max(floor))
    }
}

fn scaled(wait: Duration, thousandths: u64) -> Duration {
    let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(millis.saturating_mul(thousandths) / 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Always the same eight bytes.
    struct Fixed(u64);

    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.copy_from_slice(&self.0.to_le_bytes()[..bytes.len()]);
        }
    }

    fn wait(attempt: u32, outcome: Outcome, retry_after: Option<u64>, random: u64) -> Option<u64> {
        let asked = retry_after.map(Duration::from_secs);
        let next = Schedule::next(attempt, outcome, asked, &Fixed(random));
        next.map(|wait| wait.as_secs())
    }

    #[test]
    fn ten_attempts_span_75_hours() {
        let waits: Vec<u64> = (1..)
            .map_while(|attempt| wait(attempt, Outcome::Failed, None, JITTER))
            .collect();
        let hours = [2, 5, 10, 14, 20, 24].map(|hours| hours * 3_600);
        assert_eq!(waits, [&[5, 300, 1_800][..], &hours].concat());
        assert_eq!(waits.len() + 1, Schedule::ATTEMPTS as usize);
        assert_eq!(waits.iter().sum::<u64>(), 75 * 3_600 + 35 * 60 + 5);
    }

    #[test]
    fn waits_vary_by_a_fifth_either_way_and_no_further() {
        let waits: Vec<u64> = (0..=2 * JITTER)
            .filter_map(|random| wait(2, Outcome::Failed, None, random))
            .collect();
        assert_eq!(waits.iter().min(), Some(&240));
        assert_eq!(waits.iter().max(), Some(&360));
    }

    #[test]
    fn what_arrived_or_is_gone_is_not_tried_again() {
        assert_eq!(wait(1, Outcome::Delivered, None, 0), None);
        assert_eq!(wait(1, Outcome::Gone, Some(5), 0), None);
    }

    #[test]
    fn an_overloaded_receiver_has_at_least_a_minute() {
        for random in 0..=2 * JITTER {
            assert!(wait(1, Outcome::SlowDown, None, random) >= Some(60));
        }
        assert_eq!(wait(3, Outcome::SlowDown, None, JITTER), Some(1_800));
    }

    #[test]
    fn retry_after_is_never_undercut_and_cannot_put_off_for_ever() {
        for random in 0..=2 * JITTER {
            assert!(wait(1, Outcome::Failed, Some(900), random) >= Some(900));
            assert!(wait(1, Outcome::SlowDown, Some(u64::MAX), random) <= Some(3_600 * 12 / 10));
            // Less than the step is no reason to come sooner than it.
            assert!(wait(2, Outcome::Failed, Some(1), random) >= Some(240));
        }
        let last = wait(9, Outcome::Failed, Some(u64::MAX), 0).expect("a wait");
        assert_eq!(last, 48 * 3_600);
    }
}
