//! A payment provider that exists only in memory.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::gateway::{
    ConfirmAnswer, ConfirmRequest, PaymentGateway, PaymentMethod, RefundAnswer, RefundRequest,
};
use crate::id::{PaymentId, RefundId};
use crate::money::Money;

/// Takes and gives back money that is not real, and keeps a ledger of it.
///
/// Its methods are `naver_pay`, `kakao_pay` and `bank_transfer`. It approves what it is asked unless
/// it was told otherwise, and has one effect per payment and refund id, as a real provider has. Money that
/// an earlier process took, which its own key for it shows, it gives back without knowing how much it was.
#[derive(Debug, Default)]
pub struct TestGateway {
    ledger: Mutex<Ledger>,
}

#[derive(Debug, Default)]
struct Ledger {
    captured: HashMap<PaymentId, Money>,
    refunded: HashMap<RefundId, (PaymentId, Money)>,
    next_confirm: Option<ConfirmAnswer>,
}

impl Ledger {
    fn balance(&self, payment: PaymentId) -> i64 {
        let captured = self.captured.get(&payment).map_or(0, |amount| amount.minor());
        let refunds = self.refunded.values().filter(|(of, _)| *of == payment);
        captured - refunds.map(|(_, amount)| amount.minor()).sum::<i64>()
    }
}

impl TestGateway {
    /// Makes the next confirm answer this, without taking money.
    pub fn answer_next_confirm(&self, answer: ConfirmAnswer) {
        self.ledger().next_confirm = Some(answer);
    }

    /// Returns how much was taken and not given back for a payment, in minor units.
    pub fn balance(&self, payment: PaymentId) -> i64 {
        self.ledger().balance(payment)
    }

    /// Returns how many payments were taken, given back or not.
    pub fn captures(&self) -> usize {
        self.ledger().captured.len()
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn provider_key(payment: PaymentId) -> String {
    format!("test_{payment}")
}

#[async_trait]
impl PaymentGateway for TestGateway {
    fn name(&self) -> &'static str {
        "test"
    }

    fn methods(&self) -> Vec<PaymentMethod> {
        let methods =
            [("naver_pay", "NaverPay"), ("kakao_pay", "KakaoPay"), ("bank_transfer", "Bank transfer")];
        methods.map(|(id, name)| PaymentMethod { id: id.into(), name: name.into() }).into()
    }

    async fn confirm(&self, request: ConfirmRequest) -> ConfirmAnswer {
        let mut ledger = self.ledger();
        if let Some(answer) = ledger.next_confirm.take() {
            return answer;
        }
        let amount = *ledger.captured.entry(request.payment).or_insert(request.amount);
        ConfirmAnswer::Paid { provider_key: provider_key(request.payment), amount }
    }

    async fn refund(&self, request: RefundRequest) -> RefundAnswer {
        let mut ledger = self.ledger();
        if ledger.refunded.contains_key(&request.refund) {
            return RefundAnswer::Done;
        }
        let from_before = !ledger.captured.contains_key(&request.payment)
            && request.provider_key == provider_key(request.payment);
        if !from_before && request.amount.minor() > ledger.balance(request.payment) {
            return RefundAnswer::Refused { code: "NOT_CANCELABLE_AMOUNT".into() };
        }
        ledger.refunded.insert(request.refund, (request.payment, request.amount));
        RefundAnswer::Done
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::*;
    use crate::money::Currency;

    const PAYMENT: PaymentId = PaymentId::from_uuid(Uuid::from_u128(1));

    fn won(minor: i64) -> Money {
        Money::new(minor, Currency::KRW)
    }

    fn confirm(amount: i64) -> ConfirmRequest {
        let amount = won(amount);
        ConfirmRequest { payment: PAYMENT, amount, method: "naver_pay".into(), provider_key: None }
    }

    fn refund(which: u128, amount: i64) -> RefundRequest {
        RefundRequest {
            payment: PAYMENT,
            provider_key: "taken".into(),
            refund: RefundId::from_uuid(Uuid::from_u128(which)),
            amount: won(amount),
            reason: "rain".into(),
        }
    }

    #[tokio::test]
    async fn one_payment_is_taken_once_and_one_refund_is_given_once() {
        let gateway = TestGateway::default();
        for _ in 0..2 {
            assert!(matches!(gateway.confirm(confirm(100)).await, ConfirmAnswer::Paid { .. }));
        }
        assert_eq!((gateway.balance(PAYMENT), gateway.captures()), (100, 1));
        for _ in 0..2 {
            assert_eq!(gateway.refund(refund(1, 30)).await, RefundAnswer::Done);
        }
        assert_eq!(gateway.balance(PAYMENT), 70);
    }

    #[tokio::test]
    async fn money_taken_by_an_earlier_process_is_given_back() {
        let earlier = TestGateway::default();
        let ConfirmAnswer::Paid { provider_key, .. } = earlier.confirm(confirm(100)).await else {
            panic!("the money should be taken");
        };
        let gateway = TestGateway::default();
        let refused = gateway.refund(refund(1, 100)).await;
        assert!(matches!(refused, RefundAnswer::Refused { .. }), "a key of another's making: {refused:?}");
        let again = RefundRequest { provider_key, ..refund(1, 100) };
        assert_eq!(gateway.refund(again).await, RefundAnswer::Done);
    }

    #[tokio::test]
    async fn more_than_was_taken_is_not_given_back() {
        let gateway = TestGateway::default();
        gateway.confirm(confirm(100)).await;
        assert!(matches!(gateway.refund(refund(1, 101)).await, RefundAnswer::Refused { .. }));
        assert_eq!(gateway.balance(PAYMENT), 100);
    }

    #[tokio::test]
    async fn an_answer_that_was_told_is_given_once_and_takes_nothing() {
        let gateway = TestGateway::default();
        gateway.answer_next_confirm(ConfirmAnswer::Unknown { reason: "timeout".into() });
        assert!(matches!(gateway.confirm(confirm(100)).await, ConfirmAnswer::Unknown { .. }));
        assert_eq!(gateway.captures(), 0);
        assert!(matches!(gateway.confirm(confirm(100)).await, ConfirmAnswer::Paid { .. }));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn refunds_at_once_never_give_back_more_than_was_taken() {
        let gateway = Arc::new(TestGateway::default());
        gateway.confirm(confirm(100)).await;
        let asks: Vec<_> = (0..64)
            .map(|which| {
                let gateway = Arc::clone(&gateway);
                tokio::spawn(async move { gateway.refund(refund(which, 60)).await })
            })
            .collect();
        for ask in asks {
            ask.await.unwrap();
        }
        assert_eq!(gateway.balance(PAYMENT), 40);
    }
}
