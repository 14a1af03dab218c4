//! Release and cancel: only the buyer's own tickets, and not while they are being paid for.

use tiketi_core::decide::{Cancel, CancelRefused, ReleaseRefused};
use tiketi_core::{PaymentState, ReservationId, ReservationState, SeatState, reservation::CancelReason};

use crate::shop::TestShop;

/// Fails if a released ticket is not free at once.
pub async fn everything_given_back_is_free_at_once(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    let held = shop.apply(shop.hold_seats(&hall, buyer, &[0, 1]).item(hall.standing, 6)).await.reservation;
    let released = shop.apply(shop.release(&held)).await.reservation;
    let state = ReservationState::Cancelled { reason: CancelReason::ByBuyer, at: shop.now() };
    assert_eq!(released.state, state);
    assert_eq!(shop.seat_state(&hall, 0).await, SeatState::Available);
    shop.apply(shop.hold_seats(&hall, shop.buyer(), &[0, 1]).item(hall.standing, 6)).await;
}

/// Fails if a partial release changes the other seats, or if the price does not decrease.
pub async fn seats_given_back_leave_the_rest_held(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    let held = shop.apply(shop.hold_seats(&hall, buyer, &[0, 10]).item(hall.standing, 1)).await.reservation;
    let released = shop.apply(shop.release(&held).only([hall.seats[0]])).await.reservation;
    assert_eq!((released.state, released.items), (held.state, held.items.clone()));
    assert_eq!(released.seats, [held.seats[1].clone()]);
    assert_eq!(released.total.minor(), 80_000);
    let last = shop.now_of(&held).await;
    let released = shop.apply(shop.release(&last).only([hall.seats[10]])).await.reservation;
    assert_eq!(released.held_until(), held.held_until(), "units keep a reservation without seats alive");
}

/// Fails if a reservation without tickets stays live.
pub async fn giving_the_last_seat_back_ends_the_reservation(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    let held = shop.held(&hall, buyer, &[0]).await;
    let payment = shop.prepared(&held).await;
    let released = shop.apply(shop.release(&held).only([hall.seats[0]])).await.reservation;
    assert!(!released.is_live());
    assert_eq!(shop.now_of_payment(&payment).await.state, PaymentState::Abandoned);
}

/// Fails if a buyer can release or cancel the reservation of another buyer.
pub async fn another_buyer_can_neither_release_nor_cancel(shop: TestShop) {
    let (hall, stranger) = (shop.hall().await, shop.buyer());
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let mut release = shop.release(&held);
    release.buyer = stranger;
    shop.refuse(release, ReleaseRefused::ReservationNotFound).await;
    let cancel = Cancel::by_buyer(held.id, stranger);
    shop.refuse(cancel, CancelRefused::ReservationNotFound).await;
}

/// Fails if the answer for an unknown reservation is not that it was not found.
pub async fn an_unknown_reservation_can_neither_be_released_nor_cancelled(shop: TestShop) {
    let hall = shop.hall().await;
    let mut held = shop.held(&hall, shop.buyer(), &[0]).await;
    held.id = ReservationId::from_uuid(shop.ids().next());
    shop.refuse(shop.release(&held), ReleaseRefused::ReservationNotFound).await;
    shop.refuse(shop.cancel(&held), CancelRefused::ReservationNotFound).await;
}

/// Fails if a seat of another reservation is released, or is not named in the refusal.
pub async fn seats_not_of_the_reservation_are_named(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    let held = shop.held(&hall, buyer, &[0, 1]).await;
    shop.held(&hall, shop.buyer(), &[2]).await;
    let seats = vec![hall.seats[2], hall.seats[3], hall.seats[0]];
    let named = [0, 2, 3, 0].map(|at| hall.seats[at]);
    shop.refuse(shop.release(&held).only(named), ReleaseRefused::NotInReservation { seats }).await;
    shop.refuse(shop.release(&held).only([]), ReleaseRefused::NothingAsked).await;
}

/// Fails if a reservation that is released, sold or being paid for can be released.
pub async fn only_a_pending_reservation_is_released(shop: TestShop) {
    let hall = shop.hall().await;
    let ended = shop.held(&hall, shop.buyer(), &[0]).await;
    shop.apply(shop.release(&ended)).await;
    let paying = shop.held(&hall, shop.buyer(), &[1]).await;
    shop.confirming(&paying).await;
    let sold = shop.held(&hall, shop.buyer(), &[2]).await;
    shop.sold(&sold).await;
    for of in [ended, paying, sold] {
        shop.refuse(shop.release(&of), ReleaseRefused::NotPending).await;
        shop.refuse(shop.release(&of).only([of.seats[0].seat]), ReleaseRefused::NotPending).await;
    }
}

/// Fails if a cancel does not free all tickets, or leaves a payment prepared.
pub async fn a_pending_reservation_is_cancelled_with_its_payment(shop: TestShop) {
    let hall = shop.hall().await;
    let held =
        shop.apply(shop.hold_seats(&hall, shop.buyer(), &[0]).item(hall.standing, 2)).await.reservation;
    let payment = shop.prepared(&held).await;
    let cancelled = shop.apply(shop.cancel(&held)).await;
    let state = ReservationState::Cancelled { reason: CancelReason::ByBuyer, at: shop.now() };
    assert_eq!(cancelled.reservation.state, state);
    assert_eq!(cancelled.payment.unwrap().id, payment.id);
    assert_eq!(shop.stock(hall.standing).await.taken(), 0);
}

/// Fails if the organiser cannot cancel a reservation, or if the cancel is recorded as the buyer's.
pub async fn the_organiser_cancels_anyones_reservation(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let cancelled = shop.apply(Cancel::by_organiser(held.id)).await.reservation;
    let state = ReservationState::Cancelled { reason: CancelReason::ByOrganiser, at: shop.now() };
    assert_eq!(cancelled.state, state);
}

/// Fails if a returned free ticket cannot be held again.
pub async fn a_confirmed_free_reservation_is_cancelled(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held_free(&hall, shop.buyer(), 3).await;
    shop.apply(shop.confirm_free(&held)).await;
    shop.apply(shop.cancel(&held)).await;
    assert_eq!(shop.stock(hall.free).await.taken(), 0);
}

/// Fails if a reservation that is paid or being paid for can be cancelled, or if a cancelled one frees its seats
/// twice.
pub async fn what_is_paid_paying_or_over_is_not_cancelled(shop: TestShop) {
    let hall = shop.hall().await;
    let ended = shop.held(&hall, shop.buyer(), &[0]).await;
    shop.apply(shop.cancel(&ended)).await;
    let again = shop.held(&hall, shop.buyer(), &[0]).await;
    shop.sold(&again).await;
    shop.refuse(shop.cancel(&ended), CancelRefused::AlreadyEnded).await;
    let paying = shop.held(&hall, shop.buyer(), &[1]).await;
    shop.confirming(&paying).await;
    shop.refuse(shop.cancel(&paying), CancelRefused::PaymentInProgress).await;
    let sold = shop.held(&hall, shop.buyer(), &[2]).await;
    let (sold, payment) = shop.sold(&sold).await;
    shop.refuse(shop.cancel(&sold), CancelRefused::Paid { payment: payment.id }).await;
}

/// Fails if the late cancel of an expired reservation frees seats that another buyer has bought.
pub async fn a_late_cancel_never_touches_the_next_buyers_seats(shop: TestShop) {
    let hall = shop.hall().await;
    let late =
        shop.apply(shop.hold_seats(&hall, shop.buyer(), &[0]).item(hall.standing, 2)).await.reservation;
    shop.go_to(late.held_until().unwrap());
    let next = shop.held(&hall, shop.buyer(), &[0]).await;
    shop.sold(&next).await;
    shop.refuse(shop.cancel(&late), CancelRefused::AlreadyEnded).await;
    shop.refuse(shop.release(&late), ReleaseRefused::NotPending).await;
}
