//! All rows of the shop at one moment, and the permitted differences between two moments.

use std::collections::BTreeMap;
use std::sync::Arc;

use tiketi_core::decide::{Change, Scope, Snapshot};
use tiketi_core::{
    FactBody, Payment, PaymentId, PaymentState, Reservation, ReservationId, ReservationState, Seat,
    TicketTypeId, Timestamp,
    fact::{PaymentSummary, ReservationSummary, SeatChanged},
    payment::{ReturnedItem, ReturnedTickets},
    reservation::ItemLine,
    ticket_type::Stock,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rows {
    pub(crate) map_version: u64,
    pub(crate) seats: Vec<Seat>,
    pub(crate) stock: BTreeMap<TicketTypeId, Stock>,
    pub(crate) reservations: BTreeMap<ReservationId, Reservation>,
    pub(crate) payments: BTreeMap<PaymentId, Payment>,
}

impl Rows {
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        Self {
            map_version: snapshot.map_version(),
            seats: snapshot.seats().to_vec(),
            stock: snapshot.ticket_types().map(|known| (known.id, known.stock)).collect(),
            reservations: snapshot.reservations().map(|known| (known.id, known.clone())).collect(),
            payments: snapshot.payments().map(|known| (known.id, known.clone())).collect(),
        }
    }

    /// Checks what a change did to the rows: each version, each final state, each fact.
    pub(crate) fn check_step_to(&self, after: &Self, change: &Change, now: Timestamp) {
        self.check_seats(after, change);
        self.check_reservations(after, change);
        self.check_payments(after, change);
        let expected = self.facts_until(after, now);
        assert_eq!(sorted(&change.facts), sorted(&expected), "the facts do not match the change");
    }

    /// Fails with `version: seat.version` in `ChangeBuilder::seat`.
    fn check_seats(&self, after: &Self, change: &Change) {
        let changed = changed(&self.seats, &after.seats);
        let listed: Vec<_> = change.seats.iter().map(|seat| seat.seat).collect();
        assert_eq!(listed.len(), changed.len(), "a change lists a seat twice, or one that is as it was");
        for (before, seat) in changed {
            assert!(listed.contains(&seat.id), "{} changed unlisted", seat.place.label);
            assert_eq!(seat.version, before.version + 1, "version of {}", seat.place.label);
            assert_eq!(seat.map_version, after.map_version, "map version of {}", seat.place.label);
        }
        let step = u64::from(!change.seats.is_empty());
        assert_eq!(after.map_version, self.map_version + step, "the map's version");
    }

    /// Fails with `version += 2` in `ChangeBuilder::reservation`. The check of final states fails if `Cancel`
    /// cancels an expired reservation.
    fn check_reservations(&self, after: &Self, change: &Change) {
        assert!(after.reservations.len() >= self.reservations.len(), "a reservation is gone");
        for (id, reservation) in &after.reservations {
            let before = self.reservations.get(id);
            if before == Some(reservation) {
                continue;
            }
            assert_eq!(reservation.version, before.map_or(0, |before| before.version) + 1, "{reservation:?}");
            let taken_again = matches!(reservation.state, ReservationState::Confirmed { .. })
                && before.is_some_and(|before| matches!(before.state, ReservationState::Expired { .. }));
            let may_change = taken_again || before.is_none_or(Reservation::is_live);
            assert!(may_change, "an ended reservation changed: {reservation:?}");
            let listed = change.reservations.iter().filter(|listed| listed.id == *id).count();
            assert_eq!(listed, 1, "{reservation:?} is not listed once");
        }
    }

    /// Fails without `payment.version += 1` in `ChangeBuilder::payment_row`. The check of final states fails if
    /// `RecordOutcome` and `PaymentState` let a declined payment become paid without a capture.
    fn check_payments(&self, after: &Self, change: &Change) {
        assert!(after.payments.len() >= self.payments.len(), "a payment is gone");
        for (id, payment) in &after.payments {
            let before = self.payments.get(id);
            if before == Some(payment) {
                continue;
            }
            assert_eq!(payment.version, before.map_or(0, |before| before.version) + 1, "{payment:?}");
            assert!(before.is_none_or(|before| may_become(before, payment)), "{before:?} became {payment:?}");
            let listed = change.payments.iter().filter(|listed| listed.id == *id).count();
            assert_eq!(listed, 1, "{payment:?} is not listed once");
        }
    }

    /// Derives from the rows alone the facts that a change must publish.
    ///
    /// Fails if `fact_of` omits `ReservationExpired` or names the old end of a hold, or if `ChangeBuilder::finish`
    /// omits the first seat.
    fn facts_until(&self, after: &Self, now: Timestamp) -> Vec<FactBody> {
        let mut facts = Vec::new();
        let seats = changed(&self.seats, &after.seats);
        if !seats.is_empty() {
            let changes =
                seats.iter().map(|(_, seat)| SeatChanged::of(seat.id, &seat.state, seat.version, now));
            facts.push(FactBody::SeatsChanged {
                since: self.map_version,
                map_version: self.map_version + 1,
                changes: changes.collect(),
            });
        }
        for (ticket_type, stock) in &after.stock {
            if stock.available() != self.stock[ticket_type].available() {
                let available = stock.available();
                facts.push(FactBody::StockChanged { ticket_type: *ticket_type, available });
            }
        }
        for (id, reservation) in &after.reservations {
            let before = self.reservations.get(id);
            if !before.is_some_and(|before| has_the_same(before, reservation)) {
                facts.extend(told_of(before, reservation));
            }
        }
        for (id, payment) in &after.payments {
            if !self.payments.get(id).is_some_and(|before| says_the_same(before, payment)) {
                facts.push(FactBody::PaymentUpdated { payment: Arc::new(PaymentSummary::of(payment)) });
            }
        }
        facts
    }
}

fn changed<'r>(before: &'r [Seat], after: &'r [Seat]) -> Vec<(&'r Seat, &'r Seat)> {
    before.iter().zip(after).filter(|(before, after)| before != after).collect()
}

/// Returns whether a changed payment needs no fact: a new deposit account needs one, a new time of the next lookup
/// does not.
fn says_the_same(before: &Payment, after: &Payment) -> bool {
    let quiet =
        Payment { reconciliation: after.reconciliation.clone(), version: after.version, ..before.clone() };
    quiet == *after && before.awaited_deposit() == after.awaited_deposit()
}

/// Returns whether state and tickets are equal.
fn has_the_same(before: &Reservation, after: &Reservation) -> bool {
    (before.state, &before.seats, &before.items) == (after.state, &after.seats, &after.items)
}

fn told_of(before: Option<&Reservation>, after: &Reservation) -> Option<FactBody> {
    let reservation = Arc::new(ReservationSummary::of(after));
    match after.state {
        ReservationState::Held { until } => Some(FactBody::ReservationHeld { reservation, until }),
        ReservationState::Paying { .. } => None,
        ReservationState::Confirmed { .. } => match before.filter(|before| before.state == after.state) {
            Some(before) => Some(FactBody::TicketsReturned { reservation, returned: gone(before, after) }),
            None => Some(FactBody::ReservationConfirmed { reservation }),
        },
        ReservationState::Expired { .. } => Some(FactBody::ReservationExpired { reservation }),
        ReservationState::Cancelled { reason, .. } => {
            Some(FactBody::ReservationCancelled { reservation, reason })
        }
    }
}

/// Finds the tickets that a reservation had and no longer has.
fn gone(before: &Reservation, after: &Reservation) -> ReturnedTickets {
    let seats = before.seats.iter().filter(|line| !after.seats.contains(line)).map(|line| line.seat);
    let items = before.items.iter().filter_map(|line| {
        let same = |it: &&ItemLine| it.ticket_type == line.ticket_type && it.unit_price == line.unit_price;
        let left = after.items.iter().find(same).map_or(0, |left| left.quantity);
        let (ticket_type, unit_price, quantity) = (line.ticket_type, line.unit_price, line.quantity - left);
        (quantity > 0).then_some(ReturnedItem { ticket_type, unit_price, quantity })
    });
    let price = before.total.minus(after.total).unwrap();
    ReturnedTickets { seats: seats.collect(), items: items.collect(), price }
}

/// Returns whether a payment may change this way: an ended payment changes only by a capture, a capture stays, and
/// refunds never decrease.
fn may_become(before: &Payment, after: &Payment) -> bool {
    if says_the_same(before, after) {
        return before.reconciliation.is_some() || after.is_withdrawn();
    }
    let taken_stays = before.captured.is_none() || before.captured == after.captured;
    let returned_stays = before.refunded.minor() <= after.refunded.minor();
    let moves = match before.state {
        PaymentState::Declined { .. } | PaymentState::Abandoned => after.captured.is_some(),
        PaymentState::Stuck { .. } if before.captured.is_none() => after.captured.is_some(),
        PaymentState::Stuck { .. } => {
            matches!(after.state, PaymentState::Stuck { .. } | PaymentState::Refunded { .. })
        }
        PaymentState::Paid { .. } | PaymentState::PartlyRefunded { .. } => after.is_captured(),
        // A returned ticket of price 0 adds a refund of 0 to a payment that is refunded in full.
        PaymentState::Refunded { .. } => before.state == after.state,
        PaymentState::Ready | PaymentState::Confirming { .. } => true,
    };
    taken_stays && returned_stays && moves
}

/// Sorts facts, because the facts of one commit have no order. Seats and returned tickets in them are sorted as
/// well.
fn sorted(facts: &[FactBody]) -> Vec<String> {
    let mut facts: Vec<FactBody> = facts.to_vec();
    for fact in &mut facts {
        if let FactBody::SeatsChanged { changes, .. } = fact {
            changes.sort_by_key(|change| change.seat);
        }
        if let FactBody::TicketsReturned { returned, .. } = fact {
            returned.seats.sort();
            returned.items.sort_by_key(|item| (item.ticket_type, item.unit_price.minor()));
        }
    }
    let mut facts: Vec<String> = facts.iter().map(|fact| format!("{fact:?}")).collect();
    facts.sort();
    facts
}
