//! Payment gateways: one effect for each id, and answers that state what is known.

use tiketi_core::{
    BuyerId, Currency, Money, PaymentId, RefundId,
    gateway::{
        Attempt, AttemptStep, Captured, ConfirmAnswer, ConfirmRequest, LookupAnswer, LookupRequest,
        NotAccepted, ProviderResponse, RefundAnswer, RefundRequest, Support, VoidAnswer, VoidRequest,
        WebhookRefused, WebhookRequest,
    },
};
use uuid::Uuid;

use crate::gateway::FreshGateway;

fn won(minor: i64) -> Money {
    Money::new(minor, Currency::KRW)
}

/// The buyer of every payment.
const BUYER: BuyerId = BuyerId::from_uuid(Uuid::from_u128(0xADA));

/// Returns a new id, because a stub may outlive a case.
fn payment() -> PaymentId {
    PaymentId::from_uuid(Uuid::from_u128(unused()))
}

/// Returns a number that differs with each call and in each process, without a random generator.
fn unused() -> u128 {
    use std::hash::{BuildHasher, Hasher};
    let half = || u128::from(std::hash::RandomState::new().build_hasher().finish());
    half() << 64 | half()
}

fn refund_id() -> RefundId {
    RefundId::from_uuid(Uuid::from_u128(unused()))
}

impl FreshGateway {
    async fn prepared(&self, amount: Money) -> ConfirmRequest {
        let payment = payment();
        let provider_key = self.provider.authenticate(payment, amount).await;
        let method = self.gateway.methods()[0].id.clone();
        ConfirmRequest::new(payment, BUYER, amount, method).provider_key(provider_key)
    }

    async fn taken(&self, amount: Money) -> (ConfirmRequest, Captured) {
        let request = self.prepared(amount).await;
        match self.gateway.confirm(request.clone()).await {
            ConfirmAnswer::Paid(captured) => (request, captured),
            other => panic!("should take the money, but said {other:?}"),
        }
    }

    async fn look(&self, of: &ConfirmRequest) -> LookupAnswer {
        let (payment, provider_key, amount) = (of.payment, of.provider_key.clone(), of.amount);
        let by_key =
            self.gateway.lookup(LookupRequest::new(payment, BUYER, amount).provider_key(provider_key)).await;
        let by_order = self.gateway.lookup(LookupRequest::new(payment, BUYER, amount)).await;
        assert_eq!(by_key, by_order, "by key and by order");
        by_order
    }
}

fn back(of: &ConfirmRequest, captured: &Captured, amount: i64, refundable: i64) -> RefundRequest {
    RefundRequest::new(of.payment, of.buyer, &captured.provider_key, refund_id(), won(amount))
        .refundable(won(refundable))
        .reason("the singer is ill")
}

/// Fails if an answer lacks the order, the captured amount or the refunded amount.
pub async fn a_payment_is_taken_looked_up_and_given_back(it: FreshGateway) {
    let (request, captured) = it.taken(won(50_000)).await;
    assert_eq!((captured.order.as_str(), captured.amount), (&*request.payment.to_string(), won(50_000)));
    assert_eq!(captured.refunded, won(0));
    assert_eq!(it.look(&request).await, LookupAnswer::Paid(captured.clone()));
    let refund = back(&request, &captured, 50_000, 50_000);
    assert_eq!(it.gateway.refund(refund).await, RefundAnswer::Done);
    let refunded = captured.refunded(won(50_000));
    assert_eq!(it.look(&request).await, LookupAnswer::Paid(refunded));
    assert_eq!(it.provider.balance(request.payment).await, 0);
}

/// Fails if a repeated confirm captures twice.
pub async fn a_confirm_sent_twice_takes_once(it: FreshGateway) {
    let (request, captured) = it.taken(won(50_000)).await;
    assert_eq!(it.gateway.confirm(request.clone()).await, ConfirmAnswer::Paid(captured));
    assert_eq!(it.provider.balance(request.payment).await, 50_000);
}

/// Fails if a lost answer counts as a decline, or if a lookup does not return the outcome.
pub async fn a_lost_answer_is_unknown_and_a_lookup_knows(it: FreshGateway) {
    let request = it.prepared(won(50_000)).await;
    it.provider.lose_next_confirm().await;
    match it.gateway.confirm(request.clone()).await {
        ConfirmAnswer::Unknown { .. } => {}
        // A gateway may make a lookup before it answers.
        ConfirmAnswer::Paid(captured) => assert_eq!(captured.amount, won(50_000)),
        other => panic!("a lost answer is not {other:?}"),
    }
    match it.look(&request).await {
        LookupAnswer::Paid(captured) => assert_eq!(captured.amount, won(50_000)),
        other => panic!("money that was taken is not {other:?}"),
    }
}

/// Fails if a declined confirm captures money, or is not reported as a decline.
pub async fn a_declined_payment_takes_nothing(it: FreshGateway) {
    let request = it.prepared(won(50_000)).await;
    it.provider.decline_next_confirm().await;
    let answer = it.gateway.confirm(request.clone()).await;
    assert!(matches!(answer, ConfirmAnswer::Declined { .. }), "{answer:?}");
    assert_eq!(it.provider.balance(request.payment).await, 0);
    assert!(!matches!(it.look(&request).await, LookupAnswer::Paid(_)));
}

/// Fails if an order that the provider does not know is not reported as not found.
pub async fn an_order_that_was_never_made_is_not_found(it: FreshGateway) {
    let request = LookupRequest::new(payment(), BUYER, won(50_000));
    assert_eq!(it.gateway.lookup(request).await, LookupAnswer::NotFound);
}

/// Fails if a refund repeated with its id refunds twice.
pub async fn a_refund_sent_twice_gives_back_once(it: FreshGateway) {
    let (request, captured) = it.taken(won(50_000)).await;
    let refund = back(&request, &captured, 20_000, 50_000);
    for _ in 0..2 {
        assert_eq!(it.gateway.refund(refund.clone()).await, RefundAnswer::Done);
    }
    assert_eq!(it.provider.balance(request.payment).await, 30_000);
}

/// Fails if a refund that is repeated after a lost answer refunds twice.
pub async fn a_refund_whose_answer_was_lost_gives_back_once(it: FreshGateway) {
    let (request, captured) = it.taken(won(50_000)).await;
    let refund = back(&request, &captured, 20_000, 50_000);
    it.provider.lose_next_refund().await;
    let first = it.gateway.refund(refund.clone()).await;
    assert!(!matches!(first, RefundAnswer::Refused { .. }), "{first:?}");
    assert_eq!(it.gateway.refund(refund).await, RefundAnswer::Done);
    assert_eq!(it.provider.balance(request.payment).await, 30_000);
}

/// Fails if more is refunded than was captured.
pub async fn parts_add_up_and_no_more_than_was_taken_goes_back(it: FreshGateway) {
    let (request, captured) = it.taken(won(50_000)).await;
    if it.gateway.capabilities().partial_refunds == Support::Yes {
        let first = back(&request, &captured, 20_000, 50_000);
        assert_eq!(it.gateway.refund(first).await, RefundAnswer::Done);
        let answer = it.gateway.refund(back(&request, &captured, 40_000, 30_000)).await;
        assert!(matches!(answer, RefundAnswer::Refused { .. }), "{answer:?}");
        assert_eq!(it.provider.balance(request.payment).await, 30_000);
    }
}

/// Fails if a provider that does not answer counts as having answered, or as having stated an outcome.
pub async fn a_provider_without_answers_is_reported_as_not_answering(it: FreshGateway) {
    let (taken, captured) = it.taken(won(50_000)).await;
    let request = it.prepared(won(50_000)).await;
    it.provider.stop_answering().await;
    let confirmed = it.gateway.confirm(request.clone()).await;
    assert!(
        matches!(confirmed, ConfirmAnswer::Unknown { response: ProviderResponse::NoAnswer, .. }),
        "{confirmed:?}"
    );
    let (payment, provider_key, amount) = (request.payment, request.provider_key, request.amount);
    let question = LookupRequest::new(payment, BUYER, amount).provider_key(provider_key.clone());
    let found = it.gateway.lookup(question).await;
    assert!(matches!(found, LookupAnswer::Unknown { response: ProviderResponse::NoAnswer, .. }), "{found:?}");
    let returned = it.gateway.refund(back(&taken, &captured, 50_000, 50_000)).await;
    assert!(
        matches!(returned, RefundAnswer::Unknown { response: ProviderResponse::NoAnswer, .. }),
        "{returned:?}"
    );
    let voided = it.gateway.void(VoidRequest::new(payment, BUYER).provider_key(provider_key)).await;
    let unanswered = matches!(voided, VoidAnswer::Unknown { response: ProviderResponse::NoAnswer, .. });
    assert!(unanswered || voided == VoidAnswer::Unsupported, "{voided:?}");
}

/// Fails if a provider that does not know an order counts as one that does not answer: the invented keys of one
/// buyer would then open the circuit breaker for all.
pub async fn a_key_never_given_is_answered_and_takes_nothing(it: FreshGateway) {
    let Some(key) = it.provider.key_never_given().await else { return };
    let request = it.prepared(won(50_000)).await.provider_key(key);
    let answer = it.gateway.confirm(request.clone()).await;
    assert_eq!(answer.response(), ProviderResponse::Answered, "{answer:?}");
    assert!(!matches!(answer, ConfirmAnswer::Paid(_)), "{answer:?}");
    assert_eq!(it.provider.balance(request.payment).await, 0);
}

/// Fails if a gateway refuses a valid payment method or key, or accepts one that must fail.
pub async fn an_attempt_is_accepted_by_its_form(it: FreshGateway) {
    let request = it.prepared(won(50_000)).await;
    let provider_key = request.provider_key.as_deref();
    let confirm = Attempt::new(&request.method, request.amount, AttemptStep::Confirm { provider_key });
    let prepare = Attempt::new(&request.method, request.amount, AttemptStep::Prepare);
    for attempt in [prepare, confirm] {
        assert_eq!(it.gateway.accepts(attempt), Ok(()), "{attempt:?}");
        let refused = it.gateway.accepts(Attempt::new("no_such_method", attempt.amount, attempt.step));
        assert!(matches!(refused, Err(NotAccepted::Method { .. })), "{refused:?}");
    }
    let too_long = "k".repeat(10_000);
    for key in ["", "a\0b", "a\nb", "a b", "열쇠", &too_long] {
        let step = AttemptStep::Confirm { provider_key: Some(key) };
        let refused = it.gateway.accepts(Attempt::new(&request.method, request.amount, step));
        assert_eq!(refused, Err(NotAccepted::KeyMalformed), "{key:?}");
    }
}

/// Fails if meaningless bytes are accepted as a hint.
pub async fn nonsense_is_no_webhook(it: FreshGateway) {
    let request = WebhookRequest::new(Vec::new(), b"\xff{nonsense".to_vec());
    let refused = it.gateway.webhook(request).await.unwrap_err();
    assert!(!matches!(refused, WebhookRefused::Unavailable), "{refused:?}");
}
