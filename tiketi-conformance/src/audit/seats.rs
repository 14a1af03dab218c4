//! A seat and its reservation agree about owner and state.

use tiketi_core::{ReservationState, Seat, SeatMap, SeatState, Timestamp, store::EventView};

use crate::picture::Picture;

pub(super) fn check(picture: &Picture, view: &EventView, map: &SeatMap) {
    assert!(map.complete, "a map since 0 is complete");
    let newest = map.seats.iter().map(|seat| seat.map_version).max().unwrap_or(map.version);
    assert_eq!(newest, map.version, "the map's version is that of its latest change");
    let places: Vec<_> = map.seats.iter().map(|seat| (seat.place.line, seat.place.column)).collect();
    assert!(places.is_sorted(), "seats come from the stage backwards");
    for seat in &map.seats {
        assert_eq!(seat.event, view.event.id);
        check_owner(picture, seat);
    }
    for row in picture.reservations_of(view.event.id).filter(|row| row.is_live()) {
        for line in &row.seats {
            let seat = map.seats.iter().find(|seat| seat.id == line.seat);
            let owner = seat.and_then(|seat| seat.state.owner());
            assert_eq!(owner, Some(row.id), "a live reservation lost {:?}: {row:?}", line.seat);
        }
    }
}

fn check_owner(picture: &Picture, seat: &Seat) {
    let Some(owner) = seat.state.owner() else { return };
    let row = picture.reservation(owner).unwrap_or_else(|| panic!("{seat:?} is owned by nobody known"));
    assert!(row.seats.iter().any(|line| line.seat == seat.id), "{row:?} does not list {:?}", seat.id);
    match (&seat.state, row.state) {
        (SeatState::Held { until, .. }, ReservationState::Held { until: end }) => assert_eq!(*until, end),
        (SeatState::Held { until, .. }, ReservationState::Paying { .. }) => {
            assert_eq!(*until, Timestamp::FAR_FUTURE, "a seat being paid cannot lapse");
        }
        (SeatState::Sold { .. }, ReservationState::Confirmed { .. }) => {}
        (seat, row) => panic!("a seat is {seat:?} while its reservation is {row:?}"),
    }
}
