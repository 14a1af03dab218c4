//! Builds a box office from its parts.

use std::sync::Arc;
use std::time::Duration;

use crate::box_office::confirm_locks::ConfirmLocks;
use crate::box_office::job_table::JobTable;
use crate::box_office::{BoxOffice, Inner};
use crate::clock::{Clock, IdSource, SystemClock, TimeOrderedIds, Timer};
use crate::gateway::PaymentGateway;
use crate::memory::MemoryNotifier;
use crate::notifier::Notifier;
use crate::spawner::Spawner;
use crate::store::{
    CatalogStore, InboxStore, LayoutStore, OutboxStore, PaymentStore, SalesStore, StoreClock,
};
use crate::terms::{Terms, TermsError};

/// Default period of the jobs.
const JOBS_EVERY: Duration = Duration::from_secs(1);
/// Longest period of the jobs: it delays the sale of general-admission units of a hold that has ended.
const LONGEST_BETWEEN_JOBS: Duration = Duration::from_mins(1);
/// Default number of payments that a provider is asked about at the same time.
const ASKED_AT_ONCE: usize = 4;

/// Collects the parts of a [`BoxOffice`].
#[derive(Debug, Default)]
#[must_use]
pub struct BoxOfficeBuilder {
    pub(super) sales: Option<Arc<dyn SalesStore>>,
    catalog: Option<Arc<dyn CatalogStore>>,
    layouts: Option<Arc<dyn LayoutStore>>,
    outbox: Option<Arc<dyn OutboxStore>>,
    pub(super) payments: Option<Arc<dyn PaymentStore>>,
    inbox: Option<Arc<dyn InboxStore>>,
    store_clock: Option<Arc<dyn StoreClock>>,
    gateways: Vec<Arc<dyn PaymentGateway>>,
    notifier: Option<Arc<dyn Notifier>>,
    clock: Option<Arc<dyn Clock>>,
    timer: Option<Arc<dyn Timer>>,
    spawner: Option<Arc<dyn Spawner>>,
    ids: Option<Arc<dyn IdSource>>,
    terms: Terms,
    jobs_every: Option<Duration>,
    asked_at_once: Option<usize>,
}

/// Why a box office cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// There is no store.
    #[error("a box office needs a store: call `store`")]
    StoreMissing,
    /// Two gateways have the same name.
    #[error("two payment gateways are called {name}")]
    DuplicateGateway {
        /// The name.
        name: String,
    },
    /// Two gateways offer the same payment method, so a buyer's choice would be ambiguous.
    #[error("two payment gateways offer the method {method}")]
    DuplicateMethod {
        /// The method.
        method: String,
    },
    /// The period of the jobs is zero, or longer than a minute.
    #[error("jobs run at least every minute, and not without a pause")]
    JobsEveryOutOfRange,
    /// No sale can run under the terms.
    #[error(transparent)]
    Terms(#[from] TermsError),
}

impl BoxOfficeBuilder {
    /// Stores everything in one adapter.
    pub fn store<S>(mut self, store: Arc<S>) -> Self
    where
        S: SalesStore + PaymentStore + CatalogStore + LayoutStore + OutboxStore + InboxStore + StoreClock,
    {
        self.sales = Some(Arc::<S>::clone(&store));
        self.catalog = Some(Arc::<S>::clone(&store));
        self.layouts = Some(Arc::<S>::clone(&store));
        self.outbox = Some(Arc::<S>::clone(&store));
        self.payments = Some(Arc::<S>::clone(&store));
        self.store_clock = Some(Arc::<S>::clone(&store));
        self.inbox = Some(store);
        self
    }

    /// Adds a payment gateway; may be called several times.
    pub fn gateway(mut self, gateway: Arc<dyn PaymentGateway>) -> Self {
        self.gateways.push(gateway);
        self
    }

    /// Delivers committed facts to a notifier; a [`MemoryNotifier`] by default.
    pub fn notifier(mut self, notifier: Arc<dyn Notifier>) -> Self {
        self.notifier = Some(notifier);
        self
    }

    /// Reads the time from a clock; [`SystemClock`] by default.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Sets the timer that waits for a confirm of another server.
    ///
    /// Without one, a confirm that another server is carrying out is answered at once with what is known, which is
    /// mostly `Confirming`. A shop of one server needs none.
    pub fn timer(mut self, timer: Arc<dyn Timer>) -> Self {
        self.timer = Some(timer);
        self
    }

    /// Runs work that moves money on a spawner, so that it continues when its caller is dropped.
    ///
    /// Without one, such work stops when its caller is dropped, and the jobs complete it
    /// ([`Jobs::run_once`](crate::box_office::Jobs::run_once)), as after a crash.
    pub fn spawner(mut self, spawner: Arc<dyn Spawner>) -> Self {
        self.spawner = Some(spawner);
        self
    }

    /// Takes new ids from a source; [`TimeOrderedIds`] by default.
    pub fn ids(mut self, ids: Arc<dyn IdSource>) -> Self {
        self.ids = Some(ids);
        self
    }

    /// Sells under these terms; [`Terms::default`] by default.
    pub fn terms(mut self, terms: Terms) -> Self {
        self.terms = terms;
        self
    }

    /// Runs jobs this often, from 1 millisecond to 1 minute; every second by default. See
    /// [`Jobs::run_once`](crate::box_office::Jobs::run_once).
    pub fn jobs_every(mut self, every: Duration) -> Self {
        self.jobs_every = Some(every);
        self
    }

    /// Sets how many payments each job asks about at the same time, at least 1; 4 by default.
    ///
    /// A provider that does not answer, or an event that is locked, delays a job only if it affects as many payments.
    pub fn asked_at_once(mut self, payments: usize) -> Self {
        self.asked_at_once = Some(payments);
        self
    }

    /// Builds the shop.
    ///
    /// # Errors
    ///
    /// [`BuildError`] naming what is missing or contradictory.
    pub fn build(self) -> Result<BoxOffice, BuildError> {
        self.terms.validate()?;
        check_gateways(&self.gateways)?;
        let jobs_every = self.jobs_every.unwrap_or(JOBS_EVERY);
        if !(Duration::from_millis(1)..=LONGEST_BETWEEN_JOBS).contains(&jobs_every) {
            return Err(BuildError::JobsEveryOutOfRange);
        }
        let (
            Some(sales),
            Some(catalog),
            Some(layouts),
            Some(outbox),
            Some(payments),
            Some(inbox),
            Some(store_clock),
        ) = (
            self.sales,
            self.catalog,
            self.layouts,
            self.outbox,
            self.payments,
            self.inbox,
            self.store_clock,
        )
        else {
            return Err(BuildError::StoreMissing);
        };
        let inner = Inner {
            sales,
            catalog,
            layouts,
            outbox,
            payments,
            inbox,
            store_clock,
            confirm_locks: ConfirmLocks::default(),
            jobs: JobTable::new(jobs_every),
            gateways: self.gateways,
            notifier: self.notifier.unwrap_or_else(|| Arc::new(MemoryNotifier::default())),
            timer: self.timer,
            spawner: self.spawner,
            clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock)),
            ids: self.ids.unwrap_or_else(|| Arc::new(TimeOrderedIds)),
            terms: self.terms,
            asked_at_once: self.asked_at_once.unwrap_or(ASKED_AT_ONCE).max(1),
        };
        Ok(BoxOffice { inner: Arc::new(inner) })
    }
}

fn check_gateways(gateways: &[Arc<dyn PaymentGateway>]) -> Result<(), BuildError> {
    let mut names = Vec::new();
    let mut methods = Vec::new();
    for gateway in gateways {
        let name = gateway.name().to_owned();
        if names.contains(&name) {
            return Err(BuildError::DuplicateGateway { name });
        }
        names.push(name);
        for method in gateway.methods() {
            if methods.contains(&method.id) {
                return Err(BuildError::DuplicateMethod { method: method.id });
            }
            methods.push(method.id);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{MemoryStore, TestGateway};

    #[test]
    fn a_shop_without_a_store_is_refused() {
        assert_eq!(BoxOffice::builder().build().unwrap_err(), BuildError::StoreMissing);
    }

    #[test]
    fn two_gateways_of_one_name_are_refused() {
        let gateway = || Arc::new(TestGateway::default());
        let builder = BoxOffice::builder().store(Arc::new(MemoryStore::default()));
        let error = builder.gateway(gateway()).gateway(gateway()).build().unwrap_err();
        assert_eq!(error, BuildError::DuplicateGateway { name: "test".into() });
    }

    #[test]
    fn impossible_terms_are_refused() {
        let terms = Terms { hold_ttl: Duration::ZERO, ..Terms::default() };
        let builder = BoxOffice::builder().store(Arc::new(MemoryStore::default())).terms(terms);
        assert!(matches!(builder.build().unwrap_err(), BuildError::Terms(_)));
    }
}
