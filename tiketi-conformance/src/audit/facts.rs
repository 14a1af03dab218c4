//! Every committed change is in the outbox once and in order, and the last fact of each row has the row's state.

use std::collections::{HashMap, HashSet};

use tiketi_core::{
    EventId, Fact, FactBody, PaymentId, Reservation, ReservationState, SeatId, SeatMap, TicketTypeId,
    fact::{PaymentSummary, ReservationSummary, SeatChanged, SeatStatus},
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
        let told: Vec<_> = facts.iter().filter_map(|fact| told_of_payment(fact, payment.id)).collect();
        if let Some(last) = told.last() {
            // A later change without a fact changes only the version.
            let version = last.version;
            assert_eq!(**last, PaymentSummary { version, ..PaymentSummary::of(payment) }, "as it is now");
        }
        let told = told.len();
        // The time of the next reconciliation and the notes of staff have no facts.
        let quiet = if may_be_quiet { payment.version.saturating_sub(told as u64) } else { 0 };
        assert_eq!(told as u64 + quiet, payment.version, "each change of {:?} is published once", payment.id);
    }
}

/// Versions that grow show that no change is published twice or out of order. At the end each seat has the version
/// of its last fact, so no fact is lost. A seat that changes twice in one commit is published once.
fn check_seats(map: &SeatMap, event: EventId, facts: &[Fact]) {
    let mut version = u64::from(!map.seats.is_empty());
    let mut known: HashMap<SeatId, SeatChanged> = HashMap::new();
    for fact in facts.iter().filter(|fact| fact.event == event) {
        let FactBody::SeatsChanged { since, map_version, changes } = &fact.body else { continue };
        assert!(
            *map_version > version,
            "changes of the map are announced in order, each in one fact: {fact:?}"
        );
        assert_eq!(*since, version, "no change of the map lies between two facts: {fact:?}");
        version = *map_version;
        for change in changes {
            let before = known.insert(change.seat, *change).map_or(1, |before| before.version);
            assert!(change.version > before, "changes of a seat are announced in order: {fact:?}");
        }
    }
    assert_eq!(map.version, version, "the map's version is the last one told");
    for seat in &map.seats {
        let (told, last) =
            known.get(&seat.id).map_or((SeatStatus::Available, 1), |it| (it.status, it.version));
        assert_eq!(seat.version, last, "the seat's version is the last one told: {seat:?}");
        // A hold that ended while it was being paid for is announced as available when its seats are released.
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
            // A reservation that a late payment confirms has expired before.
            ReservationState::Confirmed { .. } => (1, 0) == (confirmed, cancelled) && expired <= 1,
            ReservationState::Expired { .. } => (0, 1, 0) == (confirmed, expired, cancelled),
            ReservationState::Cancelled { .. } => confirmed <= 1 && expired <= confirmed && cancelled == 1,
        };
        assert!(
            fits,
            "{row:?} was told as confirmed {confirmed}, expired {expired}, cancelled {cancelled} times"
        );
        check_last_word(row, facts);
    }
}

/// The last fact of a reservation has its tickets and the end of its hold, and the versions of its facts grow.
fn check_last_word(row: &Reservation, facts: &[Fact]) {
    let mut told = facts.iter().filter(|fact| fact.body.summary().is_some_and(|it| it.id == row.id));
    let Some(first) = told.next() else { panic!("{row:?} was never told") };
    let last = told.fold(first, |before, fact| {
        assert!(before.body.summary().unwrap().version < fact.body.summary().unwrap().version, "{fact:?}");
        fact
    });
    let summary = last.body.summary().unwrap();
    // An attempt to pay changes the row, but has the fact of the payment only.
    let (version, payment) = (summary.version, summary.payment);
    assert!(version <= row.version, "{last:?}");
    assert_eq!(*summary, ReservationSummary { version, payment, ..ReservationSummary::of(row) });
    if let (Some(held), FactBody::ReservationHeld { until, .. }) = (row.held_until(), &last.body) {
        assert_eq!(held, *until, "{last:?}");
    }
}

/// Returns the payment summary of a fact, if the fact is about this payment.
fn told_of_payment(fact: &Fact, id: PaymentId) -> Option<&PaymentSummary> {
    match &fact.body {
        FactBody::PaymentUpdated { payment } if payment.id == id => Some(payment),
        _ => None,
    }
}

/// Counts the facts that announce a reservation as confirmed, as expired and as cancelled.
fn told(row: &Reservation, facts: &[Fact]) -> (usize, usize, usize) {
    let (mut confirmed, mut expired, mut cancelled) = (0, 0, 0);
    for fact in facts {
        let (times, of) = match &fact.body {
            FactBody::ReservationConfirmed { reservation } => (&mut confirmed, reservation),
            FactBody::ReservationExpired { reservation } => (&mut expired, reservation),
            FactBody::ReservationCancelled { reservation, .. } => (&mut cancelled, reservation),
            _ => continue,
        };
        *times += usize::from((of.id, of.buyer) == (row.id, row.buyer));
    }
    (confirmed, expired, cancelled)
}
