//! A shop on a new file.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tiketi_core::memory::TestGateway;
use tiketi_core::{
    BoxOffice, BuyerId, CommandError, Currency, EventDetails, EventId, EventInput, HoldRequest, Money,
    Reservation, Row, SaleWindow, SeatId, SeatLayout, Section,
    decide::HoldRefused,
    store::{AuditReport, AuditStore},
};
use tiketi_sqlite::SqliteStore;
use uuid::Uuid;

/// A store, a shop that uses it, and an event on sale.
pub(crate) struct TestShop {
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) box_office: BoxOffice,
    pub(crate) event: EventId,
    pub(crate) seats: Vec<SeatId>,
    pub(crate) folder: TempDir,
}

const SEATS_A_ROW: u32 = 50;

pub(crate) fn buyer(number: usize) -> BuyerId {
    BuyerId::from_uuid(Uuid::from_u128(0xB0_0000 + number as u128))
}

pub(crate) fn over(store: &Arc<SqliteStore>) -> BoxOffice {
    let gateway = Arc::new(TestGateway::default());
    BoxOffice::builder().store(Arc::clone(store)).gateway(gateway).build().unwrap()
}

impl TestShop {
    /// Opens a shop with an event of this many rows of fifty seats.
    pub(crate) async fn open(rows: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(folder.path().join("tiketi.db")).unwrap());
        let box_office = over(&store);
        let rows = (1..=rows).map(|row| Row::numbered(row.to_string(), SEATS_A_ROW));
        let section = Section::new("R", Money::new(100, Currency::KRW)).rows(rows);
        let layout = SeatLayout::new("Harbour Hall", "Great hall").section(section);
        let layout = box_office.catalog().create_layout(layout, None).await.unwrap();
        let (opens, closes) = (box_office.now(), box_office.now().after(Duration::from_hours(24)));
        let details = EventDetails::new("Winter Lights", closes, SaleWindow::new(opens, closes).unwrap());
        let input = EventInput::new(details, Currency::KRW).seated(layout.id);
        let event = box_office.catalog().create_event(input).await.unwrap().event.id;
        box_office.catalog().publish_event(event).await.unwrap();
        let seats = box_office.catalog().seat_map(event, 0).await.unwrap().unwrap().seats;
        Self { store, box_office, event, seats: seats.iter().map(|seat| seat.id).collect(), folder }
    }

    /// Holds one seat for a new buyer.
    pub(crate) async fn hold(&self, seat: usize) -> Result<Reservation, CommandError<HoldRefused>> {
        self.box_office
            .sales()
            .hold(HoldRequest::new(self.event, buyer(seat)).seats([self.seats[seat]]))
            .await
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) async fn assert_sound(&self) -> AuditReport {
        assert_eq!(self.store.integrity_check().await.unwrap(), Vec::<String>::new());
        assert_clean(&*self.store).await
    }
}

pub(crate) async fn assert_clean(store: &dyn AuditStore) -> AuditReport {
    let report = AuditReport::of(store).await.unwrap();
    assert_eq!(report.violations, []);
    report
}
