//! Money back, once.

use tiketi_core::decide::{CancelRefused, RefundWanted};
use tiketi_core::{
    CancelReason, CommandError, Heard, PaymentState, PrepareRequest, RefundAnswer, RefundError, RefundState,
    ReservationState, SeatStatus,
};

use crate::{ADA, Shop, won};

#[tokio::test]
async fn cancelling_what_is_paid_gives_the_money_back_first() {
    let shop = Shop::open().await;
    let (sold, payment) = shop.sold(ADA, &[0]).await;
    let ended = shop.office.cancel_or_refund(sold.id, ADA, None).await.unwrap();
    assert!(matches!(ended.state, ReservationState::Cancelled { reason: CancelReason::Refunded, .. }));
    assert_eq!(shop.gateway.honest.balance(payment.id), 0);

    let again = shop.office.cancel_or_refund(sold.id, ADA, None).await.unwrap_err();
    let ended = matches!(again, RefundError::Cancel(CommandError::Refused(CancelRefused::AlreadyEnded)));
    assert!(ended, "{again:?}");
    assert_eq!(shop.gateway.refunds_asked(), 1);
}

#[tokio::test]
async fn cancelling_what_is_not_paid_asks_no_provider() {
    let shop = Shop::open().await;
    let held = shop.held(ADA, &[0]).await;
    shop.office.prepare(PrepareRequest::new(held.id, ADA)).await.unwrap();
    let ended = shop.office.cancel_or_refund(held.id, ADA, None).await.unwrap();
    assert!(matches!(ended.state, ReservationState::Cancelled { reason: CancelReason::ByBuyer, .. }));
    assert_eq!(shop.gateway.refunds_asked(), 0);
}

/// A defect of the first Tiketi, number 2: cancel said "refunded" without asking the provider.
#[tokio::test]
async fn defect_2_a_refund_nobody_answered_is_queued_and_goes_on_when_asked_again() {
    let shop = Shop::open().await;
    let (sold, payment) = shop.sold(ADA, &[0]).await;
    shop.gateway
        .answer_next_refund(RefundAnswer::Unknown { reason: "timeout".into(), heard: Heard::Silence });
    let kept = shop.office.cancel_or_refund(sold.id, ADA, None).await.unwrap();
    assert!(matches!(kept.state, ReservationState::Confirmed { .. }), "not refunded before it is known");
    assert_eq!(shop.status(0).await, SeatStatus::Sold);

    let ended = shop.office.cancel_or_refund(sold.id, ADA, None).await.unwrap();
    assert!(matches!(ended.state, ReservationState::Cancelled { .. }));
    let known = shop.office.payment(payment.id, ADA).await.unwrap().unwrap();
    assert_eq!(known.refunds.len(), 1, "the same refund, asked for twice");
    assert_eq!(shop.gateway.honest.balance(payment.id), 0);
}

#[tokio::test]
async fn a_provider_that_keeps_the_money_leaves_the_buyer_the_tickets() {
    let shop = Shop::open().await;
    let (sold, payment) = shop.sold(ADA, &[0]).await;
    shop.gateway.answer_next_refund(RefundAnswer::Refused { code: "TOO_LATE".into() });
    let error = shop.office.cancel_or_refund(sold.id, ADA, None).await.unwrap_err();
    assert!(matches!(&error, RefundError::Refused { code } if code == "TOO_LATE"), "{error:?}");
    assert_eq!(shop.status(0).await, SeatStatus::Sold);
    assert_eq!(shop.gateway.honest.balance(payment.id), 100);
}

#[tokio::test]
async fn parts_add_up_to_the_whole_and_no_further() {
    let shop = Shop::open().await;
    let (_, payment) = shop.sold(ADA, &[0]).await;
    for (part, left) in [(30, 70), (70, 0)] {
        let refunded = shop
            .office
            .refund_by_organiser(payment.id, RefundWanted::waiver(won(part)), "rain", None, None)
            .await;
        let refunded = refunded.unwrap();
        assert!(matches!(refunded.refund.state, RefundState::Done { .. }));
        assert_eq!(shop.gateway.honest.balance(payment.id), left);
    }
    let known = shop.office.payment(payment.id, ADA).await.unwrap().unwrap();
    assert!(matches!(known.state, PaymentState::Refunded { .. }));
    let more = RefundWanted::waiver(won(1));
    assert!(shop.office.refund_by_organiser(payment.id, more, "rain", None, None).await.is_err());
}
