//! Shares of this process's time and memory. What takes long (wide searches, long lists, password hashing) waits here for
//! its turn: there are few turns, and nobody has more than a share of them, so that one caller's heavy work neither keeps
//! others waiting nor adds up. An instance on Lambda has one caller at a time, and nobody waits.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::available_parallelism;
use std::time::Duration;

use model::ids::AppId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How long anybody waits for a turn: less than clients and gateways wait for an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many waiters one owner may have. Each holds its request, at most 256 KiB.
const MAX_WAITING: usize = 128;

/// How many owners are remembered before those with nothing to do are forgotten.
const MAX_IDLE: usize = 1_024;

/// Whose work it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// An app's, whichever of its keys, tokens and sessions asks.
    App(AppId),
    /// A stranger's, at this address as far as it is known. All strangers have one share together, and each address one
    /// turn at a time of it.
    Stranger(Option<IpAddr>),
}

/// Too much of the same owner's is waiting, or it waited for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too much heavy work of one caller at once")]
pub struct Overloaded;

/// Turns of one kind of work. Clones are the same ones.
#[derive(Clone, Debug)]
pub struct Shares(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    all: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    share: usize,
    owners: Mutex<HashMap<Owner, Weak<Queue>>>,
}

/// An owner's own turns, and its waiters.
#[derive(Debug)]
struct Queue {
    turns: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// A turn; it ends when this goes.
#[derive(Debug)]
pub struct Turn {
    // In this order: whoever waits for one of all has one of their own already.
    _of_all: OwnedSemaphorePermit,
    _of_strangers: Option<OwnedSemaphorePermit>,
    _own: OwnedSemaphorePermit,
    _queue: Arc<Queue>,
}

impl Default for Shares {
    /// A turn for each processor, and at least two, so that a second owner finds one when the first works.
    fn default() -> Self {
        let turns = available_parallelism().map_or(1, NonZero::get).max(2);
        Self::new(turns, turns / 2)
    }
}

impl Shares {
    /// So many turns at once, of which one owner has at most `share`.
    pub fn new(turns: usize, share: usize) -> Self {
        let share = share.max(1);
        Self(Arc::new(Inner {
            all: Arc::new(Semaphore::new(turns.max(1))),
            strangers: Arc::new(Semaphore::new(share)),
            share,
            owners: Mutex::default(),
        }))
    }

    /// Waits for a turn. Owners take turns with each other: each has at most its share among those who wait for one of
    /// all turns, and that queue is served in order.
    ///
    /// # Errors
    ///
    /// [`Overloaded`] at once if too many of this owner's wait already, and after 20 seconds.
    pub async fn turn(&self, owner: Owner) -> Result<Turn, Overloaded> {
        timeout(PATIENCE, self.wait(owner))
            .await
            .unwrap_or(Err(Overloaded))
    }

    async fn wait(&self, owner: Owner) -> Result<Turn, Overloaded> {
        let queue = self.queue_of(owner);
        let waiting = queue.waiting.clone().try_acquire_owned();
        let waiting = waiting.map_err(|_| Overloaded)?;
        let next = async |turns: &Arc<Semaphore>| {
            // No semaphore here is ever closed.
            turns.clone().acquire_owned().await.map_err(|_| Overloaded)
        };
        let own = next(&queue.turns).await?;
        let of_strangers = match owner {
            Owner::App(_) => None,
            Owner::Stranger(_) => Some(next(&self.0.strangers).await?),
        };
        let of_all = next(&self.0.all).await?;
        drop(waiting);
        Ok(Turn {
            _of_all: of_all,
            _of_strangers: of_strangers,
            _own: own,
            _queue: queue,
        })
    }

    fn queue_of(&self, owner: Owner) -> Arc<Queue> {
        let mut owners = self.0.owners.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = owners.get(&owner).and_then(Weak::upgrade) {
            return queue;
        }
        if owners.len() >= MAX_IDLE {
            owners.retain(|_, queue| queue.strong_count() > 0);
        }
        let turns = match owner {
            Owner::App(_) => self.0.share,
            Owner::Stranger(_) => 1,
        };
        let queue = Arc::new(Queue {
            turns: Arc::new(Semaphore::new(turns)),
            waiting: Arc::new(Semaphore::new(MAX_WAITING)),
        });
        owners.insert(owner, Arc::downgrade(&queue));
        queue
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn app(number: u128) -> Owner {
        Owner::App(AppId::new(uuid::Uuid::from_u128(number)))
    }

    fn stranger(last: u8) -> Owner {
        Owner::Stranger(Some([192, 0, 2, last].into()))
    }

    /// Whether a turn can be had at once.
    async fn is_free(shares: &Shares, owner: Owner) -> bool {
        // A test asks more often in a row than tokio lets a task without it yielding.
        let mut turn = pin!(tokio::task::unconstrained(shares.turn(owner)));
        let mut context = Context::from_waker(Waker::noop());
        matches!(turn.as_mut().poll(&mut context), Poll::Ready(Ok(_)))
    }

    #[tokio::test]
    async fn an_owner_has_its_share_at_once_and_others_the_rest() {
        let shares = Shares::new(4, 2);
        let (first, second) = (shares.turn(app(1)).await, shares.turn(app(1)).await);
        assert!(first.is_ok() && second.is_ok());
        assert!(!is_free(&shares, app(1)).await);
        assert!(is_free(&shares, app(2)).await);
        drop(first);
        assert!(is_free(&shares, app(1)).await);
    }

    #[tokio::test]
    async fn all_strangers_have_one_share_and_each_address_one_turn_of_it() {
        let shares = Shares::new(8, 2);
        let first = shares.turn(stranger(1)).await.expect("a turn");
        assert!(!is_free(&shares, stranger(1)).await);
        let second = shares.turn(stranger(2)).await.expect("a turn");
        assert!(!is_free(&shares, stranger(3)).await);
        assert!(is_free(&shares, app(1)).await);
        drop((first, second));
        assert!(is_free(&shares, stranger(3)).await);
    }

    #[tokio::test]
    async fn owners_take_turns_however_many_of_one_wait() {
        let shares = Shares::new(1, 1);
        let running = shares.turn(app(1)).await.expect("a turn");
        let mut many: Vec<_> = (0..5).map(|_| Box::pin(shares.turn(app(1)))).collect();
        let mut other = Box::pin(shares.turn(app(2)));
        let mut context = Context::from_waker(Waker::noop());
        for waiting in &mut many {
            assert!(waiting.as_mut().poll(&mut context).is_pending());
        }
        assert!(other.as_mut().poll(&mut context).is_pending());
        drop(running);
        // The other's waits for one of all already; of the first owner's only the next begins to.
        for waiting in &mut many {
            assert!(waiting.as_mut().poll(&mut context).is_pending());
        }
        assert!(other.as_mut().poll(&mut context).is_ready());
    }

    #[tokio::test]
    async fn a_caller_that_goes_away_gives_up_its_place() {
        let shares = Shares::new(1, 1);
        let running = shares.turn(app(1)).await.expect("a turn");
        {
            let mut gone = pin!(shares.turn(app(2)));
            let mut context = Context::from_waker(Waker::noop());
            assert!(gone.as_mut().poll(&mut context).is_pending());
        }
        drop(running);
        assert!(is_free(&shares, app(2)).await);
        assert!(is_free(&shares, app(3)).await);
    }

    #[tokio::test]
    async fn no_more_than_a_bounded_number_of_an_owners_wait() {
        let shares = Shares::new(2, 1);
        let _running = shares.turn(app(1)).await.expect("a turn");
        let mut waiting = Vec::new();
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..MAX_WAITING {
            let mut one = Box::pin(shares.turn(app(1)));
            assert!(one.as_mut().poll(&mut context).is_pending());
            waiting.push(one);
        }
        assert_eq!(shares.turn(app(1)).await.err(), Some(Overloaded));
        assert!(is_free(&shares, app(2)).await);
    }

    #[tokio::test]
    async fn owners_with_nothing_to_do_are_forgotten() {
        let shares = Shares::new(2, 1);
        for number in 0..3 * MAX_IDLE {
            assert!(is_free(&shares, app(number as u128)).await);
        }
        let owners = shares.0.owners.lock().expect("owners");
        assert!(owners.len() <= MAX_IDLE, "{}", owners.len());
    }
}
