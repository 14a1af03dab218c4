//! What a job over many events did.

use crate::id::EventId;
use crate::store::StoreError;

/// What a job over many events did, and which events it passed over.
///
/// One event that fails, or that another session keeps locked, keeps no other event from its turn: it is passed over,
/// and the next call of the job tries it again.
#[derive(Debug)]
pub struct Swept<T> {
    /// What was done, in the order that the job promises.
    pub done: Vec<T>,
    /// The events that were passed over, each with why. The failure is of the one event, not of the store as a whole.
    pub skipped: Vec<(EventId, StoreError)>,
}

impl<T> Swept<T> {
    /// Makes the outcome of a job that passed no event over.
    pub const fn all(done: Vec<T>) -> Self {
        Self { done, skipped: Vec::new() }
    }
}

impl<T> Default for Swept<T> {
    fn default() -> Self {
        Self::all(Vec::new())
    }
}
