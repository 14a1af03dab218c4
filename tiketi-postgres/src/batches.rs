//! How many commands share a commit, for those who watch.

use std::sync::atomic::{AtomicU64, Ordering};

/// Batches a store has served since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Batches {
    /// How many batches.
    pub count: u64,
    /// How many commands in all of them.
    pub commands: u64,
    /// How many commands in the largest.
    pub largest: u64,
    /// How many transactions they took: one each, and more for what was tried again or taken apart.
    pub transactions: u64,
}

/// Counts batches as they are taken from their queues.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    count: AtomicU64,
    commands: AtomicU64,
    largest: AtomicU64,
    transactions: AtomicU64,
}

impl Counted {
    pub(crate) fn add(&self, commands: usize) {
        let commands = commands as u64;
        self.count.fetch_add(1, Ordering::Relaxed);
        self.commands.fetch_add(commands, Ordering::Relaxed);
        self.largest.fetch_max(commands, Ordering::Relaxed);
    }

    pub(crate) fn add_transaction(&self) {
        self.transactions.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn so_far(&self) -> Batches {
        Batches {
            count: self.count.load(Ordering::Relaxed),
            commands: self.commands.load(Ordering::Relaxed),
            largest: self.largest.load(Ordering::Relaxed),
            transactions: self.transactions.load(Ordering::Relaxed),
        }
    }
}
