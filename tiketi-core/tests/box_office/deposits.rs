//! Payments by virtual account: the seats are held until the deposit arrives or its due time has passed.

use std::time::Duration;

use tiketi_core::decide::{CancelRefused, RefundWanted};
use tiketi_core::memory::{ConfirmFault, TestGateway};
use tiketi_core::{
    CommandError, Money, PageRequest, Payment, PaymentState, PrepareRequest, RefundError,
    box_office::{RetryError, WebhookError},
    fact::SeatStatus,
    gateway::{
        ConfirmAnswer, DepositAsked, LookupAnswer, ProviderResponse, RefundAnswer, VoidAnswer,
        WebhookRefused, WebhookRequest,
    },
    payment::DepositAccount,
    refund_account::RefundAccount,
    secret_digest::SecretDigest,
    store::Receipt,
};

use crate::{ADA, BEN, MoodyGateway, TestShop, won};

const HOUR: u64 = 3600;

fn asked(shop: &TestShop) -> DepositAsked {
    let account = DepositAccount { bank: "20".into(), number: "X6505636518308".into() };
    let due = shop.office.now().after(Duration::from_secs(HOUR));
    DepositAsked::default().account(account).due(due).secret(SecretDigest::of("the right secret"))
}

/// Confirms a seat's payment with a provider that awaits a deposit for one hour.
async fn waiting(shop: &TestShop) -> (Payment, DepositAsked) {
    let (held, asked) = (shop.held(ADA, &[0]).await, asked(shop));
    let waits = ConfirmAnswer::Deposit(asked.clone());
    shop.gateway.inner.fail_next_confirm(ConfirmFault::Answer(waits));
    let paid = shop.office.payments().process(PrepareRequest::new(held.id, ADA)).await.unwrap();
    (paid.payment.unwrap(), asked)
}

async fn now_of(shop: &TestShop, payment: &Payment) -> Payment {
    shop.office.payments().payment(payment.id, ADA).await.unwrap().unwrap()
}

async fn needing_attention(shop: &TestShop) -> usize {
    shop.office.support().payments_needing_attention(PageRequest::FIRST).await.unwrap().rows.len()
}

#[tokio::test]
async fn an_awaited_deposit_shows_its_account_and_needs_no_attention() {
    let shop = TestShop::open().await;
    let (payment, asked) = waiting(&shop).await;
    let deposit = payment.awaited_deposit().unwrap();
    assert_eq!((deposit.account.clone(), Some(deposit.due)), (asked.account, asked.due));
    shop.wait(59 * 60);
    shop.office.jobs().tidy_once().await.unwrap();
    assert_eq!((shop.status(0).await, needing_attention(&shop).await), (SeatStatus::Held, 0));
    let again = shop.office.payments().confirm(payment.id, ADA, None, None).await.unwrap();
    assert_eq!(again.payment.unwrap().awaited_deposit().map(|deposit| deposit.due), asked.due);
    shop.wait(11 * 60);
    assert_eq!(needing_attention(&shop).await, 1);
}

#[tokio::test]
async fn the_deposit_sells_the_seat() {
    let shop = TestShop::open().await;
    let (payment, _) = waiting(&shop).await;
    assert!(shop.gateway.inner.pay_in_browser(payment.id, won(100)));
    shop.wait(60);
    assert_eq!(shop.office.jobs().reconcile_once(10).await.unwrap().settled, 1);
    assert_eq!(shop.status(0).await, SeatStatus::Sold);
    let paid = now_of(&shop, &payment).await;
    assert!(matches!(paid.state, PaymentState::Paid { .. }) && paid.reconciliation.is_none(), "{paid:?}");
}

/// Fails if `wait_for_deposit` never closes an account.
#[tokio::test]
async fn an_overdue_account_is_voided_and_its_seat_is_free() {
    let shop = TestShop::open().await;
    let (payment, asked) = waiting(&shop).await;
    // The provider still awaits the deposit after a minute and after an hour.
    for (seconds, settled) in [(60, 0), (HOUR - 60, 1)] {
        shop.wait(seconds);
        shop.gateway.inner.answer_next_lookup(LookupAnswer::Deposit(asked.clone()));
        assert_eq!(shop.office.jobs().reconcile_once(10).await.unwrap().settled, settled);
    }
    let state = now_of(&shop, &payment).await.state;
    assert!(matches!(&state, PaymentState::Declined { code, .. } if code == "DEPOSIT_OVERDUE"), "{state:?}");
    shop.office.jobs().tidy_once().await.unwrap();
    assert_eq!(shop.status(0).await, SeatStatus::Available);
    assert!(!shop.gateway.inner.pay_in_browser(payment.id, won(100)), "the account is closed");
    shop.sold(BEN, &[0]).await;
}

/// Fails if `wait_for_deposit` declines the payment after any answer to the void.
#[tokio::test]
async fn an_account_that_may_be_open_keeps_its_seat() {
    let shop = TestShop::open().await;
    let (payment, asked) = waiting(&shop).await;
    shop.wait(HOUR);
    for void in [
        VoidAnswer::Unknown { reason: "HTTP 500".into(), response: ProviderResponse::NoAnswer },
        VoidAnswer::TooLate,
        VoidAnswer::Unsupported,
    ] {
        shop.gateway.inner.answer_next_lookup(LookupAnswer::Deposit(asked.clone()));
        shop.gateway.answer_next_void(void);
        assert_eq!(shop.office.jobs().reconcile_once(10).await.unwrap().open, 1);
        assert_eq!(shop.status(0).await, SeatStatus::Held);
        shop.wait(10 * 60);
    }
    assert!(matches!(now_of(&shop, &payment).await.state, PaymentState::Confirming { .. }));
}

/// Fails if `close_account` treats `TooLate` as a closed account.
#[tokio::test]
async fn a_buyer_who_cancels_an_awaited_deposit_frees_the_seat_at_once() {
    let shop = TestShop::open().await;
    let (payment, _) = waiting(&shop).await;
    for void in [
        VoidAnswer::TooLate,
        VoidAnswer::Unknown { reason: "HTTP 500".into(), response: ProviderResponse::NoAnswer },
    ] {
        shop.gateway.answer_next_void(void);
        let kept = shop.office.payments().cancel_or_refund(payment.reservation, ADA, None).await;
        let refused = |error: &RefundError| {
            matches!(error, RefundError::Cancel(CommandError::Refused(CancelRefused::PaymentInProgress)))
        };
        assert!(kept.as_ref().is_err_and(refused), "{kept:?}");
        assert_eq!(shop.status(0).await, SeatStatus::Held);
    }
    let theirs = shop.office.payments().cancel_or_refund(payment.reservation, BEN, None).await;
    assert!(theirs.is_err(), "{theirs:?}");
    let ended = shop.office.payments().cancel_or_refund(payment.reservation, ADA, None).await.unwrap();
    assert!(!ended.is_live(), "{ended:?}");
    assert_eq!(shop.status(0).await, SeatStatus::Available);
    assert!(!shop.gateway.inner.pay_in_browser(payment.id, won(100)), "the account is closed");
    shop.sold(BEN, &[0]).await;
}

/// Hours later the hold of the reservation has ended as well.
#[tokio::test]
async fn giving_a_deposit_up_after_the_hold_lapsed_ends_the_reservation() {
    let shop = TestShop::open().await;
    let (payment, _) = waiting(&shop).await;
    shop.wait(50 * 60);
    let ended = shop.office.payments().cancel_or_refund(payment.reservation, ADA, None).await.unwrap();
    assert!(!ended.is_live(), "{ended:?}");
    assert_eq!(shop.status(0).await, SeatStatus::Available);
}

#[tokio::test]
async fn a_deposit_that_leaves_again_is_shown_to_a_person_until_it_is_back() {
    let shop = TestShop::open().await;
    let (_, payment) = shop.sold(ADA, &[0]).await;
    shop.gateway.inner.answer_next_lookup(LookupAnswer::Deposit(asked(&shop)));
    let hint = crate::reconcile::hint("d-1", &payment);
    shop.office.payments().receive_webhook("moody", hint).await.unwrap();
    shop.office.jobs().work_inbox_once().await.unwrap();
    let gone = now_of(&shop, &payment).await;
    assert!(gone.is_withdrawn() && matches!(gone.state, PaymentState::Paid { .. }), "{gone:?}");
    assert_eq!((needing_attention(&shop).await, shop.status(0).await), (1, SeatStatus::Sold));
    // The provider has the deposit in its own record, and returns it to the next lookup.
    shop.wait(60);
    shop.office.jobs().reconcile_once(10).await.unwrap();
    assert_eq!((needing_attention(&shop).await, now_of(&shop, &payment).await.reconciliation), (0, None));
}

#[tokio::test]
async fn an_event_that_is_called_off_waits_for_no_deposit() {
    let shop = TestShop::open().await;
    let (payment, asked) = waiting(&shop).await;
    shop.office.catalog().cancel_event(shop.event).await.unwrap();
    shop.wait(60);
    shop.gateway.inner.answer_next_lookup(LookupAnswer::Deposit(asked));
    assert_eq!(shop.office.jobs().reconcile_once(10).await.unwrap().settled, 1);
    assert!(matches!(now_of(&shop, &payment).await.state, PaymentState::Declined { .. }));
    assert_eq!(shop.office.jobs().call_off_once(10).await.unwrap(), 1);
}

#[tokio::test]
async fn a_deposit_is_refunded_to_an_account_and_not_queued_without_one() {
    let inner = TestGateway::default().refunding_to_accounts();
    let shop = TestShop::over(MoodyGateway { inner, ..MoodyGateway::default() }).await;
    let (sold, payment) = shop.sold(ADA, &[0]).await;
    let bare = shop
        .office
        .payments()
        .refund(payment.id, ADA, RefundWanted::everything(), "rain", None, None)
        .await
        .unwrap_err();
    assert!(matches!(bare, RefundError::AccountNeeded), "{bare:?}");
    let bare = shop.office.payments().cancel_or_refund(sold.id, ADA, None).await.unwrap_err();
    assert!(matches!(bare, RefundError::AccountNeeded), "{bare:?}");
    assert_eq!(shop.gateway.refunds_asked(), 0);

    let account = RefundAccount::new("88", "110123456789", "Hong Gildong").unwrap();
    let to = Some(account.clone());
    shop.gateway.answer_next_refund(RefundAnswer::Refused { code: "ACCOUNT_CLOSED".into() });
    shop.office
        .payments()
        .refund(payment.id, ADA, RefundWanted::everything(), "rain", None, to.clone())
        .await
        .unwrap();
    // The account is not stored after the refund: staff have to name one again.
    let again = shop.office.support().retry_payment(payment.id, None).await.unwrap_err();
    assert!(matches!(again, RetryError::Refund(RefundError::AccountNeeded)), "{again:?}");

    shop.gateway.answer_next_refund(RefundAnswer::Unknown {
        reason: "HTTP 500".into(),
        response: ProviderResponse::NoAnswer,
    });
    shop.office
        .payments()
        .refund(payment.id, ADA, RefundWanted::everything(), "rain", None, to)
        .await
        .unwrap();
    let promised = now_of(&shop, &payment).await;
    assert_eq!(promised.queued_refund().and_then(|refund| refund.account()), Some(&account));
    shop.wait(60);
    shop.office.jobs().reconcile_once(10).await.unwrap();
    let refunded = now_of(&shop, &payment).await;
    assert!(matches!(refunded.state, PaymentState::Refunded { .. }), "{refunded:?}");
    assert_eq!(refunded.refunded, Money::new(100, refunded.amount.currency()));
}

/// Sends a webhook with a name and a secret of its own, as one that tells of a deposit.
async fn tell(
    shop: &TestShop,
    payment: &Payment,
    delivery: usize,
    secret: Option<&str>,
) -> Result<Receipt, WebhookError> {
    let mut headers = vec![("test-delivery".to_owned(), delivery.to_string())];
    headers.extend(secret.map(|secret| ("test-secret".to_owned(), secret.to_owned())));
    let request = WebhookRequest::new(headers, payment.id.to_string().into_bytes());
    shop.office.payments().receive_webhook("moody", request).await
}

/// Fails with every secret believed, with every secret doubted, and with the secret of the answer not kept.
#[tokio::test]
async fn a_webhook_with_another_secret_than_its_deposits_is_refused() {
    let shop = TestShop::open().await;
    let (payment, _) = waiting(&shop).await;
    for wrong in ["another secret", ""] {
        let refused = tell(&shop, &payment, 0, Some(wrong)).await.unwrap_err();
        assert!(matches!(refused, WebhookError::Refused(WebhookRefused::Forged)), "{wrong}: {refused:?}");
    }
    assert_eq!(tell(&shop, &payment, 0, Some("the right secret")).await.unwrap(), Receipt::New);
}

/// Fails with proven webhooks limited as the others are.
#[tokio::test]
async fn webhooks_that_prove_nothing_do_not_keep_a_proven_one_out() {
    let shop = TestShop::open().await;
    let (payment, _) = waiting(&shop).await;
    let mut receipts = Vec::new();
    for delivery in 0..33 {
        receipts.push(tell(&shop, &payment, delivery, None).await.unwrap());
    }
    assert_eq!((receipts[31], receipts[32]), (Receipt::New, Receipt::Full));
    assert_eq!(tell(&shop, &payment, 33, Some("the right secret")).await.unwrap(), Receipt::New);
}

/// Fails if such a webhook is refused, and if it counts as proven.
#[tokio::test]
async fn while_the_secret_of_a_deposit_is_not_known_a_webhook_with_one_proves_nothing() {
    let shop = TestShop::open().await;
    let held = shop.held(ADA, &[0]).await;
    shop.gateway.inner.fail_next_confirm(ConfirmFault::LoseAnswer);
    let paid = shop.office.payments().process(PrepareRequest::new(held.id, ADA)).await.unwrap();
    let payment = paid.payment.unwrap();
    for delivery in 0..32 {
        assert_eq!(tell(&shop, &payment, delivery, Some("any secret")).await.unwrap(), Receipt::New);
    }
    assert_eq!(tell(&shop, &payment, 32, Some("any secret")).await.unwrap(), Receipt::Full);
}
