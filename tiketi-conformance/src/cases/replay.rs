//! Idempotency keys: a command takes effect once, however many times it is sent.

use std::time::Duration;

use tiketi_core::Money;
use tiketi_core::decide::{Command, Envelope, HoldRefused};

use crate::shop::TestShop;

/// Fails if a hold sent twice is applied twice, because no record is stored under its key.
pub async fn a_hold_sent_twice_applies_once(shop: TestShop) {
    let hall = shop.hall().await;
    shop.twice(shop.hold_seats(&hall, shop.buyer(), &[0]).item(hall.standing, 2)).await;
    assert_eq!(shop.stock(hall.standing).await.held, 2);
}

/// Fails if a repetition with another reservation id creates another reservation.
pub async fn a_retry_with_new_ids_gets_the_first_reservation(shop: TestShop) {
    let hall = shop.hall().await;
    let command = shop.envelope(shop.hold_seats(&hall, shop.buyer(), &[0]));
    let first = shop.apply_envelope(command.clone()).await.reservation;
    let mut retry = command;
    retry.command.reservation = shop.reservation_id();
    let again = shop.execute(retry).await.unwrap();
    assert_eq!((again.replayed, again.reservation), (true, first));
    let command = shop.envelope(shop.start_payment(&again_of(&shop, &hall).await));
    let first = shop.apply_envelope(command.clone()).await.payment;
    let mut retry = command;
    retry.command.payment = tiketi_core::PaymentId::from_uuid(shop.ids().next());
    let again = shop.execute(retry).await.unwrap();
    assert_eq!((again.replayed, again.payment), (true, first));
}

async fn again_of(shop: &TestShop, hall: &crate::hall::Hall) -> tiketi_core::Reservation {
    shop.held(hall, shop.buyer(), &[5]).await
}

/// Fails if an extension sent twice renews twice.
pub async fn an_extension_sent_twice_applies_once(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    shop.advance(Duration::from_secs(9));
    shop.twice(shop.extend(&held)).await;
}

/// Fails if a release sent twice is refused, or releases twice.
pub async fn a_release_sent_twice_applies_once(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0, 1]).await;
    shop.twice(shop.release(&held).only([hall.seats[0]])).await;
    shop.twice(shop.release(&held)).await;
}

/// Fails if a free confirmation sent twice is refused, or counts twice.
pub async fn a_free_confirmation_sent_twice_applies_once(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held_free(&hall, shop.buyer(), 2).await;
    shop.twice(shop.confirm_free(&held)).await;
}

/// Fails if a step of a payment, sent twice, is refused or applied twice.
pub async fn each_step_of_paying_sent_twice_applies_once(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let declined = shop.twice(shop.start_payment(&held)).await.payment.unwrap();
    shop.twice(shop.begin_confirm(&declined)).await;
    shop.twice(shop.declined(&declined)).await;
    let payment = shop.confirming(&held).await;
    shop.twice(shop.paid(&payment)).await;
}

/// Fails if a capture of another order, recorded twice, is applied twice.
pub async fn a_stuck_outcome_sent_twice_applies_once(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let payment = shop.confirming(&held).await;
    shop.twice(shop.took(&payment, Money::new(1, held.total.currency()))).await;
}

/// Fails if a cancel sent twice is refused, or releases twice.
pub async fn a_cancellation_sent_twice_applies_once(shop: TestShop) {
    let hall = shop.hall().await;
    let held =
        shop.apply(shop.hold_seats(&hall, shop.buyer(), &[0]).item(hall.standing, 3)).await.reservation;
    shop.prepared(&held).await;
    shop.twice(shop.cancel(&held)).await;
}

/// Fails if a step of a refund, sent twice, refunds twice.
pub async fn each_step_of_a_refund_sent_twice_applies_once(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let (_, payment) = shop.sold(&held).await;
    let command = shop.refund(&payment);
    let refund = command.refund;
    shop.twice(command).await;
    shop.twice(shop.refunded(&payment, refund)).await;
}

/// Fails if a repetition is answered with the rows at the time of the first command instead of the current rows.
pub async fn a_repetition_answers_with_the_rows_as_they_stand(shop: TestShop) {
    let hall = shop.hall().await;
    let command = shop.envelope(shop.hold_seats(&hall, shop.buyer(), &[0]));
    let held = shop.apply_envelope(command.clone()).await.reservation;
    let (sold, _) = shop.sold(&held).await;
    let again = shop.execute(command).await.unwrap();
    assert_eq!((again.replayed, again.reservation), (true, sold));
}

/// Fails if a repetition after the end of the hold is refused, or extends the hold.
pub async fn a_repetition_after_the_end_answers_expired(shop: TestShop) {
    let hall = shop.hall().await;
    let command = shop.envelope(shop.hold_seats(&hall, shop.buyer(), &[0]));
    let held = shop.apply_envelope(command.clone()).await.reservation;
    shop.go_to(held.held_until().unwrap());
    let again = Envelope { now: shop.now(), ..command };
    let again = shop.execute(again).await.unwrap();
    assert!(again.replayed && !again.reservation.is_live());
    assert_eq!(shop.stock(hall.front).await.held, 0);
}

/// Fails if a key can be used for a hold of other seats or units.
pub async fn a_key_is_not_reused_for_other_seats_or_units(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    shop.no_reuse(shop.hold_seats(&hall, buyer, &[0]), shop.hold_seats(&hall, buyer, &[1])).await;
    shop.no_reuse(shop.hold_seats(&hall, buyer, &[2]), shop.hold_seats(&hall, shop.buyer(), &[2])).await;
    let units = |count| shop.hold(&hall, buyer).item(hall.standing, count);
    shop.no_reuse(units(1), units(2)).await;
    let held = shop.held(&hall, buyer, &[3, 4]).await;
    shop.no_reuse(shop.release(&held).only([hall.seats[3]]), shop.release(&held)).await;
}

/// Fails if a key can be used for a command of another kind.
pub async fn a_key_is_not_reused_for_another_kind_of_command(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    shop.advance(Duration::from_secs(1));
    shop.no_reuse(shop.extend(&held), shop.cancel(&held)).await;
    shop.advance(Duration::from_secs(1));
    shop.no_reuse(shop.extend(&held), shop.release(&held)).await;
    let free = shop.held_free(&hall, shop.buyer(), 1).await;
    shop.no_reuse(shop.confirm_free(&free), shop.cancel(&free)).await;
    shop.no_reuse(shop.cancel(&free), shop.confirm_free(&free)).await;
}

/// Fails if a key can be used for another amount or outcome.
pub async fn a_key_is_not_reused_for_other_money(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let start = shop.start_payment(&held);
    let started = shop.no_reuse(start.clone(), start.through("test", "transfer")).await;
    let payment = started.payment.unwrap();
    let begin = shop.begin_confirm(&payment);
    shop.no_reuse(begin.clone(), begin.with_provider_key("another")).await;
    shop.no_reuse(shop.paid(&payment), shop.declined(&payment)).await;
    let refund = shop.refund(&payment);
    let id = refund.refund;
    shop.no_reuse(refund.clone(), refund.only(Money::new(1, held.total.currency()))).await;
    let done = shop.refunded(&payment, id);
    let mut refused = done.clone();
    refused.outcome = tiketi_core::decide::RefundOutcome::Refused { code: "no".into() };
    shop.no_reuse(done, refused).await;
}

/// Fails if the key of a refused command stays taken, although the command changed nothing.
pub async fn a_refused_commands_key_is_free_again(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    let owner = shop.held(&hall, shop.buyer(), &[0]).await;
    let command = shop.envelope(shop.hold_seats(&hall, buyer, &[0]));
    let taken = HoldRefused::SeatsTaken { seats: vec![hall.seats[0]] };
    shop.refuses(shop.execute(command.clone()), taken).await;
    shop.apply(shop.release(&owner)).await;
    assert_eq!(shop.apply_envelope(command).await.reservation.seats[0].seat, hall.seats[0]);
    let refused = shop.envelope(shop.hold(&hall, buyer));
    let key = refused.key;
    shop.refuses(shop.execute(refused), HoldRefused::NothingAsked).await;
    shop.apply_envelope(shop.hold_seats(&hall, buyer, &[1]).at(shop.now(), key)).await;
}

/// Fails if keys are deleted too early or never, or in order of arrival instead of age.
pub async fn keys_are_forgotten_by_age(shop: TestShop) {
    let (hall, buyer) = (shop.hall().await, shop.buyer());
    let later = shop.now().after(Duration::from_secs(2));
    let young = shop.hold_seats(&hall, buyer, &[0]).at(later, shop.key());
    let old = shop.envelope(shop.hold_seats(&hall, buyer, &[1]));
    // The clocks of two servers differ: the command with the later time arrives first.
    shop.apply_envelope(young.clone()).await;
    shop.apply_envelope(old.clone()).await;
    let between = shop.now().after(Duration::from_secs(1));
    assert_eq!(shop.store().forget_commands(shop.now()).await.unwrap(), 0);
    assert_eq!(shop.store().forget_commands(between).await.unwrap(), 1);
    assert_eq!(shop.store().forget_commands(between).await.unwrap(), 0);
    assert!(shop.execute(young).await.unwrap().replayed);
    assert!(!shop.execute(old).await.unwrap().replayed, "a forgotten key is a new one");
}
