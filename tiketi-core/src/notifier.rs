//! Delivery of committed facts to subscribers.

use std::error::Error;
use std::fmt;
use std::fmt::Debug;
use std::str::FromStr;

use async_trait::async_trait;

use crate::fact::{Fact, FactId};
use crate::time::Timestamp;
use crate::waiting_room::Place;

/// Delivers committed facts to one subscriber of the host.
///
/// # Contract
///
/// Facts are delivered at least once, and again after a failure: a receiver saves [`FactId`]s to apply each fact once.
/// Facts of one reservation come in order. A call that takes longer than [`CLAIM_LEASE`](crate::box_office::CLAIM_LEASE)
/// may see its facts delivered by another server at the same time.
#[async_trait]
pub trait Notifier: Debug + Send + Sync + 'static {
    /// Delivers facts, the oldest first.
    ///
    /// # Errors
    ///
    /// [`NotifyError`] if any of the facts may be missing at the receiver; they are delivered again, but for those
    /// that the error names as delivered.
    async fn notify(&self, facts: &[Fact]) -> Result<(), NotifyError>;
}

/// Is told which buyers a waiting room called.
///
/// It is told after the call is committed, once, by the server that made it: if that server ends before, it is not told.
/// Admission waits for it, so it must not take long.
#[async_trait]
pub trait CalledBuyers: Debug + Send + Sync + 'static {
    /// Takes the places that were called at `now`.
    ///
    /// # Errors
    ///
    /// [`NotifyError`]; admission goes on, and nothing is told again.
    async fn called(&self, places: &[Place], now: Timestamp) -> Result<(), NotifyError>;
}

/// Facts could not be delivered; delivery is tried again later.
#[derive(Debug, thiserror::Error)]
#[error("facts could not be delivered")]
pub struct NotifyError {
    #[source]
    source: Box<dyn Error + Send + Sync>,
    delivered: Vec<FactId>,
}

impl NotifyError {
    /// Makes an error after which every fact of the call is delivered again.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: source.into(), delivered: Vec::new() }
    }

    /// Names facts of the call that were delivered; they are not delivered again.
    #[must_use]
    pub fn with_delivered(mut self, facts: impl IntoIterator<Item = FactId>) -> Self {
        self.delivered.extend(facts);
        self
    }

    /// Returns the facts that were delivered.
    pub fn delivered(&self) -> &[FactId] {
        &self.delivered
    }
}

/// Name of a subscriber: from 1 to 64 of the characters `a` to `z`, `0` to `9`, `-`, `_` and `.`.
///
/// A subscriber's facts are saved under its name, so the name must not change while facts wait.
///
/// ```
/// use tiketi_core::notifier::SubscriberName;
///
/// assert!("mail".parse::<SubscriberName>().is_ok());
/// assert!("E-Mail!".parse::<SubscriberName>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriberName(String);

/// A text that is no name of a subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a subscriber's name has from 1 to 64 of the characters a to z, 0 to 9, -, _ and .")]
#[non_exhaustive]
pub struct InvalidSubscriberName;

impl SubscriberName {
    /// Most characters of a name.
    pub const MAX_CHARS: usize = 64;

    /// Checks a name.
    ///
    /// # Errors
    ///
    /// [`InvalidSubscriberName`] if it is empty, too long or has other characters.
    pub fn new(name: impl Into<String>) -> Result<Self, InvalidSubscriberName> {
        let name = name.into();
        let is_allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
        let fits = (1..=Self::MAX_CHARS).contains(&name.len());
        if fits && name.bytes().all(is_allowed) { Ok(Self(name)) } else { Err(InvalidSubscriberName) }
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SubscriberName {
    type Err = InvalidSubscriberName;

    fn from_str(name: &str) -> Result<Self, InvalidSubscriberName> {
        Self::new(name)
    }
}

impl fmt::Display for SubscriberName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Debug for SubscriberName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_only_allowed_characters_and_a_limited_length() {
        for good in ["a", "mail", "webhook-2", "shop.mail_eu", &"a".repeat(SubscriberName::MAX_CHARS)] {
            assert_eq!(SubscriberName::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "Mail", "mail box", "메일", "mail\0", &"a".repeat(SubscriberName::MAX_CHARS + 1)] {
            assert_eq!(SubscriberName::new(bad), Err(InvalidSubscriberName), "{bad:?}");
        }
    }
}
