//! The list of all commands: one type for any of them, which is what stores execute.

use crate::decide::begin_confirm::{BeginConfirm, BeginConfirmRefused};
use crate::decide::call_off::{CallOff, CallOffRefused};
use crate::decide::cancel::{Cancel, CancelRefused};
use crate::decide::change::Change;
use crate::decide::command::{Command, ReadSet, Subject};
use crate::decide::confirm_free::{ConfirmFree, ConfirmFreeRefused};
use crate::decide::end_payment::{EndPayment, EndPaymentRefused};
use crate::decide::extend::{ExtendHold, ExtendRefused};
use crate::decide::hold::{Hold, HoldRefused};
use crate::decide::note::{NotePayment, NotePaymentRefused};
use crate::decide::pay::{StartPayment, StartPaymentRefused};
use crate::decide::record_outcome::{RecordOutcome, RecordOutcomeRefused};
use crate::decide::refund::{BeginRefund, BeginRefundRefused, RecordRefund, RecordRefundRefused};
use crate::decide::release::{Release, ReleaseRefused};
use crate::decide::schedule_reconciliation::{ScheduleReconciliation, ScheduleReconciliationRefused};
use crate::decide::scope::Scope;
use crate::error::{CommandError, StoreError, StoreErrorKind};
use crate::text::TextError;
use crate::time::Timestamp;

/// A command that stores execute: each command of the list of [`AnyCommand`], and that type itself.
pub trait SalesCommand: Command<Refused: TryFrom<AnyRefused>> + Into<AnyCommand> {}

impl<C> SalesCommand for C where C: Command<Refused: TryFrom<AnyRefused>> + Into<AnyCommand> {}

/// Defines [`AnyCommand`] and [`AnyRefused`] with one variant for each command of a list.
macro_rules! commands {
    ($($command:ident, $refused:ident;)*) => {
        /// Any command; its rule and its refusals are those of the command inside.
        ///
        /// Most commands carry their terms and are of a similar size; a box would cost an allocation a hold.
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub enum AnyCommand {
            $(#[doc = concat!("[`", stringify!($command), "`].")] $command($command),)*
        }

        /// The refusal of any command.
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
        #[non_exhaustive]
        pub enum AnyRefused {
            $(
                #[doc = concat!("Refusal of [`", stringify!($command), "`].")]
                #[error(transparent)]
                $command(#[from] $refused),
            )*
        }

        impl Command for AnyCommand {
            type Refused = AnyRefused;

            fn name(&self) -> &'static str {
                match self { $(Self::$command(command) => command.name(),)* }
            }

            fn subject(&self) -> Subject {
                match self { $(Self::$command(command) => command.subject(),)* }
            }

            fn fingerprint(&self) -> u128 {
                match self { $(Self::$command(command) => command.fingerprint(),)* }
            }

            fn check_texts(&self) -> Result<(), TextError> {
                match self { $(Self::$command(command) => command.check_texts(),)* }
            }

            fn read_set(&self) -> ReadSet<'_> {
                match self { $(Self::$command(command) => command.read_set(),)* }
            }

            fn may_change_archived(&self) -> bool {
                match self { $(Self::$command(command) => command.may_change_archived(),)* }
            }

            fn subject_unknown(&self) -> AnyRefused {
                match self { $(Self::$command(command) => command.subject_unknown().into(),)* }
            }

            fn decide(&self, scope: &dyn Scope, now: Timestamp) -> Result<Change, CommandError<AnyRefused>> {
                match self {
                    $(Self::$command(command) => {
                        command.decide(scope, now).map_err(|error| error.map(AnyRefused::from))
                    })*
                }
            }
        }

        $(
            impl From<$command> for AnyCommand {
                fn from(command: $command) -> Self {
                    Self::$command(command)
                }
            }

            /// Returns the refusal of another command as the error.
            impl TryFrom<AnyRefused> for $refused {
                type Error = AnyRefused;

                fn try_from(refused: AnyRefused) -> Result<Self, AnyRefused> {
                    if let AnyRefused::$command(refused) = refused { Ok(refused) } else { Err(refused) }
                }
            }
        )*
    };
}

commands! {
    Hold, HoldRefused;
    ExtendHold, ExtendRefused;
    Release, ReleaseRefused;
    ConfirmFree, ConfirmFreeRefused;
    StartPayment, StartPaymentRefused;
    BeginConfirm, BeginConfirmRefused;
    RecordOutcome, RecordOutcomeRefused;
    Cancel, CancelRefused;
    BeginRefund, BeginRefundRefused;
    RecordRefund, RecordRefundRefused;
    ScheduleReconciliation, ScheduleReconciliationRefused;
    NotePayment, NotePaymentRefused;
    EndPayment, EndPaymentRefused;
    CallOff, CallOffRefused;
}

impl CommandError<AnyRefused> {
    /// Returns the error with the refusal of one command.
    ///
    /// A refusal of another command is a defect of the store: a failure of kind [`StoreErrorKind::Internal`].
    pub fn typed<R: TryFrom<AnyRefused>>(self) -> CommandError<R> {
        match self {
            Self::Refused(refused) => refused.try_into().map_or_else(
                |_| {
                    let message = "the store answered with the refusal of another command";
                    CommandError::Store(StoreError::new(StoreErrorKind::Internal, message))
                },
                CommandError::Refused,
            ),
            Self::KeyReused => CommandError::KeyReused,
            Self::EventArchived => CommandError::EventArchived,
            Self::Text(error) => CommandError::Text(error),
            Self::Store(error) => CommandError::Store(error),
        }
    }
}

#[cfg(test)]
mod tests;
