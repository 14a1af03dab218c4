//! Periodic housekeeping.

use std::sync::Arc;
use std::time::Duration;

use tiketi_core::memory::MemoryStore;
use tiketi_core::{BoxOffice, EventStatus, Fact, FactBody, box_office::Tidied, fact::SeatStatus};

use crate::{ADA, BEN, TestShop, on_sale};

fn is_expiry(fact: &Fact) -> bool {
    matches!(&fact.body, FactBody::ReservationExpired { reservation } if reservation.buyer == ADA)
}

#[tokio::test]
async fn tidying_expires_announces_and_delivers_each_fact_once() {
    let shop = TestShop::open().await;
    let opened = shop.office.jobs().tidy_once().await.unwrap();
    assert_eq!((opened.expired, opened.statuses), (0, 1), "the sale has opened");
    shop.held(ADA, &[0]).await;
    shop.wait(300);
    let tidied = shop.office.jobs().tidy_once().await.unwrap();
    assert_eq!((tidied.expired, tidied.statuses), (1, 0));

    let facts = shop.notifier.drain();
    assert_eq!(facts.len(), opened.delivered + tidied.delivered);
    assert_eq!(facts.iter().filter(|fact| is_expiry(fact)).count(), 1);
    let on_sale = FactBody::EventStatusChanged { before: EventStatus::Upcoming, status: EventStatus::OnSale };
    assert!(facts.iter().any(|fact| fact.body == on_sale));
    assert!(facts.is_sorted_by(|a, b| a.id < b.id), "in order, and none twice");
    assert_eq!(shop.office.jobs().tidy_once().await.unwrap(), Tidied::default());
    assert_eq!(shop.notifier.drain(), []);
}

#[tokio::test]
async fn a_lapsed_hold_is_available_without_a_sweep() {
    let shop = TestShop::open().await;
    let held = shop.held(ADA, &[0]).await;
    shop.wait(300);
    assert_eq!(shop.status(0).await, SeatStatus::Available);
    shop.held(BEN, &[0]).await;
    assert_eq!(shop.office.jobs().expire_once().await.unwrap().done, [], "the next command ended it already");
    assert!(!shop.office.sales().reservation(held.id, ADA).await.unwrap().unwrap().is_live());
}

#[tokio::test]
async fn an_event_sells_out_and_comes_back() {
    let shop = TestShop::open().await;
    shop.office.jobs().tidy_once().await.unwrap();
    shop.held(BEN, &[0, 1, 2]).await;
    let ask = shop.wanting(ADA, &[]).item(shop.free, 5);
    shop.office.sales().hold(ask).await.unwrap();
    let told = shop.office.jobs().announce_statuses_once().await.unwrap().done;
    assert_eq!(told, [(shop.event, EventStatus::SoldOut)]);
    shop.wait(300);
    shop.office.jobs().expire_once().await.unwrap();
    let told = shop.office.jobs().announce_statuses_once().await.unwrap().done;
    assert_eq!(told, [(shop.event, EventStatus::OnSale)]);
}

#[tokio::test]
async fn keys_are_forgotten_after_a_day_and_not_before() {
    let shop = TestShop::open().await;
    shop.held(ADA, &[0]).await;
    shop.wait(24 * 3_600);
    assert_eq!(shop.office.jobs().forget_once().await.unwrap(), 0);
    shop.wait(1);
    assert_eq!(shop.office.jobs().forget_once().await.unwrap(), 1);
}

/// Another server of the shop, which archives events a month after they began.
fn archiving(shop: &TestShop) -> BoxOffice {
    let builder = BoxOffice::builder()
        .store(Arc::<MemoryStore>::clone(&shop.gateway.store))
        .clock(Arc::<tiketi_core::clock::ManualClock>::clone(&shop.clock))
        .ids(Arc::new(tiketi_core::clock::CountedIds::seeded(3)));
    builder.archive_after(Duration::from_hours(24 * 30)).build().unwrap()
}

#[tokio::test]
async fn old_events_are_archived_once_nothing_of_them_is_open() {
    let shop = TestShop::open().await;
    let office = archiving(&shop);
    let (other, _) = on_sale(&office).await;
    shop.held(ADA, &[0]).await;
    shop.wait(32 * 24 * 3_600);
    assert_eq!(office.jobs().archive_once().await.unwrap().done, [], "they began exactly a month ago");
    shop.wait(1);
    assert_eq!(shop.office.jobs().archive_once().await.unwrap().done, [], "without the option, none is");
    // The list of ended events and that of cancelled ones have their turns.
    let mut archived = office.jobs().archive_once().await.unwrap().done;
    archived.extend(office.jobs().archive_once().await.unwrap().done);
    assert_eq!(archived, [other], "a hold of the other one is open");
    office.jobs().expire_once().await.unwrap();
    let mut archived = office.jobs().archive_once().await.unwrap().done;
    archived.extend(office.jobs().archive_once().await.unwrap().done);
    assert_eq!(archived, [shop.event]);
}

/// Fails if the job looks only at the first events, which may stay open for ever.
#[tokio::test]
async fn events_that_stay_open_keep_no_later_event_from_the_archive() {
    let shop = TestShop::open().await;
    let office = archiving(&shop);
    let mut events = Vec::new();
    for _ in 0..120 {
        events.push(on_sale(&office).await.0);
    }
    // Of the events that begin at one moment, the one with the greatest id is the last.
    events.push(shop.event);
    events.sort_unstable();
    let last = events.pop().unwrap();
    for event in &events {
        let seat = office.catalog().seat_map(*event, 0).await.unwrap().unwrap().seats[0].id;
        office.sales().hold(tiketi_core::HoldRequest::new(*event, ADA).seats([seat])).await.unwrap();
    }
    shop.wait(40 * 24 * 3_600);
    let mut archived = Vec::new();
    for _ in 0..3 {
        archived.extend(office.jobs().archive_once().await.unwrap().done);
    }
    assert_eq!(archived, [last]);
}
