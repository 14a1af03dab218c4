//! Lists of reservations for staff: newest first, by event, buyer, state and time.

use std::cmp::Reverse;
use std::time::Duration;

use tiketi_core::reservation::{ReservationNumber, ReservationStateKind};
use tiketi_core::store::{ReservationKey, ReservationQuery};
use tiketi_core::{Reservation, Timestamp};

use crate::shop::TestShop;

/// Makes reservations in every state, of two events, at several moments; returns them, the newest first.
async fn mixed(shop: &TestShop) -> Vec<Reservation> {
    let (hall, other) = (shop.hall().await, shop.hall().await);
    let mut made = vec![shop.held(&hall, shop.buyer(), &[0]).await];
    shop.advance(Duration::from_mins(6));
    shop.store().expire_due(shop.now(), 100).await.unwrap();
    let regular = shop.buyer();
    for (at, hall) in [(1, &hall), (2, &other)] {
        made.push(shop.held(hall, regular, &[at]).await);
        let sold = shop.held(hall, shop.buyer(), &[at + 2]).await;
        shop.sold(&sold).await;
        made.push(sold);
        shop.advance(Duration::from_secs(1));
        let cancelled = shop.held(hall, shop.buyer(), &[at + 4]).await;
        shop.apply(shop.cancel(&cancelled)).await;
        made.push(cancelled);
        let paying = shop.held(hall, shop.buyer(), &[at + 6]).await;
        shop.confirming(&paying).await;
        made.push(paying);
    }
    let mut now = Vec::new();
    for reservation in &made {
        now.push(shop.now_of(reservation).await);
    }
    now.sort_by_key(|reservation| Reverse(ReservationKey::of(reservation)));
    now
}

async fn listed(shop: &TestShop, query: ReservationQuery) -> Vec<Reservation> {
    shop.store().list_reservations(query).await.unwrap()
}

/// Fails if a page has not the newest reservations before its key, each once and as it is now.
pub async fn reservations_are_listed_newest_first_page_by_page(shop: TestShop) {
    let all = mixed(&shop).await;
    let mut kinds: Vec<_> = all.iter().map(|known| ReservationStateKind::of(known.state)).collect();
    kinds.sort();
    kinds.dedup();
    assert_eq!(kinds, ReservationStateKind::ALL);
    for limit in [1, 4, 100] {
        let (mut read, mut query) = (Vec::new(), ReservationQuery::newest(limit));
        loop {
            let page = listed(&shop, query.clone()).await;
            assert!(page.len() <= limit as usize);
            let Some(last) = page.last() else { break };
            query.before = ReservationKey::of(last);
            read.extend(page);
        }
        assert_eq!(read, all, "{limit}");
    }
}

/// Fails if a list has other reservations than its query selects.
pub async fn a_list_of_reservations_has_what_its_query_selects(shop: TestShop) {
    let all = mixed(&shop).await;
    let (first, last) = (all.last().unwrap(), &all[0]);
    let regular = all.iter().find(|known| all.iter().filter(|it| it.buyer == known.buyer).count() == 2);
    let middle = all[all.len() / 2].created_at;
    let states = [vec![], vec![ReservationStateKind::Cancelled], ReservationStateKind::ALL.to_vec()];
    let moments: [(Option<Timestamp>, ReservationKey); 4] = [
        (None, ReservationKey::END),
        (Some(middle), ReservationKey::END),
        (None, ReservationKey::at(middle)),
        (Some(first.created_at), ReservationKey::of(last)),
    ];
    for event in [None, Some(first.event), Some(last.event)] {
        for buyer in [None, Some(regular.unwrap().buyer), Some(shop.buyer())] {
            for (states, (from, before)) in states.iter().flat_map(|states| moments.map(|at| (states, at))) {
                let mut query = ReservationQuery::newest(100);
                (query.event, query.buyer, query.states) = (event, buyer, states.clone());
                (query.from, query.before) = (from, before);
                let expected: Vec<_> = all.iter().filter(|known| query.selects(known)).cloned().collect();
                assert_eq!(listed(&shop, query.clone()).await, expected, "{query:?}");
            }
        }
    }
}

/// Fails if a number finds another reservation, or one of another day.
pub async fn a_reservation_is_found_by_its_number(shop: TestShop) {
    let all = mixed(&shop).await;
    for known in &all {
        let found = shop.store().reservation_numbered(known.number).await.unwrap();
        assert_eq!(found.as_ref(), Some(known));
    }
    let number = all[0].number;
    for unknown in [
        ReservationNumber::from_parts(number.date() + 1, number.serial()),
        ReservationNumber::from_parts(number.date(), number.serial() + 1),
        ReservationNumber::from_parts(number.date(), u64::MAX),
    ] {
        assert_eq!(shop.store().reservation_numbered(unknown).await.unwrap(), None, "{unknown}");
    }
}
