//! Which states are one: the hash of all that a rule or a property can see.
//!
//! Left out are versions, serials, texts, the moments of things that are over, and the hold time, of which there is
//! always enough. A former hold of a seat is left out once it is older than a hold: then no rule looks at it.
//!
//! The two buyers are alike, and so are the two seats. States that differ only in which is which are one, too.

use std::hash::{Hash, Hasher};

use tiketi_core::payment::{PaymentState, RefundState, RefundTickets};
use tiketi_core::reservation::ReservationState;
use tiketi_core::seat::SeatState;
use tiketi_core::{BuyerId, Payment, PaymentId, Refund, Reservation, ReservationId, Seat, SeatId, Timestamp};

use crate::provider::Order;
use crate::sale::{BUYERS, SEATS, Sale, buyer, terms};

impl PartialEq for Sale {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Hash for Sale {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

impl Sale {
    /// Returns the least of the four descriptions that differ in which buyer and which seat is the first.
    fn identity(&self) -> Vec<u64> {
        let views = (0..BUYERS).flat_map(|first_buyer| {
            (0..SEATS).map(move |first_seat| View { sale: self, first_buyer, first_seat }.described())
        });
        views.min().unwrap_or_default()
    }
}

/// A sale, seen with one buyer and one seat as the first.
struct View<'s> {
    sale: &'s Sale,
    first_buyer: usize,
    first_seat: usize,
}

impl View<'_> {
    fn described(&self) -> Vec<u64> {
        let mut all = Vec::with_capacity(96);
        all.extend([u64::from(self.sale.minute), u64::from(self.sale.wrong.is_some())]);
        for at in 0..SEATS {
            self.add_seat(&self.sale.rows.seats()[at ^ self.first_seat], &mut all);
        }
        for at in 0..BUYERS {
            let of = buyer(at ^ self.first_buyer);
            all.push(u64::MAX);
            self.sale.rows.reservations_of(of).for_each(|it| self.add_reservation(it, &mut all));
            let payments = self.sale.rows.payments().filter(|payment| payment.buyer == of);
            payments.for_each(|payment| self.add_payment(payment, &mut all));
        }
        all
    }

    fn seat(&self, id: SeatId) -> u64 {
        let first = self.sale.rows.seats()[self.first_seat].id;
        u64::from(id != first)
    }

    fn buyer(&self, id: BuyerId) -> u64 {
        u64::from(id != buyer(self.first_buyer))
    }

    /// Returns a reservation as its buyer and its place among the buyer's.
    fn reservation(&self, id: ReservationId) -> u64 {
        let places = |of: usize| {
            let place = self.sale.reservations_of(of).position(|reservation| reservation.id == id)?;
            Some(2 * place as u64 + self.buyer(buyer(of)))
        };
        (0..BUYERS).find_map(places).unwrap_or(u64::MAX)
    }

    fn payment(&self, id: PaymentId) -> u64 {
        let of = self.sale.payment(id).buyer;
        let place = self.sale.rows.payments().filter(|it| it.buyer == of).position(|it| it.id == id);
        place.map_or(u64::MAX, |place| place as u64)
    }

    fn add_seat(&self, seat: &Seat, all: &mut Vec<u64>) {
        match &seat.state {
            SeatState::Available => all.push(0),
            SeatState::Held { reservation, until } => {
                all.extend([1, self.reservation(*reservation), moment(*until)]);
            }
            SeatState::Sold { reservation } => all.extend([2, self.reservation(*reservation)]),
            SeatState::Blocked { .. } => all.push(3),
        }
        let counts = |until: Timestamp| until.after(terms().hold_ttl) > self.sale.now();
        match seat.former.as_deref().filter(|former| counts(former.until)) {
            Some(former) => {
                all.extend([1, self.buyer(former.buyer), moment(former.since), moment(former.until)]);
            }
            None => all.push(0),
        }
    }

    fn add_reservation(&self, reservation: &Reservation, all: &mut Vec<u64>) {
        match reservation.state {
            ReservationState::Held { until } => all.extend([0, moment(until)]),
            ReservationState::Paying { payment, deadline } => {
                all.extend([1, self.payment(payment), moment(deadline)]);
            }
            ReservationState::Confirmed { .. } => all.push(2),
            ReservationState::Expired { .. } => all.push(3),
            ReservationState::Cancelled { reason, .. } => all.extend([4, reason as u64]),
        }
        let seats = reservation.seats.iter().fold(0, |mask, line| mask | 1 << self.seat(line.seat));
        all.extend([seats, amount(reservation.total.minor())]);
        all.extend([u64::from(reservation.payment_window_granted)]);
        all.push(reservation.payment.map_or(u64::MAX, |payment| self.payment(payment)));
        // When a hold began limits how long it lasts; of one that ended, no rule asks.
        let since = reservation.is_live().then(|| moment(reservation.held_since));
        all.push(since.unwrap_or_default());
        all.push(u64::from(!reservation.hold_time.used.is_zero()));
    }

    fn add_payment(&self, payment: &Payment, all: &mut Vec<u64>) {
        all.push(self.reservation(payment.reservation));
        match payment.state {
            PaymentState::Ready => all.push(0),
            PaymentState::Confirming { since } => all.extend([1, moment(since)]),
            PaymentState::Paid { .. } => all.push(2),
            PaymentState::PartlyRefunded { .. } => all.push(3),
            PaymentState::Refunded { .. } => all.push(4),
            PaymentState::Declined { .. } => all.push(5),
            PaymentState::Abandoned => all.push(6),
            PaymentState::Stuck { .. } => all.push(7),
        }
        let captured = payment.captured.map_or(u64::MAX, |captured| amount(captured.minor()));
        all.extend([captured, amount(payment.refunded.minor()), u64::from(payment.reconciliation.is_some())]);
        all.extend([payment.notes.len() as u64, u64::from(payment.needs_attention())]);
        all.push(payment.refunds.len() as u64);
        payment.refunds.iter().for_each(|refund| self.add_refund(refund, all));
        let Some(account) = self.sale.accounts.get(&payment.id) else { return all.push(0) };
        // How it became certain that no money comes matters only until the shop knows.
        let order = match account.order {
            Order::Lost if !matches!(payment.state, PaymentState::Confirming { .. }) => Order::Declined,
            order => order,
        };
        all.extend([1, order as u64, account.refunded.len() as u64]);
        all.extend(account.refunded.iter().map(|refunded| amount(*refunded)));
        for refunds in [&account.done, &account.refused] {
            let places = refunds.iter().map(|id| payment.refunds.iter().position(|it| it.id == *id));
            all.push(places.fold(0, |mask, place| mask | 1 << place.unwrap_or(63)));
        }
    }

    fn add_refund(&self, refund: &Refund, all: &mut Vec<u64>) {
        let state = match refund.state {
            RefundState::Queued { .. } => 0,
            RefundState::Done { .. } => 1,
            RefundState::Refused { .. } => 2,
        };
        all.extend([amount(refund.amount.minor()), state]);
        match &refund.tickets {
            RefundTickets::None => all.push(0),
            RefundTickets::Kept => all.push(1),
            RefundTickets::Returned(returned) => {
                let seats = returned.seats.iter().fold(0, |mask, seat| mask | 1 << self.seat(*seat));
                all.extend([2, seats]);
            }
            RefundTickets::Unstated => all.push(3),
        }
    }
}

fn moment(at: Timestamp) -> u64 {
    amount(at.as_micros())
}

fn amount(number: i64) -> u64 {
    number.cast_unsigned()
}
