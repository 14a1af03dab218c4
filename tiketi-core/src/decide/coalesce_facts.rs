//! Coalesced facts: each seat and stock once, as the commit left it.

use std::collections::HashMap;

use crate::fact::{FactBody, SeatChanged};
use crate::id::{ReservationId, SeatId, TicketTypeId};
use crate::time::Timestamp;

/// Most seats of one fact, so that no fact grows too large to be sent.
const MAX_SEATS_A_FACT: usize = 500;

/// Returns the facts of one event for the outbox, given all facts of one commit in order.
///
/// States within a commit are visible to no reader. Each changed seat therefore appears once, with its last state, in
/// as few facts as possible, and so does each stock. Facts for one buyer come first, in their order.
///
/// A hold ([`FactBody::ReservationHeld`]) appears only if it is how the commit left its reservation: one that the same
/// commit changed again, confirmed or ended is left out. A subscriber therefore gets the confirmation or the end of a
/// reservation whose hold it did not get; that fact has all the tickets.
pub fn coalesce_facts(
    became_true: impl IntoIterator<Item = (Timestamp, FactBody)>,
) -> Vec<(Timestamp, FactBody)> {
    let mut told = CoalescedFacts::default();
    for (at, body) in became_true {
        match body {
            FactBody::SeatsChanged { since, map_version, changes } => {
                told.seats(at, (since, map_version), changes);
            }
            FactBody::StockChanged { ticket_type, .. } => told.stock(ticket_type, (at, body)),
            FactBody::ReservationHeld { .. }
            | FactBody::ReservationConfirmed { .. }
            | FactBody::ReservationExpired { .. }
            | FactBody::ReservationCancelled { .. }
            | FactBody::TicketsReturned { .. } => told.reservation((at, body)),
            FactBody::EventStatusChanged { .. } | FactBody::PaymentUpdated { .. } => {
                told.facts.push(Some((at, body)));
            }
        }
    }
    told.end_seats();
    let mut facts: Vec<_> = told.facts.into_iter().flatten().collect();
    facts.extend(told.of_seats);
    facts.extend(told.of_stocks.into_iter().map(|(_, fact)| fact));
    facts
}

#[derive(Default)]
struct CoalescedFacts {
    /// Facts that are not about seats or stock; `None` is a hold that a later fact replaced.
    facts: Vec<Option<(Timestamp, FactBody)>>,
    /// Where the latest hold of each reservation is in `facts`.
    holds: HashMap<ReservationId, usize>,
    of_seats: Vec<(Timestamp, FactBody)>,
    /// A list, because an event has few ticket types.
    of_stocks: Vec<(TicketTypeId, (Timestamp, FactBody))>,
    /// The map version before the collected seat changes, that with all of them, and the moment of the latest.
    collected: Option<(u64, u64, Timestamp)>,
    changes: Vec<SeatChanged>,
    places: HashMap<SeatId, usize>,
}

impl CoalescedFacts {
    /// Adds seat changes to the collected ones.
    fn seats(&mut self, at: Timestamp, (since, map_version): (u64, u64), changes: Vec<SeatChanged>) {
        if self.changes.len() + changes.len() > MAX_SEATS_A_FACT {
            self.end_seats();
        }
        let since = self.collected.map_or(since, |(first, ..)| first);
        self.collected = Some((since, map_version, at));
        for change in changes {
            let place = *self.places.entry(change.seat).or_insert(self.changes.len());
            match self.changes.get_mut(place) {
                Some(before) => *before = change,
                None => self.changes.push(change),
            }
        }
    }

    /// Adds a fact about a reservation, and drops an earlier hold of it.
    fn reservation(&mut self, fact: (Timestamp, FactBody)) {
        let Some(id) = fact.1.reservation() else { return };
        let is_hold = matches!(fact.1, FactBody::ReservationHeld { .. });
        let before = if is_hold { self.holds.insert(id, self.facts.len()) } else { self.holds.remove(&id) };
        if let Some(before) = before.and_then(|at| self.facts.get_mut(at)) {
            *before = None;
        }
        self.facts.push(Some(fact));
    }

    /// Replaces an earlier fact about a stock in place.
    fn stock(&mut self, of: TicketTypeId, fact: (Timestamp, FactBody)) {
        match self.of_stocks.iter_mut().find(|(known, _)| *known == of) {
            Some((_, before)) => *before = fact,
            None => self.of_stocks.push((of, fact)),
        }
    }

    /// Makes a fact of the collected seat changes.
    fn end_seats(&mut self) {
        let Some((since, map_version, at)) = self.collected.take() else { return };
        self.places.clear();
        let changes = std::mem::take(&mut self.changes);
        self.of_seats.push((at, FactBody::SeatsChanged { since, map_version, changes }));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::*;
    use crate::fact::{ReservationSummary, SeatStatus};
    use crate::id::BuyerId;
    use crate::money::{Currency, Money};
    use crate::reservation::ReservationNumber;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn change(seat: u128, version: u64) -> SeatChanged {
        SeatChanged::new(SeatId::from_uuid(Uuid::from_u128(seat)), SeatStatus::Held, version)
    }

    fn seats(since: u64, map_version: u64, changes: &[SeatChanged]) -> FactBody {
        FactBody::SeatsChanged { since, map_version, changes: changes.to_vec() }
    }

    fn stock(of: u128, available: u32) -> FactBody {
        FactBody::StockChanged { ticket_type: TicketTypeId::from_uuid(Uuid::from_u128(of)), available }
    }

    fn summary(id: u128) -> Arc<ReservationSummary> {
        Arc::new(ReservationSummary {
            id: ReservationId::from_uuid(Uuid::from_u128(id)),
            number: ReservationNumber::from_parts(20_260_105, 1),
            buyer: BuyerId::from_uuid(Uuid::from_u128(id)),
            seats: Vec::new(),
            items: Vec::new(),
            total: Money::zero(Currency::KRW),
            payment: None,
            version: 1,
        })
    }

    fn confirmed(id: u128) -> FactBody {
        FactBody::ReservationConfirmed { reservation: summary(id) }
    }

    fn held(id: u128, until: i64) -> FactBody {
        FactBody::ReservationHeld { reservation: summary(id), until: at(until) }
    }

    #[test]
    fn a_hold_is_published_only_as_the_commit_left_it() {
        let told = coalesce_facts([
            (at(1), held(1, 10)),
            (at(1), held(2, 10)),
            (at(2), held(1, 20)),
            (at(3), held(3, 10)),
            (at(4), confirmed(3)),
            (at(5), FactBody::ReservationExpired { reservation: summary(4) }),
            (at(6), held(4, 30)),
        ]);
        let expired = FactBody::ReservationExpired { reservation: summary(4) };
        assert_eq!(
            told,
            [
                (at(1), held(2, 10)),
                (at(2), held(1, 20)),
                (at(4), confirmed(3)),
                (at(5), expired),
                (at(6), held(4, 30)),
            ]
        );
    }

    #[test]
    fn seats_and_stocks_are_published_once_as_the_commit_left_them() {
        let told = coalesce_facts([
            (at(1), seats(4, 5, &[change(1, 2), change(2, 2)])),
            (at(1), stock(7, 9)),
            (at(2), seats(5, 6, &[change(1, 3)])),
            (at(2), stock(8, 4)),
            (at(3), stock(7, 8)),
        ]);
        let seats = seats(4, 6, &[change(1, 3), change(2, 2)]);
        assert_eq!(told, [(at(2), seats), (at(3), stock(7, 8)), (at(2), stock(8, 4))]);
    }

    #[test]
    fn facts_for_buyers_come_first_and_in_their_order() {
        let told = coalesce_facts([(at(1), stock(7, 9)), (at(1), confirmed(2)), (at(2), confirmed(1))]);
        assert_eq!(told, [(at(1), confirmed(2)), (at(2), confirmed(1)), (at(1), stock(7, 9))]);
    }

    #[test]
    fn many_changes_are_published_in_facts_of_limited_size() {
        let hold =
            |n: u64| (at(1), seats(n - 1, n, &[change(u128::from(n), 2), change(u128::from(n + 1_000), 2)]));
        let told = coalesce_facts((1..=600).map(hold));
        let sizes: Vec<_> = told.iter().filter_map(versions_and_size).collect();
        assert_eq!(sizes, [(0, 250, 500), (250, 500, 500), (500, 600, 200)]);
    }

    fn versions_and_size(fact: &(Timestamp, FactBody)) -> Option<(u64, u64, usize)> {
        match &fact.1 {
            FactBody::SeatsChanged { since, map_version, changes } => {
                Some((*since, *map_version, changes.len()))
            }
            _ => None,
        }
    }

    #[test]
    fn one_change_of_many_seats_stays_one_fact() {
        let many: Vec<_> = (0..700).map(|seat| change(seat, 2)).collect();
        assert_eq!(coalesce_facts([(at(1), seats(1, 2, &many))]), [(at(1), seats(1, 2, &many))]);
    }
}
