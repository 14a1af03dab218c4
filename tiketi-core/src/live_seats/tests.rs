use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::id::{EventId, ReservationId, TicketTypeId};
use crate::seat::{SeatPlace, SeatState};

const SEATS: u128 = 6;
const NOW: Timestamp = Timestamp::EPOCH;

/// A store of a few seats, and the deltas of its commits.
struct Store {
    map: SeatMap,
    deltas: Vec<SeatsDelta>,
}

impl Store {
    fn new() -> Self {
        let seats = (0..SEATS).map(seat).collect();
        Self { map: SeatMap { version: 1, complete: true, seats }, deltas: Vec::new() }
    }

    /// Commits changes of some seats as one or more map versions, published as one delta.
    fn commit(&mut self, seats: &[usize], versions: u64) {
        let since = self.map.version;
        self.map.version += versions;
        let version = self.map.version;
        let mut changes: Vec<SeatChanged> = Vec::new();
        for at in seats {
            let seat = &mut self.map.seats[*at];
            seat.version += 1;
            seat.map_version = version;
            seat.state = match seat.version % 3 {
                0 => SeatState::Available,
                1 => SeatState::Sold { reservation: ReservationId::from_uuid(Uuid::nil()) },
                _ => SeatState::Blocked { reason: "a test".into() },
            };
            changes.retain(|known| known.seat != seat.id);
            changes.push(SeatChanged::of(seat.id, &seat.state, seat.version, NOW));
        }
        self.deltas.push(SeatsDelta { since, version, changes: changes.into() });
    }

    /// Reads as a store does.
    fn read(&self, since: u64) -> SeatMap {
        let complete = since == 0 || since > self.map.version;
        let seats = self.map.seats.iter().filter(|seat| complete || seat.map_version > since).cloned();
        SeatMap { version: self.map.version, complete, seats: seats.collect() }
    }

    fn seats(&self) -> Vec<LiveSeat> {
        self.map.seats.iter().map(|seat| live(seat, NOW)).collect()
    }
}

fn seat(number: u128) -> Seat {
    Seat {
        id: SeatId::from_uuid(Uuid::from_u128(number)),
        event: EventId::from_uuid(Uuid::nil()),
        ticket_type: TicketTypeId::from_uuid(Uuid::nil()),
        place: Arc::new(place(number)),
        state: SeatState::Available,
        version: 1,
        map_version: 1,
        former: None,
    }
}

fn place(number: u128) -> SeatPlace {
    let column = u32::try_from(number).unwrap();
    let label = format!("Hall A-{number}").into();
    let (section, row, number) = ("Hall".into(), "A".into(), number.to_string());
    SeatPlace { section, row, number, label, column, line: 0, accessible: false }
}

/// What the network does with one delta.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Delivered,
    Lost,
    Doubled,
    /// Delivered after this many later ones.
    Late(usize),
}

fn fates() -> impl Strategy<Value = Vec<(Vec<usize>, u64, Fate)>> {
    let fate = prop_oneof![
        3 => Just(Fate::Delivered),
        2 => Just(Fate::Lost),
        1 => Just(Fate::Doubled),
        2 => (1..5_usize).prop_map(Fate::Late),
    ];
    let seats = usize::try_from(SEATS).unwrap();
    vec((vec(0..seats, 1..4), 1..4_u64, fate), 0..24)
}

/// Orders deltas as the network delivers them.
fn delivered(fates: &[(Vec<usize>, u64, Fate)], deltas: &[SeatsDelta]) -> Vec<SeatsDelta> {
    let mut arrivals: Vec<(usize, &SeatsDelta)> = Vec::new();
    for (at, ((_, _, fate), delta)) in fates.iter().zip(deltas).enumerate() {
        match fate {
            Fate::Delivered => arrivals.push((at, delta)),
            Fate::Lost => {}
            Fate::Doubled => arrivals.extend([(at, delta), (at + 2, delta)]),
            Fate::Late(by) => arrivals.push((at + by, delta)),
        }
    }
    arrivals.sort_by_key(|(at, _)| *at);
    arrivals.into_iter().map(|(_, delta)| delta.clone()).collect()
}

proptest! {
    /// Seen to fail with `cover` taking every later version.
    #[test]
    fn one_resync_repairs_what_was_lost_doubled_or_late(fates in fates(), resync_at in 0..24_usize) {
        let mut store = Store::new();
        let mut lives = LiveSeats::of(&store.read(0), NOW);
        for (seats, versions, _) in &fates {
            store.commit(seats, *versions);
        }
        let arrivals = delivered(&fates, &store.deltas);
        for (at, delta) in arrivals.iter().enumerate() {
            lives.apply(delta);
            // What is claimed to be complete is complete.
            if lives.version() == store.map.version {
                prop_assert_eq!(lives.seats(), store.seats());
            }
            if at == resync_at {
                lives.resync(&store.read(lives.resync_since()), NOW);
            }
        }
        lives.resync(&store.read(lives.resync_since()), NOW);
        prop_assert_eq!(lives.seats(), store.seats());
        prop_assert_eq!(lives.version(), store.map.version);
        prop_assert!(!lives.has_gap());
    }

    #[test]
    fn a_mirror_fed_with_the_updates_equals_the_seats(fates in fates()) {
        let mut store = Store::new();
        let mut lives = LiveSeats::of(&store.read(0), NOW);
        let mut mirror = lives.seats().to_vec();
        let mut mirror_updates = |updates: Vec<SeatUpdate>| {
            for update in &updates {
                mirror[usize::try_from(update.index).unwrap()] = update.now;
            }
            mirror.clone()
        };
        for (seats, versions, _) in &fates {
            store.commit(seats, *versions);
        }
        for delta in delivered(&fates, &store.deltas) {
            let mirrored = mirror_updates(lives.apply(&delta));
            prop_assert_eq!(mirrored, lives.seats());
        }
        let Resynced::Updates(updates) = lives.resync(&store.read(lives.resync_since()), NOW) else {
            panic!("the seats are the same");
        };
        prop_assert_eq!(mirror_updates(updates), lives.seats());
    }
}

#[test]
fn a_delta_that_follows_leaves_no_gap_and_a_lost_one_does() {
    let mut store = Store::new();
    let mut lives = LiveSeats::of(&store.read(0), NOW);
    (0..3).for_each(|seat| store.commit(&[seat], 1));
    assert_eq!(lives.apply(&store.deltas[0]).len(), 1);
    assert_eq!((lives.version(), lives.has_gap()), (2, false));
    assert_eq!(lives.apply(&store.deltas[2]).len(), 1);
    assert_eq!((lives.version(), lives.has_gap(), lives.resync_since()), (2, true, 2));
    assert_eq!(lives.apply(&store.deltas[1]).len(), 1);
    assert_eq!((lives.version(), lives.has_gap()), (4, false));
    assert_eq!(lives.apply(&store.deltas[1]), []);
}

#[test]
fn a_noted_version_is_a_gap_until_its_changes_are_there() {
    let mut store = Store::new();
    let mut lives = LiveSeats::of(&store.read(0), NOW);
    (0..3).for_each(|seat| store.commit(&[seat], 1));
    lives.note_version(1);
    assert!(!lives.has_gap(), "its own version is no news");
    lives.note_version(3);
    assert_eq!((lives.version(), lives.has_gap(), lives.resync_since()), (1, true, 1));
    (0..2).for_each(|at| drop(lives.apply(&store.deltas[at])));
    assert_eq!((lives.version(), lives.has_gap()), (3, false));
    lives.note_version(4);
    lives.resync(&store.read(lives.resync_since()), NOW);
    assert_eq!((lives.version(), lives.has_gap(), lives.seats()), (4, false, &*store.seats()));
}

#[test]
fn a_restored_store_with_an_older_version_is_taken() {
    let mut store = Store::new();
    let copy = store.read(0);
    let mut lives = LiveSeats::of(&copy, NOW);
    store.commit(&[2], 1);
    lives.apply(&store.deltas[0]);
    let Resynced::Updates(updates) = lives.resync(&copy, NOW) else { panic!("the seats are the same") };
    assert_eq!(updates.len(), 1);
    assert_eq!((lives.version(), lives.seats()[2].version), (1, 1));
}

#[test]
fn a_delta_about_an_unknown_seat_leads_to_a_complete_map() {
    let store = Store::new();
    let mut lives = LiveSeats::of(&SeatMap { seats: Vec::new(), ..store.read(0) }, NOW);
    let stranger = SeatChanged::new(store.map.seats[0].id, SeatStatus::Held, 2);
    lives.apply(&SeatsDelta { since: 1, version: 2, changes: [stranger].into() });
    assert_eq!((lives.has_gap(), lives.resync_since()), (true, 0));
    assert_eq!(lives.resync(&store.read(0), NOW), Resynced::Replaced);
    assert!(!lives.has_gap());
    assert_eq!(lives.seats(), store.seats());
}
