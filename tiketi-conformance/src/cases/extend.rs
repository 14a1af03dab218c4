//! Extending a hold: to its full time from now, up to its cap, with one payment window.

use std::time::Duration;

use tiketi_core::decide::{ExtendRefused, HoldRefused};
use tiketi_core::{ReservationId, SeatState, hold_time::HoldTime, seat::FormerHold};

use crate::shop::TestShop;

/// Fails if an extension moves only the end of the reservation, or only that of its seats.
pub async fn a_renewed_hold_lasts_its_full_time_from_now(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0, 1]).await;
    shop.advance(Duration::from_mins(4));
    let renewed = shop.apply(shop.extend(&held)).await.reservation;
    let until = shop.now().after(shop.terms().hold_ttl);
    assert_eq!(renewed.held_until(), Some(until));
    assert_eq!(shop.seat_state(&hall, 1).await, SeatState::Held { reservation: held.id, until });
}

/// Fails if repeated extensions exceed the cap.
pub async fn a_hold_never_lasts_beyond_its_cap(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let cap = shop.now().after(shop.terms().hold_cap);
    for _ in 0..3 {
        shop.advance(Duration::from_mins(4));
        shop.apply(shop.extend(&held)).await;
    }
    assert_eq!(shop.now_of(&held).await.held_until(), Some(cap));
    shop.refuse(shop.extend(&held), ExtendRefused::CapReached { until: cap }).await;
    let added = shop.held(&hall, held.buyer, &[1]).await;
    assert_eq!(added.held_until(), Some(cap), "picking more renews up to the cap as well");
    shop.go_to(cap);
    shop.held(&hall, shop.buyer(), &[0]).await;
}

/// Fails if a hold that is given back and made again lasts beyond the cap of the first, or if others are kept out.
pub async fn holding_again_does_not_escape_the_cap(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    let mut held = shop.held(&hall, buyer, &[0, 1]).await;
    let (since, cap) = (held.created_at, held.created_at.after(shop.terms().hold_cap));
    for _ in 0..3 {
        shop.advance(Duration::from_mins(4));
        shop.apply(shop.release(&held).only([hall.seats[0]])).await;
        let former = FormerHold { buyer, since, until: shop.now() };
        assert_eq!(shop.seat(&hall, 0).await.former.as_deref(), Some(&former));
        shop.apply(shop.release(&held)).await;
        held = shop.held(&hall, buyer, &[0, 1]).await;
        assert_eq!((held.created_at, held.held_since), (shop.now(), since));
    }
    assert_eq!(held.held_until(), Some(cap));
    shop.go_to(cap);
    // Other seats are not refused. This command also records the end of the hold.
    shop.held(&hall, buyer, &[2]).await;
    let again_at = cap.after(shop.terms().hold_ttl);
    let seats = vec![hall.seats[0], hall.seats[1]];
    let again = shop.hold_seats(&hall, buyer, &[0, 1, 2]);
    shop.refuse(again, HoldRefused::HeldTooLong { seats, again_at }).await;
    shop.held(&hall, shop.buyer(), &[0]).await;
    shop.go_to(again_at);
    assert_eq!(shop.held(&hall, buyer, &[1]).await.held_since, again_at);
}

/// Fails if a buyer who holds one seat after another is never refused, if what was paid for counts, or if another buyer
/// or another event is affected.
pub async fn holding_other_seats_does_not_escape_the_allowance(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    // Of an hour, ten holds that end by themselves take 50 minutes, and one that is given back 4.
    for turn in 0..10 {
        let held = shop.held(&hall, buyer, &[turn]).await;
        shop.go_to(held.held_until().expect("it is held"));
    }
    let held = shop.held(&hall, buyer, &[10]).await;
    shop.advance(Duration::from_mins(4));
    shop.apply(shop.release(&held)).await;
    let bought = shop.held(&hall, buyer, &[11]).await;
    assert_eq!(bought.hold_time.used, Duration::from_mins(54));
    shop.sold(&bought).await;
    let last = shop.held(&hall, buyer, &[12]).await;
    shop.go_to(last.held_until().expect("it is held"));
    // A hold has five minutes, so four have to come back, each in 24.
    let again_at = shop.now().after(Duration::from_mins(4 * 24));
    // Another buyer can hold; this command also records the end of the last hold.
    shop.held(&hall, shop.buyer(), &[13]).await;
    let again = shop.hold_seats(&hall, buyer, &[14]);
    shop.refuse(again, HoldRefused::HoldTimeUsedUp { again_at }).await;
    shop.held(&shop.hall().await, buyer, &[0]).await;
    shop.go_to(again_at);
    let again = shop.held(&hall, buyer, &[14]).await;
    assert_eq!(again.hold_time, HoldTime { used: Duration::from_mins(55), at: again_at });
}

/// Fails if an event's own terms do not determine how long its holds last.
pub async fn an_events_own_terms_decide_the_end(shop: TestShop) {
    let mut details = shop.details("A quick sale");
    details.terms.hold_ttl = Some(Duration::from_secs(30));
    details.terms.hold_cap = Some(Duration::from_secs(40));
    let hall = shop.hall_with(details).await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    assert_eq!(held.held_until(), Some(shop.now().after(Duration::from_secs(30))));
    shop.advance(Duration::from_secs(20));
    let renewed = shop.apply(shop.extend(&held)).await.reservation;
    assert_eq!(renewed.held_until(), Some(held.created_at.after(Duration::from_secs(40))));
}

/// Fails if another buyer can extend a hold.
pub async fn another_buyer_cannot_extend(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    shop.advance(Duration::from_mins(1));
    let mut extend = shop.extend(&held);
    extend.buyer = shop.buyer();
    shop.refuse(extend, ExtendRefused::ReservationNotFound).await;
    let mut extend = shop.extend(&held);
    extend.reservation = ReservationId::from_uuid(shop.ids().next());
    shop.refuse(extend, ExtendRefused::ReservationNotFound).await;
}

/// Fails if a reservation that is paid, being paid for or ended can be extended.
pub async fn only_a_pending_reservation_is_extended(shop: TestShop) {
    let hall = shop.hall().await;
    let ended = shop.held(&hall, shop.buyer(), &[0]).await;
    shop.apply(shop.cancel(&ended)).await;
    let paying = shop.held(&hall, shop.buyer(), &[1]).await;
    shop.confirming(&paying).await;
    let sold = shop.held(&hall, shop.buyer(), &[2]).await;
    shop.sold(&sold).await;
    shop.advance(Duration::from_mins(1));
    for of in [ended, paying, sold] {
        shop.refuse(shop.extend(&of), ExtendRefused::NotPending).await;
    }
}

/// Fails if the payment window is granted twice, or makes the hold shorter.
pub async fn the_payment_window_is_granted_once(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    shop.advance(Duration::from_mins(4));
    shop.prepared(&held).await;
    let end = shop.now().after(shop.terms().payment_window);
    let granted = shop.now_of(&held).await;
    assert_eq!((granted.held_until(), granted.payment_window_granted), (Some(end), true));
    assert_eq!(shop.seat_state(&hall, 0).await, SeatState::Held { reservation: held.id, until: end });
    shop.advance(Duration::from_mins(8));
    shop.prepared(&held).await;
    assert_eq!(shop.now_of(&held).await.held_until(), Some(end));
}
