//! Result of a job over many events.

use crate::error::StoreError;
use crate::id::EventId;

/// What a job over many events did, and which events it skipped.
///
/// An event that fails, or that another session has locked, does not stop the job: it is skipped, and the next call of
/// the job tries it again.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "stores make it, and give every part")]
pub struct Swept<T> {
    /// What was done, in the order that the job's contract states.
    pub done: Vec<T>,
    /// The skipped events, each with its failure. It is a failure of this event, not of the whole store.
    pub skipped: Vec<(EventId, StoreError)>,
}

impl<T> Swept<T> {
    /// Makes the result of a job that skipped no event.
    pub const fn all(done: Vec<T>) -> Self {
        Self { done, skipped: Vec::new() }
    }
}

impl<T> Default for Swept<T> {
    fn default() -> Self {
        Self::all(Vec::new())
    }
}
