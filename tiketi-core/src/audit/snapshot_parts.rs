//! The rows of a snapshot in parts.

use std::collections::BTreeMap;

use crate::audit::{AuditPart, AuditRows, AuditedEvent, RelatedRows};
use crate::decide::{Scope, Snapshot};
use crate::id::{BuyerId, ReservationId};
use crate::payment::Payment;
use crate::reservation::Reservation;
use crate::seat::Seat;

/// Makes parts of the complete rows of an event in memory.
pub(crate) struct SnapshotParts<'s> {
    snapshot: &'s Snapshot,
    by_serial: BTreeMap<u64, Vec<ReservationId>>,
    pending: BTreeMap<BuyerId, Vec<ReservationId>>,
}

impl<'s> SnapshotParts<'s> {
    pub(crate) fn of(snapshot: &'s Snapshot) -> Self {
        let (mut by_serial, mut pending) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
        for row in snapshot.reservations() {
            by_serial.entry(row.number.serial()).or_default().push(row.id);
            if row.is_pending() {
                pending.entry(row.buyer).or_default().push(row.id);
            }
        }
        Self { snapshot, by_serial, pending }
    }

    pub(crate) fn event(&self) -> AuditedEvent {
        let mut ticket_types: Vec<_> = self.snapshot.ticket_types().cloned().collect();
        ticket_types.sort_by_key(|ticket_type| (ticket_type.position, ticket_type.id));
        let (event, map_version) = (self.snapshot.event().clone(), self.snapshot.map_version());
        AuditedEvent { event, map_version, ticket_types }
    }

    /// Returns the parts, each with at most `rows` rows.
    pub(crate) fn parts(&self, rows: usize) -> impl Iterator<Item = AuditPart> + '_ {
        let rows = rows.max(1);
        let seats = self.snapshot.seats().chunks(rows).map(|rows| self.of_seats(rows));
        let all: Vec<&Reservation> = self.snapshot.reservations().collect();
        let of_event = |payment: &&Payment| payment.event == self.snapshot.event().id;
        let payments: Vec<&Payment> = self.snapshot.payments().filter(of_event).collect();
        let reservations = parts_of(all, rows).map(|rows| self.of_reservations(rows));
        seats.chain(reservations).chain(parts_of(payments, rows).map(|rows| self.of_payments(rows)))
    }

    fn of_seats(&self, rows: &[Seat]) -> AuditPart {
        let owners = rows.iter().filter_map(|seat| self.snapshot.reservation(seat.state.owner()?));
        let related = RelatedRows { reservations: owners.cloned().collect(), ..RelatedRows::default() };
        AuditPart { rows: AuditRows::Seats(rows.to_vec()), related }
    }

    fn of_reservations(&self, rows: Vec<Reservation>) -> AuditPart {
        let mut related = RelatedRows::default();
        for row in &rows {
            let seats = row.seats.iter().filter_map(|line| self.snapshot.seat(line.seat));
            related.seats.extend(seats.cloned());
            related.payments.extend(row.payment.and_then(|id| self.snapshot.payment(id)).cloned());
            let namesakes = self.by_serial.get(&row.number.serial()).into_iter().flatten();
            let pending = self.pending.get(&row.buyer).filter(|_| row.is_pending()).into_iter().flatten();
            let others = namesakes.chain(pending).filter(|id| **id != row.id);
            related.reservations.extend(others.filter_map(|id| self.snapshot.reservation(*id)).cloned());
        }
        let owners = related.seats.iter().filter_map(|seat| self.snapshot.reservation(seat.state.owner()?));
        related.reservations.extend(owners.cloned());
        AuditPart { rows: AuditRows::Reservations(rows), related }
    }

    fn of_payments(&self, rows: Vec<Payment>) -> AuditPart {
        let reservations = rows.iter().filter_map(|row| self.snapshot.reservation(row.reservation));
        let related = RelatedRows { reservations: reservations.cloned().collect(), ..RelatedRows::default() };
        AuditPart { rows: AuditRows::Payments(rows), related }
    }
}

/// Copies rows in parts of at most `most`.
fn parts_of<T: Clone>(rows: Vec<&T>, most: usize) -> impl Iterator<Item = Vec<T>> {
    let mut rows = rows.into_iter();
    std::iter::from_fn(move || {
        let part: Vec<T> = rows.by_ref().take(most).cloned().collect();
        (!part.is_empty()).then_some(part)
    })
}
