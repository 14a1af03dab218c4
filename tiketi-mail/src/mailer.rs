//! The contract of what sends mail.

use std::fmt::{self, Debug};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use tiketi_core::account::Email;
use tiketi_core::id::MailId;

/// A mail as it is sent.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// Id of the mail, from which its `Message-ID` is made: the same each time it is tried.
    pub id: MailId,
    /// The address.
    pub to: Email,
    /// The subject, on one line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
    /// The tag of its language, such as `ko`.
    pub language: &'static str,
}

impl Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Its text may have a code.
        f.debug_struct("Message").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A mail that was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
#[expect(clippy::exhaustive_structs, reason = "a mailer makes it, and gives every part")]
pub struct SendError {
    /// What went wrong, for an operator: without passwords.
    pub problem: String,
    /// Whether another try would fail in the same way, because the address does not exist, for example.
    pub is_final: bool,
}

/// Sends mail.
///
/// # Contract
///
/// [`Mailer::send`] MUST return `Ok` only once another system has taken over the mail. It MUST use the message's id so that
/// a mail which is sent twice is recognised. It MUST end by itself within 30 seconds.
#[async_trait]
pub trait Mailer: Debug + Send + Sync + 'static {
    /// Sends a mail.
    ///
    /// # Errors
    ///
    /// [`SendError`] if the mail was not, or perhaps not, taken over.
    async fn send(&self, message: &Message) -> Result<(), SendError>;

    /// Checks that mail can be sent now, without sending any.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the reason.
    async fn check(&self) -> Result<(), SendError>;
}

/// Keeps mails in memory, for tests of a host.
#[derive(Debug, Default)]
pub struct MemoryMailer(Mutex<Vec<Message>>);

impl MemoryMailer {
    /// Returns the mails since the last call.
    pub fn drain(&self) -> Vec<Message> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Mailer for MemoryMailer {
    async fn send(&self, message: &Message) -> Result<(), SendError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(message.clone());
        Ok(())
    }

    async fn check(&self) -> Result<(), SendError> {
        Ok(())
    }
}
