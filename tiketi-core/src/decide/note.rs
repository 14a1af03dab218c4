//! Adds a note of the staff to a payment.

use crate::decide::change::{Change, Effect};
use crate::decide::change_builder::ChangeBuilder;
use crate::decide::command::{Command, Subject, fingerprint_of};
use crate::decide::effects::reconciliation_of_refunds;
use crate::decide::scope::Scope;
use crate::error::CommandError;
use crate::id::PaymentId;
use crate::limits::{MAX_NAME_CHARS, MAX_NOTE_CHARS};
use crate::payment::{Note, Payment, Settles};
use crate::text::{TextError, check_line, check_lines};
use crate::time::Timestamp;

/// Adds a note to a payment, which may take it off the list of those that need attention.
///
/// It settles what came before it: a later problem puts the payment on the list again. A note's moment is never before
/// that of what it settles, even if its server's clock is behind.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NotePayment {
    /// The payment.
    pub payment: PaymentId,
    /// The author, as the host names them.
    pub author: String,
    /// The text.
    pub text: String,
    /// Whether the note settles what came before it.
    pub settles: Settles,
}

impl NotePayment {
    /// Makes the command.
    pub fn new(
        payment: PaymentId,
        author: impl Into<String>,
        text: impl Into<String>,
        settles: Settles,
    ) -> Self {
        Self { payment, author: author.into(), text: text.into(), settles }
    }
}

/// Why a note is not added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotePaymentRefused {
    /// The payment does not exist.
    #[error("there is no such payment")]
    PaymentNotFound,
}

impl Command for NotePayment {
    type Refused = NotePaymentRefused;

    fn name(&self) -> &'static str {
        "note-payment"
    }

    fn subject(&self) -> Subject {
        Subject::Payment(self.payment)
    }

    fn fingerprint(&self) -> u128 {
        let mut fingerprint = fingerprint_of(self.name(), self.payment.as_uuid());
        fingerprint.text(&self.author).text(&self.text).number(u64::from(self.settles == Settles::Yes));
        fingerprint.finish()
    }

    fn check_texts(&self) -> Result<(), TextError> {
        let Self { payment: _, author, text, settles: _ } = self;
        check_line("author", author, 0..=MAX_NAME_CHARS)?;
        check_lines("note", text, 1..=MAX_NOTE_CHARS)
    }

    fn subject_unknown(&self) -> NotePaymentRefused {
        NotePaymentRefused::PaymentNotFound
    }

    fn decide(&self, scope: &dyn Scope, now: Timestamp) -> Result<Change, CommandError<NotePaymentRefused>> {
        let refused = CommandError::Refused;
        let payment = scope.payment(self.payment).ok_or(refused(NotePaymentRefused::PaymentNotFound))?;
        let note = note_on(payment, now, &self.author, &self.text, self.settles);
        let mut noted: Payment = payment.clone();
        noted.notes.push(note);
        if self.settles == Settles::Yes && noted.is_withdrawn() {
            // From now on staff handle the withdrawn deposit, so it is no longer awaited.
            noted.reconciliation = reconciliation_of_refunds(&noted, now);
        }
        let mut change = ChangeBuilder::new(scope, now);
        change.payment_quietly(noted);
        Ok(change.about(Effect { reservation: payment.reservation, payment: Some(payment.id) }))
    }
}

/// Makes a note whose moment is not before that of anything it settles.
pub(super) fn note_on(payment: &Payment, now: Timestamp, author: &str, text: &str, settles: Settles) -> Note {
    let at = payment.trouble_since().map_or(now, |since| since.max(now));
    Note { at, author: author.to_owned(), text: text.to_owned(), settles }
}

#[cfg(test)]
mod tests;
