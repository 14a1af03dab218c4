//! Builds a change: takes each row from the scope once, changes its state, and raises its version once.

use std::sync::Arc;

use crate::decide::change::{Change, Effect, SeatChange};
use crate::decide::scope::Scope;
use crate::decide::stock::{StockBucket, moved};
use crate::error::StoreError;
use crate::fact::{FactBody, FactKind, FactKinds, PaymentSummary, ReservationSummary, SeatChanged};
use crate::id::{PaymentId, SeatId, TicketTypeId};
use crate::payment::{Payment, PaymentState, PaymentStep, ReturnedTickets};
use crate::reservation::{ItemLine, Reservation, ReservationState, SeatLine};
use crate::seat::{FormerHold, SeatStep};
use crate::time::Timestamp;

/// Collects the rows that a rule changes.
pub(super) struct ChangeBuilder<'s> {
    scope: &'s dyn Scope,
    now: Timestamp,
    change: Change,
}

impl<'s> ChangeBuilder<'s> {
    pub(super) fn new(scope: &'s dyn Scope, now: Timestamp) -> Self {
        Self { scope, now, change: Change::default() }
    }

    /// Changes a seat's state, and moves it between counters of its ticket type.
    pub(super) fn seat(
        &mut self,
        id: SeatId,
        step: &SeatStep,
        from: StockBucket,
        to: StockBucket,
    ) -> Result<(), StoreError> {
        let seat =
            self.scope.seat(id).ok_or_else(|| StoreError::corrupt(format!("{id:?} does not exist")))?;
        let state = seat.state.apply(step)?;
        self.change.seats.push(SeatChange { seat: id, state, version: seat.version + 1, former: None });
        self.count(seat.ticket_type, 1, from, to)
    }

    /// Changes the state of every seat of some lines, and moves them between counters.
    pub(super) fn seats(
        &mut self,
        lines: &[SeatLine],
        step: &SeatStep,
        from: StockBucket,
        to: StockBucket,
    ) -> Result<(), StoreError> {
        lines.iter().try_for_each(|line| self.seat(line.seat, step, from, to))
    }

    /// Frees a held seat of a reservation; the seat remembers the hold, which ended at `until`.
    pub(super) fn free_seat(
        &mut self,
        id: SeatId,
        reservation: &Reservation,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let step = SeatStep::Release { reservation: reservation.id };
        self.seat(id, &step, StockBucket::Held, StockBucket::Available)?;
        if let Some(changed) = self.change.seats.last_mut() {
            let Reservation { buyer, held_since, .. } = *reservation;
            changed.former = Some(Box::new(FormerHold { buyer, since: held_since, until }));
        }
        Ok(())
    }

    /// Moves general-admission units of some lines between counters.
    pub(super) fn items(
        &mut self,
        lines: &[ItemLine],
        from: StockBucket,
        to: StockBucket,
    ) -> Result<(), StoreError> {
        lines.iter().try_for_each(|line| self.count(line.ticket_type, line.quantity, from, to))
    }

    /// Moves `quantity` tickets of a ticket type from one counter to another.
    pub(super) fn count(
        &mut self,
        id: TicketTypeId,
        quantity: u32,
        from: StockBucket,
        to: StockBucket,
    ) -> Result<(), StoreError> {
        if from == to {
            return Ok(());
        }
        let unsound = || StoreError::corrupt(format!("the stock of {id:?} contradicts its reservations"));
        let known = self.change.stock.iter_mut().position(|(of, _)| *of == id);
        let before = match known.and_then(|at| self.change.stock.get(at)) {
            Some((_, stock)) => *stock,
            None => self.scope.ticket_type(id).ok_or_else(unsound)?.stock,
        };
        let after = moved(before, quantity, from, to).filter(|stock| stock.is_sound()).ok_or_else(unsound)?;
        match known.and_then(|at| self.change.stock.get_mut(at)) {
            Some((_, stock)) => *stock = after,
            None => self.change.stock.push((id, after)),
        }
        Ok(())
    }

    /// Abandons the latest attempt of a reservation, if no money was asked for yet.
    pub(super) fn abandon_attempt(&mut self, attempt: Option<PaymentId>) -> Result<(), StoreError> {
        match attempt.and_then(|id| self.scope.payment(id)) {
            Some(payment) if payment.state == PaymentState::Ready => {
                let payment = payment.clone();
                self.payment(payment, &PaymentStep::Abandon)
            }
            _ => Ok(()),
        }
    }

    /// Changes a payment's state, and adds the fact.
    pub(super) fn payment(&mut self, mut payment: Payment, step: &PaymentStep) -> Result<(), StoreError> {
        payment.state = payment.state.apply(step)?;
        self.payment_row(payment);
        Ok(())
    }

    /// Writes a payment without a fact, because its buyer sees no change.
    pub(super) fn payment_quietly(&mut self, mut payment: Payment) {
        payment.version += 1;
        self.change.payments.push(payment);
    }

    /// Writes a payment that has its new state already, and adds the fact.
    pub(super) fn payment_row(&mut self, mut payment: Payment) {
        payment.version += 1;
        if self.wants(FactKind::PaymentUpdated) {
            let payment = Arc::new(PaymentSummary::of(&payment));
            self.change.facts.push(FactBody::PaymentUpdated { payment });
        }
        self.change.payments.push(payment);
    }

    /// Writes a reservation that has its new fields already, and adds the fact of its new state.
    pub(super) fn reservation(&mut self, mut reservation: Reservation) {
        // A new reservation has no earlier row: it is not looked up.
        let is_new = reservation.version == 0;
        reservation.version += 1;
        if let ReservationState::Confirmed { at } = reservation.state {
            reservation.confirmed_at = Some(at);
        }
        if kind_of(&reservation.state).is_some_and(|kind| self.wants(kind)) {
            let before = if is_new { None } else { self.scope.reservation(reservation.id) };
            self.change.facts.extend(fact_of(before, &reservation));
        }
        self.change.reservations.push(reservation);
    }

    /// Writes a confirmed reservation that keeps some of its tickets, and adds the fact of the others.
    pub(super) fn returned(&mut self, mut stays: Reservation, returned: &ReturnedTickets) {
        stays.version += 1;
        if self.wants(FactKind::TicketsReturned) {
            let reservation = Arc::new(ReservationSummary::of(&stays));
            self.change.facts.push(FactBody::TicketsReturned { reservation, returned: returned.clone() });
        }
        self.change.reservations.push(stays);
    }

    /// Finishes the change of a command about a reservation and perhaps a payment.
    pub(super) fn about(mut self, effect: Effect) -> Change {
        self.change.effect = Some(effect);
        self.finish()
    }

    /// Finishes the change: raises the map version if seats changed, and adds the facts about seats and stocks.
    pub(super) fn finish(mut self) -> Change {
        if !self.change.seats.is_empty() {
            self.change.map_version = Some(self.scope.map_version() + 1);
        }
        if self.scope.wanted_facts().overlaps(FactKinds::PUBLIC) {
            self.public_facts();
        }
        self.change
    }

    /// Returns whether facts of a kind are made. A hold makes none for a broadcast, since it must stay fast.
    fn wants(&self, kind: FactKind) -> bool {
        self.scope.wanted_facts().contains(kind)
    }

    /// Adds the facts about changed seats and stocks.
    fn public_facts(&mut self) {
        if let Some(map_version) = self.change.map_version {
            let changes = self.change.seats.iter();
            let changes = changes
                .map(|change| SeatChanged::of(change.seat, &change.state, change.version, self.now))
                .collect();
            let since = self.scope.map_version();
            self.change.facts.push(FactBody::SeatsChanged { since, map_version, changes });
        }
        for (ticket_type, stock) in &self.change.stock {
            let before = self.scope.ticket_type(*ticket_type).map(|known| known.stock.available());
            if before != Some(stock.available()) {
                let fact = FactBody::StockChanged { ticket_type: *ticket_type, available: stock.available() };
                self.change.facts.push(fact);
            }
        }
    }
}

/// Returns the kind of the fact about a new state, if there is one.
const fn kind_of(state: &ReservationState) -> Option<FactKind> {
    match state {
        ReservationState::Held { .. } => Some(FactKind::ReservationHeld),
        // The payment says so.
        ReservationState::Paying { .. } => None,
        ReservationState::Confirmed { .. } => Some(FactKind::ReservationConfirmed),
        ReservationState::Expired { .. } => Some(FactKind::ReservationExpired),
        ReservationState::Cancelled { .. } => Some(FactKind::ReservationCancelled),
    }
}

/// Returns the fact of a reservation's new state, if its buyer sees a change.
fn fact_of(before: Option<&Reservation>, after: &Reservation) -> Option<FactBody> {
    let same_tickets = |before: &Reservation| before.seats == after.seats && before.items == after.items;
    let is_held = matches!(after.state, ReservationState::Held { .. });
    if before.is_some_and(|before| before.state == after.state && (!is_held || same_tickets(before))) {
        return None;
    }
    let reservation = || Arc::new(ReservationSummary::of(after));
    match after.state {
        ReservationState::Held { until } => {
            Some(FactBody::ReservationHeld { reservation: reservation(), until })
        }
        ReservationState::Paying { .. } => None,
        ReservationState::Confirmed { .. } => {
            Some(FactBody::ReservationConfirmed { reservation: reservation() })
        }
        ReservationState::Expired { .. } => Some(FactBody::ReservationExpired { reservation: reservation() }),
        ReservationState::Cancelled { reason, .. } => {
            Some(FactBody::ReservationCancelled { reservation: reservation(), reason })
        }
    }
}
