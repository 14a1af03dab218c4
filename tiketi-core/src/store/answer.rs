//! Keeping answers, so that a request repeated with its idempotency key gets the first one again.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::id::CommandKey;
use crate::limits::MAX_KEY_CHARS;
use crate::store::StoreError;
use crate::text::{TextError, check_line};
use crate::time::Timestamp;

/// An answer kept for a request: a status and the bytes that went with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body's media type.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Checks the answer's text; stores do so before they keep one. The body is bytes, and any will do.
    ///
    /// # Errors
    ///
    /// [`TextError`] naming the field.
    pub fn check_texts(&self) -> Result<(), TextError> {
        let Self { status: _, content_type, body: _ } = self;
        check_line("content_type", content_type, 0..=MAX_KEY_CHARS)
    }
}

/// What a claim on a key came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerClaim {
    /// The key is the caller's: run the request, then keep its answer or give the key up.
    Run,
    /// The request was answered before.
    Replay(Answer),
    /// The same request is still running.
    Running,
    /// The key was used for another request.
    Mismatch,
}

/// Keeps the answers to requests that carry an idempotency key.
///
/// # Contract
///
/// Time MUST come from the arguments, never from a clock of the adapter.
#[async_trait]
pub trait AnswerStore: Debug + Send + Sync + 'static {
    /// Claims a key for a request with this fingerprint, until `until`.
    ///
    /// # Contract
    ///
    /// - Of several claims at once, exactly one MUST get [`AnswerClaim::Run`], and the others
    ///   [`AnswerClaim::Running`].
    /// - Another fingerprint MUST get [`AnswerClaim::Mismatch`] while the claim lasts, and while an answer is kept.
    /// - Once an answer is kept, the same fingerprint MUST get [`AnswerClaim::Replay`] with it, also after `until`,
    ///   with every byte of the body.
    /// - A claim that was neither kept nor given up, because its server died, MUST last until `until`. At `until` it
    ///   MUST be free for the same fingerprint, and the next claim takes it over.
    async fn claim_answer(
        &self,
        key: CommandKey,
        fingerprint: u128,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<AnswerClaim, StoreError>;

    /// Keeps the answer to a claimed request; `now` is its age.
    ///
    /// # Contract
    ///
    /// A durable adapter MUST have the answer on disk before it returns. What [`Answer::check_texts`] refuses MUST fail with
    /// [`crate::StoreErrorKind::InvalidData`].
    async fn keep_answer(&self, key: CommandKey, answer: Answer, now: Timestamp) -> Result<(), StoreError>;

    /// Gives a claimed key up, because the request changed nothing.
    ///
    /// # Contract
    ///
    /// The key MUST be free at once, for any request. A kept answer MUST NOT be dropped: it is still replayed. An
    /// unknown key MUST be no error.
    async fn give_up_answer(&self, key: CommandKey) -> Result<(), StoreError>;

    /// Forgets the answers kept before `before`, and returns how many.
    ///
    /// # Contract
    ///
    /// An answer kept at `before` MUST stay. A forgotten key MUST be free for any request.
    async fn forget_answers(&self, before: Timestamp) -> Result<u64, StoreError>;
}
