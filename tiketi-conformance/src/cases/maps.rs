//! Seat maps: copies updated by version.

use tiketi_core::SeatId;

use crate::shop::TestShop;

/// Fails if the changes since a version lack a changed seat.
pub async fn a_map_since_a_version_has_exactly_what_changed(shop: TestShop) {
    let hall = shop.hall().await;
    let store = shop.store();
    let start = store.seat_map_version(hall.event).await.unwrap().unwrap();
    shop.held(&hall, shop.buyer(), &[0]).await;
    let middle = store.seat_map_version(hall.event).await.unwrap().unwrap();
    shop.held(&hall, shop.buyer(), &[12, 4]).await;
    let end = store.seat_map_version(hall.event).await.unwrap().unwrap();
    assert!(start < middle && middle < end, "versions grow: {start}, {middle}, {end}");
    for (since, places) in [(start, vec![0, 4, 12]), (middle, vec![4, 12]), (end, vec![])] {
        let map = store.seat_map(hall.event, since).await.unwrap().unwrap();
        let ids: Vec<_> = map.seats.iter().map(|seat| seat.id).collect();
        let changed: Vec<SeatId> = places.iter().map(|at| hall.seats[*at]).collect();
        assert_eq!((map.version, map.complete, ids), (end, false, changed));
    }
}

/// Fails if the map since version 0, or since a version that does not exist yet, is not complete.
pub async fn a_map_since_zero_or_the_future_is_complete(shop: TestShop) {
    let hall = shop.hall().await;
    shop.held(&hall, shop.buyer(), &[7]).await;
    let store = shop.store();
    let version = store.seat_map_version(hall.event).await.unwrap().unwrap();
    for since in [0, version + 1, version + 1_000_000] {
        let map = store.seat_map(hall.event, since).await.unwrap().unwrap();
        let ids: Vec<_> = map.seats.iter().map(|seat| seat.id).collect();
        assert_eq!((map.version, map.complete, ids), (version, true, hall.seats.clone()));
    }
}

/// Fails if a change of units changes the map version.
pub async fn units_leave_the_map_version_alone(shop: TestShop) {
    let hall = shop.hall().await;
    let before = shop.store().seat_map_version(hall.event).await.unwrap();
    shop.standing(&hall, shop.buyer(), 2).await;
    assert_eq!(shop.store().seat_map_version(hall.event).await.unwrap(), before);
}
