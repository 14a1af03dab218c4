//! The shop with which every case starts: a store, a manual clock, and ids from a seed.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tiketi_core::decide::{Applied, Command, Envelope, SalesCommand};
use tiketi_core::{
    BuyerId, Clock, CommandError, CommandKey, EventId, Fact, IdSource, PaymentId, RefundId, ReservationId,
    Terms, Timestamp,
    clock::{CountedIds, ManualClock},
    fact::FactKinds,
    notifier::SubscriberName,
    store::{SalesStoreExt, Subscription},
};

use crate::factory::SellingStore;
use crate::handles::Handles;

/// The outcome of a command.
pub type Outcome<C> = Result<Applied, CommandError<<C as Command>::Refused>>;

/// Sells through a store, and records what the audit must check.
///
/// Clones are cheap and share everything.
#[derive(Clone, Debug)]
pub struct TestShop {
    inner: Arc<Inner>,
}

struct Inner {
    stores: Handles<dyn SellingStore>,
    clock: ManualClock,
    ids: CountedIds,
    known: Mutex<Known>,
}

/// What the audit must check, in order of creation.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) events: Vec<EventId>,
    pub(crate) buyers: Vec<BuyerId>,
    pub(crate) payments: BTreeSet<PaymentId>,
    pub(crate) facts: Vec<Fact>,
    /// Whether payments may have changed without a fact.
    pub(crate) quiet: bool,
    /// Whether nothing subscribed to the facts for a while, so that they are not checked.
    pub(crate) without_facts: bool,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").field("stores", &self.stores).finish_non_exhaustive()
    }
}

/// Returns the name of the subscriber from which the audit gets all facts.
pub fn auditor() -> SubscriberName {
    SubscriberName::new("auditor").expect("the name is valid")
}

/// The time at which every case begins.
pub const START: &str = "2026-01-05T10:00:00Z";

impl TestShop {
    /// Opens a shop on a store, at [`START`].
    pub async fn over(stores: Handles<dyn SellingStore>) -> Self {
        Self::seeded(stores, 7).await
    }

    /// Opens a shop whose ids differ from those of every other seed.
    ///
    /// It registers the subscriber from which the audit gets its facts.
    pub async fn seeded(stores: Handles<dyn SellingStore>, seed: u64) -> Self {
        let clock = ManualClock::at(START.parse().expect("the start is a time"));
        let inner = Inner { stores, clock, ids: CountedIds::seeded(seed), known: Mutex::default() };
        let shop = Self { inner: Arc::new(inner) };
        shop.subscribe(&auditor(), FactKinds::all()).await;
        shop
    }

    /// Registers a subscriber that wants facts of these kinds.
    pub async fn subscribe(&self, subscriber: &SubscriberName, kinds: FactKinds) {
        let subscription = Subscription { subscriber: subscriber.clone(), kinds };
        let outcome = self.store().subscribe(&subscription, self.now()).await;
        outcome.expect("a subscriber can be registered");
    }

    /// Removes the subscriber from which the audit gets its facts, so that the audit does not check them.
    pub async fn without_subscriber(&self) {
        let removed = self.store().unsubscribe(&auditor(), self.now()).await;
        assert!(removed.expect("a subscriber can be removed"));
        self.known().without_facts = true;
    }

    /// Returns the store's next handle.
    pub fn store(&self) -> Arc<dyn SellingStore> {
        self.inner.stores.any()
    }

    /// Returns all handles of the store.
    pub fn stores(&self) -> Handles<dyn SellingStore> {
        self.inner.stores.clone()
    }

    /// Returns the current time.
    ///
    /// Only [`TestShop::advance`] and [`TestShop::go_to`] move it.
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Moves the clock by `by`.
    pub fn advance(&self, by: Duration) {
        self.inner.clock.advance(by);
    }

    /// Moves the clock to `now`.
    pub fn go_to(&self, now: Timestamp) {
        self.inner.clock.set(now);
    }

    /// Returns the default terms, which every command carries.
    pub fn terms(&self) -> Terms {
        Terms::default()
    }

    /// Returns the source of new ids.
    pub fn ids(&self) -> &dyn IdSource {
        &self.inner.ids
    }

    /// Returns a new buyer.
    pub fn buyer(&self) -> BuyerId {
        let buyer = BuyerId::from_uuid(self.inner.ids.next());
        self.known().buyers.push(buyer);
        buyer
    }

    /// Returns `count` new buyers.
    pub fn buyers(&self, count: usize) -> Vec<BuyerId> {
        (0..count).map(|_| self.buyer()).collect()
    }

    /// Returns a key for a new intent.
    pub fn key(&self) -> CommandKey {
        CommandKey::from_uuid(self.inner.ids.next())
    }

    /// Returns an id for a new reservation.
    pub fn reservation_id(&self) -> ReservationId {
        ReservationId::from_uuid(self.inner.ids.next())
    }

    /// Returns an id for a new refund.
    pub fn refund_id(&self) -> RefundId {
        RefundId::from_uuid(self.inner.ids.next())
    }

    /// Returns an id for a new payment, which the audit will check.
    pub fn payment_id(&self) -> PaymentId {
        let payment = PaymentId::from_uuid(self.inner.ids.next());
        self.known().payments.insert(payment);
        payment
    }

    /// Returns a command with a new key and the current time.
    pub fn envelope<C: Command>(&self, command: C) -> Envelope<C> {
        command.at(self.now(), self.key())
    }

    /// Executes a command, and returns its outcome.
    pub async fn execute<C: SalesCommand>(&self, command: Envelope<C>) -> Outcome<C> {
        self.store().execute(command).await
    }

    /// Executes a command now, under a new key, and returns its outcome.
    pub async fn send<C: SalesCommand>(&self, command: C) -> Outcome<C> {
        self.execute(self.envelope(command)).await
    }

    /// Executes a command now, under a new key; it must take effect.
    ///
    /// # Panics
    ///
    /// As [`TestShop::apply_envelope`].
    pub async fn apply<C: SalesCommand>(&self, command: C) -> Applied {
        self.apply_envelope(self.envelope(command)).await
    }

    /// Executes a command that must take effect.
    ///
    /// # Panics
    ///
    /// If the command is refused, fails, or is a replay.
    pub async fn apply_envelope<C: SalesCommand>(&self, command: Envelope<C>) -> Applied {
        let shown = format!("{command:?}");
        match self.execute(command).await {
            Ok(applied) if !applied.replayed => applied,
            other => panic!("should take effect: {shown}\nbut came to {other:?}"),
        }
    }

    /// Claims and acknowledges all facts, and returns them.
    ///
    /// The shop records them for the audit.
    pub async fn drain(&self) -> Vec<Fact> {
        let store = self.store();
        let mut drained = Vec::new();
        loop {
            // At this time every lease of a case has ended.
            let facts = store.claim_outbox(&auditor(), Timestamp::FAR_FUTURE, Duration::ZERO, 500).await;
            let facts: Vec<_> = facts.expect("the outbox can be claimed");
            if facts.is_empty() {
                break;
            }
            let keys: Vec<_> = facts.iter().map(|it| it.fact.key()).collect();
            store.ack_outbox(&auditor(), &keys).await.expect("the outbox can be acknowledged");
            drained.extend(facts.into_iter().map(|it| it.fact));
        }
        self.remember(&drained);
        drained
    }

    /// Records facts that a case has acknowledged itself.
    pub fn remember(&self, facts: &[Fact]) {
        self.known().facts.extend_from_slice(facts);
    }

    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        self.inner.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
