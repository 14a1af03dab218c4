//! Refunds are sent once.

use std::time::Duration;

use tiketi_core::decide::{CancelRefused, RefundWanted};
use tiketi_core::{
    CancellationPolicy, CommandError, PaymentState, PrepareRequest, RefundError, ReservationState, Terms,
    cancellation_policy::CancellationTier,
    fact::SeatStatus,
    gateway::{ProviderResponse, RefundAnswer},
    payment::RefundState,
    reservation::CancelReason,
};

use crate::{ADA, BEN, MoodyGateway, TestShop, won};

#[tokio::test]
async fn cancelling_what_is_paid_gives_the_money_back_first() {
    let shop = TestShop::open().await;
    let (sold, payment) = shop.sold(ADA, &[0]).await;
    let ended = shop.office.payments().cancel_or_refund(sold.id, ADA, None).await.unwrap();
    assert!(matches!(ended.state, ReservationState::Cancelled { reason: CancelReason::Refunded, .. }));
    assert_eq!(shop.gateway.inner.balance(payment.id), 0);

    let again = shop.office.payments().cancel_or_refund(sold.id, ADA, None).await.unwrap_err();
    let ended = matches!(again, RefundError::Cancel(CommandError::Refused(CancelRefused::AlreadyEnded)));
    assert!(ended, "{again:?}");
    assert_eq!(shop.gateway.refunds_asked(), 1);
}

#[tokio::test]
async fn cancelling_what_is_not_paid_asks_no_provider() {
    let shop = TestShop::open().await;
    let held = shop.held(ADA, &[0]).await;
    shop.office.payments().prepare(PrepareRequest::new(held.id, ADA)).await.unwrap();
    let ended = shop.office.payments().cancel_or_refund(held.id, ADA, None).await.unwrap();
    assert!(matches!(ended.state, ReservationState::Cancelled { reason: CancelReason::ByBuyer, .. }));
    assert_eq!(shop.gateway.refunds_asked(), 0);
}

/// Defect 2 of the first Tiketi: a cancel was answered with "refunded" although the provider had not been asked.
#[tokio::test]
async fn defect_2_an_unanswered_refund_is_queued_and_continues_on_request() {
    let shop = TestShop::open().await;
    let (sold, payment) = shop.sold(ADA, &[0]).await;
    shop.gateway.answer_next_refund(RefundAnswer::Unknown {
        reason: "timeout".into(),
        response: ProviderResponse::NoAnswer,
    });
    let kept = shop.office.payments().cancel_or_refund(sold.id, ADA, None).await.unwrap();
    assert!(matches!(kept.state, ReservationState::Confirmed { .. }), "not refunded before it is known");
    assert_eq!(shop.status(0).await, SeatStatus::Sold);

    let ended = shop.office.payments().cancel_or_refund(sold.id, ADA, None).await.unwrap();
    assert!(matches!(ended.state, ReservationState::Cancelled { .. }));
    let known = shop.office.payments().payment(payment.id, ADA).await.unwrap().unwrap();
    assert_eq!(known.refunds.len(), 1, "the same refund, asked for twice");
    assert_eq!(shop.gateway.inner.balance(payment.id), 0);
}

#[tokio::test]
async fn a_provider_that_keeps_the_money_leaves_the_buyer_the_tickets() {
    let shop = TestShop::open().await;
    let (sold, payment) = shop.sold(ADA, &[0]).await;
    shop.gateway.answer_next_refund(RefundAnswer::Refused { code: "TOO_LATE".into() });
    let error = shop.office.payments().cancel_or_refund(sold.id, ADA, None).await.unwrap_err();
    assert!(matches!(&error, RefundError::Refused { code } if code == "TOO_LATE"), "{error:?}");
    assert_eq!(shop.status(0).await, SeatStatus::Sold);
    assert_eq!(shop.gateway.inner.balance(payment.id), 100);
}

#[tokio::test]
async fn parts_add_up_to_the_whole_and_no_further() {
    let shop = TestShop::open().await;
    let (_, payment) = shop.sold(ADA, &[0]).await;
    for (part, left) in [(30, 70), (70, 0)] {
        let refunded = shop
            .office
            .support()
            .refund_by_organiser(payment.id, RefundWanted::waiver(won(part)), "rain", None, None)
            .await;
        let refunded = refunded.unwrap();
        assert!(matches!(refunded.refund.state, RefundState::Done { .. }));
        assert_eq!(shop.gateway.inner.balance(payment.id), left);
    }
    let known = shop.office.payments().payment(payment.id, ADA).await.unwrap().unwrap();
    assert!(matches!(known.state, PaymentState::Refunded { .. }));
    let more = RefundWanted::waiver(won(1));
    assert!(shop.office.support().refund_by_organiser(payment.id, more, "rain", None, None).await.is_err());
}

#[tokio::test]
async fn a_seat_given_back_is_sold_to_the_next_and_the_fee_is_kept() {
    let tier = CancellationTier::new(Duration::ZERO, 1_000, 0).unwrap();
    let terms = Terms::default().cancellation(CancellationPolicy::new(&[tier]).unwrap());
    let shop = TestShop::under(&terms, MoodyGateway::default()).await;
    let (sold, payment) = shop.sold(ADA, &[0, 1]).await;
    let one = RefundWanted::tickets(vec![shop.seats[0]], Vec::new());
    let done = shop.office.payments().refund(payment.id, ADA, one, "one less", None, None).await.unwrap();
    assert!(matches!(done.refund.state, RefundState::Done { .. }));
    assert_eq!((done.reservation.seats.len(), shop.gateway.inner.balance(payment.id)), (1, 110));
    assert_eq!((shop.status(0).await, shop.status(1).await), (SeatStatus::Available, SeatStatus::Sold));
    shop.sold(BEN, &[0]).await;
    let ended = shop.office.payments().cancel_or_refund(sold.id, ADA, None).await.unwrap();
    assert!(matches!(ended.state, ReservationState::Cancelled { reason: CancelReason::Refunded, .. }));
    assert_eq!(shop.gateway.inner.balance(payment.id), 20);
    assert!(
        shop.office
            .support()
            .refund_by_organiser(payment.id, RefundWanted::everything(), "more", None, None)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn named_tickets_whose_refund_was_refused_go_back_when_it_is_tried_again() {
    let shop = TestShop::open().await;
    let (_, payment) = shop.sold(ADA, &[0, 1]).await;
    shop.gateway.answer_next_refund(RefundAnswer::Refused { code: "TOO_LATE".into() });
    let one = RefundWanted::tickets(vec![shop.seats[0]], Vec::new());
    let refused = shop.office.payments().refund(payment.id, ADA, one, "one less", None, None).await.unwrap();
    assert_eq!((refused.reservation.seats.len(), shop.status(0).await), (2, SeatStatus::Sold));
    shop.office.support().retry_payment(payment.id, None).await.unwrap();
    assert_eq!((shop.status(0).await, shop.status(1).await), (SeatStatus::Available, SeatStatus::Sold));
    assert_eq!(shop.gateway.inner.balance(payment.id), 100);
}

#[tokio::test]
async fn tickets_for_which_nothing_comes_back_ask_no_provider() {
    let all = CancellationTier::new(Duration::ZERO, 10_000, 0).unwrap();
    let terms = Terms::default().cancellation(CancellationPolicy::new(&[all]).unwrap());
    let shop = TestShop::under(&terms, MoodyGateway::default()).await;
    let (sold, payment) = shop.sold(ADA, &[0]).await;
    let ended = shop.office.payments().cancel_or_refund(sold.id, ADA, None).await.unwrap();
    assert!(matches!(ended.state, ReservationState::Cancelled { .. }));
    assert_eq!((shop.gateway.refunds_asked(), shop.gateway.inner.balance(payment.id)), (0, 100));
}
