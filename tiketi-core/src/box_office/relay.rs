//! Delivers committed facts to the subscribers of this process.

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::box_office::tidy::HousekeepingError;
use crate::box_office::together::{caught, together};
use crate::box_office::{BoxOffice, Jobs};
use crate::error::StoreError;
use crate::fact::Fact;
use crate::notifier::{Notifier, NotifyError, SubscriberName};
use crate::store::{ClaimedFact, Release, SubscriberStatus, Subscription};
use crate::time::Timestamp;

/// How long a server has to deliver the facts it claimed, before another server may: 30 seconds.
pub const CLAIM_LEASE: Duration = Duration::from_secs(30);
/// How long facts are saved for a subscriber that no running server has: 7 days.
pub const SUBSCRIBER_MEMORY: Duration = Duration::from_hours(7 * 24);
/// How often a subscriber is registered again, which shows that a server has it.
const REGISTER_EVERY: Duration = Duration::from_mins(1);
/// Most facts of one claim, and of one call of a notifier.
const CLAIM_LIMIT: usize = 512;
/// How long facts wait after their first failed delivery; it doubles with each further one.
const FIRST_DELAY: Duration = Duration::from_secs(1);
/// Longest time that facts wait after a failed delivery.
const LONGEST_DELAY: Duration = Duration::from_mins(1);

/// A subscriber that this process delivers facts to.
#[derive(Debug)]
pub(super) struct Subscriber {
    pub(super) subscription: Subscription,
    notifier: Arc<dyn Notifier>,
    /// When this process registered it last.
    registered_at: Mutex<Option<Timestamp>>,
}

/// What one batch came to.
#[derive(Default)]
pub(super) struct Delivered {
    pub(super) facts: usize,
    /// Why the first call failed that did.
    pub(super) failed: Option<Undelivered>,
}

/// Why facts were not delivered.
pub(super) enum Undelivered {
    Notify(NotifyError),
    Panicked,
}

/// A call of a notifier that failed.
struct Failed {
    missing: Vec<ClaimedFact>,
    why: Undelivered,
}

impl Subscriber {
    pub(super) fn new(subscription: Subscription, notifier: Arc<dyn Notifier>) -> Self {
        Self { subscription, notifier, registered_at: Mutex::default() }
    }

    pub(super) fn name(&self) -> &SubscriberName {
        &self.subscription.subscriber
    }

    /// Returns whether it must be registered again; a clock that was set back counts as due.
    fn is_due_at(&self, now: Timestamp) -> bool {
        let registered_at = *self.registered_at.lock().unwrap_or_else(PoisonError::into_inner);
        registered_at.is_none_or(|at| now < at || now >= at.after(REGISTER_EVERY))
    }

    fn registered(&self, now: Timestamp) {
        *self.registered_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }

    /// Names the subscriber in an error.
    pub(super) fn failed(&self, undelivered: Undelivered) -> HousekeepingError {
        let source = match undelivered {
            Undelivered::Notify(error) => error,
            Undelivered::Panicked => NotifyError::new("the notifier panicked"),
        };
        HousekeepingError::Notify { subscriber: self.name().clone(), source }
    }
}

impl BoxOffice {
    pub(super) async fn register(&self, subscriber: &Subscriber) -> Result<(), StoreError> {
        let now = self.now();
        self.inner.outbox.subscribe(&subscriber.subscription, now).await?;
        subscriber.registered(now);
        Ok(())
    }

    /// Delivers one batch of facts to a subscriber.
    ///
    /// The facts of a call that fails wait. The next call is still made: its facts may not be the cause. After two calls
    /// in a row that fail, the rest of the batch is released.
    pub(super) async fn deliver(&self, subscriber: &Subscriber) -> Result<Delivered, StoreError> {
        let now = self.now();
        if subscriber.is_due_at(now) {
            self.register(subscriber).await?;
        }
        let mut rest =
            self.inner.outbox.claim_outbox(subscriber.name(), now, CLAIM_LEASE, CLAIM_LIMIT).await?;
        let claim = Claim { office: self, subscriber, until: now.after(CLAIM_LEASE) };
        let (mut delivered, mut failed_in_a_row) = (Delivered::default(), 0);
        while !rest.is_empty() {
            // The next call may take as long as these did, and must end within the lease.
            let is_late = self.now() > now.after(CLAIM_LEASE / 2);
            if is_late || failed_in_a_row == 2 {
                claim.release(&rest, Release::Untried).await?;
                break;
            }
            let mut later = rest.split_off(call_size(&rest));
            match claim.call(&rest).await? {
                Ok(()) => {
                    delivered.facts += rest.len();
                    failed_in_a_row = 0;
                }
                Err(Failed { missing, why }) => {
                    delivered.facts += rest.len() - missing.len();
                    delivered.failed.get_or_insert(why);
                    failed_in_a_row += 1;
                    later = claim.release_what_waits(&missing, later).await?;
                }
            }
            rest = later;
        }
        Ok(delivered)
    }

    /// Delivers facts to a subscriber until none is left or a call fails.
    async fn deliver_all(&self, subscriber: &Subscriber) -> Result<usize, HousekeepingError> {
        let mut sum = 0;
        loop {
            match self.deliver(subscriber).await? {
                Delivered { failed: Some(why), .. } => return Err(subscriber.failed(why)),
                Delivered { facts: 0, failed: None } => return Ok(sum),
                Delivered { facts, failed: None } => sum += facts,
            }
        }
    }

    /// Delivers one batch of facts to a subscriber, and returns how many there were.
    async fn deliver_batch(&self, subscriber: &Subscriber) -> Result<usize, HousekeepingError> {
        match self.deliver(subscriber).await? {
            Delivered { failed: Some(why), .. } => Err(subscriber.failed(why)),
            Delivered { facts, failed: None } => Ok(facts),
        }
    }

    /// Delivers facts to every subscriber until none is left.
    pub(super) async fn relay_all(&self) -> Result<usize, HousekeepingError> {
        let mut works: Vec<Work<'_>> = Vec::new();
        for subscriber in &self.inner.subscribers {
            works.push(Box::pin(self.deliver_all(subscriber)));
        }
        sum(works).await
    }
}

/// Delivery to one subscriber.
type Work<'w> = Pin<Box<dyn Future<Output = Result<usize, HousekeepingError>> + Send + 'w>>;

/// Delivers to all subscribers concurrently, and adds what was delivered, or returns the first error.
async fn sum(works: Vec<Work<'_>>) -> Result<usize, HousekeepingError> {
    let at_once = works.len();
    together(works, at_once).await.into_iter().try_fold(0, |sum, facts| Ok(sum + facts?))
}

/// Facts that this process claimed for a subscriber.
struct Claim<'c> {
    office: &'c BoxOffice,
    subscriber: &'c Subscriber,
    until: Timestamp,
}

impl Claim<'_> {
    /// Calls the notifier once, acknowledges what was delivered, and releases what was not.
    async fn call(&self, claimed: &[ClaimedFact]) -> Result<Result<(), Failed>, StoreError> {
        let facts: Vec<Fact> = claimed.iter().map(|it| it.fact.clone()).collect();
        let why = match caught(self.subscriber.notifier.notify(&facts)).await {
            Some(Ok(())) => {
                self.acknowledge(claimed.iter()).await?;
                return Ok(Ok(()));
            }
            Some(Err(error)) => Undelivered::Notify(error),
            None => Undelivered::Panicked,
        };
        let delivered = match &why {
            Undelivered::Notify(error) => error.delivered(),
            Undelivered::Panicked => &[],
        };
        let is_missing = |it: &&ClaimedFact| !delivered.contains(&it.fact.id);
        let missing: Vec<ClaimedFact> = claimed.iter().filter(is_missing).cloned().collect();
        let of_call = claimed.iter().filter(|it| delivered.contains(&it.fact.id));
        self.acknowledge(of_call).await?;
        let tries = missing.iter().map(|it| it.tries).max().unwrap_or_default();
        let again_at = self.office.now().after(delay(tries));
        self.release(&missing, Release::Failed { again_at }).await?;
        Ok(Err(Failed { missing, why }))
    }

    /// Releases those of the later facts whose reservation has a missing one, and returns the others.
    async fn release_what_waits(
        &self,
        missing: &[ClaimedFact],
        later: Vec<ClaimedFact>,
    ) -> Result<Vec<ClaimedFact>, StoreError> {
        let waits: HashSet<_> = missing.iter().filter_map(|it| it.fact.body.reservation()).collect();
        let must_wait = |it: &ClaimedFact| it.fact.body.reservation().is_some_and(|of| waits.contains(&of));
        let (waiting, free): (Vec<_>, Vec<_>) = later.into_iter().partition(must_wait);
        self.release(&waiting, Release::Untried).await?;
        Ok(free)
    }

    async fn acknowledge<'f>(&self, facts: impl Iterator<Item = &'f ClaimedFact>) -> Result<(), StoreError> {
        let keys: Vec<_> = facts.map(|it| it.fact.key()).collect();
        if keys.is_empty() {
            return Ok(());
        }
        self.office.inner.outbox.ack_outbox(self.subscriber.name(), &keys).await
    }

    async fn release(&self, facts: &[ClaimedFact], release: Release) -> Result<(), StoreError> {
        if facts.is_empty() {
            return Ok(());
        }
        let keys: Vec<_> = facts.iter().map(|it| it.fact.key()).collect();
        self.office.inner.outbox.release_outbox(self.subscriber.name(), &keys, self.until, release).await
    }
}

/// Returns how many of the claimed facts the next call has, given how often their delivery failed.
///
/// Facts that failed are sent in smaller calls, so that one that cannot be delivered is soon alone and delays no other.
fn call_size(claimed: &[ClaimedFact]) -> usize {
    let mut most = CLAIM_LIMIT;
    for (before, it) in claimed.iter().enumerate() {
        most = most.min(match it.tries {
            0 => CLAIM_LIMIT,
            1 => 64,
            2 => 8,
            _ => 1,
        });
        if before >= most {
            return before;
        }
    }
    claimed.len()
}

/// Returns how long facts wait after a failure, if they have failed `tries` times before.
fn delay(tries: u32) -> Duration {
    let factor = 1_u32.checked_shl(tries).unwrap_or(u32::MAX);
    FIRST_DELAY.saturating_mul(factor).min(LONGEST_DELAY)
}

impl Jobs {
    /// Registers the subscribers of this process.
    ///
    /// [`Jobs::run_once`] does it about once a minute. Call it at start if a new subscriber must get the facts of
    /// everything that happens before the first run.
    pub async fn subscribe_once(&self) -> Result<(), StoreError> {
        for subscriber in &self.office.inner.subscribers {
            self.office.register(subscriber).await?;
        }
        Ok(())
    }

    /// Delivers a batch of committed facts to each subscriber of this process, and returns how many.
    ///
    /// Call it about every second, and again at once while it returns any.
    ///
    /// # Errors
    ///
    /// The first [`HousekeepingError`]; the other subscribers get their facts.
    pub async fn relay_once(&self) -> Result<usize, HousekeepingError> {
        let mut works: Vec<Work<'_>> = Vec::new();
        for subscriber in &self.office.inner.subscribers {
            works.push(Box::pin(self.office.deliver_batch(subscriber)));
        }
        sum(works).await
    }

    /// Returns every registered subscriber, also those of other processes, and how many facts wait for each.
    ///
    /// It reads the whole backlog; call it for people and monitoring, not for each request.
    pub async fn subscribers(&self) -> Result<Vec<SubscriberStatus>, StoreError> {
        self.office.inner.outbox.subscribers().await
    }

    /// Removes a subscriber with the facts that wait for it, and returns whether it was registered.
    ///
    /// Remove it from every server first: a server that has it registers it again within a minute.
    pub async fn unsubscribe(&self, subscriber: &SubscriberName) -> Result<bool, StoreError> {
        self.office.inner.outbox.unsubscribe(subscriber, self.office.now()).await
    }

    /// Removes subscribers that no server has had for [`SUBSCRIBER_MEMORY`], and returns them.
    ///
    /// Call it about every minute. The facts that wait for them are deleted. Nothing is removed by a server whose clock
    /// is wrong ([`BoxOffice::clock_skew`]).
    pub async fn forget_subscribers_once(&self) -> Result<Vec<SubscriberName>, StoreError> {
        if self.office.clock_skew().await?.is_some_and(|skew| !skew.is_ready()) {
            return Ok(Vec::new());
        }
        // After a long time without any server, this one's subscribers have not been seen either.
        self.subscribe_once().await?;
        let now = self.office.now();
        self.office.inner.outbox.unsubscribe_unseen(now.before(SUBSCRIBER_MEMORY), now).await
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::fact::{FactBody, FactId};
    use crate::id::{EventId, TicketTypeId};

    fn claimed(tries: u32) -> ClaimedFact {
        let body = FactBody::StockChanged { ticket_type: TicketTypeId::from_uuid(Uuid::nil()), available: 1 };
        let (id, event, at) = (FactId(1), EventId::from_uuid(Uuid::nil()), Timestamp::EPOCH);
        ClaimedFact { fact: Fact { id, event, at, body }, tries }
    }

    /// Splits claimed facts into calls.
    fn calls(tries: &[u32]) -> Vec<usize> {
        let mut rest: Vec<_> = tries.iter().copied().map(claimed).collect();
        let mut calls = Vec::new();
        while !rest.is_empty() {
            let size = call_size(&rest);
            calls.push(size);
            rest.drain(..size);
        }
        calls
    }

    #[test]
    fn facts_that_failed_are_sent_in_smaller_calls() {
        assert_eq!(calls(&[0; 512]), [512]);
        assert_eq!(calls(&[1; 100]), [64, 36]);
        assert_eq!(calls(&[2; 20]), [8, 8, 4]);
        assert_eq!(calls(&[3, 4, 9]), [1, 1, 1]);
        assert_eq!(calls(&[0, 0, 3, 0, 0]), [2, 1, 2]);
        assert_eq!(calls(&[]), [0_usize; 0]);
    }

    #[test]
    fn the_delay_doubles_up_to_its_limit() {
        let delays = [0, 1, 2, 5, 6, 7, u32::MAX].map(|tries| delay(tries).as_secs());
        assert_eq!(delays, [1, 2, 4, 32, 60, 60, 60]);
    }
}
