//! Where committed facts go.

use std::error::Error;
use std::fmt::Debug;

use async_trait::async_trait;

use crate::fact::Fact;

/// Tells others what became true.
///
/// # Contract
///
/// Facts come at least once and, after a failure, again: a receiver keeps [`crate::fact::FactId`]s to apply
/// each once. An error means that none of the facts can be relied on to have arrived.
#[async_trait]
pub trait Notifier: Debug + Send + Sync + 'static {
    /// Delivers facts, the oldest first.
    async fn notify(&self, facts: &[Fact]) -> Result<(), NotifyError>;
}

/// Facts could not be delivered; they come again.
#[derive(Debug, thiserror::Error)]
#[error("facts could not be delivered")]
pub struct NotifyError(#[source] pub Box<dyn Error + Send + Sync>);
