//! Every committed change is in the outbox once, in order, and the last fact of each row is its state.

use std::collections::{HashMap, HashSet};

use tiketi_core::{
    EventId, Fact, FactBody, Reservation, ReservationState, SeatId, SeatMap, TicketTypeId,
    fact::{SeatChanged, SeatStatus},
};

use crate::picture::Picture;

pub(super) fn check(picture: &Picture, facts: &[Fact], may_be_quiet: bool) {
    let mut ids = HashSet::new();
    let mut latest = HashMap::new();
    for fact in facts {
        assert!(ids.insert(fact.id), "{:?} came out of the outbox twice", fact.id);
        let before = latest.insert(fact.event, fact.id);
        assert!(before < Some(fact.id), "facts of one event come in the order of their ids: {fact:?}");
    }
    for (view, map) in &picture.events {
        check_seats(map, view.event.id, facts);
        for ticket_type in &view.ticket_types {
            check_stock(ticket_type.id, ticket_type.stock.available(), facts);
        }
    }
    check_reservations(picture, facts);
    for payment in &picture.payments {
        let told = count(facts, |body| {
            matches!(body, FactBody::PaymentUpdated { payment: of, reservation, buyer }
                if *of == payment.id && *reservation == payment.reservation && *buyer == payment.buyer)
        });
        // The time of the next reconciliation and the notes of staff are no facts.
        let quiet = if may_be_quiet { payment.version.saturating_sub(told as u64) } else { 0 };
        assert_eq!(told as u64 + quiet, payment.version, "each change of {:?} is published once", payment.id);
    }
}

/// Growing versions prove that no change was published twice or late. At the end each seat has the version of its last
/// fact, so none was lost. A seat that changed twice in one commit is published once.
fn check_seats(map: &SeatMap, event: EventId, facts: &[Fact]) {
    let mut version = u64::from(!map.seats.is_empty());
    let mut known: HashMap<SeatId, SeatChanged> = HashMap::new();
    for fact in facts.iter().filter(|fact| fact.event == event) {
        let FactBody::SeatsChanged { map_version, changes } = &fact.body else { continue };
        assert!(*map_version > version, "changes of the map are told in order, each in one fact: {fact:?}");
        version = *map_version;
        for change in changes {
            let before = known.insert(change.seat, *change).map_or(1, |before| before.version);
            assert!(change.version > before, "changes of a seat are told in order: {fact:?}");
        }
    }
    assert_eq!(map.version, version, "the map's version is the last one told");
    for seat in &map.seats {
        let (told, last) =
            known.get(&seat.id).map_or((SeatStatus::Available, 1), |it| (it.status, it.version));
        assert_eq!(seat.version, last, "the seat's version is the last one told: {seat:?}");
        // A hold that lapsed while it was being paid was announced as available when it was given back.
        let now = if told == SeatStatus::Available {
            tiketi_core::Timestamp::FAR_FUTURE
        } else {
            tiketi_core::Timestamp::EPOCH
        };
        assert_eq!(SeatStatus::of(&seat.state, now), told, "the last word on a seat is how it stands");
    }
}

fn check_stock(ticket_type: TicketTypeId, available: u32, facts: &[Fact]) {
    let last = facts.iter().rev().find_map(|fact| match &fact.body {
        FactBody::StockChanged { ticket_type: of, available } if *of == ticket_type => Some(*available),
        _ => None,
    });
    assert!(last.is_none_or(|last| last == available), "{last:?} were told to be left, not {available}");
}

fn check_reservations(picture: &Picture, facts: &[Fact]) {
    for row in &picture.reservations {
        let (confirmed, expired, cancelled) = told(row, facts);
        let fits = match row.state {
            ReservationState::Held { .. } | ReservationState::Paying { .. } => {
                (0, 0, 0) == (confirmed, expired, cancelled)
            }
            // One that late money took again had expired before.
            ReservationState::Confirmed { .. } => (1, 0) == (confirmed, cancelled) && expired <= 1,
            ReservationState::Expired { .. } => (0, 1, 0) == (confirmed, expired, cancelled),
            ReservationState::Cancelled { .. } => confirmed <= 1 && expired <= confirmed && cancelled == 1,
        };
        assert!(
            fits,
            "{row:?} was told as confirmed {confirmed}, expired {expired}, cancelled {cancelled} times"
        );
    }
}

/// Counts how often a reservation was announced to its buyer as confirmed, expired and cancelled.
fn told(row: &Reservation, facts: &[Fact]) -> (usize, usize, usize) {
    let (mut confirmed, mut expired, mut cancelled) = (0, 0, 0);
    for fact in facts {
        let (times, of) = match fact.body {
            FactBody::ReservationConfirmed { reservation, buyer } => (&mut confirmed, (reservation, buyer)),
            FactBody::ReservationExpired { reservation, buyer } => (&mut expired, (reservation, buyer)),
            FactBody::ReservationCancelled { reservation, buyer } => (&mut cancelled, (reservation, buyer)),
            _ => continue,
        };
        *times += usize::from(of == (row.id, row.buyer));
    }
    (confirmed, expired, cancelled)
}

fn count(facts: &[Fact], wanted: impl Fn(&FactBody) -> bool) -> usize {
    facts.iter().filter(|fact| wanted(&fact.body)).count()
}
