//! Measurements of a shop, for the metrics of its host.
//!
//! A host implements [`Metrics`] and gives it to [`BoxOfficeBuilder::metrics`](crate::BoxOfficeBuilder::metrics) and to
//! its store. Without one, nothing is measured. Traces are apart from it: spans and events of `tracing`.

use std::fmt::{self, Debug, Write as _};
use std::time::Duration;

use crate::decide::{AnyRefused, Applied};
use crate::error::{CommandError, StoreError, StoreErrorKind};
use crate::id::EventId;
use crate::waiting_room::{AdaptiveRate, Room};

/// Receives measurements; each method does nothing by default.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use tiketi_core::metrics::{CommandMeasured, Metrics};
///
/// #[derive(Debug, Default)]
/// struct Refusals(AtomicU64);
///
/// impl Metrics for Refusals {
///     fn command(&self, measured: &CommandMeasured<'_>) {
///         if measured.outcome() == "refused" {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
/// ```
///
/// # Contract
///
/// Each method is called by the task that sells: it MUST return at once and MUST NOT block or panic.
pub trait Metrics: Debug + Send + Sync + 'static {
    /// Receives a command that was executed.
    fn command(&self, _measured: &CommandMeasured<'_>) {}

    /// Receives a batch of commands that a store answered.
    fn batch(&self, _measured: &BatchMeasured) {}

    /// Receives a transaction or statement that a store runs again.
    fn retry(&self, _measured: &RetryMeasured) {}

    /// Receives that a connection to a store's database was used.
    fn connection(&self, _measured: &ConnectionMeasured) {}

    /// Receives a call of a payment gateway.
    fn gateway_call(&self, _measured: &GatewayCallMeasured<'_>) {}

    /// Receives that an event was created.
    fn event_created(&self) {}

    /// Receives an admission to a waiting room that this process made.
    fn admission(&self, _measured: &AdmissionMeasured<'_>) {}
}

/// A command that was executed by a store.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct CommandMeasured<'m> {
    /// The command's name, such as `hold`; see [`crate::decide::Command::name`].
    pub name: &'static str,
    /// The time from the call to the answer, by the shop's clock.
    pub took: Duration,
    /// The answer.
    pub result: &'m Result<Applied, CommandError<AnyRefused>>,
}

impl<'m> CommandMeasured<'m> {
    /// Makes a measurement.
    pub const fn new(
        name: &'static str,
        took: Duration,
        result: &'m Result<Applied, CommandError<AnyRefused>>,
    ) -> Self {
        Self { name, took, result }
    }

    /// Returns the outcome as one word of a fixed list, for a label.
    ///
    /// It is `applied`, `replayed`, `refused`, `key_reused`, `invalid_text`, or the kind of the store's failure as
    /// [`failure_word`] returns it.
    pub fn outcome(&self) -> &'static str {
        outcome_word(self.result)
    }

    /// Returns the refusal's name, such as `seats_taken`, for a label; `None` if the command was not refused.
    pub fn refusal(&self) -> Option<String> {
        match self.result {
            Err(CommandError::Refused(refused)) => Some(refusal_word(refused)),
            Ok(_)
            | Err(
                CommandError::KeyReused
                | CommandError::EventArchived
                | CommandError::Text(_)
                | CommandError::Store(_),
            ) => None,
        }
    }
}

/// Commands of one event that a store answered together.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct BatchMeasured {
    /// The number of commands.
    pub commands: usize,
    /// The number of transactions that it took: 1, or more if some were run again or in halves.
    pub transactions: usize,
    /// The time from the first transaction to the answers.
    pub took: Duration,
}

impl BatchMeasured {
    /// Makes a measurement.
    pub const fn new(commands: usize, transactions: usize, took: Duration) -> Self {
        Self { commands, transactions, took }
    }
}

/// A connection to a store's database, for as long as one statement or transaction used it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ConnectionMeasured {
    /// The pool that it is of, such as `read`.
    pub pool: &'static str,
    /// The time until there was a connection; of a transaction, until it had begun.
    pub waited: Duration,
    /// The time from then on until it was given back.
    pub held: Duration,
}

impl ConnectionMeasured {
    /// Makes a measurement.
    pub const fn new(pool: &'static str, waited: Duration, held: Duration) -> Self {
        Self { pool, waited, held }
    }
}

/// A transaction or statement that a store runs again after a failure.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RetryMeasured {
    /// The kind of the failure.
    pub cause: StoreErrorKind,
    /// The event, if the work is of one.
    pub event: Option<EventId>,
}

impl RetryMeasured {
    /// Makes a measurement.
    pub const fn new(cause: StoreErrorKind, event: Option<EventId>) -> Self {
        Self { cause, event }
    }
}

/// A call of a payment gateway.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct GatewayCallMeasured<'m> {
    /// The gateway's name.
    pub gateway: &'m str,
    /// The call: `checkout`, `confirm`, `lookup`, `refund`, `void` or `webhook`.
    pub call: &'static str,
    /// The answer as one word of a fixed list, such as `paid`, `declined` or `unknown`.
    pub answer: &'static str,
    /// The time from the call to the answer, by the shop's clock.
    pub took: Duration,
}

impl<'m> GatewayCallMeasured<'m> {
    /// Makes a measurement.
    pub const fn new(gateway: &'m str, call: &'static str, answer: &'static str, took: Duration) -> Self {
        Self { gateway, call, answer, took }
    }
}

/// An admission to a waiting room.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct AdmissionMeasured<'m> {
    /// The room after the admission, with its event and counts.
    pub room: &'m Room,
    /// The number of buyers that it called.
    pub called: usize,
    /// The number of turns and sessions that it recorded as lapsed.
    pub lapsed: usize,
    /// The rate that was decided for this admission; `None` if the rate is fixed or was decided earlier.
    pub decided: Option<&'m AdaptiveRate>,
    /// The time from the command to its answer, by the shop's clock.
    pub took: Duration,
}

impl<'m> AdmissionMeasured<'m> {
    /// Makes a measurement.
    pub const fn new(
        room: &'m Room,
        called: usize,
        lapsed: usize,
        decided: Option<&'m AdaptiveRate>,
        took: Duration,
    ) -> Self {
        Self { room, called, lapsed, decided, took }
    }
}

/// Returns the kind of a failure as one word, for a label.
pub const fn failure_word(kind: StoreErrorKind) -> &'static str {
    match kind {
        StoreErrorKind::Unavailable => "unavailable",
        StoreErrorKind::Contention => "contention",
        StoreErrorKind::OutcomeUnknown => "outcome_unknown",
        StoreErrorKind::ClockAhead => "clock_ahead",
        StoreErrorKind::Corrupt => "corrupt",
        StoreErrorKind::InvalidData => "invalid_data",
        StoreErrorKind::Internal => "internal",
    }
}

/// Returns the outcome of a command as one word.
pub(crate) fn outcome_word<R>(result: &Result<Applied, CommandError<R>>) -> &'static str {
    match result {
        Ok(applied) if applied.replayed => "replayed",
        Ok(_) => "applied",
        Err(CommandError::Refused(_)) => "refused",
        Err(CommandError::KeyReused) => "key_reused",
        Err(CommandError::EventArchived) => "event_archived",
        Err(CommandError::Text(_)) => "invalid_text",
        Err(CommandError::Store(error)) => failure_word(StoreError::kind(error)),
    }
}

/// Returns a refusal's variant in snake case, without its fields.
pub(crate) fn refusal_word(refused: &AnyRefused) -> String {
    let mut word = VariantName::default();
    // The writer ends the formatting at the first character after the inner variant's name.
    let _end = write!(word, "{refused:?}");
    word.name
}

/// Takes the name of the inner variant from the debug form `Hold(SeatsTaken { … })`.
#[derive(Default)]
struct VariantName {
    name: String,
    is_inside: bool,
}

impl fmt::Write for VariantName {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for char in text.chars() {
            match char {
                '(' if !self.is_inside => self.is_inside = true,
                _ if !self.is_inside => {}
                'A'..='Z' => {
                    if !self.name.is_empty() {
                        self.name.push('_');
                    }
                    self.name.push(char.to_ascii_lowercase());
                }
                'a'..='z' | '0'..='9' => self.name.push(char),
                _ => return Err(fmt::Error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::{CallOffRefused, HoldRefused};
    use crate::id::SeatId;

    #[test]
    fn a_refusal_is_one_word_without_its_fields() {
        let seats = vec![SeatId::from_uuid(uuid::Uuid::from_u128(7)); 3];
        assert_eq!(refusal_word(&HoldRefused::SeatsTaken { seats }.into()), "seats_taken");
        assert_eq!(refusal_word(&CallOffRefused::EventStands.into()), "event_stands");
    }

    #[test]
    fn each_outcome_has_a_word() {
        let word = |result: Result<Applied, CommandError<AnyRefused>>| outcome_word(&result);
        assert_eq!(word(Err(CommandError::Refused(HoldRefused::NothingAsked.into()))), "refused");
        assert_eq!(word(Err(CommandError::KeyReused)), "key_reused");
        assert_eq!(word(Err(StoreError::corrupt("rows").into())), "corrupt");
    }
}
