//! Why rows changed.

use tiketi_core::decide::{AnyCommand, Envelope};
use tiketi_core::{BuyerId, PaymentId, Reservation, ReservationId, Timestamp};

/// What a commit carried out.
#[derive(Debug)]
pub(crate) enum Cause<'c> {
    /// A command of a sale.
    Command(&'c Envelope<AnyCommand>),
    /// The sweeper.
    Sweep(Timestamp),
    /// An edit of the event.
    Organiser,
    /// Seats blocked or put back on sale.
    Block(Timestamp),
}

/// Whom a command is about.
pub(crate) struct About {
    /// The buyer who sent it; `None` for staff and for the shop itself.
    pub(crate) by: Option<BuyerId>,
    pub(crate) reservation: Option<ReservationId>,
    pub(crate) payment: Option<PaymentId>,
}

impl Cause<'_> {
    /// Returns the command.
    pub(crate) fn command(&self) -> Option<&AnyCommand> {
        match self {
            Self::Command(envelope) => Some(&envelope.command),
            Self::Sweep(_) | Self::Organiser | Self::Block(_) => None,
        }
    }

    /// Returns the moment by which it was decided.
    pub(crate) fn now(&self) -> Option<Timestamp> {
        match self {
            Self::Command(envelope) => Some(envelope.now),
            Self::Sweep(now) | Self::Block(now) => Some(*now),
            Self::Organiser => None,
        }
    }

    /// Returns whom the command is about.
    pub(crate) fn about(&self) -> Option<About> {
        let of = |by, reservation, payment| Some(About { by, reservation, payment });
        match self.command()? {
            AnyCommand::Hold(it) => of(Some(it.buyer), None, None),
            AnyCommand::ExtendHold(it) => of(Some(it.buyer), Some(it.reservation), None),
            AnyCommand::Release(it) => of(Some(it.buyer), Some(it.reservation), None),
            AnyCommand::ConfirmFree(it) => of(Some(it.buyer), Some(it.reservation), None),
            AnyCommand::StartPayment(it) => of(Some(it.buyer), Some(it.reservation), None),
            AnyCommand::Cancel(it) => of(it.buyer, Some(it.reservation), None),
            AnyCommand::CallOff(it) => of(None, Some(it.reservation), None),
            AnyCommand::BeginConfirm(it) => of(Some(it.buyer), None, Some(it.payment)),
            AnyCommand::RecordOutcome(it) => of(None, None, Some(it.payment)),
            AnyCommand::BeginRefund(it) => of(it.buyer, None, Some(it.payment)),
            AnyCommand::RecordRefund(it) => of(None, None, Some(it.payment)),
            AnyCommand::ScheduleReconciliation(it) => of(None, None, Some(it.payment)),
            AnyCommand::NotePayment(it) => of(None, None, Some(it.payment)),
            AnyCommand::EndPayment(it) => of(None, None, Some(it.payment)),
            _ => None,
        }
    }

    /// Returns whether the command may change a reservation: it is about it, and a buyer's is by its own buyer.
    pub(crate) fn may_change(&self, reservation: &Reservation, paid_for: Option<ReservationId>) -> bool {
        let Some(about) = self.about() else { return false };
        if about.by.is_some_and(|by| by != reservation.buyer) {
            return false;
        }
        match (about.reservation, about.payment) {
            (Some(of), _) => of == reservation.id,
            (None, Some(_)) => paid_for == Some(reservation.id),
            // A hold adds to the buyer's own.
            (None, None) => true,
        }
    }
}
