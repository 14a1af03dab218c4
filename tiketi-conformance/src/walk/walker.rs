//! Chooses the next step: mostly a valid one, often an invalid one, sometimes a repetition.

use std::time::Duration;

use tiketi_core::decide::{
    AnyCommand, BeginRefund, BlockSeats, RecordRefund, RefundOutcome, RefundWanted, UnblockSeats,
};
use tiketi_core::{
    BuyerId, Currency, EventId, Money, Payment, PaymentId, PaymentState, Reservation, ReservationId, SeatId,
    TicketTypeInput,
};

use crate::hall::{Hall, STANDING};
use crate::shop::TestShop;
use crate::walk::chance::Chance;
use crate::walk::step::Step;

/// Chooses steps from the rows of the store under test; the other store gets the same steps.
#[derive(Debug)]
pub(super) struct Walker {
    pub(super) shop: TestShop,
    chance: Chance,
    halls: Vec<Hall>,
    buyers: Vec<BuyerId>,
    reservations: Vec<ReservationId>,
    payments: Vec<PaymentId>,
    sent: Vec<Step>,
}

impl Walker {
    pub(super) fn new(shop: TestShop, halls: Vec<Hall>, seed: u64) -> Self {
        let buyers = shop.buyers(5);
        let (reservations, payments, sent) = (Vec::new(), Vec::new(), Vec::new());
        Self { shop, chance: Chance::seeded(seed), halls, buyers, reservations, payments, sent }
    }

    /// Returns the next step, some time after the one before.
    pub(super) async fn next(&mut self) -> Step {
        let pause = [0, 0, 1, 1_000_000, 20_000_000, 60_000_000][self.chance.below(6)];
        self.shop.advance(Duration::from_micros(pause));
        let again = if self.chance.once_in(12) { self.chance.one_of(&self.sent).cloned() } else { None };
        let step = match again {
            Some(step) => step,
            None => self.new_step().await,
        };
        self.sent.push(step.clone());
        step
    }

    async fn new_step(&mut self) -> Step {
        match self.chance.below(100) {
            0..30 => self.hold(),
            30..56 => self.about_reservation().await,
            56..88 => self.about_payment().await,
            88..91 => self.block(),
            91..93 => self.unblock(),
            93..97 => self.expire(),
            97 => self.price(),
            98 => Step::Announce(self.shop.now(), self.events()),
            _ if self.chance.once_in(12) => Step::CallOff(self.hall().event, self.shop.now()),
            _ => self.expire(),
        }
    }

    fn events(&self) -> Vec<EventId> {
        self.halls.iter().map(|hall| hall.event).collect()
    }

    fn expire(&self) -> Step {
        Step::Expire(self.shop.now(), self.events())
    }

    fn hall(&mut self) -> Hall {
        self.chance.one_of(&self.halls).expect("there are halls").clone()
    }

    fn buyer(&mut self) -> BuyerId {
        *self.chance.one_of(&self.buyers).expect("there are buyers")
    }

    fn some_seats(&mut self, of: &[SeatId], most: usize) -> Vec<SeatId> {
        let count = self.chance.below(most + 1);
        (0..count).filter_map(|_| self.chance.one_of(of).copied()).collect()
    }

    /// Makes a step of a command, with the current time and a new key.
    fn sale(&self, command: impl Into<AnyCommand>) -> Step {
        Step::Sale(self.shop.envelope(command.into()))
    }

    fn hold(&mut self) -> Step {
        let (hall, buyer) = (self.hall(), self.buyer());
        if self.chance.once_in(8) {
            let hold = self.shop.hold(&hall, buyer).item(hall.free, 1);
            self.reservations.push(hold.reservation);
            return self.sale(hold);
        }
        let mut seats = self.some_seats(&hall.seats[..14], 4);
        if !self.chance.once_in(10) {
            seats.sort_unstable();
            seats.dedup();
        }
        let mut hold = self.shop.hold(&hall, buyer).seats(seats);
        if self.chance.once_in(3) {
            hold = hold.item(hall.standing, u32::try_from(self.chance.below(5)).expect("it is small"));
        }
        if self.chance.once_in(4) {
            hold = hold.item(hall.free, 1);
        }
        self.reservations.push(hold.reservation);
        self.sale(hold)
    }

    /// Reads from the store under test; the comparison checks that the other store has the same rows.
    async fn reservation(&mut self) -> Option<Reservation> {
        // The latest reservations are most likely to be live.
        let latest = self.reservations.len().saturating_sub(12);
        let id = *self.chance.one_of(&self.reservations[latest..])?;
        self.shop.store().reservation(id).await.expect("a reservation can be read")
    }

    async fn payment(&mut self) -> Option<Payment> {
        let latest = self.payments.len().saturating_sub(4);
        let id = *self.chance.one_of(&self.payments[latest..])?;
        self.shop.store().payment(id).await.expect("a payment can be read")
    }

    async fn about_reservation(&mut self) -> Step {
        let Some(mut of) = self.reservation().await else { return self.hold() };
        if self.chance.once_in(12) {
            of.buyer = self.buyer();
        }
        if of.total.is_zero() && self.chance.once_in(2) {
            return self.sale(self.shop.confirm_free(&of));
        }
        match self.chance.below(13) {
            0..2 => self.sale(self.shop.extend(&of)),
            2 => self.sale(self.shop.release(&of)),
            3..5 => {
                let seats: Vec<_> = of.seats.iter().map(|line| line.seat).collect();
                let some = self.some_seats(&seats, 2);
                self.sale(self.shop.release(&of).only(some))
            }
            5 => self.sale(self.shop.cancel(&of)),
            6 => self.sale(self.shop.confirm_free(&of)),
            _ => {
                let start = self.shop.start_payment(&of);
                self.payments.push(start.payment);
                self.sale(start)
            }
        }
    }

    async fn about_payment(&mut self) -> Step {
        let Some(mut of) = self.payment().await else { return self.about_reservation().await };
        if self.chance.once_in(12) {
            of.buyer = self.buyer();
        }
        let choice = if self.chance.once_in(3) { self.chance.below(16) } else { self.fitting(&of.state) };
        match choice {
            0..6 => self.sale(self.shop.begin_confirm(&of)),
            6..10 => self.sale(self.shop.paid(&of)),
            10 => self.sale(self.shop.declined(&of)),
            11 if self.chance.once_in(4) => self.sale(self.shop.took(&of, Money::new(7, Currency::KRW))),
            11 => self.sale(self.shop.refund(&of)),
            12 => {
                let refund = self.give_back(&of).await;
                self.sale(refund)
            }
            13 => self.sale(self.shop.refund(&of).only(Money::new(30_000, Currency::KRW))),
            _ => self.refunded(&of),
        }
    }

    /// Makes the buyer's command to give a seat, units or everything back.
    async fn give_back(&mut self, of: &Payment) -> BeginRefund {
        let refund = self.shop.refund(of).by_buyer(of.buyer);
        let bought = self.shop.store().reservation(of.reservation).await.expect("a reservation can be read");
        let Some(bought) = bought.filter(|_| !self.chance.once_in(4)) else { return refund };
        let seats = bought.seats.iter().take(1).map(|line| line.seat).collect();
        let items = bought.items.iter().take(1).map(|line| (line.ticket_type, line.quantity));
        refund.wanting(RefundWanted::tickets(seats, items.collect()))
    }

    /// Chooses the answer or command that a payment in this state waits for, so that many payments reach their end.
    fn fitting(&mut self, state: &PaymentState) -> usize {
        match state {
            PaymentState::Ready => 0,
            PaymentState::Confirming { .. } => 6 + self.chance.below(6),
            PaymentState::Paid { .. } | PaymentState::PartlyRefunded { .. } => 12 + self.chance.below(4),
            PaymentState::Refunded { .. }
            | PaymentState::Declined { .. }
            | PaymentState::Abandoned
            | PaymentState::Stuck { .. } => self.chance.below(16),
        }
    }

    fn refunded(&mut self, of: &Payment) -> Step {
        let refund = of.refunds.last().map_or_else(|| self.shop.refund_id(), |refund| refund.id);
        let mut record: RecordRefund = self.shop.refunded(of, refund);
        if self.chance.once_in(5) {
            record.outcome = RefundOutcome::Refused { code: "limit".to_owned() };
        }
        self.sale(record)
    }

    fn block(&mut self) -> Step {
        let hall = self.hall();
        let seats = self.some_seats(&hall.seats, 3);
        Step::Block(BlockSeats::new(self.shop.now(), hall.event, seats, "camera"))
    }

    fn unblock(&mut self) -> Step {
        let hall = self.hall();
        Step::Unblock(UnblockSeats::new(self.shop.now(), hall.event, hall.seats))
    }

    fn price(&mut self) -> Step {
        let minor = 30_000 + 1_000 * i64::try_from(self.chance.below(3)).expect("it is small");
        let price = Money::new(minor, Currency::KRW);
        let edit = TicketTypeInput::new("Standing", price, STANDING);
        Step::Price(self.hall().standing, edit)
    }
}
