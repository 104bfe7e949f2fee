//! The workers of a server that is one process: the jobs that streams, queues and schedules start on AWS are started here, when
//! a commit has given them something to do, and once a second.
//!
//! What is due is in the store, so a process that is killed loses nothing: the next one finds it. What is under way is bounded,
//! over all and for each endpoint (`workers::lanes`).

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use model::delivery::DeliveryId;
use model::ids::AppId;
use model::outbox::ToldId;
use store::{Due, StoreError};
use tokio::sync::{Notify, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval};
use workers::Jobs;
use workers::lanes::{Lanes, Offered};

/// How often it is asked what is due, if nothing wakes the workers before.
const TICK: Duration = Duration::from_secs(1);

/// How much of each shard is asked for at once.
const ROWS: usize = 256;

/// How many transactions are handed on at once.
const HANDED_ON_AT_ONCE: usize = 8;

/// How many deliveries are put off at once.
const PUT_OFF_AT_ONCE: usize = 8;

/// How long the clock may take at each tick, so that deliveries do not wait for it.
const CLOCK_TIME: Duration = Duration::from_millis(500);

/// For how long workers may finish what they have begun when the server stops. What they do not finish comes back.
const DRAIN: Duration = Duration::from_secs(2);

/// The workers, at work. They stop when this is stopped or dropped.
#[derive(Debug)]
pub struct Workers {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Workers {
    /// Starts them. `woken` is notified after each commit that gives them something to do.
    pub fn start(jobs: Jobs, woken: Arc<Notify>) -> Self {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(work(jobs, woken, stopped));
        Self { stop, task }
    }

    /// Stops them: nothing more is begun, and what is under way has a moment to end.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

/// What has ended.
enum Ended {
    HandedOn(ToldId, AppId, Result<Vec<DeliveryId>, StoreError>),
    Attempted(DeliveryId, u64),
    PutOff(DeliveryId),
    Clock,
}

struct Desk {
    jobs: Jobs,
    lanes: Lanes,
    under_way: JoinSet<Ended>,
    handing_on: HashSet<ToldId>,
    putting_off: HashSet<DeliveryId>,
    clock_is_at_work: bool,
    /// Whether more is due than there was room for.
    has_more: bool,
}

async fn work(jobs: Jobs, woken: Arc<Notify>, mut stopped: oneshot::Receiver<()>) {
    let mut desk = Desk {
        jobs,
        lanes: Lanes::default(),
        under_way: JoinSet::new(),
        handing_on: HashSet::new(),
        putting_off: HashSet::new(),
        clock_is_at_work: false,
        has_more: false,
    };
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            _ = tick.tick() => {
                desk.start_clock();
                desk.look().await;
            }
            () = woken.notified() => desk.look().await,
            Some(ended) = desk.under_way.join_next(), if !desk.under_way.is_empty() => {
                match ended {
                    Ok(ended) => desk.note(ended),
                    // Whoever panicked leaves a lease that ends, and a line in the log.
                    Err(error) => tracing::error!(%error, "a worker stopped in the middle of a job"),
                }
                if desk.has_more && desk.has_room() {
                    desk.look().await;
                }
            }
        }
        desk.start_attempts();
    }
    desk.drain().await;
}

impl Desk {
    /// Asks the store what is due, and takes in as much as there is room for.
    async fn look(&mut self) {
        let found = match self.jobs.find_due(TimeDelta::zero(), ROWS).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "workers cannot ask what is due, and ask again in a second");
                return;
            }
        };
        self.has_more = found.has_more;
        for due in found.due {
            match due {
                Due::Told { app, id } => self.hand_on(app, id),
                Due::Delivery { app, id } => self.take_in(app, id),
            }
        }
    }

    fn hand_on(&mut self, app: AppId, id: ToldId) {
        if self.handing_on.len() >= HANDED_ON_AT_ONCE {
            self.has_more = true;
        } else if self.handing_on.insert(id) {
            let jobs = self.jobs.clone();
            self.under_way
                .spawn(async move { Ended::HandedOn(id, app, jobs.hand_on(app, id).await) });
        }
    }

    fn take_in(&mut self, app: AppId, id: DeliveryId) {
        match self.lanes.offer(app, id, self.jobs.now()) {
            Offered::Taken | Offered::Known => {}
            Offered::Full => self.has_more = true,
            Offered::FullUntil(until) => {
                let has_room = self.putting_off.len() < PUT_OFF_AT_ONCE;
                if has_room && self.putting_off.insert(id) {
                    let jobs = self.jobs.clone();
                    self.under_way.spawn(async move {
                        if let Err(error) = jobs.put_off_until(app, id, until).await {
                            tracing::warn!(%error, "a delivery could not be put off");
                        }
                        Ended::PutOff(id)
                    });
                }
            }
        }
    }

    /// Begins as many attempts as may be under way.
    fn start_attempts(&mut self) {
        while let Some((app, id)) = self.lanes.begin_next() {
            let jobs = self.jobs.clone();
            self.under_way.spawn(async move {
                let begun = Instant::now();
                if let Err(error) = jobs.attempt(app, id).await {
                    tracing::warn!(%app, %id, %error, "a delivery could not be worked on, and stays due");
                }
                let took_ms = begun.elapsed().as_millis();
                Ended::Attempted(id, u64::try_from(took_ms).unwrap_or(u64::MAX))
            });
        }
    }

    fn start_clock(&mut self) {
        if self.clock_is_at_work {
            return;
        }
        self.clock_is_at_work = true;
        let jobs = self.jobs.clone();
        self.under_way.spawn(async move {
            let until = Instant::now() + CLOCK_TIME;
            if let Err(error) = jobs.carry_out(|| Instant::now() < until).await {
                tracing::warn!(%error, "the clock cannot ask what is due, and asks again in a second");
            }
            Ended::Clock
        });
    }

    fn note(&mut self, ended: Ended) {
        match ended {
            Ended::HandedOn(id, app, created) => {
                self.handing_on.remove(&id);
                match created {
                    Ok(created) => created.into_iter().for_each(|id| self.take_in(app, id)),
                    Err(error) => {
                        tracing::warn!(%app, %error, "what was told could not be handed on, and stays due")
                    }
                }
            }
            Ended::Attempted(id, took_ms) => self.lanes.ended(id, took_ms),
            Ended::PutOff(id) => {
                self.putting_off.remove(&id);
            }
            Ended::Clock => self.clock_is_at_work = false,
        }
    }

    fn has_room(&self) -> bool {
        self.handing_on.len() < HANDED_ON_AT_ONCE / 2 && self.lanes.waiting() < ROWS / 2
    }

    async fn drain(mut self) {
        let all = async { while self.under_way.join_next().await.is_some() {} };
        if tokio::time::timeout(DRAIN, all).await.is_err() {
            tracing::warn!(
                jobs = self.under_way.len(),
                "workers were cut off; what they were at is attempted again"
            );
        }
    }
}
