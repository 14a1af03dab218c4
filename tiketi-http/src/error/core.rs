//! Converts failures of stores and commands.

use tiketi_core::{
    CommandError, StoreError, StoreErrorKind,
    box_office::ReportError,
    store::{ChangeRoleRefused, CreateAccountRefused, PageOutOfRange},
    text::{TextError, TextProblem},
};

use crate::error::{ApiError, Code};
use crate::reason::Reason;

/// Where a buyer sees what came of a request whose outcome is unknown; staff look elsewhere ([`ApiError::looking_at`]).
const LOOK_AT: &str = "/api/reservations/my";

impl ApiError {
    /// Says that the outcome is unknown, for a failure to read what an answer shows after its command took effect.
    ///
    /// The codes that ask a client to come back mean that nothing happened.
    pub(crate) fn after_effect(self) -> Self {
        match self.code() {
            Code::ServiceUnavailable | Code::TooBusy | Code::TimedOut => {
                self.with_code(Code::OutcomeUnknown).detail("lookAt", LOOK_AT)
            }
            _ => self,
        }
    }

    /// Says where staff see what came of a request, if its outcome is unknown.
    pub(crate) fn looking_at(self, address: &str) -> Self {
        if self.code() == Code::OutcomeUnknown { self.detail("lookAt", address) } else { self }
    }
}

impl From<StoreError> for ApiError {
    fn from(failure: StoreError) -> Self {
        let code = match failure.kind() {
            StoreErrorKind::Unavailable | StoreErrorKind::ClockAhead => Code::ServiceUnavailable,
            StoreErrorKind::Contention => Code::TooBusy,
            StoreErrorKind::OutcomeUnknown => Code::OutcomeUnknown,
            StoreErrorKind::InvalidData => Code::InvalidBody,
            _ => Code::Internal,
        };
        let error = Self::new(code).caused_by(failure);
        match code {
            Code::OutcomeUnknown => error.detail("lookAt", LOOK_AT),
            Code::InvalidBody => error.because(Reason::fixed(
                "contains a value that cannot be stored",
                "저장할 수 없는 값이 있습니다.",
            )),
            _ => error,
        }
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
            CommandError::EventArchived => Self::new(Code::EventArchived),
            CommandError::Text(error) => error.into(),
            CommandError::Store(failure) => failure.into(),
            _ => Self::new(Code::Internal),
        }
    }
}

/// Translates the core's field names to those of the wire.
impl From<TextError> for ApiError {
    fn from(error: TextError) -> Self {
        let field = if error.field == "provider_key" { "paymentKey" } else { &*error.field };
        let invalid = Self::invalid(field, error.problem);
        match error.problem {
            TextProblem::Length { least, most } => invalid.detail("least", least).detail("most", most),
            TextProblem::ControlCharacter { character } => {
                invalid.detail("character", format!("U+{:04X}", u32::from(character)))
            }
            _ => invalid,
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

impl From<ChangeRoleRefused> for ApiError {
    fn from(refused: ChangeRoleRefused) -> Self {
        match refused {
            ChangeRoleRefused::NotFound => Self::new(Code::AccountNotFound),
            ChangeRoleRefused::Changed => Self::new(Code::RoleChanged),
            ChangeRoleRefused::LastAdmin => Self::new(Code::LastAdmin),
            other => Self::unlisted(other),
        }
    }
}

impl From<ReportError> for ApiError {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::NotKept => Self::new(Code::FiguresNotKept),
            ReportError::NotCounted => Self::new(Code::FiguresNotReady),
            ReportError::Store(failure) => failure.into(),
            other => Self::unlisted(other),
        }
    }
}

impl From<PageOutOfRange> for ApiError {
    fn from(error: PageOutOfRange) -> Self {
        Self::new(Code::InvalidQuery).because(error)
    }
}

impl ApiError {
    /// Builds a 500 for a refusal that this crate does not know; the log must show it.
    pub(crate) fn unlisted(refused: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::internal(refused)
    }
}
