//! The two kinds of no: a refusal is an expected answer, a failure is a broken store.

use std::error::Error;
use std::fmt;

use crate::money::MoneyError;
use crate::text::TextError;
use crate::transition::IllegalTransition;

/// A store could not do its work; nothing is said about the command itself.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What went wrong in a store, and so what a caller may do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoreErrorKind {
    /// The store cannot be reached or takes no more work; nothing was applied.
    Unavailable,
    /// Others kept winning the same rows until the adapter gave up; nothing was applied.
    Contention,
    /// The connection was lost while committing; it may or may not have been applied.
    OutcomeUnknown,
    /// The caller's clock is too far ahead of the store's; nothing was applied. The same command succeeds from another server,
    /// or once the clock is right.
    ClockAhead,
    /// What was read cannot be true; nothing was applied, and a person has to look.
    Corrupt,
    /// A value of the command is one that the store cannot keep, such as a text with a NUL; nothing was applied, and the
    /// same command fails again.
    InvalidData,
    /// A defect of the adapter; nothing was applied.
    Internal,
}

impl StoreErrorKind {
    /// Tells whether the same command, with the same key, may succeed if sent again.
    pub const fn is_retryable(self) -> bool {
        match self {
            Self::Unavailable | Self::Contention | Self::OutcomeUnknown | Self::ClockAhead => true,
            Self::Corrupt | Self::InvalidData | Self::Internal => false,
        }
    }

    /// Tells whether the command may have taken effect all the same.
    pub const fn may_have_applied(self) -> bool {
        match self {
            Self::OutcomeUnknown => true,
            Self::Unavailable
            | Self::Contention
            | Self::ClockAhead
            | Self::Corrupt
            | Self::InvalidData
            | Self::Internal => false,
        }
    }
}

impl StoreError {
    /// Makes a failure of a kind, with a sentence for the log.
    pub fn new(kind: StoreErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// Makes the failure of finding something that cannot be true.
    pub fn corrupt(message: impl Into<String>) -> Self {
        Self::new(StoreErrorKind::Corrupt, message)
    }

    /// Adds the error that caused this one.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Returns what went wrong.
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// Tells whether the same command, with the same key, may succeed if sent again.
    pub const fn is_retryable(&self) -> bool {
        self.kind.is_retryable()
    }

    /// Tells whether the command may have taken effect all the same.
    pub const fn may_have_applied(&self) -> bool {
        self.kind.may_have_applied()
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<IllegalTransition> for StoreError {
    fn from(transition: IllegalTransition) -> Self {
        Self::corrupt("rows contradict each other").caused_by(transition)
    }
}

/// For what is stored without a command of its own; a [`CommandError`] has [`CommandError::Text`].
impl From<TextError> for StoreError {
    fn from(error: TextError) -> Self {
        Self::new(StoreErrorKind::InvalidData, error.to_string()).caused_by(error)
    }
}

impl From<MoneyError> for StoreError {
    fn from(error: MoneyError) -> Self {
        Self::corrupt("amounts contradict each other").caused_by(error)
    }
}

/// Why a command did not take effect: it was refused, or the store failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError<R> {
    /// The rules say no; nothing was changed, and asking again helps only once something else has.
    #[error(transparent)]
    Refused(R),
    /// The command's key was used before, by a command of other content; nothing was changed.
    #[error("this idempotency key was used before, for another request")]
    KeyReused,
    /// A text of the command is one that no store keeps; nothing was changed.
    #[error(transparent)]
    Text(#[from] TextError),
    /// The store failed; see [`StoreErrorKind`] for what to do.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<R> CommandError<R> {
    /// Returns the refusal, if it is one.
    pub fn refusal(self) -> Option<R> {
        match self {
            Self::Refused(refused) => Some(refused),
            Self::KeyReused | Self::Text(_) | Self::Store(_) => None,
        }
    }
}

impl<R> From<IllegalTransition> for CommandError<R> {
    fn from(transition: IllegalTransition) -> Self {
        Self::Store(transition.into())
    }
}

impl<R> From<MoneyError> for CommandError<R> {
    fn from(error: MoneyError) -> Self {
        Self::Store(error.into())
    }
}
