//! Storage of codes that are sent by mail.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::account::{CodeHash, MailedCode};
use crate::error::StoreError;
use crate::id::CodeId;
use crate::time::Timestamp;

/// Saves codes that prove an address, until they are used or end.
///
/// # Contract
///
/// Time MUST come from the arguments. What a method answered MUST be visible to every later call on every server.
#[async_trait]
pub trait CodeStore: Debug + Send + Sync + 'static {
    /// Stores a new code.
    ///
    /// # Contract
    ///
    /// An id that exists MUST be an error, and the stored code stays. A text that [`MailedCode::check_texts`] refuses
    /// MUST be an error too.
    async fn put_code(&self, code: MailedCode) -> Result<(), StoreError>;

    /// Returns a code exactly as it was stored; `None` if there is none.
    async fn code(&self, id: CodeId) -> Result<Option<MailedCode>, StoreError>;

    /// Replaces the hash of a code, and returns whether the code exists.
    ///
    /// It is called each time the code's mail is written: a code is never stored, so each mail has another one.
    async fn issue_code(&self, id: CodeId, hash: CodeHash) -> Result<bool, StoreError>;

    /// Uses up one try of a code, and returns the code as it is then; `None` if it cannot be tried.
    ///
    /// # Contract
    ///
    /// A code that is not open at `now` ([`MailedCode::is_open`]) MUST NOT change. Of several calls, however close they
    /// come, at most as many MUST return the code as it had tries.
    async fn take_try(&self, id: CodeId, now: Timestamp) -> Result<Option<MailedCode>, StoreError>;

    /// Deletes a code, and returns whether it existed.
    ///
    /// # Contract
    ///
    /// Of several calls, however close they come, exactly one MUST return `true`.
    async fn use_code(&self, id: CodeId) -> Result<bool, StoreError>;

    /// Deletes at most `limit` of the codes that end at `now` or before, and returns how many.
    async fn forget_codes(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError>;
}
