//! Reconciliation: after any fault during a payment, the buyer is served or refunded.

use std::time::Duration;

use tiketi_core::decide::{BeginRefundRefused, RefundWanted};
use tiketi_core::memory::ConfirmFault;
use tiketi_core::{
    CommandError, Money, PageRequest, PayError, Payment, PaymentState, PrepareRequest, RefundError,
    ReservationState, Terms,
    gateway::{
        Captured, ConfirmAnswer, LookupAnswer, ProviderResponse, RefundAnswer, VoidAnswer, WebhookRequest,
    },
    payment::{RefundState, Settles},
    store::Receipt,
};

use crate::{ADA, BEN, MoodyGateway, TestShop, won};

/// Holds a seat, and confirms its payment with this fault.
pub(crate) async fn unknown(shop: &TestShop, fault: ConfirmFault) -> Payment {
    let held = shop.held(ADA, &[0]).await;
    shop.gateway.inner.fail_next_confirm(fault);
    shop.office.payments().process(PrepareRequest::new(held.id, ADA)).await.unwrap().payment.unwrap()
}

pub(crate) async fn now_of(shop: &TestShop, payment: &Payment) -> Payment {
    shop.office.payments().payment(payment.id, payment.buyer).await.unwrap().unwrap()
}

pub(crate) fn hint(delivery: &str, payment: &Payment) -> WebhookRequest {
    let headers = vec![("Test-Delivery".to_owned(), delivery.to_owned())];
    WebhookRequest::new(headers, payment.id.to_string().into_bytes())
}

/// Asserts that the provider's balances equal the shop's, to the won.
pub(crate) async fn books_agree(shop: &TestShop, payments: &[&Payment]) {
    for payment in payments {
        let known = now_of(shop, payment).await;
        let ours = known.captured.map_or(0, Money::minor) - known.refunded.minor();
        assert_eq!(shop.gateway.inner.balance(payment.id), ours, "{known:?}");
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_is_found_out_a_minute_later() {
    let shop = TestShop::open().await;
    let payment = unknown(&shop, ConfirmFault::LoseAnswer).await;
    let reconciliation = now_of(&shop, &payment).await.reconciliation.unwrap();
    assert_eq!(reconciliation.last_inconclusive.as_deref(), Some("the answer was lost"));
    shop.wait(59);
    assert_eq!(shop.office.jobs().reconcile_once(10).await.unwrap().settled, 0);
    shop.wait(1);
    assert_eq!(shop.office.jobs().reconcile_once(10).await.unwrap().settled, 1);
    assert!(matches!(now_of(&shop, &payment).await.state, PaymentState::Paid { .. }));
    books_agree(&shop, &[&payment]).await;
}

#[tokio::test]
async fn a_provider_without_answers_for_ten_minutes_loses_no_payment() {
    let shop = TestShop::open().await;
    let payment = unknown(&shop, ConfirmFault::LoseAnswer).await;
    // The provider does not answer the lookups after 1, 3 and 8 minutes, but the one after 18.
    for _ in 0..3 {
        shop.gateway.inner.answer_next_lookup(LookupAnswer::Unknown {
            reason: "HTTP 500".into(),
            response: ProviderResponse::NoAnswer,
        });
    }
    for second in 1..=18 * 60 {
        shop.wait(1);
        shop.office.jobs().tidy_once().await.unwrap();
        let round = shop.office.jobs().reconcile_once(10).await.unwrap();
        assert_eq!(round.open, usize::from([60, 180, 480].contains(&second)), "after {second} s");
    }
    let reservation = shop.office.sales().reservation(payment.reservation, ADA).await.unwrap().unwrap();
    assert!(matches!(reservation.state, ReservationState::Confirmed { .. }), "{reservation:?}");
    books_agree(&shop, &[&payment]).await;
}

/// Fails if `BeginConfirm`, `BeginRefund` or `ScheduleReconciliation` use the default terms, or if a payment needs
/// attention only after ten minutes.
#[tokio::test]
async fn a_shop_reconciles_and_lists_payments_after_its_own_pauses() {
    let [second, longest, told] = [1, 3, 2].map(Duration::from_secs);
    let terms = Terms::default().ask_again_after(second).ask_again_at_most(longest).trouble_after(told);
    let shop = TestShop::under(&terms, MoodyGateway::default()).await;
    let payment = unknown(&shop, ConfirmFault::LoseAnswer).await;
    for _ in 0..2 {
        shop.gateway.inner.answer_next_lookup(LookupAnswer::Unknown {
            reason: "HTTP 500".into(),
            response: ProviderResponse::NoAnswer,
        });
    }
    for elapsed in 1..=6 {
        shop.wait(1);
        let round = shop.office.jobs().reconcile_once(10).await.unwrap();
        assert_eq!(
            (round.open, round.settled),
            (usize::from([1, 3].contains(&elapsed)), usize::from(elapsed == 6))
        );
        let listed =
            shop.office.support().payments_needing_attention(PageRequest::FIRST).await.unwrap().rows.len();
        assert_eq!(listed, usize::from((2..6).contains(&elapsed)), "after {elapsed} s");
    }
    shop.gateway.answer_next_refund(RefundAnswer::Unknown {
        reason: "HTTP 500".into(),
        response: ProviderResponse::NoAnswer,
    });
    shop.office
        .payments()
        .refund(payment.id, ADA, RefundWanted::everything(), "rain", None, None)
        .await
        .unwrap();
    shop.wait(1);
    assert_eq!(shop.office.jobs().reconcile_once(10).await.unwrap().settled, 1);
    books_agree(&shop, &[&payment]).await;
}

#[tokio::test]
async fn an_order_unknown_to_the_provider_frees_the_seats() {
    let shop = TestShop::open().await;
    let lost =
        ConfirmAnswer::Unknown { reason: "connection refused".into(), response: ProviderResponse::NoAnswer };
    let payment = unknown(&shop, ConfirmFault::Answer(lost)).await;
    for _ in 0..20 {
        shop.wait(60);
        shop.office.jobs().reconcile_once(10).await.unwrap();
    }
    assert!(matches!(now_of(&shop, &payment).await.state, PaymentState::Declined { .. }));
    shop.office.jobs().expire_once().await.unwrap();
    shop.held(BEN, &[0]).await;
}

/// Fails if an attempt is declined as unknown and asked about no more: its page is still open to the buyer.
#[tokio::test]
async fn an_order_unknown_to_the_provider_is_closed_there_unless_its_buyer_was_faster() {
    for pays_first in [false, true] {
        let shop = TestShop::open().await;
        let lost = ConfirmAnswer::Unknown {
            reason: "connection refused".into(),
            response: ProviderResponse::NoAnswer,
        };
        let payment = unknown(&shop, ConfirmFault::Answer(lost)).await;
        while matches!(now_of(&shop, &payment).await.state, PaymentState::Confirming { .. }) {
            shop.wait(60);
            shop.office.jobs().reconcile_once(10).await.unwrap();
        }
        if pays_first {
            shop.gateway.inner.pay_in_browser(payment.id, won(100));
        }
        shop.office.jobs().reconcile_once(10).await.unwrap();
        // No webhook tells of this money.
        shop.gateway.inner.pay_in_browser(payment.id, won(100));
        let known = now_of(&shop, &payment).await;
        assert_eq!(known.reconciliation, None, "{known:?}");
        assert_eq!(matches!(known.state, PaymentState::Paid { .. }), pays_first, "{known:?}");
        books_agree(&shop, &[&payment]).await;
    }
}

#[tokio::test]
async fn money_that_came_after_all_takes_the_seat_again_or_goes_back() {
    for taken in [false, true] {
        let shop = TestShop::open().await;
        let declined = ConfirmAnswer::Declined { code: "LIMIT".into() };
        let payment = unknown(&shop, ConfirmFault::Answer(declined)).await;
        shop.wait(601);
        shop.office.jobs().expire_once().await.unwrap();
        if taken {
            shop.held(BEN, &[0]).await;
        }
        shop.gateway.inner.pay_in_browser(payment.id, won(100));
        shop.office.payments().receive_webhook("moody", hint("late", &payment)).await.unwrap();
        assert_eq!(shop.office.jobs().work_inbox_once().await.unwrap(), 1);
        shop.office.jobs().reconcile_once(10).await.unwrap();
        let reservation = shop.office.sales().reservation(payment.reservation, ADA).await.unwrap().unwrap();
        assert_eq!(matches!(reservation.state, ReservationState::Confirmed { .. }), !taken);
        assert_eq!(shop.gateway.inner.balance(payment.id), if taken { 0 } else { 100 });
        books_agree(&shop, &[&payment]).await;
    }
}

#[tokio::test]
async fn a_gateway_that_cannot_be_asked_is_left_alone_and_nothing_begins() {
    let shop = TestShop::open().await;
    let payment = unknown(&shop, ConfirmFault::LoseAnswer).await;
    let held = shop.held(BEN, &[1]).await;
    let prepared = shop.office.payments().prepare(PrepareRequest::new(held.id, BEN)).await.unwrap();
    shop.gateway.inner.set_unavailable(Some(Duration::from_secs(30)));
    let refused = shop.office.payments().confirm(prepared.payment.id, BEN, None, None).await.unwrap_err();
    assert!(matches!(refused, PayError::Unavailable(_)), "{refused:?}");
    assert_eq!(now_of(&shop, &prepared.payment).await.state, PaymentState::Ready);
    shop.wait(60);
    let asked = shop.gateway.seen().len();
    assert_eq!(shop.office.jobs().reconcile_once(10).await.unwrap().postponed, 1);
    assert_eq!(shop.gateway.seen().len(), asked, "it was not asked");
    shop.gateway.inner.set_unavailable(None);
    shop.wait(30);
    assert_eq!(shop.office.jobs().reconcile_once(10).await.unwrap().settled, 1);
    books_agree(&shop, &[&payment]).await;
}

#[tokio::test]
async fn webhooks_before_during_and_after_a_confirm_only_add_knowledge() {
    let shop = TestShop::open().await;
    let held = shop.held(ADA, &[0]).await;
    let payment = shop.office.payments().prepare(PrepareRequest::new(held.id, ADA)).await.unwrap().payment;
    let receive = async |delivery: &str| {
        let receipt =
            shop.office.payments().receive_webhook("moody", hint(delivery, &payment)).await.unwrap();
        shop.office.jobs().work_inbox_once().await.unwrap();
        receipt
    };
    assert_eq!(receive("before").await, Receipt::New);
    assert_eq!(now_of(&shop, &payment).await.state, PaymentState::Ready);
    shop.gateway.inner.fail_next_confirm(ConfirmFault::LoseAnswer);
    shop.office.payments().confirm(payment.id, ADA, None, None).await.unwrap();
    assert_eq!(receive("before").await, Receipt::Known);
    assert!(matches!(now_of(&shop, &payment).await.state, PaymentState::Confirming { .. }));
    receive("during").await;
    let paid = now_of(&shop, &payment).await;
    assert!(matches!(paid.state, PaymentState::Paid { .. }));
    // A real provider has reported ABORTED right after DONE. A captured payment stays captured.
    shop.gateway.inner.answer_next_lookup(LookupAnswer::Declined { code: "ABORTED".into() });
    receive("after").await;
    assert_eq!(now_of(&shop, &payment).await, paid);
}

#[tokio::test]
async fn an_unanswered_refund_is_sent_again_and_done_once() {
    let shop = TestShop::open().await;
    let (_, payment) = shop.sold(ADA, &[0]).await;
    shop.gateway.answer_next_refund(RefundAnswer::Unknown {
        reason: "timeout".into(),
        response: ProviderResponse::NoAnswer,
    });
    shop.office
        .payments()
        .refund(payment.id, ADA, RefundWanted::everything(), "rain", None, None)
        .await
        .unwrap();
    shop.wait(60);
    assert_eq!(shop.office.jobs().reconcile_once(10).await.unwrap().settled, 1);
    assert!(matches!(now_of(&shop, &payment).await.state, PaymentState::Refunded { .. }));
    books_agree(&shop, &[&payment]).await;
}

#[tokio::test]
async fn a_cancelled_event_s_buyers_get_their_money_however_often_it_is_begun() {
    let shop = TestShop::open().await;
    let (_, first) = shop.sold(ADA, &[0]).await;
    let (_, second) = shop.sold(BEN, &[1, 2]).await;
    shop.office.catalog().cancel_event(shop.event).await.unwrap();
    // The process ends after one reservation; another server continues.
    assert_eq!(shop.office.jobs().call_off_once(1).await.unwrap(), 1);
    assert_eq!(shop.office.jobs().call_off_once(10).await.unwrap(), 1);
    assert_eq!(shop.office.jobs().call_off_once(10).await.unwrap(), 0);
    assert_eq!(shop.office.jobs().reconcile_once(10).await.unwrap().settled, 2);
    let progress = shop.office.support().call_off_progress(shop.event).await.unwrap().unwrap();
    assert_eq!((progress.to_do, progress.done, progress.refused), (0, 2, 0));
    assert_eq!(shop.gateway.inner.balance(first.id) + shop.gateway.inner.balance(second.id), 0);
    books_agree(&shop, &[&first, &second]).await;
}

#[tokio::test]
async fn a_wrong_charge_is_refunded_and_the_buyer_pays_again() {
    let shop = TestShop::open().await;
    let payment = unknown(&shop, ConfirmFault::Charge(won(1))).await;
    assert!(matches!(payment.state, PaymentState::Stuck { .. }));
    shop.office.jobs().reconcile_once(10).await.unwrap();
    assert!(matches!(now_of(&shop, &payment).await.state, PaymentState::Refunded { .. }));
    let paid = shop.office.payments().process(PrepareRequest::new(payment.reservation, ADA)).await.unwrap();
    assert!(matches!(paid.reservation.state, ReservationState::Confirmed { .. }));
    books_agree(&shop, &[&payment]).await;
}

#[tokio::test]
async fn a_refused_refund_is_listed_until_it_is_tried_again_or_settled() {
    for retried in [true, false] {
        let shop = TestShop::open().await;
        let (_, payment) = shop.sold(ADA, &[0]).await;
        shop.gateway.answer_next_refund(RefundAnswer::Refused { code: "ACCOUNT_CLOSED".into() });
        shop.office
            .payments()
            .refund(payment.id, ADA, RefundWanted::everything(), "rain", None, None)
            .await
            .unwrap();
        let listed = async || {
            shop.office.support().payments_needing_attention(PageRequest::FIRST).await.unwrap().total
        };
        assert_eq!(listed().await, 1);
        if retried {
            shop.office.support().retry_payment(payment.id, None).await.unwrap();
        } else {
            let text = "paid out by hand";
            shop.office.support().note_payment(payment.id, "Kim", text, Settles::Yes, None).await.unwrap();
        }
        assert_eq!(listed().await, 0);
        books_agree(&shop, &[&payment]).await;
    }
}

#[tokio::test]
async fn a_confirm_that_hangs_delays_no_other_sale_and_is_charged_once() {
    let shop = TestShop::open().await;
    let held = shop.held(ADA, &[0]).await;
    let payment = shop.office.payments().prepare(PrepareRequest::new(held.id, ADA)).await.unwrap().payment;
    shop.gateway.inner.fail_next_confirm(ConfirmFault::Hang);
    let confirms: Vec<_> = (0..50)
        .map(|_| {
            let (office, id) = (shop.office.clone(), payment.id);
            tokio::spawn(async move {
                office.payments().confirm(id, ADA, Some(won(100).into()), None).await.unwrap()
            })
        })
        .collect();
    while shop.gateway.inner.hanging() == 0 {
        tokio::task::yield_now().await;
    }
    // The sweep at that moment, a cancel, and another buyer: none of them waits, and each has the right outcome.
    shop.clock.set(held.held_until().unwrap());
    shop.wait(600);
    assert_eq!(shop.office.jobs().expire_once().await.unwrap().done, []);
    assert!(shop.office.payments().cancel_or_refund(held.id, ADA, None).await.is_err());
    shop.sold(BEN, &[1]).await;
    shop.gateway.inner.release_hanging();
    let mut answers = Vec::new();
    for confirm in confirms {
        answers.push(confirm.await.unwrap());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "50 equal answers");
    assert!(matches!(answers[0].reservation.state, ReservationState::Confirmed { .. }));
    books_agree(&shop, &[&payment]).await;
}

/// A webhook of another payment is processed in the same round.
#[tokio::test]
async fn money_that_turns_up_after_another_orders_is_recorded_by_its_webhook() {
    let shop = TestShop::open().await;
    let strange = Captured::kept("another-order", "taken", won(100));
    let stuck = unknown(&shop, ConfirmFault::Answer(ConfirmAnswer::Paid(strange))).await;
    assert!(matches!(stuck.state, PaymentState::Stuck { .. }), "{stuck:?}");
    let held = shop.held(BEN, &[1]).await;
    shop.gateway.inner.fail_next_confirm(ConfirmFault::LoseAnswer);
    let lost =
        shop.office.payments().process(PrepareRequest::new(held.id, BEN)).await.unwrap().payment.unwrap();
    assert!(shop.gateway.inner.pay_in_browser(stuck.id, won(100)));
    for (delivery, payment) in [("stuck", &stuck), ("lost", &lost)] {
        shop.office.payments().receive_webhook("moody", hint(delivery, payment)).await.unwrap();
    }
    assert_eq!(shop.office.jobs().work_inbox_once().await.unwrap(), 2);
    for payment in [&stuck, &lost] {
        assert!(matches!(now_of(&shop, payment).await.state, PaymentState::Paid { .. }));
    }
    assert_eq!(shop.office.support().payments_needing_attention(PageRequest::FIRST).await.unwrap().total, 0);
    books_agree(&shop, &[&stuck, &lost]).await;
}

/// Fails if `learn` ends the reconciliation after an inconclusive answer, or if `EndPayment` schedules none.
#[tokio::test]
async fn a_payment_ended_by_staff_is_reconciled_until_the_outcome_is_known() {
    for paid in [true, false] {
        let shop = TestShop::open().await;
        let silent =
            || LookupAnswer::Unknown { reason: "HTTP 500".into(), response: ProviderResponse::Answered };
        let fault = if paid {
            ConfirmFault::LoseAnswer
        } else {
            ConfirmFault::Answer(ConfirmAnswer::Unknown {
                reason: "connection refused".into(),
                response: ProviderResponse::NoAnswer,
            })
        };
        let payment = unknown(&shop, fault).await;
        shop.wait(600);
        assert_eq!(
            shop.office.support().payments_needing_attention(PageRequest::FIRST).await.unwrap().total,
            1
        );
        shop.office.support().end_payment(payment.id, "Kim", "the provider closed", None).await.unwrap();
        assert_eq!(
            shop.office.support().payments_needing_attention(PageRequest::FIRST).await.unwrap().total,
            0
        );
        shop.office.jobs().expire_once().await.unwrap();
        shop.sold(BEN, &[0]).await;
        // The provider does not answer, then is undecided and cannot void, and then knows the outcome.
        shop.gateway.inner.answer_next_lookup(silent());
        shop.gateway.inner.answer_next_lookup(LookupAnswer::Pending);
        shop.gateway.answer_next_void(VoidAnswer::Unsupported);
        for _ in 0..4 {
            shop.wait(600);
            shop.office.jobs().reconcile_once(10).await.unwrap();
        }
        let known = now_of(&shop, &payment).await;
        assert_eq!(matches!(known.state, PaymentState::Refunded { .. }), paid, "{known:?}");
        assert_eq!((known.reconciliation, shop.gateway.inner.balance(payment.id)), (None, 0));
    }
}

/// Fails if an attempt that staff ended stays open at a provider that still waits for the buyer.
#[tokio::test]
async fn an_attempt_that_staff_ended_is_closed_while_its_provider_waits_for_the_buyer() {
    let shop = TestShop::open().await;
    let lost =
        ConfirmAnswer::Unknown { reason: "connection refused".into(), response: ProviderResponse::NoAnswer };
    let payment = unknown(&shop, ConfirmFault::Answer(lost)).await;
    shop.wait(600);
    shop.office.support().end_payment(payment.id, "Kim", "the provider closed", None).await.unwrap();
    shop.gateway.inner.answer_next_lookup(LookupAnswer::Pending);
    shop.wait(600);
    assert_eq!(shop.office.jobs().reconcile_once(10).await.unwrap().settled, 1);
    assert_eq!(now_of(&shop, &payment).await.reconciliation, None);
    assert!(!shop.gateway.inner.pay_in_browser(payment.id, won(100)), "its page is closed");
}

/// A provider that reports more refunded than captured has refunded everything.
#[tokio::test]
async fn more_given_back_than_was_taken_is_all_of_it() {
    for known in [true, false] {
        let shop = TestShop::open().await;
        let payment =
            if known { shop.sold(ADA, &[0]).await.1 } else { unknown(&shop, ConfirmFault::LoseAnswer).await };
        let kept = Captured::kept(payment.id.to_string(), "taken", won(100));
        let word = LookupAnswer::Paid(kept.refunded(won(101)));
        shop.gateway.inner.answer_next_lookup(word);
        shop.office.payments().receive_webhook("moody", hint("more", &payment)).await.unwrap();
        assert_eq!(shop.office.jobs().work_inbox_once().await.unwrap(), 1);
        let refunded = now_of(&shop, &payment).await;
        assert!(matches!(refunded.state, PaymentState::Refunded { .. }), "{refunded:?}");
        assert_eq!(refunded.refunded, won(100));
        let reservation = shop.office.sales().reservation(payment.reservation, ADA).await.unwrap().unwrap();
        assert!(!matches!(reservation.state, ReservationState::Confirmed { .. }), "{reservation:?}");
    }
}

/// A key that the store no longer has makes no second refund of the same payment; for another payment it makes a
/// refund.
#[tokio::test]
async fn a_refund_key_used_again_after_a_day_never_wedges_a_payment() {
    let shop = TestShop::open().await;
    let (_, first) = shop.sold(ADA, &[0]).await;
    let (_, second) = shop.sold(ADA, &[1]).await;
    let key = Some(shop.key());
    let part = || RefundWanted::waiver(won(40));
    shop.office.support().refund_by_organiser(first.id, part(), "rain", key, None).await.unwrap();
    shop.wait(25 * 3_600);
    shop.office.jobs().forget_once().await.unwrap();
    let again = shop.office.support().refund_by_organiser(first.id, part(), "rain", key, None).await.unwrap();
    assert!(matches!(again.refund.state, RefundState::Done { .. }), "{again:?}");
    let other = shop
        .office
        .support()
        .refund_by_organiser(first.id, RefundWanted::waiver(won(10)), "rain", key, None)
        .await;
    // For one day the store has the repetition's key; after that the rule refuses.
    assert!(matches!(other, Err(RefundError::Begin(CommandError::KeyReused))), "{other:?}");
    shop.wait(25 * 3_600);
    shop.office.jobs().forget_once().await.unwrap();
    let other = shop
        .office
        .support()
        .refund_by_organiser(first.id, RefundWanted::waiver(won(10)), "rain", key, None)
        .await;
    let Err(RefundError::Begin(CommandError::Refused(refused))) = other else { panic!("{other:?}") };
    assert_eq!(refused, BeginRefundRefused::RefundIdTaken { refund: again.refund.id });
    assert_eq!(now_of(&shop, &first).await.refunds.len(), 1);
    let elsewhere = shop
        .office
        .support()
        .refund_by_organiser(second.id, RefundWanted::everything(), "rain", key, None)
        .await
        .unwrap();
    assert_ne!(elsewhere.refund.id, again.refund.id);
    assert!(matches!(elsewhere.refund.state, RefundState::Done { .. }), "{elsewhere:?}");
    shop.office
        .support()
        .refund_by_organiser(first.id, RefundWanted::everything(), "rain", None, None)
        .await
        .unwrap();
    books_agree(&shop, &[&first, &second]).await;
}
