//! Callers that drop their future: the command takes full effect or none.

use futures::FutureExt;
use tiketi_core::decide::SalesCommand;
use tiketi_core::{Reservation, ReservationState, store::SalesStoreExt};

use crate::hall::Hall;
use crate::shop::TestShop;

/// Most polls of a future before it is dropped.
const POLLS: usize = 24;

/// Polls a command up to `polls` times, drops it, and sends it again under the same key.
async fn drop_and_repeat<C: SalesCommand>(shop: &TestShop, command: C, polls: usize) -> Reservation {
    let (store, command) = (shop.store(), shop.envelope(command));
    let mut future = store.execute(command.clone()).boxed();
    for _ in 0..polls {
        if (&mut future).now_or_never().is_some() {
            break;
        }
        tokio::task::yield_now().await;
    }
    drop(future);
    let applied = shop.execute(command).await.expect("a repetition takes effect or is answered");
    shop.audit().await;
    applied.reservation
}

/// Fails if a dropped hold takes a part of its seats, or cannot be sent again.
pub async fn a_dropped_hold_is_whole_or_nothing(shop: TestShop) {
    for polls in 0..POLLS {
        let hall: Hall = shop.hall().await;
        let command = shop.hold_seats(&hall, shop.buyer(), &[3, 1, 2]).item(hall.standing, 2);
        let held = drop_and_repeat(&shop, command, polls).await;
        assert_eq!(held.tickets(), 5);
        assert_eq!(shop.stock(hall.front).await.held, 3);
    }
}

/// Fails if a dropped release frees a part of its seats.
pub async fn a_dropped_release_is_whole_or_nothing(shop: TestShop) {
    for polls in 0..POLLS {
        let hall = shop.hall().await;
        let held = shop.held(&hall, shop.buyer(), &[0, 1]).await;
        let released = drop_and_repeat(&shop, shop.release(&held), polls).await;
        assert!(!released.is_live());
    }
}

/// Fails if a dropped command records the money without the tickets, or the tickets without the money.
pub async fn a_dropped_outcome_is_whole_or_nothing(shop: TestShop) {
    for polls in 0..POLLS {
        let hall = shop.hall().await;
        let held = shop.held(&hall, shop.buyer(), &[0, 1]).await;
        let payment = shop.confirming(&held).await;
        let sold = drop_and_repeat(&shop, shop.paid(&payment), polls).await;
        assert_eq!(sold.state, ReservationState::Confirmed { at: shop.now() });
    }
}

/// Fails if a dropped command records the refund without returning the tickets, or the other way round.
pub async fn a_dropped_refund_is_whole_or_nothing(shop: TestShop) {
    for polls in 0..POLLS {
        let hall = shop.hall().await;
        let held = shop.held(&hall, shop.buyer(), &[0]).await;
        let (_, payment) = shop.sold(&held).await;
        let refund = shop.promised(&payment).await;
        let ended = drop_and_repeat(&shop, shop.refunded(&payment, refund), polls).await;
        assert!(!ended.is_live());
    }
}

/// Fails if a dropped command leaves a lock.
pub async fn callers_that_leave_leave_no_lock(shop: TestShop) {
    let hall = shop.hall().await;
    for polls in 0..POLLS {
        let store = shop.store();
        let mut future = store.execute(shop.envelope(shop.hold_seats(&hall, shop.buyer(), &[0]))).boxed();
        for _ in 0..polls {
            if (&mut future).now_or_never().is_some() {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    let taken = shop.send(shop.hold_seats(&hall, shop.buyer(), &[0, 1])).await;
    assert!(taken.is_ok() || taken.unwrap_err().refusal().is_some());
    shop.held(&hall, shop.buyer(), &[2]).await;
}
