//! What a store's failures and a command's two kinds of no are to a client.

use tiketi_core::{CommandError, CreateAccountRefused, PageOutOfRange, StoreError, StoreErrorKind};

use crate::error::{ApiError, Code};

impl From<StoreError> for ApiError {
    fn from(failure: StoreError) -> Self {
        let code = match failure.kind() {
            StoreErrorKind::Unavailable => Code::ServiceUnavailable,
            StoreErrorKind::Contention => Code::TooBusy,
            StoreErrorKind::OutcomeUnknown => Code::OutcomeUnknown,
            StoreErrorKind::Corrupt | StoreErrorKind::Internal => Code::Internal,
        };
        let error = Self::new(code).caused_by(failure);
        if code == Code::OutcomeUnknown { error.detail("lookAt", "/api/reservations/my") } else { error }
    }
}

impl<R> From<CommandError<R>> for ApiError
where
    Self: From<R>,
{
    fn from(error: CommandError<R>) -> Self {
        match error {
            CommandError::Refused(refused) => refused.into(),
            CommandError::KeyReused => Self::new(Code::IdempotencyKeyReused),
            CommandError::Store(failure) => failure.into(),
        }
    }
}

impl From<CreateAccountRefused> for ApiError {
    fn from(refused: CreateAccountRefused) -> Self {
        match refused {
            CreateAccountRefused::EmailTaken => Self::new(Code::EmailTaken),
            other => Self::unlisted(other),
        }
    }
}

impl From<PageOutOfRange> for ApiError {
    fn from(error: PageOutOfRange) -> Self {
        Self::new(Code::InvalidQuery).detail("reason", error.to_string())
    }
}

impl ApiError {
    /// Answers a refusal newer than this list; a defect, but one that must not go unseen.
    pub(crate) fn unlisted(refused: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::internal(refused)
    }
}
