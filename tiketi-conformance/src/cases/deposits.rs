//! Deposits: awaited until their due time, listed when they are withdrawn, refunded to an account.

use std::time::Duration;

use tiketi_core::decide::{
    ReconcileStep, RecordRefund, RefundOutcome, ScheduleReconciliation, ScheduleReconciliationRefused,
};
use tiketi_core::{
    EventId, PageRequest, Payment, PaymentId, PaymentState,
    gateway::DepositAsked,
    payment::{Deposit, DepositAccount, Settles},
    refund_account::RefundAccount,
    store::SalesStore,
};

use crate::handles::Handles;
use crate::shop::TestShop;

const SLOW: Duration = Duration::from_mins(10);
const MICROSECOND: Duration = Duration::from_micros(1);
const HOUR: Duration = Duration::from_hours(1);

fn asked(shop: &TestShop, within: Duration) -> DepositAsked {
    let account = DepositAccount { bank: "20".into(), number: "X6505636518308".into() };
    DepositAsked::default().account(account).due(shop.now().after(within))
}

/// Records that a deposit is awaited, and returns the payment.
async fn wait_for(shop: &TestShop, of: &Payment, asked: DepositAsked) -> Payment {
    record_answer(shop, of, ReconcileStep::Deposit(asked)).await
}

async fn record_answer(shop: &TestShop, of: &Payment, because: ReconcileStep) -> Payment {
    let command = ScheduleReconciliation::new(of.id, because).under(shop.terms());
    shop.send(command).await.unwrap();
    shop.now_of_payment(of).await
}

async fn confirming(shop: &TestShop) -> Payment {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    shop.confirming(&held).await
}

async fn needing_attention(shop: &TestShop, stores: &Handles<dyn SalesStore>) -> Vec<PaymentId> {
    let page =
        stores.any().payments_needing_attention(shop.now().before(SLOW), PageRequest::FIRST).await.unwrap();
    page.rows.into_iter().map(|payment| payment.id).collect()
}

async fn due(shop: &TestShop, stores: &Handles<dyn SalesStore>) -> usize {
    stores.any().payments_due(shop.now(), 100).await.unwrap().len()
}

/// Fails if the account of an awaited deposit is not stored, or if the payment needs attention before the due time.
pub async fn a_deposit_is_awaited_until_its_due_time_without_attention(
    shop: TestShop,
    stores: Handles<dyn SalesStore>,
) {
    let payment = confirming(&shop).await;
    let waiting = wait_for(&shop, &payment, asked(&shop, HOUR)).await;
    let account = DepositAccount { bank: "20".into(), number: "X6505636518308".into() };
    let deposit = Deposit { account: Some(account), due: shop.now().after(HOUR) };
    assert_eq!(waiting.awaited_deposit(), Some(&deposit));
    shop.go_to(deposit.due.after(SLOW).before(MICROSECOND));
    assert_eq!(needing_attention(&shop, &stores).await, []);
    shop.advance(MICROSECOND);
    assert_eq!(needing_attention(&shop, &stores).await, [payment.id]);
    shop.apply(shop.paid(&payment)).await;
    assert_eq!(shop.now_of_payment(&payment).await.reconciliation, None);
}

/// Fails if a provider's due time in a week keeps the seats for a week, beyond the event's deposit window.
pub async fn a_deposit_is_awaited_no_longer_than_the_event_says(shop: TestShop, _: Handles<dyn SalesStore>) {
    let payment = confirming(&shop).await;
    let week = asked(&shop, Duration::from_hours(7 * 24));
    let since = shop.now();
    let by_the_shop = wait_for(&shop, &payment, week.clone()).await;
    let due_of = |payment: &Payment| payment.awaited_deposit().unwrap().due;
    assert_eq!(due_of(&by_the_shop), since.after(shop.terms().deposit_window));
    own_window(&shop, payment.event, 2 * HOUR).await;
    shop.advance(HOUR);
    let by_the_event = wait_for(&shop, &payment, week).await;
    assert_eq!(due_of(&by_the_event), since.after(2 * HOUR));
    let unsaid = wait_for(&shop, &payment, DepositAsked::default()).await;
    assert_eq!(due_of(&unsaid), since.after(2 * HOUR));
}

async fn own_window(shop: &TestShop, event: EventId, window: Duration) {
    let view = shop.store().event(event).await.unwrap().unwrap();
    let terms = view.event.details.terms.deposit_window(window);
    let details = view.event.details.terms(terms);
    shop.store().edit_event(event, details, None).await.unwrap();
}

/// Fails if the payment is not due for reconciliation at the deposit's due time.
pub async fn a_provider_is_asked_when_a_deposits_time_is_up(shop: TestShop, stores: Handles<dyn SalesStore>) {
    let payment = confirming(&shop).await;
    wait_for(&shop, &payment, asked(&shop, Duration::from_secs(90))).await;
    let end = shop.now().after(Duration::from_secs(90));
    shop.advance(Duration::from_mins(1));
    let claim = ScheduleReconciliation::new(payment.id, ReconcileStep::Claim { tries: 0 });
    shop.send(claim).await.unwrap();
    shop.go_to(end.before(MICROSECOND));
    assert_eq!(due(&shop, &stores).await, 0);
    shop.go_to(end);
    assert_eq!(due(&shop, &stores).await, 1);
}

/// Fails if a withdrawn deposit still counts as paid without attention, or needs attention after it has arrived
/// again.
pub async fn a_deposit_that_left_again_is_listed_until_it_is_back_or_settled(
    shop: TestShop,
    stores: Handles<dyn SalesStore>,
) {
    let payment = confirming(&shop).await;
    shop.apply(shop.paid(&payment)).await;
    let back = || ScheduleReconciliation::new(payment.id, ReconcileStep::DepositBack);
    let refused = shop.send(back()).await.unwrap_err();
    assert_eq!(refused.refusal(), Some(ScheduleReconciliationRefused::NothingAwaited));

    let left = || ReconcileStep::DepositGone(asked(&shop, HOUR));
    let gone = record_answer(&shop, &payment, left()).await;
    assert!(gone.is_withdrawn() && matches!(gone.state, PaymentState::Paid { .. }), "{gone:?}");
    assert_eq!(needing_attention(&shop, &stores).await, [payment.id]);
    shop.send(back()).await.unwrap();
    assert_eq!(shop.now_of_payment(&payment).await.reconciliation, None);
    assert_eq!(needing_attention(&shop, &stores).await, []);

    record_answer(&shop, &payment, left()).await;
    let note = tiketi_core::decide::NotePayment::new(payment.id, "Kim", "paid in cash", Settles::Yes);
    shop.send(note).await.unwrap();
    assert_eq!(needing_attention(&shop, &stores).await, []);
    assert_eq!(shop.now_of_payment(&payment).await.reconciliation, None, "nobody asks for ever");
}

/// Fails if a queued refund has no account, or if the account stays stored after the refund.
pub async fn a_refund_keeps_its_account_until_it_is_over_and_no_longer(
    shop: TestShop,
    stores: Handles<dyn SalesStore>,
) {
    let payment = confirming(&shop).await;
    shop.apply(shop.paid(&payment)).await;
    let account = RefundAccount::new("88", "110123456789", "Hong Gildong").unwrap();
    for outcome in [RefundOutcome::Refused { code: "account_closed".into() }, RefundOutcome::Done] {
        let command = shop.refund(&payment).to_account(account.clone());
        let refund = command.refund;
        shop.apply(command).await;
        shop.advance(HOUR);
        let due = stores.any().payments_due(shop.now(), 100).await.unwrap();
        assert_eq!(due[0].queued_refund().and_then(|refund| refund.account()), Some(&account));
        shop.apply(RecordRefund::new(payment.id, refund, outcome)).await;
        let over = shop.now_of_payment(&payment).await;
        assert_eq!(over.refund(refund).unwrap().account(), None);
    }
}
