//! The facade: everything a shop does, over whichever adapters it was built from.

mod awaiting;
mod builder;
mod depositing;
mod hearing;
mod housekeeping;
mod job_table;
mod jobs;
mod minding;
mod organising;
mod paying;
mod reconciling;
mod refunding;
mod selling;
mod together;
mod turns;

#[cfg(test)]
mod dropping;

use std::sync::Arc;

pub use builder::{BoxOfficeBuilder, BuildError};
pub use hearing::WebhookError;
pub use housekeeping::{HousekeepingError, Tidied};
pub use jobs::{Job, JobError, JobRun, JobsReport};
pub use minding::RetryError;
pub use organising::OrganiseError;
pub use paying::{Paid, PayError, PrepareRequest, Prepared};
pub use reconciling::Reconciled;
pub use refunding::{RefundError, RefundRequested};
pub use selling::HoldRequest;

use crate::clock::{Clock, IdSource, Timer};
use crate::gateway::PaymentGateway;
use crate::id::CommandKey;
use crate::limits::Terms;
use crate::notifier::Notifier;
use crate::spawner::{Spawner, run_detached};
use crate::store::{
    CatalogStore, InboxStore, LayoutStore, OutboxStore, PaymentStore, SalesStore, StoreClock, StoreError,
    StoreErrorKind,
};
use crate::time::Timestamp;
use job_table::JobTable;
use turns::Turns;

/// Sells tickets: holds seats, takes payments, runs events.
///
/// Cheap to clone, and every clone is the same shop. It starts no tasks: the host calls
/// [`BoxOffice::run_jobs_once`] in a loop, which does what has to happen by itself.
///
/// Every method of a command takes an optional [`CommandKey`]. With one, the command takes effect at
/// most once however often it is sent; without one, each call is an intent of its own.
#[derive(Debug, Clone)]
pub struct BoxOffice {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    sales: Arc<dyn SalesStore>,
    catalog: Arc<dyn CatalogStore>,
    layouts: Arc<dyn LayoutStore>,
    outbox: Arc<dyn OutboxStore>,
    payments: Arc<dyn PaymentStore>,
    inbox: Arc<dyn InboxStore>,
    store_clock: Arc<dyn StoreClock>,
    turns: Turns,
    jobs: JobTable,
    gateways: Vec<Arc<dyn PaymentGateway>>,
    notifier: Arc<dyn Notifier>,
    clock: Arc<dyn Clock>,
    timer: Option<Arc<dyn Timer>>,
    spawner: Option<Arc<dyn Spawner>>,
    ids: Arc<dyn IdSource>,
    terms: Terms,
    asked_at_once: usize,
}

impl BoxOffice {
    /// Starts building a shop.
    pub fn builder() -> BoxOfficeBuilder {
        BoxOfficeBuilder::default()
    }

    /// Returns the present moment by the shop's clock.
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Returns the terms that events follow unless they have their own.
    pub fn terms(&self) -> Terms {
        self.inner.terms
    }

    fn timer(&self) -> Option<&dyn Timer> {
        self.inner.timer.as_deref()
    }

    /// Runs work that moves money: to its end whatever becomes of the caller, if there is a spawner.
    async fn to_its_end<T, E>(
        &self,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let Some(spawner) = &self.inner.spawner else { return work.await };
        let cut_off = || {
            let message = "the work was cut off; what was begun is brought to its end by the jobs";
            StoreError::new(StoreErrorKind::OutcomeUnknown, message)
        };
        run_detached(spawner.as_ref(), work).await.unwrap_or_else(|| Err(cut_off().into()))
    }

    fn new_id(&self) -> uuid::Uuid {
        self.inner.ids.next()
    }

    fn key_or_new(&self, key: Option<CommandKey>) -> CommandKey {
        key.unwrap_or_else(|| CommandKey::from_uuid(self.new_id()))
    }
}
