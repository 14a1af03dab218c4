//! Short ways to make commands, and to bring a reservation to the state in which a case begins.

use tiketi_core::decide::{
    BeginConfirm, BeginRefund, Cancel, CaptureOutcome, ConfirmFree, ExtendHold, Hold, RecordOutcome,
    RecordRefund, RefundOutcome, Release, StartPayment,
};
use tiketi_core::{BuyerId, Money, Payment, RefundId, Reservation, gateway::Captured};

use crate::hall::Hall;
use crate::shop::TestShop;

impl TestShop {
    /// Makes an empty hold.
    pub fn hold(&self, hall: &Hall, buyer: BuyerId) -> Hold {
        Hold::new(hall.event, buyer, self.reservation_id(), self.terms())
    }

    /// Makes a hold of the seats at these indexes of [`Hall::seats`].
    pub fn hold_seats(&self, hall: &Hall, buyer: BuyerId, seats: &[usize]) -> Hold {
        self.hold(hall, buyer).seats(seats.iter().map(|at| hall.seats[*at]))
    }

    /// Makes the owner's command to extend a hold.
    pub fn extend(&self, of: &Reservation) -> ExtendHold {
        ExtendHold::new(of.id, of.buyer, self.terms())
    }

    /// Makes the owner's command to release everything.
    pub fn release(&self, of: &Reservation) -> Release {
        Release::all(of.id, of.buyer)
    }

    /// Makes the owner's command to confirm a reservation of price 0.
    pub fn confirm_free(&self, of: &Reservation) -> ConfirmFree {
        ConfirmFree::new(of.id, of.buyer)
    }

    /// Makes the owner's command to start an attempt to pay.
    pub fn start_payment(&self, of: &Reservation) -> StartPayment {
        let payment = self.payment_id();
        StartPayment::new(payment, of.id, of.buyer, self.terms()).through("test", "card")
    }

    /// Makes the buyer's command to confirm a payment.
    pub fn begin_confirm(&self, of: &Payment) -> BeginConfirm {
        BeginConfirm::new(of.id, of.buyer)
    }

    /// Makes the command that records that a provider captured this amount.
    pub fn took(&self, of: &Payment, amount: Money) -> RecordOutcome {
        let captured = Captured::kept(of.id.to_string(), format!("money-{}", of.id), amount);
        self.outcome(of, CaptureOutcome::Paid(captured))
    }

    /// Makes the command that records a provider's answer.
    pub fn outcome(&self, of: &Payment, outcome: CaptureOutcome) -> RecordOutcome {
        RecordOutcome::new(of.id, outcome).paid_by(of.buyer, self.terms())
    }

    /// Makes the command that records that a provider captured the price.
    pub fn paid(&self, of: &Payment) -> RecordOutcome {
        self.took(of, of.amount)
    }

    /// Makes the command that records that a provider declined.
    pub fn declined(&self, of: &Payment) -> RecordOutcome {
        let outcome = CaptureOutcome::Declined { code: "card_expired".to_owned() };
        RecordOutcome::new(of.id, outcome)
    }

    /// Makes the owner's command to cancel.
    pub fn cancel(&self, of: &Reservation) -> Cancel {
        Cancel::by_buyer(of.id, of.buyer)
    }

    /// Makes the organiser's command to refund everything.
    pub fn refund(&self, of: &Payment) -> BeginRefund {
        BeginRefund::new(of.id, self.refund_id(), "the singer is ill")
    }

    /// Makes the command that records that a refund is done.
    pub fn refunded(&self, of: &Payment, refund: RefundId) -> RecordRefund {
        RecordRefund::new(of.id, refund, RefundOutcome::Done)
    }

    /// Holds seats, and returns the reservation.
    pub async fn held(&self, hall: &Hall, buyer: BuyerId, seats: &[usize]) -> Reservation {
        self.apply(self.hold_seats(hall, buyer, seats)).await.reservation
    }

    /// Holds standing tickets, and returns the reservation.
    pub async fn standing(&self, hall: &Hall, buyer: BuyerId, quantity: u32) -> Reservation {
        self.apply(self.hold(hall, buyer).item(hall.standing, quantity)).await.reservation
    }

    /// Holds free tickets, and returns the reservation.
    pub async fn held_free(&self, hall: &Hall, buyer: BuyerId, quantity: u32) -> Reservation {
        self.apply(self.hold(hall, buyer).item(hall.free, quantity)).await.reservation
    }

    /// Starts a payment attempt, and returns it.
    pub async fn prepared(&self, of: &Reservation) -> Payment {
        let applied = self.apply(self.start_payment(of)).await;
        *applied.payment.expect("a started payment is answered")
    }

    /// Starts a payment attempt and begins its confirm.
    pub async fn confirming(&self, of: &Reservation) -> Payment {
        let payment = self.prepared(of).await;
        let applied = self.apply(self.begin_confirm(&payment)).await;
        *applied.payment.expect("a payment being confirmed is answered")
    }

    /// Sells a pending reservation.
    pub async fn sold(&self, of: &Reservation) -> (Reservation, Payment) {
        let payment = self.confirming(of).await;
        let applied = self.apply(self.paid(&payment)).await;
        (applied.reservation, *applied.payment.expect("a payment recorded is answered"))
    }

    /// Queues a refund of all that is left, and returns its id.
    pub async fn promised(&self, of: &Payment) -> RefundId {
        let command = self.refund(of);
        let refund = command.refund;
        self.apply(command).await;
        refund
    }

    /// Returns a reservation in its current state.
    pub async fn now_of(&self, of: &Reservation) -> Reservation {
        let found = self.store().reservation(of.id).await.expect("a reservation can be read");
        found.expect("the reservation exists")
    }

    /// Returns a payment in its current state.
    pub async fn now_of_payment(&self, of: &Payment) -> Payment {
        let found = self.store().payment(of.id).await.expect("a payment can be read");
        found.expect("the payment exists")
    }
}
