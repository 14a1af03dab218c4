//! Attempts without a capture: which seats they may hold, for how long, and how they are answered.

use std::time::Duration;

use tiketi_core::decide::BeginConfirmRefused;
use tiketi_core::memory::{ConfirmFault, TestGateway};
use tiketi_core::{
    CommandError, Currency, PayError, PaymentState, PrepareRequest,
    gateway::{ConfirmAnswer, NotAccepted, ProviderResponse},
};

use crate::{ADA, BEN, MoodyGateway, TestShop, won};

/// Fails if an attempt that expired with its hold is answered like a paid one.
#[tokio::test]
async fn a_process_sent_again_for_an_abandoned_attempt_is_refused() {
    let shop = TestShop::open().await;
    let held = shop.held(ADA, &[0]).await;
    let request = PrepareRequest::new(held.id, ADA).key(shop.key());
    shop.gateway.inner.set_unavailable(Some(Duration::from_secs(30)));
    let refused = shop.office.payments().process(request.clone()).await.unwrap_err();
    assert!(matches!(refused, PayError::Unavailable(_)), "{refused:?}");
    shop.gateway.inner.set_unavailable(None);
    shop.wait(601);
    shop.office.jobs().expire_once().await.unwrap();

    let again = shop.office.payments().process(request).await;
    let Err(PayError::Confirm(CommandError::Refused(BeginConfirmRefused::NotReady { state }))) = again else {
        panic!("{again:?}")
    };
    assert_eq!(state, PaymentState::Abandoned);
    assert_eq!(shop.gateway.inner.captures(), 0);
}

/// A buyer who confirms with invented payment keys holds seats no longer than the terms permit.
#[tokio::test]
async fn bogus_confirms_hold_no_seat_beyond_the_stated_bound() {
    let shop = TestShop::open().await;
    let held = shop.held(ADA, &[0]).await;
    // Each step at the latest possible moment: extended up to the cap, prepared and confirmed just before each end.
    for _ in 0..2 {
        shop.wait(299);
        shop.office.sales().extend_hold(held.id, ADA, None).await.unwrap();
    }
    shop.wait(299);
    let payment = shop.office.payments().prepare(PrepareRequest::new(held.id, ADA)).await.unwrap().payment;
    let until = shop.office.sales().reservation(held.id, ADA).await.unwrap().unwrap().held_until().unwrap();
    shop.wait(until.since(shop.office.now()).as_secs() - 1);
    let cap = held.created_at.after(shop.office.terms().hold_cap);
    assert!(shop.office.now() > cap, "past the cap");
    let unknown = ConfirmAnswer::Unknown {
        reason: "NOT_FOUND_PAYMENT_SESSION".into(),
        response: ProviderResponse::Answered,
    };
    shop.gateway.inner.fail_next_confirm(ConfirmFault::Answer(unknown));
    shop.office.payments().confirm(payment.id, ADA, None, Some("bogus".into())).await.unwrap();
    let mut waited = 0;
    while shop.office.sales().hold(shop.wanting(BEN, &[0])).await.is_err() {
        shop.wait(1);
        waited += 1;
        shop.office.jobs().run_once().await;
    }
    assert!(waited <= 121, "the seat was held for {waited} s beyond the hold");
}

#[tokio::test]
async fn what_a_gateway_does_not_take_is_refused_before_anything_is_committed() {
    let gateway = TestGateway::default().taking(&["EUR".parse().unwrap()]);
    let shop = TestShop::over(MoodyGateway { inner: gateway, ..MoodyGateway::default() }).await;
    let held = shop.held(ADA, &[0]).await;
    let refused = shop.office.payments().prepare(PrepareRequest::new(held.id, ADA)).await;
    assert!(
        matches!(refused, Err(PayError::NotAccepted(NotAccepted::Currency { currency: Currency::KRW, .. }))),
        "{refused:?}"
    );
    let refused = shop.office.payments().process(PrepareRequest::new(held.id, ADA)).await;
    assert!(matches!(refused, Err(PayError::NotAccepted(_))), "{refused:?}");
    let known = shop.office.sales().reservation(held.id, ADA).await.unwrap().unwrap();
    assert_eq!(known, held, "no attempt, and no payment window");
}

#[tokio::test]
async fn a_malformed_key_leaves_the_hold_unchanged_and_the_next_key_pays() {
    let shop = TestShop::open().await;
    let held = shop.held(ADA, &[0]).await;
    let payment = shop.office.payments().prepare(PrepareRequest::new(held.id, ADA)).await.unwrap().payment;
    for key in ["", "a\0b", "a b", &"k".repeat(256)] {
        let refused = shop.office.payments().confirm(payment.id, ADA, None, Some(key.into())).await;
        assert!(
            matches!(refused, Err(PayError::NotAccepted(NotAccepted::KeyMalformed))),
            "{key:?}: {refused:?}"
        );
        let known = shop.office.support().any_payment(payment.id).await.unwrap().unwrap();
        assert_eq!(known.state, PaymentState::Ready);
    }
    let paid = shop.office.payments().confirm(payment.id, ADA, None, Some("good".into())).await.unwrap();
    assert!(matches!(paid.payment.unwrap().state, PaymentState::Paid { .. }));
}

/// A refused confirm must not use one of the calls that a probing circuit breaker admits.
#[tokio::test]
async fn a_confirm_that_the_rule_refuses_asks_no_gateway_whether_it_is_ready() {
    let shop = TestShop::open().await;
    let held = shop.held(ADA, &[0]).await;
    let payment = shop.office.payments().prepare(PrepareRequest::new(held.id, ADA)).await.unwrap().payment;
    shop.gateway.inner.set_unavailable(Some(Duration::from_secs(30)));
    for (buyer, amount) in [(BEN, 100), (ADA, 1)] {
        let refused = shop.office.payments().confirm(payment.id, buyer, Some(won(amount).into()), None).await;
        assert!(matches!(refused, Err(PayError::Confirm(_))), "{refused:?}");
    }
}
