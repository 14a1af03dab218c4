//! Periodic housekeeping.

use tiketi_core::{EventStatus, Fact, FactBody, box_office::Tidied, fact::SeatStatus};

use crate::{ADA, BEN, TestShop};

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
