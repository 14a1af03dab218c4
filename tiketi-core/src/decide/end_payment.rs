//! Ends a payment whose outcome the provider does not report.

use std::sync::Arc;

use crate::decide::change::{Change, Effect};
use crate::decide::change_builder::ChangeBuilder;
use crate::decide::command::{Command, Subject, fingerprint_of};
use crate::decide::effects::resume_hold;
use crate::decide::note::note_on;
use crate::decide::scope::Scope;
use crate::error::{CommandError, StoreError};
use crate::id::PaymentId;
use crate::limits::{MAX_NAME_CHARS, MAX_NOTE_CHARS};
use crate::payment::{ENDED_BY_STAFF, Payment, PaymentState, PaymentStep, Reconciliation, Settles};
use crate::terms::Terms;
use crate::text::{TextError, check_line, check_lines};
use crate::time::Timestamp;

/// Ends a payment in progress, because its provider does not report the outcome.
///
/// The payment becomes `Declined` with the code [`ENDED_BY_STAFF`], and a note says who ended it and why. The
/// reservation is held until its hold would have ended; if that moment has passed, it expires.
///
/// Reconciliation continues with the pauses of the terms until the provider says that it took no money, because it may
/// have taken it: that is then a late payment, which takes the same tickets again or is refunded.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EndPayment {
    /// The payment.
    pub payment: PaymentId,
    /// The person who ends it, as the host names them.
    pub author: String,
    /// The reason, for staff who look at the payment later.
    pub reason: String,
    /// The shop's terms; they set how long an answer may be missing before a payment can be ended.
    pub terms: Arc<Terms>,
}

impl EndPayment {
    /// Makes the command, with the default terms.
    pub fn new(payment: PaymentId, author: impl Into<String>, reason: impl Into<String>) -> Self {
        let (author, reason) = (author.into(), reason.into());
        Self { payment, author, reason, terms: Arc::default() }
    }

    /// Sets the terms.
    #[must_use]
    pub fn under(mut self, terms: impl Into<Arc<Terms>>) -> Self {
        self.terms = terms.into();
        self
    }
}

/// Why a payment is not ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndPaymentRefused {
    /// The payment does not exist.
    #[error("there is no such payment")]
    PaymentNotFound,
    /// Its outcome is known, or the provider was not asked for money.
    #[error("the payment awaits no outcome")]
    NotConfirming {
        /// State of the payment.
        state: PaymentState,
    },
    /// An answer, or a deposit after its due time, is missing for less than [`Terms::trouble_after`].
    #[error("the provider may still report the outcome")]
    TooSoon {
        /// From when on the payment can be ended.
        until: Timestamp,
    },
}

impl Command for EndPayment {
    type Refused = EndPaymentRefused;

    fn name(&self) -> &'static str {
        "end-payment"
    }

    fn subject(&self) -> Subject {
        Subject::Payment(self.payment)
    }

    fn fingerprint(&self) -> u128 {
        let mut fingerprint = fingerprint_of(self.name(), self.payment.as_uuid());
        fingerprint.text(&self.author).text(&self.reason).finish()
    }

    fn check_texts(&self) -> Result<(), TextError> {
        let Self { payment: _, author, reason, terms: _ } = self;
        check_line("author", author, 0..=MAX_NAME_CHARS)?;
        check_lines("reason", reason, 1..=MAX_NOTE_CHARS)
    }

    fn subject_unknown(&self) -> EndPaymentRefused {
        EndPaymentRefused::PaymentNotFound
    }

    fn decide(&self, scope: &dyn Scope, now: Timestamp) -> Result<Change, CommandError<EndPaymentRefused>> {
        let refused = CommandError::Refused;
        let payment = scope.payment(self.payment).ok_or(refused(EndPaymentRefused::PaymentNotFound))?;
        self.check(payment, now).map_err(refused)?;
        let reservation = scope
            .reservation(payment.reservation)
            .ok_or_else(|| StoreError::corrupt(format!("{:?} pays for no reservation", payment.id)))?;
        let mut change = ChangeBuilder::new(scope, now);
        let mut ended = payment.clone();
        // A deposit that arrives from now on is late money, too; reconciliation closes its account.
        ended.reconciliation = payment
            .reconciliation
            .clone()
            .map(|reconciliation| Reconciliation { deposit: None, ..reconciliation });
        ended.notes.push(note_on(payment, now, &self.author, &self.reason, Settles::Yes));
        change.payment(ended, &PaymentStep::Decline { code: ENDED_BY_STAFF.to_owned(), at: now })?;
        resume_hold(&mut change, reservation, payment.id)?;
        Ok(change.about(Effect { reservation: reservation.id, payment: Some(payment.id) }))
    }
}

impl EndPayment {
    fn check(&self, payment: &Payment, now: Timestamp) -> Result<(), EndPaymentRefused> {
        let since = match payment.state {
            PaymentState::Confirming { since } => payment.awaited_since().unwrap_or(since),
            PaymentState::Ready
            | PaymentState::Paid { .. }
            | PaymentState::PartlyRefunded { .. }
            | PaymentState::Refunded { .. }
            | PaymentState::Declined { .. }
            | PaymentState::Abandoned
            | PaymentState::Stuck { .. } => {
                return Err(EndPaymentRefused::NotConfirming { state: payment.state.clone() });
            }
        };
        let until = since.after(self.terms.trouble_after);
        if now < until { Err(EndPaymentRefused::TooSoon { until }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
