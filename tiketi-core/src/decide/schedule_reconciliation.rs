//! Schedules reconciliation: when a provider is asked again, and no more often than needed.

use std::sync::Arc;
use std::time::Duration;

use crate::decide::change::{Change, Effect};
use crate::decide::change_builder::ChangeBuilder;
use crate::decide::command::{Command, Subject, fingerprint_of};
use crate::decide::effects::reconciliation_due;
use crate::decide::record_outcome::not_found_is_final_at;
use crate::decide::scope::Scope;
use crate::error::CommandError;
use crate::event::EventState;
use crate::gateway::DepositAsked;
use crate::id::PaymentId;
use crate::limits::{MAX_NAME_CHARS, MAX_NOTE_CHARS};
use crate::payment::{Deposit, DepositAccount, Payment, PaymentState, Reconciliation};
use crate::terms::Terms;
use crate::text::{TextError, cleaned};
use crate::time::Timestamp;

impl Terms {
    /// Returns the pause before a provider is asked again.
    ///
    /// `tries` is how often it was asked again so far. The pauses are [`Terms::ask_again_after`], twice and five times
    /// that, then [`Terms::ask_again_at_most`], which is also the upper bound of each: by default 1, 2, 5 and 10
    /// minutes.
    pub fn pause(&self, tries: u32) -> Duration {
        let pause = match tries {
            0 => self.ask_again_after,
            1 => self.ask_again_after.saturating_mul(2),
            2 => self.ask_again_after.saturating_mul(5),
            _ => self.ask_again_at_most,
        };
        pause.min(self.ask_again_at_most)
    }
}

/// The inconclusive answer saved for an order that the provider does not know yet.
const NOT_KNOWN: &str = "the provider knows no such order";

/// Moves the moment at which a provider is asked again.
///
/// Of several servers that try, one succeeds.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ScheduleReconciliation {
    /// The payment.
    pub payment: PaymentId,
    /// The reason.
    pub because: ReconcileStep,
    /// The shop's terms; the event's own override them.
    pub terms: Arc<Terms>,
}

/// Why the time of the next lookup changes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReconcileStep {
    /// The caller asks now: no other server should before [`Terms::pause`] has passed.
    Claim {
        /// How often it was asked again before, as the caller read it.
        tries: u32,
    },
    /// The answer was inconclusive; the moment stays.
    Inconclusive {
        /// The answer, for administrators.
        answer: String,
    },
    /// The provider does not know the order, which is not final yet: it is asked again when that is final.
    NotKnown,
    /// The gateway cannot be called now, and was not.
    Wait {
        /// When to try again.
        until: Timestamp,
    },
    /// The provider waits for the buyer's deposit.
    ///
    /// It is awaited at most for [`Terms::deposit_window`], never past the start of the event. It is not awaited once the
    /// event is cancelled.
    Deposit(DepositAsked),
    /// The provider awaits again a deposit that it reported as paid: the money was withdrawn.
    ///
    /// Only a caller that knew of the deposit before its lookup may send this: an old answer to an earlier lookup has
    /// the same content.
    DepositGone(DepositAsked),
    /// A withdrawn deposit is there again: nothing is awaited.
    DepositBack,
    /// An attempt that was given up can capture no money any more: nothing is awaited.
    GiveUp,
}

impl ScheduleReconciliation {
    /// Makes the command, with the default terms.
    pub fn new(payment: PaymentId, because: ReconcileStep) -> Self {
        Self { payment, because, terms: Arc::default() }
    }

    /// Sets the terms.
    #[must_use]
    pub fn under(mut self, terms: impl Into<Arc<Terms>>) -> Self {
        self.terms = terms.into();
        self
    }
}

/// Why the moment does not move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleReconciliationRefused {
    /// The payment does not exist.
    #[error("there is no such payment")]
    PaymentNotFound,
    /// No answer is awaited any more.
    #[error("the payment awaits nothing")]
    NothingAwaited,
    /// Another server has asked since the caller read the payment.
    #[error("another server asks the provider already")]
    ClaimedElsewhere,
    /// Money may still be captured for it.
    #[error("money may still be captured for the payment")]
    StillOpen,
}

impl Command for ScheduleReconciliation {
    type Refused = ScheduleReconciliationRefused;

    fn name(&self) -> &'static str {
        "schedule-reconciliation"
    }

    fn subject(&self) -> Subject {
        Subject::Payment(self.payment)
    }

    fn fingerprint(&self) -> u128 {
        let mut fingerprint = fingerprint_of(self.name(), self.payment.as_uuid());
        match &self.because {
            ReconcileStep::Claim { tries } => fingerprint.text("claim").number(u64::from(*tries)),
            ReconcileStep::Inconclusive { answer } => fingerprint.text("doubt").text(answer),
            ReconcileStep::NotKnown => fingerprint.text("not known"),
            ReconcileStep::Wait { until } => fingerprint.text("wait").text(&until.to_string()),
            ReconcileStep::Deposit(asked) => fingerprint.text("deposit").text(&format!("{asked:?}")),
            ReconcileStep::DepositGone(asked) => fingerprint.text("deposit gone").text(&format!("{asked:?}")),
            ReconcileStep::DepositBack => fingerprint.text("deposit back"),
            ReconcileStep::GiveUp => fingerprint.text("give up"),
        };
        fingerprint.finish()
    }

    fn check_texts(&self) -> Result<(), TextError> {
        let Self { payment: _, because: _, terms: _ } = self;
        // The provider's texts are cleaned before they are recorded.
        Ok(())
    }

    fn may_change_archived(&self) -> bool {
        true
    }

    fn subject_unknown(&self) -> ScheduleReconciliationRefused {
        ScheduleReconciliationRefused::PaymentNotFound
    }

    fn decide(
        &self,
        scope: &dyn Scope,
        now: Timestamp,
    ) -> Result<Change, CommandError<ScheduleReconciliationRefused>> {
        let refused = CommandError::Refused;
        let payment =
            scope.payment(self.payment).ok_or(refused(ScheduleReconciliationRefused::PaymentNotFound))?;
        let reconciliation = match &self.because {
            ReconcileStep::Deposit(asked) | ReconcileStep::DepositGone(asked) => {
                self.waiting(scope, payment, asked, now).map(Some)
            }
            _ => payment
                .reconciliation
                .clone()
                .ok_or(ScheduleReconciliationRefused::NothingAwaited)
                .and_then(|known| self.moved(scope, payment, known, now)),
        };
        let mut asked = Payment { reconciliation: reconciliation.map_err(refused)?, ..payment.clone() };
        if let ReconcileStep::Deposit(told) | ReconcileStep::DepositGone(told) = &self.because {
            asked.deposit_secret = told.secret.or(asked.deposit_secret);
        }
        let mut change = ChangeBuilder::new(scope, now);
        if asked.awaited_deposit() == payment.awaited_deposit() {
            change.payment_quietly(asked);
        } else {
            change.payment_row(asked);
        }
        Ok(change.about(Effect { reservation: payment.reservation, payment: Some(payment.id) }))
    }
}

impl ScheduleReconciliation {
    fn moved(
        &self,
        scope: &dyn Scope,
        payment: &Payment,
        reconciliation: Reconciliation,
        now: Timestamp,
    ) -> Result<Option<Reconciliation>, ScheduleReconciliationRefused> {
        match &self.because {
            ReconcileStep::Claim { tries } if *tries != reconciliation.tries || reconciliation.next > now => {
                Err(ScheduleReconciliationRefused::ClaimedElsewhere)
            }
            ReconcileStep::Claim { tries } => {
                let tries = tries.saturating_add(1);
                let next = now.after(self.terms.pause(tries));
                Ok(Some(not_after_due(Reconciliation { next, tries, ..reconciliation }, now)))
            }
            ReconcileStep::Inconclusive { answer } => Ok(Some(Reconciliation {
                last_inconclusive: Some(cleaned(answer, MAX_NOTE_CHARS)),
                ..reconciliation
            })),
            ReconcileStep::NotKnown => Ok(Some(self.not_known(scope, payment, reconciliation))),
            ReconcileStep::Wait { until } => {
                Ok(Some(Reconciliation { next: reconciliation.next.max(*until), ..reconciliation }))
            }
            ReconcileStep::DepositBack if payment.is_withdrawn() => {
                let refunding = payment.queued_refund().is_some();
                Ok(refunding.then_some(Reconciliation { deposit: None, ..reconciliation }))
            }
            ReconcileStep::Deposit(_) | ReconcileStep::DepositGone(_) | ReconcileStep::DepositBack => {
                Err(ScheduleReconciliationRefused::NothingAwaited)
            }
            ReconcileStep::GiveUp => {
                let over = matches!(payment.state, PaymentState::Abandoned) || payment.is_ended_unanswered();
                if over { Ok(None) } else { Err(ScheduleReconciliationRefused::StillOpen) }
            }
        }
    }

    /// Moves the next question to when "order not found" is final, if that is sooner.
    fn not_known(
        &self,
        scope: &dyn Scope,
        payment: &Payment,
        reconciliation: Reconciliation,
    ) -> Reconciliation {
        let terms = scope.event().details.terms.over(&self.terms);
        let final_at = scope
            .reservation(payment.reservation)
            .and_then(|reservation| not_found_is_final_at(payment, reservation, &terms));
        let next = final_at.map_or(reconciliation.next, |at| reconciliation.next.min(at));
        Reconciliation { next, last_inconclusive: Some(NOT_KNOWN.to_owned()), ..reconciliation }
    }

    /// Waits for a deposit, until its due time by the provider or by the terms.
    fn waiting(
        &self,
        scope: &dyn Scope,
        payment: &Payment,
        asked: &DepositAsked,
        now: Timestamp,
    ) -> Result<Reconciliation, ScheduleReconciliationRefused> {
        let gone = matches!(self.because, ReconcileStep::DepositGone(_));
        let since = match payment.state {
            PaymentState::Confirming { since } if !gone => since,
            PaymentState::Paid { .. } | PaymentState::PartlyRefunded { .. } if gone => now,
            PaymentState::Ready
            | PaymentState::Confirming { .. }
            | PaymentState::Paid { .. }
            | PaymentState::PartlyRefunded { .. }
            | PaymentState::Refunded { .. }
            | PaymentState::Declined { .. }
            | PaymentState::Abandoned
            | PaymentState::Stuck { .. } => return Err(ScheduleReconciliationRefused::NothingAwaited),
        };
        let event = scope.event();
        let latest = match event.state {
            EventState::Cancelled { .. } => now,
            EventState::Draft | EventState::Published => {
                let window = event.details.terms.over(&self.terms).deposit_window;
                since.after(window).min(event.details.starts_at)
            }
        };
        let due = asked.due.map_or(latest, |due| due.min(latest));
        let account = asked.account.as_ref().map(|account| DepositAccount {
            bank: cleaned(&account.bank, MAX_NAME_CHARS),
            number: cleaned(&account.number, MAX_NAME_CHARS),
        });
        let deposit = Some(Deposit { account, due });
        let known = payment.reconciliation.clone();
        let mut reconciliation =
            known.unwrap_or_else(|| reconciliation_due(now, now.after(self.terms.pause(0))));
        if gone && !payment.is_withdrawn() {
            reconciliation.since = payment.after_notes(now);
        }
        Ok(not_after_due(Reconciliation { deposit, ..reconciliation }, now))
    }
}

/// Moves the next question to a deposit's due time, if that is sooner.
fn not_after_due(reconciliation: Reconciliation, now: Timestamp) -> Reconciliation {
    match &reconciliation.deposit {
        Some(deposit) if deposit.due > now => {
            Reconciliation { next: reconciliation.next.min(deposit.due), ..reconciliation }
        }
        _ => reconciliation,
    }
}

#[cfg(test)]
mod tests;
