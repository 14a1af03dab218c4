//! Saved answers, so that a request repeated with its idempotency key gets the first one.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::error::StoreError;
use crate::id::CommandKey;
use crate::limits::MAX_KEY_CHARS;
use crate::text::{TextError, check_line};
use crate::time::Timestamp;

/// The saved answer to a request: a status and the bytes of the body.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body's media type.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Checks the answer's text; stores call it before they save an answer.
    ///
    /// The body is bytes and is not checked.
    ///
    /// # Errors
    ///
    /// [`TextError`] naming the field.
    pub fn check_texts(&self) -> Result<(), TextError> {
        let Self { status: _, content_type, body: _ } = self;
        check_line("content_type", content_type, 0..=MAX_KEY_CHARS)
    }
}

/// A claim on a key, for one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores act on every part, and hosts give each")]
pub struct ClaimAnswer {
    /// The key.
    pub key: CommandKey,
    /// Identifies the content of the request.
    pub fingerprint: u128,
    /// The moment of the claim.
    pub now: Timestamp,
    /// When the claim ends unless it is renewed before.
    pub until: Timestamp,
    /// An answer saved before this moment is replayed no more.
    pub replay_from: Timestamp,
}

/// Result of a claim on a key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a complete set of cases, which hosts act on")]
pub enum AnswerClaim {
    /// The caller owns the key: it runs the request, then saves the answer or gives the key up.
    Run,
    /// The request was answered before.
    Replay(Answer),
    /// The same request is still running.
    Running,
    /// The key was used for another request.
    Mismatch,
}

/// Saves the answers to requests that carry an idempotency key.
///
/// # Contract
///
/// Time MUST come from the arguments, never from a clock of the adapter.
#[async_trait]
pub trait AnswerStore: Debug + Send + Sync + 'static {
    /// Claims a key for a request, until [`ClaimAnswer::until`].
    ///
    /// # Contract
    ///
    /// - Of several claims at once, exactly one MUST get [`AnswerClaim::Run`], and the others
    ///   [`AnswerClaim::Running`].
    /// - Another fingerprint MUST get [`AnswerClaim::Mismatch`] while the claim lasts, and while an answer is saved.
    /// - Once an answer is saved, the same fingerprint MUST get [`AnswerClaim::Replay`] with it, also after `until`,
    ///   with every byte of the body. An answer saved before [`ClaimAnswer::replay_from`] MUST NOT be replayed: the key is
    ///   free for any request, as if the answer had been deleted.
    /// - A claim that has neither an answer nor a release, because its server crashed, MUST last until `until`. At
    ///   `until` it MUST be free for the same fingerprint, and the next claim takes it over.
    async fn claim_answer(&self, claim: ClaimAnswer) -> Result<AnswerClaim, StoreError>;

    /// Lets a claim that ends at `ends` last until `until`, and returns whether it did: its request still runs.
    ///
    /// # Contract
    ///
    /// Only a claim that ends at that moment MUST change: one that was taken over ends at another. It MUST NOT change
    /// once an answer is saved.
    async fn renew_claim(
        &self,
        key: CommandKey,
        ends: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Saves the answer to a claimed request; its age counts from `now`.
    ///
    /// # Contract
    ///
    /// A durable adapter MUST have the answer on disk before it returns. What [`Answer::check_texts`] refuses MUST fail
    /// with [`crate::StoreErrorKind::InvalidData`].
    async fn keep_answer(&self, key: CommandKey, answer: Answer, now: Timestamp) -> Result<(), StoreError>;

    /// Gives up a claimed key, because the request changed nothing.
    ///
    /// # Contract
    ///
    /// The key MUST be free at once, for any request. A saved answer MUST NOT be dropped: it is still replayed. An
    /// unknown key MUST NOT be an error.
    async fn give_up_answer(&self, key: CommandKey) -> Result<(), StoreError>;

    /// Deletes the answers saved before `before`, and returns how many.
    ///
    /// # Contract
    ///
    /// An answer saved at `before` MUST stay. A deleted key MUST be free for any request. A durable
    /// adapter MUST delete in slices, each with its own commit, so that no sale waits for all of it.
    async fn forget_answers(&self, before: Timestamp) -> Result<u64, StoreError>;
}
