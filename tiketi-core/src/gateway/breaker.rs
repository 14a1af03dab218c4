//! When to stop asking a provider that does not answer: a pure state machine.

use std::time::Duration;

use crate::time::Timestamp;

/// When a [`Breaker`] opens, and how it closes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSettings {
    /// How many failures in a row open it; 5 by default.
    pub failures: u32,
    /// How long it then admits nobody; 30 seconds by default.
    pub open_for: Duration,
    /// How often one is admitted after that, until an answer comes; every 5 seconds by default.
    pub probe_every: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self { failures: 5, open_for: Duration::from_secs(30), probe_every: Duration::from_secs(5) }
    }
}

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asked {
    /// The provider answered, yes or no.
    Answered,
    /// It did not, or said nothing that can be understood.
    Failed,
}

/// Keeps callers from a provider that does not answer.
///
/// | from \ on | admit | answered | failed |
/// |---|---|---|---|
/// | `Closed` | yes | `Closed`, no failures | `Closed`, one more; `Open` at the limit |
/// | `Open` | no; once its time is over yes, and `HalfOpen` | `Closed` | `Open` as it was |
/// | `HalfOpen` | one each `probe_every` | `Closed` | `Open` anew |
///
/// A probe needs no end of its own: one that is never heard of only delays the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaker {
    /// Everyone is admitted.
    Closed {
        /// Failures in a row.
        failures: u32,
    },
    /// Nobody is.
    Open {
        /// Until when.
        until: Timestamp,
    },
    /// One now and then.
    HalfOpen {
        /// When the next one is.
        next_probe: Timestamp,
    },
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

impl Breaker {
    /// Returns the state after someone wants to ask, or how long he shall wait.
    pub fn admit(self, now: Timestamp, settings: BreakerSettings) -> Result<Self, Duration> {
        match self {
            Self::Closed { .. } => Ok(self),
            Self::Open { until: wait } | Self::HalfOpen { next_probe: wait } if now < wait => {
                Err(wait.since(now))
            }
            Self::Open { .. } | Self::HalfOpen { .. } => {
                Ok(Self::HalfOpen { next_probe: now.after(settings.probe_every) })
            }
        }
    }

    /// Returns the state after something came of asking.
    #[must_use]
    pub fn after(self, asked: Asked, now: Timestamp, settings: BreakerSettings) -> Self {
        let opened = Self::Open { until: now.after(settings.open_for) };
        match (self, asked) {
            (_, Asked::Answered) => Self::default(),
            (Self::Closed { failures }, Asked::Failed) if failures.saturating_add(1) < settings.failures => {
                Self::Closed { failures: failures + 1 }
            }
            (Self::Closed { .. } | Self::HalfOpen { .. }, Asked::Failed) => opened,
            // A straggler from before it opened says nothing new.
            (Self::Open { .. }, Asked::Failed) => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH.after(Duration::from_secs(seconds))
    }

    fn after_failures(count: u32) -> Breaker {
        let failed = |breaker: Breaker, _| breaker.after(Asked::Failed, at(0), BreakerSettings::default());
        (0..count).fold(Breaker::default(), failed)
    }

    fn admits(breaker: Breaker, now: Timestamp) -> bool {
        breaker.admit(now, BreakerSettings::default()).is_ok()
    }

    #[test]
    fn only_failures_in_a_row_open_it() {
        assert!(admits(after_failures(4), at(0)));
        let spared = after_failures(4).after(Asked::Answered, at(0), BreakerSettings::default());
        assert_eq!(spared, Breaker::default());
        assert_eq!(after_failures(5), Breaker::Open { until: at(30) });
    }

    #[test]
    fn an_open_one_says_how_long_to_wait() {
        let wait = after_failures(5).admit(at(10), BreakerSettings::default());
        assert_eq!(wait, Err(Duration::from_secs(20)));
    }

    #[test]
    fn after_its_time_one_at_a_time_may_try() {
        let settings = BreakerSettings::default();
        let probing = after_failures(5).admit(at(30), settings).unwrap();
        assert!(!admits(probing, at(30)) && !admits(probing, at(34)) && admits(probing, at(35)));
        assert_eq!(probing.after(Asked::Answered, at(31), settings), Breaker::default());
        assert_eq!(probing.after(Asked::Failed, at(31), settings), Breaker::Open { until: at(61) });
    }

    #[test]
    fn a_straggler_does_not_keep_it_open_longer() {
        let open = after_failures(5);
        assert_eq!(open.after(Asked::Failed, at(29), BreakerSettings::default()), open);
    }
}
