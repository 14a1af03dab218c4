//! Answers stored under idempotency keys.

use std::collections::HashMap;
use std::time::Duration;

use tiketi_core::Timestamp;

use crate::answer::Answer;

/// How long an answer is stored (source: TossPayments, idempotency keys).
const KEPT_FOR: Duration = Duration::from_hours(15 * 24);

/// What distinguishes two requests: idempotency key, API key, method and path. Bodies are not compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    pub(crate) key: String,
    pub(crate) api_key: String,
    pub(crate) address: String,
}

#[derive(Debug)]
enum Kept {
    InFlight,
    Answered(Answer),
}

/// Whether a request was seen before.
#[derive(Debug)]
pub(crate) enum Seen {
    New,
    InFlight,
    Before(Answer),
}

/// The stored answers.
#[derive(Debug, Default)]
pub(crate) struct StoredAnswers(HashMap<Identity, (Timestamp, Kept)>);

impl StoredAnswers {
    /// Returns whether a request was seen before, and marks a new one as in flight.
    pub(crate) fn begin(&mut self, identity: &Identity, now: Timestamp) -> Seen {
        match self.0.get(identity).filter(|(since, _)| now.since(*since) < KEPT_FOR) {
            Some((_, Kept::InFlight)) => Seen::InFlight,
            Some((_, Kept::Answered(answer))) => Seen::Before(answer.clone()),
            None => {
                self.0.insert(identity.clone(), (now, Kept::InFlight));
                Seen::New
            }
        }
    }

    /// Stores the answer to a request that was in flight.
    pub(crate) fn answered(&mut self, identity: &Identity, answer: &Answer) {
        if let Some((_, kept)) = self.0.get_mut(identity) {
            *kept = Kept::Answered(answer.clone());
        }
    }

    /// Removes a request that did not take effect.
    pub(crate) fn forget(&mut self, identity: &Identity) {
        self.0.remove(identity);
    }
}
