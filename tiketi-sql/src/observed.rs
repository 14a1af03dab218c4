//! Traces and measurements of batches and of retries, the same in both stores.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tiketi_core::metrics::{BatchMeasured, Metrics, RetryMeasured, failure_word};
use tiketi_core::{EventId, StoreError, StoreErrorKind};

/// The metrics of a store, once a host has set them.
#[derive(Debug, Default)]
pub struct StoreMetrics(OnceLock<Arc<dyn Metrics>>);

impl StoreMetrics {
    /// Sends measurements to `metrics`; a second call has no effect.
    pub fn set(&self, metrics: Arc<dyn Metrics>) {
        let _set_before = self.0.set(metrics);
    }

    /// Records a batch that was answered.
    pub fn batch(&self, commands: usize, transactions: usize, took: Duration) {
        tracing::debug!(commands, transactions, ?took, "a batch was answered");
        if let Some(metrics) = self.0.get() {
            metrics.batch(&BatchMeasured::new(commands, transactions, took));
        }
    }

    /// Records a retry and its cause.
    pub fn retry(&self, error: &StoreError, event: Option<EventId>) {
        let cause = failure_word(error.kind());
        let event_id = event.map(tracing::field::display);
        // Contention is normal during a sale; a lost connection is not.
        if error.kind() == StoreErrorKind::Unavailable {
            tracing::warn!(
                cause,
                event = event_id,
                error = error as &dyn std::error::Error,
                "work is run again"
            );
        } else {
            tracing::debug!(
                cause,
                event = event_id,
                error = error as &dyn std::error::Error,
                "work is run again"
            );
        }
        if let Some(metrics) = self.0.get() {
            metrics.retry(&RetryMeasured::new(error.kind(), event));
        }
    }
}
