//! The queue of mail.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

use crate::error::StoreError;
use crate::id::MailId;
use crate::mail::{Mail, MailOutcome};
use crate::time::Timestamp;

/// A mail that one server may send now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores make it, and give every part")]
pub struct ClaimedMail {
    /// The mail.
    pub mail: Mail,
    /// How often it was claimed, with this time.
    pub tries: u32,
}

/// A mail that could not be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores make it, and give every part")]
pub struct DeadMail {
    /// The mail.
    pub mail: Mail,
    /// How often it was tried.
    pub tries: u32,
    /// When it was given up.
    pub died_at: Timestamp,
    /// Why the last try failed.
    pub problem: String,
}

/// Saves mail until it is sent.
///
/// # Contract
///
/// Time MUST come from the arguments. What a method answered MUST be visible to every later call on every server.
#[async_trait]
pub trait MailStore: Debug + Send + Sync + 'static {
    /// Queues mails, due at once, and returns how many are new.
    ///
    /// # Contract
    ///
    /// A mail whose id is known MUST stay as it is, sent or not, so that the same mail is queued once however often and
    /// by however many servers. All of them or none MUST be queued.
    async fn queue_mail(&self, mails: &[Mail]) -> Result<u64, StoreError>;

    /// Claims at most `limit` mails that are due, the longest due first, for the time `lease`.
    ///
    /// # Contract
    ///
    /// A mail MUST NOT be claimed by two callers while a lease on it lasts. From `now` plus `lease` on it MUST be due
    /// again if [`MailStore::settle_mail`] did not settle it. The claim itself counts as a try, so that a mail which ends
    /// its process each time is not tried for ever.
    ///
    /// # Cancel safety
    ///
    /// Mails claimed by a dropped future are due again when their lease ends.
    async fn claim_mail(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: u32,
    ) -> Result<Vec<ClaimedMail>, StoreError>;

    /// Records what came of a claimed mail at `now`, and returns whether it did.
    ///
    /// # Contract
    ///
    /// A mail whose lease does not end at `claimed_until` MUST NOT change: another caller has claimed it since. A
    /// problem is cut to [`MAX_NOTE_CHARS`](crate::limits::MAX_NOTE_CHARS) and cleaned by the caller.
    async fn settle_mail(
        &self,
        id: MailId,
        claimed_until: Timestamp,
        outcome: MailOutcome,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Returns dead mails after the one given, the oldest first, at most `limit`.
    ///
    /// The order is that of [`DeadMail::died_at`], and then of the ids.
    async fn dead_mail(
        &self,
        after: Option<(Timestamp, MailId)>,
        limit: u32,
    ) -> Result<Vec<DeadMail>, StoreError>;

    /// Makes a dead mail due at `now`, with all its tries, and returns whether it was dead.
    async fn retry_mail(&self, id: MailId, now: Timestamp) -> Result<bool, StoreError>;

    /// Deletes at most `limit` mails that were done before `done`, or given up before `dead`, and returns how many.
    ///
    /// # Contract
    ///
    /// A mail that waits MUST stay.
    async fn forget_mail(&self, done: Timestamp, dead: Timestamp, limit: u32) -> Result<u64, StoreError>;
}
