//! Circuit breaker: stops calls to a provider that does not answer. A pure state machine.

use std::time::Duration;

use crate::gateway::ProviderResponse;
use crate::id::BuyerId;
use crate::setters::setters;
use crate::time::Timestamp;

/// When a [`Breaker`] opens, and how it closes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BreakerSettings {
    /// Consecutive requests without an answer that open it; 5 by default.
    pub unanswered: u32,
    /// Fewest buyers that these requests must come from; 3 by default, and never fewer than 2, so that one buyer cannot
    /// block the others.
    pub buyers: usize,
    /// How long it stays open; 30 seconds by default.
    pub open_for: Duration,
    /// Pause between probes after that, until the provider answers; 5 seconds by default.
    pub probe_every: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            unanswered: 5,
            buyers: 3,
            open_for: Duration::from_secs(30),
            probe_every: Duration::from_secs(5),
        }
    }
}

impl BreakerSettings {
    setters! {
        unanswered: u32,
        buyers: usize,
        open_for: Duration,
        probe_every: Duration,
    }
}

/// Stops requests to a provider that does not answer.
///
/// | from \ on | admit | answered | no answer |
/// |---|---|---|---|
/// | `Closed` | yes | `Closed`, none counted | `Closed`, one more; `Open` at the limit, if from several buyers |
/// | `Open` | no; once its time is over yes, and `HalfOpen` | `Closed` | `Open` as it was |
/// | `HalfOpen` | one each `probe_every` | `Closed` | `HalfOpen` after the first, `Open` after one of another buyer |
///
/// A request that did not ask the provider changes nothing. A probe needs no end of its own: a probe without a recorded
/// result only delays the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a complete set of states, which hosts match on")]
pub enum Breaker {
    /// Every request is admitted.
    Closed {
        /// Consecutive requests without an answer.
        unanswered: u32,
        /// The buyers of these requests, no more than are needed to open.
        buyers: Vec<BuyerId>,
    },
    /// No request is admitted.
    Open {
        /// Until when.
        until: Timestamp,
    },
    /// One request is admitted at a time.
    HalfOpen {
        /// When the next one is admitted.
        next_probe: Timestamp,
        /// The buyer of the latest probe without an answer.
        unanswered: Option<BuyerId>,
    },
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { unanswered: 0, buyers: Vec::new() }
    }
}

impl Breaker {
    /// Admits a request, or returns how long to wait.
    ///
    /// # Errors
    ///
    /// The time until a request may be admitted.
    pub fn try_acquire(&mut self, now: Timestamp, settings: BreakerSettings) -> Result<(), Duration> {
        let (wait, unanswered) = match self {
            Self::Closed { .. } => return Ok(()),
            Self::Open { until } => (*until, None),
            Self::HalfOpen { next_probe, unanswered } => (*next_probe, *unanswered),
        };
        if now < wait {
            return Err(wait.since(now));
        }
        *self = Self::HalfOpen { next_probe: now.after(settings.probe_every), unanswered };
        Ok(())
    }

    /// Records whether the provider answered a request made for a buyer.
    pub fn record(
        &mut self,
        response: ProviderResponse,
        buyer: BuyerId,
        now: Timestamp,
        settings: BreakerSettings,
    ) {
        match response {
            ProviderResponse::NotAsked => {}
            ProviderResponse::Answered => *self = Self::default(),
            ProviderResponse::NoAnswer => self.record_no_answer(buyer, now, settings),
        }
    }

    fn record_no_answer(&mut self, buyer: BuyerId, now: Timestamp, settings: BreakerSettings) {
        let opens = match self {
            Self::Closed { unanswered, buyers } => {
                let enough = settings.buyers.max(2);
                *unanswered = unanswered.saturating_add(1);
                if buyers.len() < enough && !buyers.contains(&buyer) {
                    buyers.push(buyer);
                }
                *unanswered >= settings.unanswered && buyers.len() >= enough
            }
            // The request began before the breaker opened, so its failure is no new information.
            Self::Open { .. } => false,
            Self::HalfOpen { unanswered, .. } => {
                unanswered.replace(buyer).is_some_and(|before| before != buyer)
            }
        };
        if opens {
            *self = Self::Open { until: now.after(settings.open_for) };
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH.after(Duration::from_secs(seconds))
    }

    fn buyer(which: u128) -> BuyerId {
        BuyerId::from_uuid(Uuid::from_u128(which))
    }

    fn record(breaker: &mut Breaker, response: ProviderResponse, of: u128, now: Timestamp) {
        breaker.record(response, buyer(of), now, BreakerSettings::default());
    }

    /// A breaker after requests without an answer, each of another buyer.
    fn unanswered(count: u128) -> Breaker {
        let mut breaker = Breaker::default();
        (0..count).for_each(|which| record(&mut breaker, ProviderResponse::NoAnswer, which, at(0)));
        breaker
    }

    fn admits(breaker: &mut Breaker, now: Timestamp) -> bool {
        breaker.try_acquire(now, BreakerSettings::default()).is_ok()
    }

    #[test]
    fn only_consecutive_unanswered_requests_open_it() {
        assert!(admits(&mut unanswered(4), at(0)));
        let mut spared = unanswered(4);
        record(&mut spared, ProviderResponse::Answered, 9, at(0));
        assert_eq!(spared, Breaker::default());
        assert_eq!(unanswered(5), Breaker::Open { until: at(30) });
    }

    #[test]
    fn a_request_that_asks_no_provider_neither_opens_nor_resets_it() {
        let mut breaker = unanswered(4);
        for which in 0..100 {
            record(&mut breaker, ProviderResponse::NotAsked, which, at(0));
        }
        record(&mut breaker, ProviderResponse::NoAnswer, 4, at(0));
        assert_eq!(breaker, Breaker::Open { until: at(30) });
        record(&mut breaker, ProviderResponse::NotAsked, 1, at(0));
        assert_eq!(breaker, Breaker::Open { until: at(30) });
    }

    #[test]
    fn one_buyer_alone_never_opens_it() {
        for buyers in [0, 1, 3] {
            let settings = BreakerSettings { buyers, ..BreakerSettings::default() };
            let mut breaker = Breaker::default();
            for second in 0..1_000 {
                breaker.record(ProviderResponse::NoAnswer, buyer(1), at(second), settings);
                assert!(breaker.try_acquire(at(second), settings).is_ok());
            }
        }
        let mut two = Breaker::default();
        (0..100).for_each(|which| record(&mut two, ProviderResponse::NoAnswer, which % 2, at(0)));
        assert!(admits(&mut two, at(0)), "by default three buyers must get no answer");
    }

    #[test]
    fn an_open_one_says_how_long_to_wait() {
        let wait = unanswered(5).try_acquire(at(10), BreakerSettings::default());
        assert_eq!(wait, Err(Duration::from_secs(20)));
    }

    #[test]
    fn after_its_time_one_at_a_time_may_try() {
        let mut probing = unanswered(5);
        assert!(admits(&mut probing, at(30)));
        assert!(
            !admits(&mut probing, at(30)) && !admits(&mut probing, at(34)) && admits(&mut probing, at(35))
        );
        record(&mut probing, ProviderResponse::Answered, 1, at(36));
        assert_eq!(probing, Breaker::default());
    }

    #[test]
    fn unanswered_probes_reopen_it_unless_one_buyer_makes_them_all() {
        let mut probing = unanswered(5);
        for second in [30, 35, 40, 45] {
            assert!(admits(&mut probing, at(second)));
            assert!(!admits(&mut probing, at(second)), "no more than one");
            record(&mut probing, ProviderResponse::NoAnswer, 1, at(second));
        }
        assert!(admits(&mut probing, at(50)));
        record(&mut probing, ProviderResponse::NoAnswer, 2, at(51));
        assert_eq!(probing, Breaker::Open { until: at(81) });
    }

    #[test]
    fn a_straggler_does_not_keep_it_open_longer() {
        let mut open = unanswered(5);
        record(&mut open, ProviderResponse::NoAnswer, 9, at(29));
        assert_eq!(open, Breaker::Open { until: at(30) });
    }
}
