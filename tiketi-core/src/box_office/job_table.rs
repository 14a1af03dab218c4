//! When each job of this process is due, and which jobs run.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::box_office::jobs::Job;
use crate::time::Timestamp;

/// Longest pause before a failing job is tried again, unless its period is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What is due and runs by itself: a job, or the delivery of facts to one subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct JobUnit {
    pub(super) job: Job,
    /// Index of the subscriber, for [`Job::Relay`].
    pub(super) subscriber: Option<usize>,
}

impl From<Job> for JobUnit {
    fn from(job: Job) -> Self {
        Self { job, subscriber: None }
    }
}

/// When each job is due, and which jobs run.
///
/// It belongs to one process: work that several servers must not do twice is claimed in the store.
#[derive(Debug)]
pub(super) struct JobTable {
    every: Duration,
    units: Vec<JobUnit>,
    /// One for each unit.
    slots: Mutex<Vec<Slot>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// When the job is due; `None` if it never ran.
    due: Option<Timestamp>,
    /// Consecutive failed runs.
    failures: u32,
    is_running: bool,
}

/// The only run of a job in this process; dropping it ends the run.
#[derive(Debug)]
pub(super) struct JobTurn<'t> {
    table: &'t JobTable,
    unit: JobUnit,
}

impl JobTable {
    /// Makes a table of all jobs, and of the delivery to so many subscribers.
    pub(super) fn new(every: Duration, subscribers: usize) -> Self {
        let mut units = Vec::new();
        for job in Job::OWN {
            if job == Job::Relay {
                units.extend((0..subscribers).map(|at| JobUnit { job, subscriber: Some(at) }));
            } else {
                units.push(job.into());
            }
        }
        let slots = Mutex::new(vec![Slot::default(); units.len()]);
        Self { every, units, slots }
    }

    /// Returns what may be due, in the order in which one call starts it.
    pub(super) fn units(&self) -> &[JobUnit] {
        &self.units
    }

    /// Returns the period of frequent jobs.
    pub(super) fn every(&self) -> Duration {
        self.every
    }

    /// Starts a run of a job, if it is due and does not run.
    pub(super) fn take(&self, unit: JobUnit, now: Timestamp) -> Option<JobTurn<'_>> {
        let pause = self.longest_pause(unit.job);
        self.with(unit, |slot| {
            let is_taken = !slot.is_running && slot.wait(now, pause).is_zero();
            slot.is_running |= is_taken;
            is_taken
        })
        .then(|| JobTurn { table: self, unit })
    }

    /// Returns the time until the next job is due, without those that run.
    pub(super) fn next(&self, now: Timestamp) -> Duration {
        let waits = self.units.iter().map(|unit| {
            let pause = self.longest_pause(unit.job);
            self.with(*unit, |slot| if slot.is_running { self.every } else { slot.wait(now, pause) })
        });
        waits.min().unwrap_or(self.every)
    }

    fn longest_pause(&self, job: Job) -> Duration {
        job.period(self.every).max(LONGEST_PAUSE)
    }

    fn with<T>(&self, unit: JobUnit, change: impl FnOnce(&mut Slot) -> T) -> T {
        let mut slots = self.lock();
        let at = self.units.iter().position(|known| *known == unit);
        match at.and_then(|at| slots.get_mut(at)) {
            Some(slot) => change(slot),
            // A job of the host has no slot here.
            None => change(&mut Slot { is_running: true, ..Slot::default() }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Returns the time until the job is due.
    ///
    /// A wait longer than any pause shows that the clock was set back: the job is due.
    fn wait(&self, now: Timestamp, longest: Duration) -> Duration {
        let wait = self.due.filter(|due| *due > now).map_or(Duration::ZERO, |due| due.since(now));
        if wait > longest { Duration::ZERO } else { wait }
    }
}

impl JobTurn<'_> {
    /// Ends a run, and sets when the next one is due.
    pub(super) fn end(self, now: Timestamp, succeeded: bool, more: bool) {
        let period = self.unit.job.period(self.table.every);
        let longest = self.table.longest_pause(self.unit.job);
        self.table.with(self.unit, |slot| {
            slot.failures = if succeeded { 0 } else { slot.failures.saturating_add(1) };
            let wait = if more { Duration::ZERO } else { pause(period, slot.failures).min(longest) };
            slot.due = Some(now.after(wait));
        });
    }
}

impl Drop for JobTurn<'_> {
    fn drop(&mut self) {
        self.table.with(self.unit, |slot| slot.is_running = false);
    }
}

/// Returns the pause after consecutive failures: it doubles with each.
fn pause(period: Duration, failures: u32) -> Duration {
    period.saturating_mul(1_u32.checked_shl(failures).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH.after(Duration::from_secs(seconds))
    }

    /// Delivery to the first of two subscribers.
    const RELAY: JobUnit = JobUnit { job: Job::Relay, subscriber: Some(0) };

    fn new() -> JobTable {
        JobTable::new(SECOND, 2)
    }

    fn run(table: &JobTable, unit: impl Into<JobUnit>, now: Timestamp, succeeded: bool) {
        table.take(unit.into(), now).unwrap().end(now, succeeded, false);
    }

    #[test]
    fn each_subscriber_has_pauses_of_its_own() {
        let table = new();
        let other = JobUnit { subscriber: Some(1), ..RELAY };
        run(&table, RELAY, at(0), false);
        run(&table, other, at(0), true);
        assert!(table.take(RELAY, at(1)).is_none());
        assert!(table.take(other, at(1)).is_some());
        let relays = table.units().iter().filter(|unit| unit.job == Job::Relay);
        assert_eq!(relays.copied().collect::<Vec<_>>(), [RELAY, other]);
        assert!(JobTable::new(SECOND, 0).units().iter().all(|unit| unit.job != Job::Relay));
    }

    #[test]
    fn a_job_is_due_a_period_after_its_last_run() {
        let table = new();
        run(&table, Job::Expire, at(10), true);
        run(&table, Job::ForgetCommands, at(10), true);
        assert!(table.take(Job::Expire.into(), at(10)).is_none());
        assert!(table.take(Job::Expire.into(), at(11)).is_some());
        assert!(table.take(Job::ForgetCommands.into(), at(69)).is_none());
        assert!(table.take(Job::ForgetCommands.into(), at(70)).is_some());
    }

    #[test]
    fn a_run_that_left_something_over_is_repeated_at_once() {
        let table = new();
        table.take(RELAY, at(10)).unwrap().end(at(10), true, true);
        assert!(table.take(RELAY, at(10)).is_some());
    }

    #[test]
    fn a_job_that_fails_pauses_twice_as_long_each_time_up_to_a_limit() {
        let table = new();
        for (failed_at, due) in [(0, 2), (2, 6), (6, 14), (14, 30), (30, 60), (60, 90), (90, 120)] {
            run(&table, RELAY, at(failed_at), false);
            assert!(table.take(RELAY, at(due - 1)).is_none(), "{due}");
        }
        run(&table, RELAY, at(120), true);
        assert!(table.take(RELAY, at(121)).is_some());
    }

    #[test]
    fn a_job_runs_once_at_a_time_and_a_dropped_run_is_due_again() {
        let table = new();
        let turn = table.take(Job::Reconcile.into(), at(0)).unwrap();
        for _ in 0..2 {
            assert!(table.take(Job::Reconcile.into(), at(0)).is_none());
        }
        drop(turn);
        assert!(table.take(Job::Reconcile.into(), at(0)).is_some());
    }

    #[test]
    fn the_next_call_is_when_the_first_job_is_due() {
        let table = new();
        assert_eq!(table.next(at(0)), Duration::ZERO);
        for unit in table.units() {
            run(&table, *unit, at(0), true);
        }
        assert_eq!(table.next(at(0)), SECOND);
        assert_eq!(table.next(at(30)), Duration::ZERO);
    }

    #[test]
    fn a_clock_that_was_set_back_stops_no_job() {
        let table = new();
        run(&table, Job::Expire, at(10_000), true);
        assert!(table.take(Job::Expire.into(), at(5_000)).is_some());
    }
}
