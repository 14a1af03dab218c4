//! Ask a provider again about what it has not said, and no more often than need be.

use crate::decide::change::{Change, Effect};
use crate::decide::command::{Command, Needs, Subject, fingerprint_of};
use crate::decide::draft::Draft;
use crate::decide::scope::Scope;
use crate::decide::settle::not_found_is_final_at;
use crate::event::EventState;
use crate::gateway::DepositAsked;
use crate::id::{CommandKey, PaymentId};
use crate::limits::{MAX_NAME_CHARS, MAX_NOTE_CHARS, Terms};
use crate::payment::{Asking, Deposit, DepositAccount, Payment, PaymentState};
use crate::store::CommandError;
use crate::text::{TextError, cleaned};
use crate::time::Timestamp;

/// What is kept of a provider's word that is not believed yet.
const NOT_KNOWN: &str = "the provider knows no such order";

/// Awaits something from `since` on, to be asked after from `next` on.
pub(super) fn asked_at(since: Timestamp, next: Timestamp) -> Asking {
    Asking { since, next, tries: 0, doubt: None, deposit: None }
}

/// Returns what is awaited of a payment whose money's fate is known: the next refund, from now on, or nothing.
pub(super) fn asking_for_refunds(payment: &Payment, now: Timestamp) -> Option<Asking> {
    payment.queued_refund().map(|_| asked_at(now, now))
}

/// Moves the moment at which a provider is asked again, so that of several servers one does.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AskLater {
    /// The moment that decides.
    pub now: Timestamp,
    /// The key under which it takes effect at most once.
    pub key: CommandKey,
    /// Which payment.
    pub payment: PaymentId,
    /// Why the moment moves.
    pub because: AskStep,
    /// The shop's terms; the event's own prevail.
    pub terms: Terms,
}

/// Why the moment moves at which a provider is asked again.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AskStep {
    /// The caller asks now: nobody else shall before [`Terms::pause`] after so many tries.
    Claim {
        /// How often it was asked again before, as the caller read it.
        tries: u32,
    },
    /// It was asked, and said nothing that decides; the moment stays.
    Doubt {
        /// What it said, for an administrator.
        said: String,
    },
    /// It knows no such order, which is not believed yet: it is asked again at the moment it is.
    NotKnown,
    /// It cannot be asked now, and was not.
    Wait {
        /// When to look again.
        until: Timestamp,
    },
    /// It confirmed, and waits for the buyer's deposit.
    ///
    /// It is waited for no longer than [`Terms::deposit_window`], never past the moment the event begins, and not at
    /// all once the event is called off.
    Deposit(DepositAsked),
    /// It waits anew for a deposit that was there: the money left again.
    ///
    /// Only for whoever knew that it was there before he asked: an old answer to an earlier question says the same.
    DepositGone(DepositAsked),
    /// A deposit that had left again is there: nothing is awaited.
    DepositBack,
    /// An attempt that was given up can take no money any more: nothing is awaited.
    GiveUp,
}

impl AskLater {
    /// Makes the command, under the default terms.
    pub fn new(now: Timestamp, key: CommandKey, payment: PaymentId, because: AskStep) -> Self {
        Self { now, key, payment, because, terms: Terms::default() }
    }

    /// Decides under these terms.
    #[must_use]
    pub fn under(mut self, terms: Terms) -> Self {
        self.terms = terms;
        self
    }
}

/// Why the moment does not move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AskLaterRefused {
    /// No such payment.
    #[error("there is no such payment")]
    PaymentNotFound,
    /// The provider's word is awaited no more.
    #[error("the payment awaits nothing")]
    NothingAwaited,
    /// Another asked since the caller read it.
    #[error("another asks already")]
    ClaimedElsewhere,
    /// Money may still come of it.
    #[error("money may still come of the payment")]
    StillOpen,
}

impl Command for AskLater {
    type Refused = AskLaterRefused;

    fn key(&self) -> CommandKey {
        self.key
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn subject(&self) -> Subject {
        Subject::Payment(self.payment)
    }

    fn fingerprint(&self) -> u128 {
        let mut fingerprint = fingerprint_of("ask-later", self.payment.as_uuid());
        match &self.because {
            AskStep::Claim { tries } => fingerprint.text("claim").number(u64::from(*tries)),
            AskStep::Doubt { said } => fingerprint.text("doubt").text(said),
            AskStep::NotKnown => fingerprint.text("not known"),
            AskStep::Wait { until } => fingerprint.text("wait").text(&until.to_string()),
            AskStep::Deposit(asked) => fingerprint.text("deposit").text(&format!("{asked:?}")),
            AskStep::DepositGone(asked) => fingerprint.text("deposit gone").text(&format!("{asked:?}")),
            AskStep::DepositBack => fingerprint.text("deposit back"),
            AskStep::GiveUp => fingerprint.text("give up"),
        };
        fingerprint.finish()
    }

    fn check_texts(&self) -> Result<(), TextError> {
        let Self { now: _, key: _, payment: _, because: _, terms: _ } = self;
        // What the provider said is cleaned where it is recorded.
        Ok(())
    }

    fn needs(&self) -> Needs<'_> {
        Needs::default()
    }

    fn subject_unknown(&self) -> AskLaterRefused {
        AskLaterRefused::PaymentNotFound
    }

    fn decide(&self, scope: &dyn Scope) -> Result<Change, CommandError<AskLaterRefused>> {
        let refused = CommandError::Refused;
        let payment = scope.payment(self.payment).ok_or(refused(AskLaterRefused::PaymentNotFound))?;
        let asking = match &self.because {
            AskStep::Deposit(asked) | AskStep::DepositGone(asked) => {
                self.waiting(scope, payment, asked).map(Some)
            }
            _ => payment
                .asking
                .clone()
                .ok_or(AskLaterRefused::NothingAwaited)
                .and_then(|known| self.moved(scope, payment, known)),
        };
        let asked = Payment { asking: asking.map_err(refused)?, ..payment.clone() };
        let mut draft = Draft::new(scope, self.now);
        if asked.awaited_deposit() == payment.awaited_deposit() {
            draft.payment_quietly(asked);
        } else {
            draft.payment_row(asked);
        }
        Ok(draft.about(Effect { reservation: payment.reservation, payment: Some(payment.id) }))
    }
}

impl AskLater {
    fn moved(
        &self,
        scope: &dyn Scope,
        payment: &Payment,
        asking: Asking,
    ) -> Result<Option<Asking>, AskLaterRefused> {
        match &self.because {
            AskStep::Claim { tries } if *tries != asking.tries || asking.next > self.now => {
                Err(AskLaterRefused::ClaimedElsewhere)
            }
            AskStep::Claim { tries } => {
                let tries = tries.saturating_add(1);
                let next = self.now.after(self.terms.pause(tries));
                Ok(Some(self.not_after_due(Asking { next, tries, ..asking })))
            }
            AskStep::Doubt { said } => {
                Ok(Some(Asking { doubt: Some(cleaned(said, MAX_NOTE_CHARS)), ..asking }))
            }
            AskStep::NotKnown => Ok(Some(self.not_known(scope, payment, asking))),
            AskStep::Wait { until } => Ok(Some(Asking { next: asking.next.max(*until), ..asking })),
            AskStep::DepositBack if payment.is_withdrawn() => {
                let refunding = payment.queued_refund().is_some();
                Ok(refunding.then_some(Asking { deposit: None, ..asking }))
            }
            AskStep::Deposit(_) | AskStep::DepositGone(_) | AskStep::DepositBack => {
                Err(AskLaterRefused::NothingAwaited)
            }
            AskStep::GiveUp => {
                let over = matches!(payment.state, PaymentState::Abandoned) || payment.is_ended_by_staff();
                if over { Ok(None) } else { Err(AskLaterRefused::StillOpen) }
            }
        }
    }

    /// Asks again when the provider's word that it knows no such order is final, if that is sooner.
    fn not_known(&self, scope: &dyn Scope, payment: &Payment, asking: Asking) -> Asking {
        let terms = scope.event().details.terms.over(self.terms);
        let final_at = scope
            .reservation(payment.reservation)
            .and_then(|reservation| not_found_is_final_at(payment, reservation, terms));
        let next = final_at.map_or(asking.next, |at| asking.next.min(at));
        Asking { next, doubt: Some(NOT_KNOWN.to_owned()), ..asking }
    }

    /// Waits for a deposit, until the provider or the terms say that it comes too late.
    fn waiting(
        &self,
        scope: &dyn Scope,
        payment: &Payment,
        asked: &DepositAsked,
    ) -> Result<Asking, AskLaterRefused> {
        let gone = matches!(self.because, AskStep::DepositGone(_));
        let since = match payment.state {
            PaymentState::Confirming { since } if !gone => since,
            PaymentState::Paid { .. } | PaymentState::PartlyRefunded { .. } if gone => self.now,
            PaymentState::Ready
            | PaymentState::Confirming { .. }
            | PaymentState::Paid { .. }
            | PaymentState::PartlyRefunded { .. }
            | PaymentState::Refunded { .. }
            | PaymentState::Declined { .. }
            | PaymentState::Abandoned
            | PaymentState::Stuck { .. } => return Err(AskLaterRefused::NothingAwaited),
        };
        let event = scope.event();
        let latest = match event.state {
            EventState::Cancelled { .. } => self.now,
            EventState::Draft | EventState::Published => {
                let window = event.details.terms.over(self.terms).deposit_window;
                since.after(window).min(event.details.starts_at)
            }
        };
        let due = asked.due.map_or(latest, |due| due.min(latest));
        let account = asked.account.as_ref().map(|account| DepositAccount {
            bank: cleaned(&account.bank, MAX_NAME_CHARS),
            number: cleaned(&account.number, MAX_NAME_CHARS),
        });
        let deposit = Some(Deposit { account, due });
        let known = payment.asking.clone();
        let mut asking = known.unwrap_or_else(|| asked_at(self.now, self.now.after(self.terms.pause(0))));
        if gone && !payment.is_withdrawn() {
            asking.since = payment.after_notes(self.now);
        }
        Ok(self.not_after_due(Asking { deposit, ..asking }))
    }

    /// Asks at the end of a deposit's time, if that comes before.
    fn not_after_due(&self, asking: Asking) -> Asking {
        match &asking.deposit {
            Some(deposit) if deposit.due > self.now => {
                Asking { next: asking.next.min(deposit.due), ..asking }
            }
            _ => asking,
        }
    }
}

#[cfg(test)]
mod tests;
