//! The end of holds: at the exact microsecond, with or without a sweep.

use std::time::Duration;

use tiketi_core::decide::{
    BeginConfirmRefused, BlockSeats, CancelRefused, ConfirmFreeRefused, ExtendRefused, HoldRefused,
    ReleaseRefused, Shortage, StartPaymentRefused, UnblockSeats,
};
use tiketi_core::{PaymentState, ReservationId, ReservationState, SeatState};

use crate::hall::STANDING;
use crate::shop::TestShop;

const MICROSECOND: Duration = Duration::from_micros(1);

/// Fails if a hold ends a microsecond early.
pub async fn a_microsecond_before_its_end_a_seat_is_held(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    shop.go_to(held.held_until().unwrap().before(MICROSECOND));
    let taken = HoldRefused::SeatsTaken { seats: vec![hall.seats[0]] };
    shop.refuse(shop.hold_seats(&hall, shop.buyer(), &[0]), taken).await;
    assert_eq!(shop.store().expire_due(shop.now(), 10).await.unwrap().done, []);
    shop.sold(&held).await;
}

/// Fails if the seat of an ended hold cannot be held at once, without a sweep.
pub async fn at_its_end_a_seat_is_taken_over_without_a_sweep(shop: TestShop) {
    let hall = shop.hall().await;
    let lapsed = shop.held(&hall, shop.buyer(), &[0, 1]).await;
    shop.go_to(lapsed.held_until().unwrap());
    assert!(shop.seat(&hall, 0).await.is_available_at(shop.now()));
    let next = shop.held(&hall, shop.buyer(), &[0]).await;
    assert_eq!(shop.seat_state(&hall, 0).await.owner(), Some(next.id));
    assert_eq!(shop.now_of(&lapsed).await.state, ReservationState::Expired { at: shop.now() });
    assert_eq!(shop.seat_state(&hall, 1).await, SeatState::Available);
}

/// Fails if units of ended holds are not available to the next buyer before a sweep.
pub async fn lapsed_units_are_reclaimed_before_anyone_is_refused(shop: TestShop) {
    let hall = shop.hall().await;
    let lapsed = shop.standing(&hall, shop.buyer(), 8).await;
    shop.advance(Duration::from_mins(1));
    shop.standing(&hall, shop.buyer(), 2).await;
    shop.go_to(lapsed.held_until().unwrap().before(MICROSECOND));
    let buyer = shop.buyer();
    let shortages = vec![Shortage::new(hall.standing, 8, 0)];
    shop.refuse(shop.hold(&hall, buyer).item(hall.standing, 8), HoldRefused::NotEnoughLeft { shortages })
        .await;
    shop.go_to(lapsed.held_until().unwrap());
    shop.standing(&hall, buyer, 8).await;
    assert_eq!(shop.stock(hall.standing).await.held, STANDING);
}

/// Fails if a buyer's own ended hold counts against the limit, or if a new hold adds to it.
pub async fn a_buyers_own_lapsed_hold_is_not_added_to(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    let lapsed = shop.held(&hall, buyer, &[0, 1, 2, 3, 4, 5, 6, 7]).await;
    shop.go_to(lapsed.held_until().unwrap());
    let fresh = shop.held(&hall, buyer, &[0, 1, 2, 3, 4, 5, 6, 7]).await;
    assert_ne!(fresh.id, lapsed.id);
    assert_ne!(fresh.number, lapsed.number);
    assert_eq!(fresh.created_at, shop.now());
}

/// Fails if a refused command does not end the holds that are due.
pub async fn a_refused_command_ends_what_is_due(shop: TestShop) {
    let hall = shop.hall().await;
    let lapsed = shop.standing(&hall, shop.buyer(), 4).await;
    shop.go_to(lapsed.held_until().unwrap());
    let nothing = shop.send(shop.hold(&hall, shop.buyer())).await.unwrap_err();
    assert_eq!(nothing.refusal(), Some(HoldRefused::NothingAsked));
    assert_eq!(shop.now_of(&lapsed).await.state, ReservationState::Expired { at: shop.now() });
    assert_eq!(shop.stock(hall.standing).await.held, 0);
}

/// Fails if an ended hold can be extended, released or paid before a sweep.
pub async fn nothing_can_be_done_with_a_lapsed_hold(shop: TestShop) {
    let hall = shop.hall().await;
    let lapsed = shop.held(&hall, shop.buyer(), &[0]).await;
    let free = shop.held_free(&hall, shop.buyer(), 1).await;
    shop.go_to(lapsed.held_until().unwrap());
    let refused = shop.send(shop.extend(&lapsed)).await.unwrap_err().refusal();
    assert_eq!(refused, Some(ExtendRefused::NotPending));
    let refused = shop.send(shop.confirm_free(&free)).await.unwrap_err().refusal();
    assert_eq!(refused, Some(ConfirmFreeRefused::NotPending));
    shop.refuse(shop.release(&lapsed), ReleaseRefused::NotPending).await;
    let mut pay = shop.start_payment(&lapsed);
    pay.payment = tiketi_core::PaymentId::from_uuid(shop.ids().next());
    shop.refuse(pay, StartPaymentRefused::NotPending).await;
}

/// Fails if a hold that a sweep ended can be used again, or if a late command frees the next buyer's seats.
pub async fn after_a_sweep_the_late_buyer_is_refused(shop: TestShop) {
    let hall = shop.hall().await;
    let late = shop.held(&hall, shop.buyer(), &[0]).await;
    let payment = shop.prepared(&late).await;
    shop.go_to(shop.now_of(&late).await.held_until().unwrap());
    assert_eq!(shop.store().expire_due(shop.now(), 10).await.unwrap().done.len(), 1);
    shop.held(&hall, shop.buyer(), &[0]).await;
    shop.refuse(shop.release(&late), ReleaseRefused::NotPending).await;
    shop.refuse(shop.extend(&late), ExtendRefused::NotPending).await;
    shop.refuse(shop.cancel(&late), CancelRefused::AlreadyEnded).await;
    shop.refuse(shop.start_payment(&late), StartPaymentRefused::NotPending).await;
    let refused = BeginConfirmRefused::NotReady { state: PaymentState::Abandoned };
    shop.refuse(shop.begin_confirm(&payment), refused).await;
}

/// Fails if a payment can be confirmed after the end of the payment window.
pub async fn a_payment_prepared_too_early_is_given_up_at_the_end(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let payment = shop.prepared(&held).await;
    shop.go_to(shop.now_of(&held).await.held_until().unwrap());
    let refused = shop.send(shop.begin_confirm(&payment)).await.unwrap_err().refusal();
    assert_eq!(refused, Some(BeginConfirmRefused::NotReady { state: PaymentState::Abandoned }));
}

/// Fails if a sweep ends holds that are not due, skips due ones, or ends one twice.
pub async fn a_sweep_ends_exactly_what_is_due(shop: TestShop) {
    let hall = shop.hall().await;
    let first = shop.held(&hall, shop.buyer(), &[0]).await;
    shop.advance(MICROSECOND);
    let second = shop.held(&hall, shop.buyer(), &[1]).await;
    shop.go_to(first.held_until().unwrap());
    let ended = shop.store().expire_due(shop.now(), 10).await.unwrap().done;
    assert_eq!(ended, [shop.now_of(&first).await]);
    assert_eq!(ended[0].state, ReservationState::Expired { at: shop.now() });
    assert_eq!(shop.store().expire_due(shop.now(), 10).await.unwrap().done, []);
    assert!(shop.now_of(&second).await.is_live());
}

/// Fails if a bounded sweep does not begin with the holds that ended first, over all events.
pub async fn a_sweep_starts_with_the_most_overdue(shop: TestShop) {
    let halls = [shop.hall().await, shop.hall().await];
    let mut held = Vec::new();
    for at in 0..6 {
        held.push(shop.held(&halls[at % 2], shop.buyer(), &[at]).await.id);
        shop.advance(Duration::from_secs(1));
    }
    shop.advance(Duration::from_hours(1));
    let mut ended: Vec<ReservationId> = Vec::new();
    for limit in [0, 1, 2, 10] {
        let swept = shop.store().expire_due(shop.now(), limit).await.unwrap().done;
        assert!(swept.len() <= limit);
        ended.extend(swept.iter().map(|reservation| reservation.id));
    }
    assert_eq!(ended, held);
}

/// Fails if a reservation that is being paid for expires.
pub async fn a_paying_reservation_never_expires(shop: TestShop) {
    let hall = shop.hall().await;
    let held =
        shop.apply(shop.hold_seats(&hall, shop.buyer(), &[0]).item(hall.standing, 5)).await.reservation;
    let payment = shop.confirming(&held).await;
    shop.advance(Duration::from_hours(25 * 24));
    assert_eq!(shop.store().expire_due(shop.now(), 10).await.unwrap().done, []);
    let taken = HoldRefused::SeatsTaken { seats: vec![hall.seats[0]] };
    shop.refuse(shop.hold_seats(&hall, shop.buyer(), &[0]), taken).await;
    let sold = shop.apply(shop.paid(&payment)).await.reservation;
    assert_eq!(sold.state, ReservationState::Confirmed { at: shop.now() });
}

/// Fails if a hold ends earlier or later because of a declined payment.
pub async fn after_a_decline_the_hold_goes_on_to_its_old_end(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let payment = shop.prepared(&held).await;
    let end = shop.now_of(&held).await.held_until().unwrap();
    shop.apply(shop.begin_confirm(&payment)).await;
    shop.advance(Duration::from_mins(2));
    let resumed = shop.apply(shop.declined(&payment)).await.reservation;
    assert_eq!(resumed.held_until(), Some(end));
    assert_eq!(shop.seat_state(&hall, 0).await, SeatState::Held { reservation: held.id, until: end });
    shop.go_to(end);
    shop.held(&hall, shop.buyer(), &[0]).await;
}

/// Fails if a decline after the end of the hold does not free the seats.
pub async fn a_decline_after_the_end_frees_the_seats(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.standing(&hall, shop.buyer(), 8).await;
    let payment = shop.confirming(&held).await;
    shop.advance(Duration::from_hours(2));
    shop.apply(shop.declined(&payment)).await;
    shop.standing(&hall, shop.buyer(), 8).await;
    assert_eq!(shop.now_of(&held).await.state, ReservationState::Expired { at: shop.now() });
}

/// Fails if the seat of an ended hold cannot be blocked.
pub async fn a_lapsed_seat_can_be_blocked(shop: TestShop) {
    let hall = shop.hall().await;
    let lapsed = shop.held(&hall, shop.buyer(), &[0, 1]).await;
    shop.go_to(lapsed.held_until().unwrap());
    let block = BlockSeats::new(shop.now(), hall.event, vec![hall.seats[0]], "camera");
    shop.store().block_seats(block).await.unwrap();
    assert_eq!(shop.now_of(&lapsed).await.state, ReservationState::Expired { at: shop.now() });
    assert_eq!(shop.stock(hall.front).await.blocked, 1);
}

/// Fails if unblocking a seat changes an ended hold.
pub async fn a_lapsed_hold_is_left_alone_when_seats_are_put_back(shop: TestShop) {
    let hall = shop.hall().await;
    let block = BlockSeats::new(shop.now(), hall.event, vec![hall.seats[5]], "camera");
    shop.store().block_seats(block).await.unwrap();
    let lapsed = shop.held(&hall, shop.buyer(), &[0]).await;
    shop.go_to(lapsed.held_until().unwrap());
    let unblock = UnblockSeats::new(shop.now(), hall.event, vec![hall.seats[5]]);
    shop.store().unblock_seats(unblock).await.unwrap();
    assert_eq!(shop.now_of(&lapsed).await, lapsed, "nothing of the unblocking needs its end");
    assert_eq!(shop.seat_state(&hall, 5).await, SeatState::Available);
    assert_eq!(shop.store().expire_due(shop.now(), 10).await.unwrap().done.len(), 1);
}
