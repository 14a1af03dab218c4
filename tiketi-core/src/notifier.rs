//! Delivery of committed facts.

use std::error::Error;
use std::fmt::Debug;

use async_trait::async_trait;

use crate::fact::Fact;

/// Delivers committed facts to the host.
///
/// # Contract
///
/// Facts are delivered at least once, and again after a failure: a receiver saves [`crate::fact::FactId`]s to apply
/// each fact once. An error means that any of the facts may be missing at the receiver.
#[async_trait]
pub trait Notifier: Debug + Send + Sync + 'static {
    /// Delivers facts, the oldest first.
    async fn notify(&self, facts: &[Fact]) -> Result<(), NotifyError>;
}

/// Facts could not be delivered; delivery is tried again later.
#[derive(Debug, thiserror::Error)]
#[error("facts could not be delivered")]
#[expect(clippy::exhaustive_structs, reason = "hosts wrap their own error")]
pub struct NotifyError(#[source] pub Box<dyn Error + Send + Sync>);
