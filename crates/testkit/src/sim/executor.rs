//! One thread, one seed, one clock: which task goes on next, and when time passes, is drawn from the seed.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use perennial_app::ports::tasks::{Task, Tasks, Work};

use crate::random::Random;

/// Whose a task is: a node by its number, or [`OUTSIDE`].
pub(super) type Owner = usize;

/// The owner of what is no node.
pub(super) const OUTSIDE: Owner = usize::MAX;

/// A moment: virtual microseconds since the run began.
pub(super) type Moment = u64;

/// One millisecond.
pub(super) const MS: u64 = 1_000;

type TaskId = u64;

enum Due {
    Wake(Waker),
    Run(Box<dyn FnOnce() + Send>),
}

struct Agenda {
    now: Moment,
    /// Tells entries of one moment apart, and tasks.
    sequence: u64,
    due: BTreeMap<(Moment, u64), Due>,
    /// In order of their numbers, so that it does not matter who woke them.
    ready: BTreeSet<TaskId>,
    spawned: Vec<(TaskId, Owner, Task)>,
    random: Random,
}

/// What tasks, timers and events share. Clones are the same.
#[derive(Clone)]
pub(super) struct Clockwork(Arc<Mutex<Agenda>>);

impl Clockwork {
    fn agenda(&self) -> MutexGuard<'_, Agenda> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Moment {
        self.agenda().now
    }

    /// Runs `event` at a moment, or as soon as it can be.
    pub(super) fn at(&self, moment: Moment, event: impl FnOnce() + Send + 'static) {
        self.due(moment, Due::Run(Box::new(event)));
    }

    fn due(&self, moment: Moment, due: Due) {
        let mut agenda = self.agenda();
        let moment = moment.max(agenda.now);
        agenda.sequence = agenda.sequence.saturating_add(1);
        let key = (moment, agenda.sequence);
        agenda.due.insert(key, due);
    }

    pub(super) fn spawn(&self, owner: Owner, task: Task) {
        let mut agenda = self.agenda();
        agenda.sequence = agenda.sequence.saturating_add(1);
        let id = agenda.sequence;
        agenda.spawned.push((id, owner, task));
    }

    pub(super) fn sleep(&self, duration: Duration) -> Task {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        Box::pin(Sleep {
            clockwork: self.clone(),
            until: self.now().saturating_add(micros),
            is_set: false,
        })
    }

    /// A number from `first` to `last`, both included.
    pub(super) fn between(&self, first: u64, last: u64) -> u64 {
        self.agenda().random.between(first, last)
    }

    pub(super) fn one_in(&self, times: u64) -> bool {
        self.agenda().random.one_in(times)
    }
}

struct Sleep {
    clockwork: Clockwork,
    until: Moment,
    is_set: bool,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.until <= self.clockwork.now() {
            return Poll::Ready(());
        }
        if !self.is_set {
            self.is_set = true;
            let wake = Due::Wake(context.waker().clone());
            self.clockwork.due(self.until, wake);
        }
        Poll::Pending
    }
}

struct Alarm {
    task: TaskId,
    clockwork: Clockwork,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.clockwork.agenda().ready.insert(self.task);
    }
}

/// The tasks port of one node.
pub(super) struct SimTasks {
    pub(super) clockwork: Clockwork,
    pub(super) node: Owner,
}

impl Tasks for SimTasks {
    fn spawn(&self, _name: &str, task: Task) {
        self.clockwork.spawn(self.node, task);
    }

    fn run_blocking(&self, work: Work) {
        let pause = self.clockwork.between(0, 2 * MS);
        let sleep = self.clockwork.sleep(Duration::from_micros(pause));
        let task = async move {
            sleep.await;
            work();
        };
        self.clockwork.spawn(self.node, Box::pin(task));
    }

    fn sleep(&self, duration: Duration) -> Task {
        self.clockwork.sleep(duration)
    }
}

struct Running {
    owner: Owner,
    task: Task,
    waker: Waker,
}

/// Runs tasks, one step of one task at a time.
pub(super) struct Executor {
    pub(super) clockwork: Clockwork,
    tasks: BTreeMap<TaskId, Running>,
    random: Random,
    paused: BTreeMap<Owner, Moment>,
    /// One step in so many is put off for a while.
    hiccup: Option<u64>,
    /// Steps and events so far.
    pub(super) steps: u64,
    /// Changes with every choice: equal for equal runs.
    pub(super) trace: u64,
}

impl Executor {
    pub(super) fn new(mut random: Random, hiccup: u64) -> Self {
        let agenda = Agenda {
            now: 0,
            sequence: 0,
            due: BTreeMap::new(),
            ready: BTreeSet::new(),
            spawned: Vec::new(),
            random: random.split(),
        };
        Self {
            clockwork: Clockwork(Arc::new(Mutex::new(agenda))),
            tasks: BTreeMap::new(),
            random,
            paused: BTreeMap::new(),
            hiccup: Some(hiccup),
            steps: 0,
            trace: 0,
        }
    }

    /// Stops every task of `owner` where it stands, as a kill does.
    pub(super) fn kill(&mut self, owner: Owner) {
        self.admit();
        let killed = self
            .tasks
            .extract_if(.., |_, running| running.owner == owner);
        // What they hold may wake others while it is dropped.
        drop(killed.collect::<Vec<_>>());
        self.paused.remove(&owner);
    }

    /// Lets no task of `owner` go on until then.
    pub(super) fn pause(&mut self, owner: Owner, until: Moment) {
        self.paused.insert(owner, until);
    }

    pub(super) fn resume_all(&mut self) {
        self.paused.clear();
    }

    /// Puts no step off any more.
    pub(super) fn calm(&mut self) {
        self.hiccup = None;
    }

    fn admit(&mut self) {
        let spawned = std::mem::take(&mut self.clockwork.agenda().spawned);
        for (id, owner, task) in spawned {
            let alarm = Alarm {
                task: id,
                clockwork: self.clockwork.clone(),
            };
            let running = Running {
                owner,
                task,
                waker: Waker::from(Arc::new(alarm)),
            };
            self.tasks.insert(id, running);
            self.clockwork.agenda().ready.insert(id);
        }
    }

    /// Runs until `is_done`, or until the clock shows `until`. Says whether it is done.
    pub(super) fn run(&mut self, until: Moment, is_done: impl Fn() -> bool) -> bool {
        loop {
            if is_done() {
                return true;
            }
            self.admit();
            let ready = {
                let mut agenda = self.clockwork.agenda();
                let ready = u64::try_from(agenda.ready.len()).unwrap_or_default();
                let choice = usize::try_from(self.random.below(ready)).unwrap_or_default();
                let chosen = agenda.ready.iter().nth(choice).copied();
                if let Some(id) = chosen {
                    agenda.ready.remove(&id);
                }
                chosen
            };
            match ready {
                Some(id) => self.step(id),
                None => {
                    if !self.pass_time(until) {
                        return false;
                    }
                }
            }
        }
    }

    fn step(&mut self, id: TaskId) {
        let Some(running) = self.tasks.get_mut(&id) else {
            return;
        };
        self.steps = self.steps.saturating_add(1);
        let now = self.clockwork.now();
        let mixed = self.trace.rotate_left(5) ^ id ^ now;
        self.trace = mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let paused = self.paused.get(&running.owner).copied().unwrap_or_default();
        let is_node = running.owner != OUTSIDE;
        let hiccup = self.hiccup.filter(|_| is_node);
        let hiccup = hiccup.is_some_and(|times| self.random.one_in(times));
        let until = if now < paused {
            Some(paused)
        } else if hiccup {
            Some(now.saturating_add(self.random.between(1, 30 * MS)))
        } else {
            None
        };
        if let Some(until) = until {
            let waker = running.waker.clone();
            self.clockwork.due(until, Due::Wake(waker));
            return;
        }
        let waker = running.waker.clone();
        let mut context = Context::from_waker(&waker);
        if running.task.as_mut().poll(&mut context).is_ready() {
            self.tasks.remove(&id);
        }
    }

    /// Goes on to the next thing on the agenda; false if that is later than `until`.
    fn pass_time(&mut self, until: Moment) -> bool {
        let due = {
            let mut agenda = self.clockwork.agenda();
            match agenda.due.first_entry() {
                Some(first) if first.key().0 <= until => {
                    let ((moment, _), due) = first.remove_entry();
                    agenda.now = moment;
                    due
                }
                Some(_) | None => {
                    agenda.now = agenda.now.max(until);
                    return false;
                }
            }
        };
        self.steps = self.steps.saturating_add(1);
        match due {
            Due::Wake(waker) => waker.wake(),
            Due::Run(event) => event(),
        }
        true
    }
}
