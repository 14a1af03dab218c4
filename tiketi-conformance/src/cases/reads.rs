//! Reads of reservations.

use std::time::Duration;

use tiketi_core::{PageRequest, PaymentId, ReservationId};

use crate::shop::TestShop;

/// Fails if a listing is not newest first, or if its pages overlap or lack rows.
pub async fn reservations_are_listed_newest_first_in_pages(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    let mut newest_first = Vec::new();
    for at in 0..5 {
        let held = shop.held(&hall, buyer, &[at]).await;
        shop.apply(shop.release(&held)).await;
        newest_first.insert(0, held.id);
        shop.advance(Duration::from_secs(1));
    }
    let mut listed = Vec::new();
    for number in 1..=4 {
        let page = PageRequest::new(number, 2).unwrap();
        let page = shop.store().reservations_of(buyer, Some(hall.event), page).await.unwrap();
        assert_eq!(page.total, 5);
        assert_eq!(page.rows.len(), [2, 2, 1, 0][number as usize - 1]);
        listed.extend(page.rows.into_iter().map(|row| row.id));
    }
    assert_eq!(listed, newest_first);
}

/// Fails if a listing contains reservations of another event or another buyer.
pub async fn reservations_are_listed_by_buyer_and_event(shop: TestShop) {
    let (hall, other, buyer) = (shop.hall().await, shop.hall().await, shop.buyer());
    let here = shop.held(&hall, buyer, &[0]).await;
    shop.advance(Duration::from_secs(1));
    let there = shop.held(&other, buyer, &[0]).await;
    shop.held(&hall, shop.buyer(), &[1]).await;
    let store = shop.store();
    let of_hall = store.reservations_of(buyer, Some(hall.event), PageRequest::FIRST).await.unwrap();
    assert_eq!((of_hall.rows, of_hall.total), (vec![here.clone()], 1));
    assert_eq!(shop.all_of(buyer).await, [there, here]);
    assert_eq!(shop.all_of(shop.buyer()).await, []);
}

/// Fails if the answer for an unknown id is not `None`.
pub async fn what_does_not_exist_is_not_found(shop: TestShop) {
    let store = shop.store();
    let new = || shop.ids().next();
    let event = tiketi_core::EventId::from_uuid(new());
    assert_eq!(store.reservation(ReservationId::from_uuid(new())).await.unwrap(), None);
    assert_eq!(store.payment(PaymentId::from_uuid(new())).await.unwrap(), None);
    assert_eq!(store.event(event).await.unwrap(), None);
    assert_eq!(store.seat_map(event, 0).await.unwrap(), None);
    assert_eq!(store.seat_map_version(event).await.unwrap(), None);
    let ticket_type = tiketi_core::TicketTypeId::from_uuid(new());
    assert_eq!(store.ticket_type(ticket_type).await.unwrap(), None);
}

/// Fails if two reservations have the same number.
pub async fn numbers_carry_the_date_and_are_never_used_again(shop: TestShop) {
    let halls = [shop.hall().await, shop.hall().await];
    let mut numbers = std::collections::HashSet::new();
    for at in 0..10 {
        let held = shop.held(&halls[at % 2], shop.buyer(), &[at]).await;
        assert!(held.number.to_string().starts_with("TKT-20260105-"), "{}", held.number);
        assert_eq!(held.number.to_string().parse(), Ok(held.number));
        shop.apply(shop.release(&held)).await;
        assert!(numbers.insert(held.number));
    }
}
