//! Money that staff gave back at the provider, and payments that staff ended.

use tiketi_core::decide::RefundWanted;
use tiketi_core::memory::ConfirmFault;
use tiketi_core::{
    PaymentState, ReservationState,
    gateway::{ConfirmAnswer, ProviderResponse, RefundAnswer},
};

use crate::reconcile::{books_agree, hint, now_of, unknown};
use crate::{ADA, TestShop, won};

/// Found by the simulation: the hint was dropped while a refund was queued, and no one asked the provider again.
#[tokio::test]
async fn money_given_back_by_hand_is_learned_after_a_queued_refund_was_refused() {
    let shop = TestShop::open().await;
    let (sold, payment) = shop.sold(ADA, &[0]).await;
    shop.gateway.answer_next_refund(RefundAnswer::Unknown {
        reason: "timeout".into(),
        response: ProviderResponse::NoAnswer,
    });
    shop.office.payments().cancel_or_refund(sold.id, ADA, None).await.unwrap();
    let half = won(payment.amount.minor() / 2);
    shop.gateway.inner.refund_by_hand(payment.id, half);
    shop.office.payments().receive_webhook("moody", hint("by-hand", &payment)).await.unwrap();
    assert_eq!(shop.office.jobs().work_inbox_once().await.unwrap(), 0, "it waits for the queued refund");
    assert!(now_of(&shop, &payment).await.queued_refund().is_some());

    // More is asked for than is left.
    shop.wait(60);
    shop.office.jobs().reconcile_once(10).await.unwrap();
    assert!(now_of(&shop, &payment).await.queued_refund().is_none());
    assert_eq!(shop.office.jobs().work_inbox_once().await.unwrap(), 1);
    assert_eq!(now_of(&shop, &payment).await.refunded, half);
    books_agree(&shop, &[&payment]).await;
}

/// Found by the simulation: the hint was dropped because no refund was queued yet when it was read.
#[tokio::test]
async fn money_given_back_by_hand_is_learned_although_a_refund_was_queued_during_the_look_up() {
    let shop = TestShop::open().await;
    let (sold, payment) = shop.sold(ADA, &[0]).await;
    let half = won(payment.amount.minor() / 2);
    shop.gateway.inner.refund_by_hand(payment.id, half);
    shop.office.payments().receive_webhook("moody", hint("by-hand", &payment)).await.unwrap();
    let go_on = shop.gateway.hold_next_lookup();
    let begin = async {
        shop.gateway.answer_next_refund(RefundAnswer::Unknown {
            reason: "timeout".into(),
            response: ProviderResponse::NoAnswer,
        });
        shop.office.payments().cancel_or_refund(sold.id, ADA, None).await.unwrap();
        go_on.notify_one();
    };
    let jobs = shop.office.jobs();
    let (worked, ()) = tokio::join!(jobs.work_inbox_once(), begin);
    assert_eq!(worked.unwrap(), 0, "it waits for the queued refund");

    shop.wait(60);
    shop.office.jobs().reconcile_once(10).await.unwrap();
    assert!(now_of(&shop, &payment).await.queued_refund().is_none(), "more was asked for than is left");
    assert_eq!(shop.office.jobs().work_inbox_once().await.unwrap(), 1);
    assert_eq!(now_of(&shop, &payment).await.refunded, half);
    books_agree(&shop, &[&payment]).await;
}

/// Found by the simulation: the buyer kept a seat whose money had gone back, and no one was told.
#[tokio::test]
async fn a_reservation_ends_once_all_its_money_went_back_partly_by_hand() {
    let shop = TestShop::open().await;
    let (sold, payment) = shop.sold(ADA, &[0, 1]).await;
    let half = won(payment.amount.minor() / 2);
    shop.gateway.inner.refund_by_hand(payment.id, half);
    shop.office.payments().receive_webhook("moody", hint("first", &payment)).await.unwrap();
    assert_eq!(shop.office.jobs().work_inbox_once().await.unwrap(), 1);
    assert!(now_of(&shop, &payment).await.needs_attention());

    shop.gateway.answer_next_refund(RefundAnswer::Unknown {
        reason: "timeout".into(),
        response: ProviderResponse::NoAnswer,
    });
    let seat = RefundWanted::tickets(vec![sold.seats[0].seat], Vec::new());
    let asked = shop.office.payments().refund(payment.id, ADA, seat, "ill", None, None).await.unwrap();
    assert_eq!(asked.refund.amount, half);
    shop.gateway.inner.refund_by_hand(payment.id, half);
    shop.office.payments().receive_webhook("moody", hint("second", &payment)).await.unwrap();
    shop.office.jobs().work_inbox_once().await.unwrap();

    assert!(matches!(now_of(&shop, &payment).await.state, PaymentState::Refunded { .. }));
    let ended = shop.office.sales().reservation(sold.id, ADA).await.unwrap().unwrap();
    assert!(matches!(ended.state, ReservationState::Cancelled { .. }), "{ended:?}");
    books_agree(&shop, &[&payment]).await;
}

/// Found by the simulation: the buyer paid after the shop had stopped asking, and the money was never learned.
#[tokio::test]
async fn an_attempt_that_staff_ended_takes_no_money_any_more() {
    let shop = TestShop::open().await;
    let refused =
        ConfirmAnswer::Unknown { reason: "connection refused".into(), response: ProviderResponse::NoAnswer };
    let payment = unknown(&shop, ConfirmFault::Answer(refused)).await;
    shop.wait(600);
    shop.office.support().end_payment(payment.id, "Kim", "the provider is silent", None).await.unwrap();
    for _ in 0..2 {
        shop.wait(600);
        shop.office.jobs().reconcile_once(10).await.unwrap();
    }
    assert!(now_of(&shop, &payment).await.reconciliation.is_none());
    assert!(!shop.gateway.inner.pay_in_browser(payment.id, payment.amount), "it is closed at the provider");
    books_agree(&shop, &[&payment]).await;
}
