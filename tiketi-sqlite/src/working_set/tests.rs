use std::time::Duration;

use tiketi_core::memory::TestGateway;
use tiketi_core::{
    BoxOffice, BuyerId, Currency, EventDetails, EventInput, HoldRequest, Money, PrepareRequest, Row,
    SaleWindow, SeatLayout, Section, StoreErrorKind,
};

use super::*;
use crate::open;
use crate::store::SqliteStore;

/// More seats than the cache keeps rows.
const SEATS: u32 = 5_000;

/// Creates a file with one event of [`SEATS`] seats.
async fn hall(path: &std::path::Path) -> (EventId, Vec<tiketi_core::SeatId>) {
    let store = std::sync::Arc::new(SqliteStore::open(path).unwrap());
    let shop = BoxOffice::builder().store(store).build().unwrap();
    let section = Section::new("Floor", Money::new(100, Currency::KRW)).row(Row::numbered("A", SEATS));
    let layout = shop
        .catalog()
        .create_layout(SeatLayout::new("Harbour Hall", "Floor").section(section), None)
        .await
        .unwrap();
    let (opens, closes) = (shop.now(), shop.now().after(Duration::from_hours(24)));
    let details = EventDetails::new("Winter Lights", closes, SaleWindow::new(opens, closes).unwrap());
    let input = EventInput::new(details, Currency::KRW).seated(layout.id);
    let event = shop.catalog().create_event(input).await.unwrap().event.id;
    let seats = shop.catalog().seat_map(event, 0).await.unwrap().unwrap().seats;
    (event, seats.iter().map(|seat| seat.id).collect())
}

/// A batch that read many rows caches none of them, and one that read few rows caches all of them.
///
/// Fails if `MAX_CACHED_ROWS` is not compared: 5,001 rows then stay.
#[tokio::test]
async fn what_is_kept_between_batches_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiketi.db");
    let (event, seats) = hall(&path).await;
    let mut connection = open::writer(&path).unwrap();
    let kept_after = |connection: &mut Connection, count: usize| {
        let transaction = connection.transaction().unwrap();
        let publisher = CommitPublisher::default();
        let cache = WriterCache::now(&transaction, None).unwrap();
        let mut set = WorkingSet::new(&transaction, cache, &publisher);
        assert!(set.open_event(event).unwrap());
        set.load_seats(event, seats.iter().copied().take(count)).unwrap();
        set.flush().unwrap().0.size()
    };
    assert_eq!(kept_after(&mut connection, 4_000), 4_001, "the seats and their event");
    assert_eq!(kept_after(&mut connection, seats.len()), 0);
}

/// Fails with the guard left out for each of the three tables.
#[tokio::test]
async fn a_row_is_overwritten_only_by_its_next_version() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiketi.db");
    let (event, seats) = hall(&path).await;
    let payment = {
        let store = std::sync::Arc::new(SqliteStore::open(&path).unwrap());
        let gateway = std::sync::Arc::new(TestGateway::default());
        let shop = BoxOffice::builder().store(store).gateway(gateway).build().unwrap();
        shop.catalog().publish_event(event).await.unwrap();
        let buyer = BuyerId::from_uuid(uuid::Uuid::from_u128(1));
        let held = shop.sales().hold(HoldRequest::new(event, buyer).seats([seats[0]])).await.unwrap();
        shop.payments().prepare(PrepareRequest::new(held.id, buyer)).await.unwrap().payment
    };
    let connection = open::writer(&path).unwrap();
    let is_stale = |written: Result<(), StoreError>| written.unwrap_err().kind() == StoreErrorKind::Corrupt;

    let mut seat = load::seat(&connection, event, seats[0]).unwrap().unwrap();
    assert!(is_stale(write::seat_state(&connection, &seat)), "it has this version already");
    seat.version += 1;
    write::seat_state(&connection, &seat).unwrap();

    let mut reservation = load::reservation(&connection, payment.reservation).unwrap().unwrap();
    reservation.version += 2;
    assert!(is_stale(write::reservation(&connection, &reservation)), "the version before is missing");
    reservation.version -= 1;
    write::reservation(&connection, &reservation).unwrap();

    let mut payment = load::payment(&connection, payment.id).unwrap().unwrap();
    payment.version += 2;
    assert!(is_stale(write::payment(&connection, &payment)), "the version before is missing");
    payment.version -= 1;
    write::payment(&connection, &payment).unwrap();
}
