//! Mail that waits to be sent.

use uuid::Uuid;

use crate::fact::{Fact, FactBody};
use crate::id::{BuyerId, CodeId, EventId, MailId};
use crate::payment::PaymentState;
use crate::reservation::CancelReason;
use crate::time::Timestamp;
use crate::waiting_room::{Place, PlaceState};

/// A mail that waits to be sent, as what it is about.
///
/// It has no address and no text: they are read and written when it is sent, so that a mail which waited is still true,
/// and so that a store has no secret and no second copy of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct Mail {
    /// Id of the mail: the same for the same content, so that it is queued once.
    pub id: MailId,
    /// What it is about.
    pub content: MailContent,
    /// When it was queued.
    pub queued_at: Timestamp,
}

/// What a mail is about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "each store writes every case")]
pub enum MailContent {
    /// Something that became true, for its buyer.
    Fact(Fact),
    /// A buyer was called by a waiting room.
    Called {
        /// The event.
        event: EventId,
        /// The buyer.
        buyer: BuyerId,
        /// Until when the buyer may enter.
        until: Timestamp,
    },
    /// A code was asked for.
    Code(CodeId),
}

/// What came of a try to send a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "each store acts on every case")]
pub enum MailOutcome {
    /// It was sent, or need not be sent any more. Its id stays known, so that it is not queued again.
    Done,
    /// It is tried again.
    Again {
        /// The moment from which on it may be claimed.
        at: Timestamp,
        /// Why this try failed.
        problem: String,
    },
    /// It is given up, and waits for an operator.
    Dead {
        /// Why the last try failed.
        problem: String,
    },
}

impl Mail {
    /// Makes the mail about a fact; `None` if there is nothing to write to the buyer.
    ///
    /// Written about are: a confirmed reservation; one that was cancelled by the organiser or after it was paid;
    /// returned tickets; money that was refunded. Not what the buyer just did and sees, such as giving up a hold.
    pub fn about(fact: &Fact) -> Option<Self> {
        let name = match &fact.body {
            FactBody::ReservationConfirmed { .. } | FactBody::TicketsReturned { .. } => Self::fact_name(fact),
            FactBody::ReservationCancelled { reason, .. } => match reason {
                CancelReason::ByBuyer => return None,
                CancelReason::ByOrganiser | CancelReason::Refunded => Self::fact_name(fact),
            },
            // A payment changes for many reasons; a sum is written about once.
            FactBody::PaymentUpdated { payment } if payment.refunded.minor() > 0 => match payment.state {
                PaymentState::Refunded { .. } | PaymentState::PartlyRefunded { .. } => {
                    format!("refunded {} {}", payment.id, payment.refunded.minor())
                }
                _ => return None,
            },
            FactBody::PaymentUpdated { .. }
            | FactBody::SeatsChanged { .. }
            | FactBody::StockChanged { .. }
            | FactBody::EventStatusChanged { .. }
            | FactBody::ReservationHeld { .. }
            | FactBody::ReservationExpired { .. } => return None,
        };
        let id = MailId::named(fact.event.as_uuid(), &name);
        Some(Self { id, content: MailContent::Fact(fact.clone()), queued_at: fact.at })
    }

    /// Makes the mail to a buyer whom a waiting room called at `now`; `None` if the place is not called.
    pub fn called(place: &Place, now: Timestamp) -> Option<Self> {
        let PlaceState::Called { until } = place.state else { return None };
        let (event, buyer) = (place.id.event, place.buyer);
        let id = MailId::named(event.as_uuid(), &format!("called {buyer} {}", place.id.arrival));
        Some(Self { id, content: MailContent::Called { event, buyer, until }, queued_at: now })
    }

    /// Makes the mail with a code.
    pub fn with_code(code: CodeId, now: Timestamp) -> Self {
        let id = MailId::named(code.as_uuid(), "code");
        Self { id, content: MailContent::Code(code), queued_at: now }
    }

    fn fact_name(fact: &Fact) -> String {
        format!("fact {} {}", fact.id.0, fact.at.as_micros())
    }
}

impl MailContent {
    /// Returns the buyer that the mail is for; `None` if it is for an address that a code proves.
    pub fn buyer(&self) -> Option<BuyerId> {
        match self {
            Self::Fact(fact) => fact.body.buyer(),
            Self::Called { buyer, .. } => Some(*buyer),
            Self::Code(_) => None,
        }
    }

    /// Returns the kind of mail in logs and lists, such as `reservation_confirmed`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Fact(fact) => fact.body.kind().name(),
            Self::Called { .. } => "called",
            Self::Code(_) => "code",
        }
    }
}

impl MailId {
    fn named(within: Uuid, name: &str) -> Self {
        Self::from_uuid(Uuid::new_v5(&within, name.as_bytes()))
    }
}
