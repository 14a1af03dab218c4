//! The races of the conformance suite with more servers, and races between sweeps and buyers.

use std::future::Future;
use std::time::Duration;

use futures::future::join_all;
use tiketi_conformance::{TestShop, cases};
use tiketi_core::{ReservationState, store::SalesStore};

use crate::cluster::TestCluster;

/// Servers in each race.
const SERVERS: usize = 4;
/// How many times each race is run.
const ROUNDS: usize = 3;

async fn race<C: Future<Output = ()>>(case: fn(TestShop) -> C) {
    for _ in 0..ROUNDS {
        let cluster = TestCluster::of(SERVERS).await;
        case(cluster.shop.clone()).await;
        cluster.shop.audit().await;
    }
}

macro_rules! races {
    ($($case:ident,)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $case() {
            race(cases::races::$case).await;
        }
    )*};
}

races! {
    of_32_callers_for_one_seat_one_wins,
    overlapping_seats_in_opposite_orders_go_to_whole_holds,
    of_32_buyers_of_10_units_exactly_10_win,
    one_buyer_with_16_tabs_never_exceeds_the_limit,
    one_key_sent_by_16_callers_applies_once,
    sweeps_and_buyers_at_once_agree,
    seats_changing_hands_at_once_are_never_lost,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hold_that_ends_as_it_is_paid_is_one_or_the_other() {
    let cluster = TestCluster::of(SERVERS).await;
    let (shop, hall) = (&cluster.shop, cluster.shop.hall().await);
    for seat in 0..10 {
        let held = shop.held(&hall, shop.buyer(), &[seat]).await;
        let payment = shop.prepared(&held).await;
        let until = shop.now_of(&held).await.held_until().unwrap();
        let command = shop.envelope(shop.begin_confirm(&payment));
        shop.go_to(until);
        let sweeps = cluster.stores.iter().map(|store| store.expire_due(until, 100));
        let (begun, swept) = tokio::join!(shop.execute(command), join_all(sweeps));
        let swept: usize = swept.into_iter().map(|ended| ended.unwrap().done.len()).sum();
        let now = shop.now_of(&held).await;
        match now.state {
            ReservationState::Paying { .. } => assert!(begun.is_ok() && swept == 0),
            ReservationState::Expired { .. } => assert!(begun.is_err() && swept == 1),
            state => panic!("{state:?} after {begun:?} and {swept} swept"),
        }
        shop.advance(Duration::from_secs(1));
    }
    shop.audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reservation_cancelled_as_it_is_swept_frees_its_seats_once() {
    let cluster = TestCluster::of(SERVERS).await;
    let (shop, hall) = (&cluster.shop, cluster.shop.hall().await);
    for seat in 0..10 {
        let held = shop.held(&hall, shop.buyer(), &[seat]).await;
        let cancel = shop.envelope(shop.cancel(&held));
        let until = held.held_until().unwrap();
        shop.go_to(until);
        let sweeps = cluster.stores.iter().map(|store| store.expire_due(until, 100));
        let (cancelled, swept) = tokio::join!(shop.execute(cancel), join_all(sweeps));
        let swept: usize = swept.into_iter().map(|ended| ended.unwrap().done.len()).sum();
        assert_eq!(usize::from(cancelled.is_ok()) + swept, 1);
        assert_eq!(shop.stock(hall.front).await.held, 0);
    }
    shop.audit().await;
}
