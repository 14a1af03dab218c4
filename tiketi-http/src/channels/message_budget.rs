//! How many messages a client may send on one socket.

use std::time::Duration;

use tokio::time::Instant;

use crate::channels::limits::SocketLimits;

/// The messages that a client may still send: the generic cell rate algorithm of
/// [`rate_limit`](tiketi_core::decide::rate_limit), on a clock that never goes back.
#[derive(Debug)]
pub(crate) struct MessageBudget {
    burst: u32,
    every: Duration,
    /// When the client may send the whole burst again.
    full_at: Instant,
}

impl MessageBudget {
    /// Starts with the whole burst.
    pub(crate) const fn new(limits: &SocketLimits, now: Instant) -> Self {
        Self { burst: limits.message_burst, every: limits.message_every, full_at: now }
    }

    /// Takes one message; returns whether there was one.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let full_at = self.full_at.max(now) + self.every;
        let has_one = full_at <= now + self.every * self.burst;
        if has_one {
            self.full_at = full_at;
        }
        has_one
    }
}
