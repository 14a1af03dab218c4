//! Runs tasks on one thread, in an order and in a time that a seed decides.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tiketi_core::Timestamp;
use tiketi_workload::Chance;

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tasks that end together, as those of one process do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Group(pub(crate) u32);

/// What one turn did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// A task ran until its next wait.
    Ran,
    /// No task was ready: the time moved on to the next timer.
    Waited,
    /// No task is ready, and none waits for a time.
    Idle,
}

/// Runs tasks; every clone is the same executor.
#[derive(Clone)]
pub(crate) struct Executor(Arc<Shared>);

struct Shared {
    inner: Mutex<Inner>,
    ready: Arc<Mutex<Vec<usize>>>,
}

struct Inner {
    now: Timestamp,
    slots: Vec<Slot>,
    free: Vec<usize>,
    timers: BTreeMap<(Timestamp, u64), Waker>,
    timers_made: u64,
    order: Chance,
}

struct Slot {
    group: Group,
    /// `None` while it is polled, and once it has ended.
    task: Option<Task>,
    alive: bool,
    woken: Arc<Woken>,
}

/// Puts its task on the list of those that are ready.
struct Woken {
    slot: usize,
    is_ready: AtomicBool,
    ready: Arc<Mutex<Vec<usize>>>,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        if !self.is_ready.swap(true, Ordering::Relaxed) {
            locked(&self.ready).push(self.slot);
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor").field("now", &self.now()).finish_non_exhaustive()
    }
}

impl Executor {
    /// Makes an executor without tasks, at a moment.
    pub(crate) fn at(now: Timestamp, order: Chance) -> Self {
        let (slots, free, timers) = (Vec::new(), Vec::new(), BTreeMap::new());
        let inner = Inner { now, slots, free, timers, timers_made: 0, order };
        Self(Arc::new(Shared { inner: Mutex::new(inner), ready: Arc::default() }))
    }

    /// Returns the present moment of the simulated world.
    pub(crate) fn now(&self) -> Timestamp {
        self.inner().now
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        locked(&self.0.inner)
    }

    /// Adds a task to a group.
    pub(crate) fn spawn(&self, group: Group, task: impl Future<Output = ()> + Send + 'static) {
        let mut inner = self.inner();
        let at = inner.free.pop().unwrap_or(inner.slots.len());
        let woken =
            Arc::new(Woken { slot: at, is_ready: AtomicBool::new(false), ready: Arc::clone(&self.0.ready) });
        let slot = Slot { group, task: Some(Box::pin(task)), alive: true, woken: Arc::clone(&woken) };
        match inner.slots.get_mut(at) {
            Some(free) => *free = slot,
            None => inner.slots.push(slot),
        }
        drop(inner);
        woken.wake();
    }

    /// Drops every task of a group, as the end of a process does; the task that runs now ends at its next wait.
    pub(crate) fn kill(&self, group: Group) {
        let mut dropped = Vec::new();
        {
            let mut inner = self.inner();
            let Inner { slots, free, .. } = &mut *inner;
            for (at, slot) in
                slots.iter_mut().enumerate().filter(|(_, slot)| slot.alive && slot.group == group)
            {
                slot.alive = false;
                // The task that runs now is with its poll, which frees its slot.
                if let Some(task) = slot.task.take() {
                    dropped.push(task);
                    free.push(at);
                }
            }
        }
        // Without the lock: what a task drops may wake or add others.
        drop(dropped);
    }

    /// Drops every task and timer: a run is over.
    pub(crate) fn clear(&self) {
        let (slots, timers) = {
            let mut inner = self.inner();
            (std::mem::take(&mut inner.slots), std::mem::take(&mut inner.timers))
        };
        drop((slots, timers));
    }

    /// Runs one ready task until its next wait, or moves the time on to the next timer.
    pub(crate) fn turn(&self) -> Turn {
        let chosen = {
            let mut ready = locked(&self.0.ready);
            if ready.is_empty() {
                None
            } else {
                let at = self.inner().order.place(ready.len());
                Some(ready.swap_remove(at))
            }
        };
        match chosen {
            Some(slot) => {
                self.poll(slot);
                Turn::Ran
            }
            None => self.wait(),
        }
    }

    fn poll(&self, at: usize) {
        let (mut task, woken) = {
            let mut inner = self.inner();
            let Some(slot) = inner.slots.get_mut(at) else { return };
            slot.woken.is_ready.store(false, Ordering::Relaxed);
            let Some(task) = slot.task.take() else { return };
            (task, Arc::clone(&slot.woken))
        };
        let waker = Waker::from(Arc::clone(&woken));
        let ended = task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
        let mut inner = self.inner();
        let Some(slot) = inner.slots.get_mut(at) else { return };
        if ended || !slot.alive {
            slot.alive = false;
            inner.free.push(at);
            drop(inner);
            drop(task);
        } else {
            slot.task = Some(task);
        }
    }

    fn wait(&self) -> Turn {
        let mut inner = self.inner();
        let Some(((at, _), first)) = inner.timers.pop_first() else { return Turn::Idle };
        inner.now = inner.now.max(at);
        let mut due = vec![first];
        while inner.timers.first_key_value().is_some_and(|((next, _), _)| *next == at) {
            due.extend(inner.timers.pop_first().map(|(_, waker)| waker));
        }
        drop(inner);
        due.into_iter().for_each(Waker::wake);
        Turn::Waited
    }

    /// Returns once `length` has passed.
    pub(crate) fn sleep(&self, length: Duration) -> Sleep {
        Sleep { executor: self.clone(), until: self.now().after(length), timer: None }
    }

    /// Lets other tasks run first.
    pub(crate) async fn give_way(&self) {
        self.sleep(Duration::ZERO).await;
    }
}

/// A wait for a moment.
#[must_use]
pub(crate) struct Sleep {
    executor: Executor,
    until: Timestamp,
    timer: Option<(Timestamp, u64)>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let executor = self.executor.clone();
        let mut inner = executor.inner();
        if let Some(timer) = self.timer {
            if !inner.timers.contains_key(&timer) {
                self.timer = None;
                return Poll::Ready(());
            }
            inner.timers.insert(timer, context.waker().clone());
            return Poll::Pending;
        }
        inner.timers_made += 1;
        let timer = (self.until, inner.timers_made);
        inner.timers.insert(timer, context.waker().clone());
        self.timer = Some(timer);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(timer) = self.timer {
            self.executor.inner().timers.remove(&timer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn executor(seed: u64) -> Executor {
        Executor::at(Timestamp::EPOCH, Chance::of(seed, "order"))
    }

    fn order_of(seed: u64) -> Vec<u32> {
        let (executor, order) = (executor(seed), Arc::new(Mutex::new(Vec::new())));
        for number in 0..6 {
            let (order, at) = (Arc::clone(&order), executor.clone());
            executor.spawn(Group(0), async move {
                at.give_way().await;
                locked(&order).push(number);
            });
        }
        while executor.turn() != Turn::Idle {}
        Arc::try_unwrap(order).unwrap().into_inner().unwrap()
    }

    #[test]
    fn the_seed_decides_the_order_of_ready_tasks() {
        assert_eq!(order_of(1), order_of(1));
        assert!((2..9).any(|seed| order_of(seed) != order_of(1)));
    }

    #[test]
    fn time_moves_only_when_no_task_is_ready() {
        let executor = executor(1);
        let at = executor.clone();
        executor.spawn(Group(0), async move { at.sleep(Duration::from_secs(90)).await });
        assert_eq!(executor.turn(), Turn::Ran);
        assert_eq!(executor.now(), Timestamp::EPOCH);
        assert_eq!(executor.turn(), Turn::Waited);
        assert_eq!(executor.now(), Timestamp::EPOCH.after(Duration::from_secs(90)));
    }

    #[test]
    fn a_killed_group_runs_no_further() {
        let (executor, ran) = (executor(1), Arc::new(AtomicBool::new(false)));
        let (at, seen) = (executor.clone(), Arc::clone(&ran));
        executor.spawn(Group(1), async move {
            at.kill(Group(1));
            at.sleep(Duration::from_secs(1)).await;
            seen.store(true, Ordering::Relaxed);
        });
        while executor.turn() != Turn::Idle {}
        assert!(!ran.load(Ordering::Relaxed));
        assert!(executor.inner().timers.is_empty(), "its timer is dropped with it");
    }
}
