//! When each job of this process is due, and which jobs run.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::box_office::jobs::Job;
use crate::time::Timestamp;

/// Longest pause before a failing job is tried again, unless its period is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// When each job is due, and which jobs run.
///
/// It belongs to one process: work that several servers must not do twice is claimed in the store.
#[derive(Debug)]
pub(super) struct JobTable {
    every: Duration,
    slots: Mutex<[Slot; Job::OWN.len()]>,
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
    job: Job,
}

impl JobTable {
    pub(super) fn new(every: Duration) -> Self {
        Self { every, slots: Mutex::default() }
    }

    /// Returns the period of frequent jobs.
    pub(super) fn every(&self) -> Duration {
        self.every
    }

    /// Starts a run of a job, if it is due and does not run.
    pub(super) fn take(&self, job: Job, now: Timestamp) -> Option<JobTurn<'_>> {
        let pause = self.longest_pause(job);
        self.with(job, |slot| {
            let is_taken = !slot.is_running && slot.wait(now, pause).is_zero();
            slot.is_running |= is_taken;
            is_taken
        })
        .then(|| JobTurn { table: self, job })
    }

    /// Returns the time until the next job is due, without those that run.
    pub(super) fn next(&self, now: Timestamp) -> Duration {
        let waits = Job::OWN.into_iter().map(|job| {
            let pause = self.longest_pause(job);
            self.with(job, |slot| if slot.is_running { self.every } else { slot.wait(now, pause) })
        });
        waits.min().unwrap_or(self.every)
    }

    fn longest_pause(&self, job: Job) -> Duration {
        job.period(self.every).max(LONGEST_PAUSE)
    }

    fn with<T>(&self, job: Job, change: impl FnOnce(&mut Slot) -> T) -> T {
        let mut slots = self.lock();
        let at = Job::OWN.iter().position(|known| *known == job);
        match at.and_then(|at| slots.get_mut(at)) {
            Some(slot) => change(slot),
            // A job of the host has no slot here.
            None => change(&mut Slot { is_running: true, ..Slot::default() }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, [Slot; Job::OWN.len()]> {
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
        let period = self.job.period(self.table.every);
        let longest = self.table.longest_pause(self.job);
        self.table.with(self.job, |slot| {
            slot.failures = if succeeded { 0 } else { slot.failures.saturating_add(1) };
            let wait = if more { Duration::ZERO } else { pause(period, slot.failures).min(longest) };
            slot.due = Some(now.after(wait));
        });
    }
}

impl Drop for JobTurn<'_> {
    fn drop(&mut self) {
        self.table.with(self.job, |slot| slot.is_running = false);
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

    fn run(table: &JobTable, job: Job, now: Timestamp, succeeded: bool) {
        table.take(job, now).unwrap().end(now, succeeded, false);
    }

    #[test]
    fn a_job_is_due_a_period_after_its_last_run() {
        let table = JobTable::new(SECOND);
        run(&table, Job::Expire, at(10), true);
        run(&table, Job::ForgetCommands, at(10), true);
        assert!(table.take(Job::Expire, at(10)).is_none());
        assert!(table.take(Job::Expire, at(11)).is_some());
        assert!(table.take(Job::ForgetCommands, at(69)).is_none());
        assert!(table.take(Job::ForgetCommands, at(70)).is_some());
    }

    #[test]
    fn a_run_that_left_something_over_is_repeated_at_once() {
        let table = JobTable::new(SECOND);
        table.take(Job::Relay, at(10)).unwrap().end(at(10), true, true);
        assert!(table.take(Job::Relay, at(10)).is_some());
    }

    #[test]
    fn a_job_that_fails_pauses_twice_as_long_each_time_up_to_a_limit() {
        let table = JobTable::new(SECOND);
        for (failed_at, due) in [(0, 2), (2, 6), (6, 14), (14, 30), (30, 60), (60, 90), (90, 120)] {
            run(&table, Job::Relay, at(failed_at), false);
            assert!(table.take(Job::Relay, at(due - 1)).is_none(), "{due}");
        }
        run(&table, Job::Relay, at(120), true);
        assert!(table.take(Job::Relay, at(121)).is_some());
    }

    #[test]
    fn a_job_runs_once_at_a_time_and_a_dropped_run_is_due_again() {
        let table = JobTable::new(SECOND);
        let turn = table.take(Job::Reconcile, at(0)).unwrap();
        for _ in 0..2 {
            assert!(table.take(Job::Reconcile, at(0)).is_none());
        }
        drop(turn);
        assert!(table.take(Job::Reconcile, at(0)).is_some());
    }

    #[test]
    fn the_next_call_is_when_the_first_job_is_due() {
        let table = JobTable::new(SECOND);
        assert_eq!(table.next(at(0)), Duration::ZERO);
        for job in Job::OWN {
            run(&table, job, at(0), true);
        }
        assert_eq!(table.next(at(0)), SECOND);
        assert_eq!(table.next(at(30)), Duration::ZERO);
    }

    #[test]
    fn a_clock_that_was_set_back_stops_no_job() {
        let table = JobTable::new(SECOND);
        run(&table, Job::Expire, at(10_000), true);
        assert!(table.take(Job::Expire, at(5_000)).is_some());
    }
}
