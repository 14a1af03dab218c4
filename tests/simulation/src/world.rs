//! The world of one run: time, chance, the stores, the provider, and what the checker saw.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tiketi_core::memory::{MemoryLeases, MemoryStore, MemoryWaitingRooms};
use tiketi_core::{EventId, Timestamp};
use tiketi_workload::Chance;

use crate::executor::{Executor, Group};
use crate::fault::{Fault, Plan};
use crate::history::{Cause, History};
use crate::planted::Planted;
use crate::provider::Provider;
use crate::setting::Setting;
use crate::sometimes::Sometimes;
use crate::story::Story;
use crate::tally::Tally;

/// When every run begins: 5 January 2026, 10:00 UTC.
const BEGINS_MICROS: i64 = 1_767_607_200_000_000;

/// Tasks that belong to no process of the shop: buyers, the provider, packets on their way.
pub(crate) const OUTSIDE: Group = Group(0);

/// Everything that tasks of one run share.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) executor: Executor,
    pub(crate) setting: Setting,
    pub(crate) planted: Option<Planted>,
    pub(crate) store: MemoryStore,
    pub(crate) rooms: MemoryWaitingRooms,
    pub(crate) leases: MemoryLeases,
    plan: Plan,
    is_calm: AtomicBool,
    groups: AtomicU32,
    dice: Mutex<Dice>,
    provider: Mutex<Provider>,
    history: Mutex<History>,
    tally: Mutex<Tally>,
    story: Mutex<Story>,
    broken: Mutex<Option<String>>,
    event: OnceLock<EventId>,
}

/// The generators of the concerns that have no owner of their own.
#[derive(Debug)]
struct Dice {
    faults: Chance,
    delays: Chance,
    provider: Chance,
}

impl World {
    /// Makes the world of a run.
    pub(crate) fn new(setting: Setting, planted: Option<Planted>, is_told: bool) -> Arc<Self> {
        let (seed, plan) = (setting.seed, setting.plan.clone());
        let begins = Timestamp::from_micros(BEGINS_MICROS);
        Arc::new(Self {
            executor: Executor::at(begins, Chance::of(seed, "order of tasks")),
            setting,
            planted,
            store: MemoryStore::default(),
            rooms: MemoryWaitingRooms::default(),
            leases: MemoryLeases::default(),
            plan,
            // Nothing strikes before the sale is set up.
            is_calm: AtomicBool::new(true),
            groups: AtomicU32::new(1),
            dice: Mutex::new(Dice {
                faults: Chance::of(seed, "faults"),
                delays: Chance::of(seed, "delays"),
                provider: Chance::of(seed, "provider"),
            }),
            provider: Mutex::default(),
            history: Mutex::default(),
            tally: Mutex::default(),
            story: Mutex::new(Story::new(begins, is_told)),
            broken: Mutex::default(),
            event: OnceLock::new(),
        })
    }

    /// Returns the true time, which no process knows.
    pub(crate) fn now(&self) -> Timestamp {
        self.executor.now()
    }

    /// Returns the event, once it was made.
    pub(crate) fn event(&self) -> Option<EventId> {
        self.event.get().copied()
    }

    /// Returns the time since the run began.
    pub(crate) fn passed(&self) -> Duration {
        self.now().since(Timestamp::from_micros(BEGINS_MICROS))
    }

    /// Returns a group of tasks that no one else has.
    pub(crate) fn new_group(&self) -> Group {
        Group(self.groups.fetch_add(1, Ordering::Relaxed))
    }

    /// Decides whether a fault strikes now, and counts it.
    pub(crate) fn strikes(&self, fault: Fault) -> bool {
        let rate = self.plan.rate(fault);
        if rate == 0 || self.is_calm.load(Ordering::Relaxed) || !locked(&self.dice).faults.happens(rate) {
            return false;
        }
        locked(&self.tally).strike(fault);
        self.tell(format_args!("  ! {}", fault.name()));
        true
    }

    /// Returns a length of time from `least` to `most` milliseconds.
    pub(crate) fn delay(&self, least: u64, most: u64) -> Duration {
        locked(&self.dice).delays.millis(least, most)
    }

    /// Returns a generator for what the provider decides.
    pub(crate) fn provider_number(&self) -> u64 {
        locked(&self.dice).provider.number()
    }

    /// Lets people act and faults strike.
    pub(crate) fn open(&self, event: EventId) {
        let _ = self.event.set(event);
        self.is_calm.store(false, Ordering::Relaxed);
    }

    /// Stops every fault, for good.
    pub(crate) fn calm_down(&self) {
        self.is_calm.store(true, Ordering::Relaxed);
    }

    /// Returns whether a fault may strike in this run.
    pub(crate) fn may(&self, fault: Fault) -> bool {
        self.plan.rate(fault) > 0
    }

    /// Shows the checker the rows after a commit.
    pub(crate) fn observe(&self, cause: &Cause<'_>) {
        let Some(event) = self.event.get() else { return };
        let Some(rows) = self.store.event_rows(*event) else {
            return self.break_off("the event is gone".to_owned());
        };
        let seen = {
            let provider = self.provider();
            self.history().take(cause, &rows, &provider, self.now())
        };
        match seen {
            Ok(reached) => reached.into_iter().for_each(|condition| self.reach(condition)),
            Err(why) => self.break_off(why),
        }
        let broken = self.history().take_broken();
        if let Some(why) = broken {
            self.break_off(why);
        }
    }

    /// Returns whether faults have stopped.
    pub(crate) fn is_calm(&self) -> bool {
        self.is_calm.load(Ordering::Relaxed)
    }

    /// Returns whether a known bug is planted.
    pub(crate) fn has(&self, bug: Planted) -> bool {
        self.planted == Some(bug)
    }

    /// Notes that a condition was reached.
    pub(crate) fn reach(&self, condition: Sometimes) {
        locked(&self.tally).reach(condition);
    }

    /// Adds a line to the story.
    pub(crate) fn tell(&self, what: fmt::Arguments<'_>) {
        locked(&self.story).tell(self.now(), what);
    }

    /// Notes that something happened that must not.
    pub(crate) fn break_off(&self, why: impl Into<String>) {
        let why = why.into();
        self.tell(format_args!("VIOLATION: {why}"));
        locked(&self.broken).get_or_insert(why);
    }

    /// Returns the first thing that happened and must not.
    pub(crate) fn broken(&self) -> Option<String> {
        locked(&self.broken).clone()
    }

    pub(crate) fn provider(&self) -> MutexGuard<'_, Provider> {
        locked(&self.provider)
    }

    pub(crate) fn history(&self) -> MutexGuard<'_, History> {
        locked(&self.history)
    }

    /// Returns the counts and the hash of the run, and the lines of its story.
    pub(crate) fn report(&self) -> (Tally, u64, Vec<String>) {
        let mut story = locked(&self.story);
        (locked(&self.tally).clone(), story.hash(), story.take_lines())
    }
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
