//! Errors of commands: refusals are expected answers of a rule, failures are errors of a store.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;

use crate::money::MoneyError;
use crate::text::TextError;
use crate::transition::IllegalTransition;

/// A failure of a store; it says nothing about the command itself.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// Kind of a failure; it determines what a caller can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The store cannot be reached or takes no more work; nothing was applied.
    Unavailable,
    /// Other commands changed the same rows until the adapter gave up; nothing was applied.
    Contention,
    /// The connection was lost during the commit; the command may or may not have been applied.
    OutcomeUnknown,
    /// The caller's clock is too far ahead of the store's; nothing was applied.
    ///
    /// The same command succeeds from another server, or once the clock is right.
    ClockAhead,
    /// Stored rows contradict each other; nothing was applied, and staff must act.
    Corrupt,
    /// The store cannot save a value of the command, such as a text with a NUL; nothing was applied.
    ///
    /// The same command fails again.
    InvalidData,
    /// A defect of the adapter; nothing was applied.
    Internal,
}

impl StoreErrorKind {
    /// Returns whether the same command, with the same key, may succeed if sent again.
    pub const fn is_retryable(self) -> bool {
        match self {
            Self::Unavailable | Self::Contention | Self::OutcomeUnknown | Self::ClockAhead => true,
            Self::Corrupt | Self::InvalidData | Self::Internal => false,
        }
    }

    /// Returns whether the command may have been applied.
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
    /// Makes a failure with a kind and a message for the log.
    pub fn new(kind: StoreErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// Makes a failure of kind [`StoreErrorKind::Corrupt`].
    pub fn corrupt(message: impl Into<String>) -> Self {
        Self::new(StoreErrorKind::Corrupt, message)
    }

    /// Adds the error that caused this one.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Returns the kind of the failure.
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// Returns whether the same command, with the same key, may succeed if sent again.
    pub const fn is_retryable(&self) -> bool {
        self.kind.is_retryable()
    }

    /// Returns whether the command may have been applied.
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

/// For values that are stored without a command; a [`CommandError`] has [`CommandError::Text`].
impl From<TextError> for StoreError {
    fn from(error: TextError) -> Self {
        Self::new(StoreErrorKind::InvalidData, error.to_string()).caused_by(error)
    }
}

/// For work that no rule can refuse, and that has no key.
impl From<CommandError<Infallible>> for StoreError {
    fn from(error: CommandError<Infallible>) -> Self {
        match error {
            CommandError::Refused(never) => match never {},
            CommandError::KeyReused => Self::corrupt("work without a key has a key"),
            CommandError::EventArchived => Self::corrupt("work about no event has an event"),
            CommandError::Text(error) => error.into(),
            CommandError::Store(error) => error,
        }
    }
}

impl From<MoneyError> for StoreError {
    fn from(error: MoneyError) -> Self {
        Self::corrupt("amounts contradict each other").caused_by(error)
    }
}

/// Why a command was not applied: it was refused, or the store failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError<R> {
    /// A rule refused the command; nothing was changed. The same command succeeds only after something else has
    /// changed.
    #[error(transparent)]
    Refused(R),
    /// The command's key was used before, by a command with other content; nothing was changed.
    #[error("this idempotency key was used before, for another request")]
    KeyReused,
    /// The command's event is archived, and read only; nothing was changed.
    #[error("the event is archived: it cannot be changed")]
    EventArchived,
    /// No store accepts a text of the command; nothing was changed.
    #[error(transparent)]
    Text(#[from] TextError),
    /// The store failed; see [`StoreErrorKind`] for what to do.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<R> CommandError<R> {
    /// Returns the same error with its refusal converted.
    pub fn map<S>(self, convert: impl FnOnce(R) -> S) -> CommandError<S> {
        match self {
            Self::Refused(refused) => CommandError::Refused(convert(refused)),
            Self::KeyReused => CommandError::KeyReused,
            Self::EventArchived => CommandError::EventArchived,
            Self::Text(error) => CommandError::Text(error),
            Self::Store(error) => CommandError::Store(error),
        }
    }

    /// Returns the refusal, if the error is one.
    pub fn refusal(self) -> Option<R> {
        match self {
            Self::Refused(refused) => Some(refused),
            Self::KeyReused | Self::EventArchived | Self::Text(_) | Self::Store(_) => None,
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
