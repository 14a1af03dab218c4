//! A payment provider in memory.

mod gate;
mod ledger;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::gateway::{
    Attempt, BuyerStep, Capabilities, Checkout, CheckoutRequest, ConfirmAnswer, ConfirmRequest, Confirms,
    GatewayUnavailable, Hint, LookupAnswer, LookupRequest, NotAccepted, PaymentGateway, PaymentMethod,
    ProviderResponse, RefundAnswer, RefundRequest, RefundsTo, Support, VoidAnswer, VoidRequest,
    WebhookRefused, WebhookRequest,
};
use crate::id::PaymentId;
use crate::money::{Currency, Money};
use crate::secret_digest::SecretDigest;
use gate::Gate;
pub use ledger::Balance;
use ledger::{Ledger, provider_key};

/// Header with the delivery's name for [`TestGateway`]'s webhook; the body is the payment's id.
const DELIVERY_HEADER: &str = "test-delivery";
/// The header with the secret of the payment, if the webhook has one.
const SECRET_HEADER: &str = "test-secret";

/// Reason of the answer `Unknown` while the provider does not answer.
const SILENT: &str = "no answer";

/// Captures and refunds fictitious money, and keeps a ledger of it.
///
/// Its methods are `naver_pay`, `kakao_pay` and `bank_transfer`. It approves every request unless a test set another
/// behaviour, and has one effect for each payment and refund id, as a real provider has. Money that an earlier process
/// captured, which its own key shows, is refunded without a check of the amount.
#[derive(Debug)]
pub struct TestGateway {
    name: String,
    methods: Vec<PaymentMethod>,
    capabilities: Capabilities,
    ledger: Mutex<Ledger>,
    gate: Gate,
    refunds_to: RefundsTo,
    currencies: Option<Vec<Currency>>,
}

/// Behaviour of [`TestGateway`] for one confirm.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfirmFault {
    /// Returns this answer, and captures nothing.
    Answer(ConfirmAnswer),
    /// Captures the money, and loses the answer.
    LoseAnswer,
    /// Captures another amount than the request's.
    Charge(Money),
    /// Waits until [`TestGateway::release_hanging`], then captures the money.
    Hang,
}

/// Behaviour of [`TestGateway`] for one refund.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefundFault {
    /// Returns this answer, and refunds nothing.
    Answer(RefundAnswer),
    /// Refunds the money, and loses the answer.
    LoseAnswer,
}

impl Default for TestGateway {
    fn default() -> Self {
        let methods =
            [("naver_pay", "NaverPay"), ("kakao_pay", "KakaoPay"), ("bank_transfer", "Bank transfer")];
        Self::new("test", &methods, Confirms::Server)
    }
}

impl TestGateway {
    /// Makes a gateway with a name, and with methods by their ids and names.
    pub fn new(name: &str, methods: &[(&str, &str)], confirms: Confirms) -> Self {
        let buyer_step = match confirms {
            Confirms::Server => BuyerStep::NotNeeded,
            Confirms::Browser => BuyerStep::Needed,
        };
        let capabilities =
            Capabilities { confirms, partial_refunds: Support::Yes, void: Support::Yes, buyer_step };
        let methods = methods.iter();
        let methods = methods.map(|(id, name)| PaymentMethod { id: (*id).into(), name: (*name).into() });
        Self {
            name: name.into(),
            methods: methods.collect(),
            capabilities,
            ledger: Mutex::default(),
            gate: Gate::default(),
            refunds_to: RefundsTo::Source,
            currencies: None,
        }
    }

    /// Accepts only these currencies; by default it accepts all.
    #[must_use]
    pub fn taking(mut self, currencies: &[Currency]) -> Self {
        self.currencies = Some(currencies.to_vec());
        self
    }

    /// Refunds money only to accounts that buyers name.
    #[must_use]
    pub fn refunding_to_accounts(mut self) -> Self {
        self.refunds_to = RefundsTo::Account;
        self
    }

    /// Makes a gateway whose buyers pay in the browser, called `test-browser`, with the method `card`.
    pub fn in_browser() -> Self {
        Self::new("test-browser", &[("card", "Card")], Confirms::Browser)
    }

    /// Makes the next confirm return this answer, without a capture.
    pub fn answer_next_confirm(&self, answer: ConfirmAnswer) {
        self.fail_next_confirm(ConfirmFault::Answer(answer));
    }

    /// Sets the behaviour of the next confirm; several form a queue.
    pub fn fail_next_confirm(&self, fault: ConfirmFault) {
        self.ledger().confirms.push_back(fault);
    }

    /// Sets the behaviour of the next refund; several form a queue.
    pub fn fail_next_refund(&self, fault: RefundFault) {
        self.ledger().refund_faults.push_back(fault);
    }

    /// Sets the answer of the next look-up, whatever the ledger says; several form a queue.
    pub fn answer_next_lookup(&self, answer: LookupAnswer) {
        self.ledger().lookups.push_back(answer);
    }

    /// Sets whether it can be called: see [`PaymentGateway::ready`].
    pub fn set_unavailable(&self, retry_after: Option<Duration>) {
        self.ledger().unavailable = retry_after;
    }

    /// Sets whether the provider answers no request; it then captures and refunds nothing.
    pub fn set_unanswering(&self, is_unanswering: bool) {
        self.ledger().is_unanswering = is_unanswering;
    }

    /// Lets every waiting confirm continue.
    pub fn release_hanging(&self) {
        self.gate.open();
    }

    /// Returns how many confirms are waiting.
    pub fn hanging(&self) -> usize {
        self.gate.waiting()
    }

    /// Captures money as a buyer's browser does, without a confirm.
    ///
    /// It returns whether any was captured.
    pub fn pay_in_browser(&self, payment: PaymentId, amount: Money) -> bool {
        self.ledger().take(payment, amount).is_some()
    }

    /// Refunds money as staff do on the provider's own pages, unknown to the shop.
    pub fn refund_by_hand(&self, payment: PaymentId, amount: Money) {
        self.ledger().give_back_by_hand(payment, amount);
    }

    /// Returns the amount captured and not refunded for a payment, in minor units.
    pub fn balance(&self, payment: PaymentId) -> i64 {
        self.ledger().balance(payment)
    }

    /// Returns how many payments were captured, refunded or not.
    pub fn captures(&self) -> usize {
        self.ledger().captured.len()
    }

    /// Returns the captured and refunded amounts of all payments, by payment.
    pub fn balances(&self) -> Vec<Balance> {
        self.ledger().balances()
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, payment: PaymentId, amount: Money) -> ConfirmAnswer {
        match self.ledger().take(payment, amount) {
            Some(captured) => ConfirmAnswer::Paid(captured),
            None => ConfirmAnswer::Declined { code: "VOIDED".into() },
        }
    }
}

#[async_trait]
impl PaymentGateway for TestGateway {
    fn name(&self) -> &str {
        &self.name
    }

    fn methods(&self) -> Vec<PaymentMethod> {
        self.methods.clone()
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn refunds_to(&self, _: &str) -> RefundsTo {
        self.refunds_to
    }

    fn ready(&self) -> Result<(), GatewayUnavailable> {
        match self.ledger().unavailable {
            Some(retry_after) => Err(GatewayUnavailable {
                gateway: self.name.clone(),
                retry_after,
                response: ProviderResponse::NotAsked,
            }),
            None => Ok(()),
        }
    }

    fn accepts(&self, attempt: Attempt<'_>) -> Result<(), NotAccepted> {
        attempt.check_method(&self.methods)?;
        attempt.check_key()?;
        self.currencies.as_deref().map_or(Ok(()), |accepted| attempt.check_currency(accepted))
    }

    async fn checkout(&self, _: CheckoutRequest) -> Result<Checkout, GatewayUnavailable> {
        self.ready()?;
        let client_key = Some(format!("{}_public", self.name));
        Ok(Checkout { client_key, parameters: BTreeMap::new(), response: ProviderResponse::NotAsked })
    }

    async fn confirm(&self, request: ConfirmRequest) -> ConfirmAnswer {
        if self.ledger().is_unanswering {
            return ConfirmAnswer::Unknown { reason: SILENT.into(), response: ProviderResponse::NoAnswer };
        }
        // One effect for each payment: an earlier capture is returned again, whatever behaviour is queued.
        if let Some(captured) = self.ledger().captured(request.payment) {
            return ConfirmAnswer::Paid(captured);
        }
        let fault = self.ledger().confirms.pop_front();
        match fault {
            Some(ConfirmFault::Answer(answer)) => {
                self.ledger().remember_declined(request.payment, &answer);
                answer
            }
            Some(ConfirmFault::LoseAnswer) => {
                self.take(request.payment, request.amount);
                ConfirmAnswer::Unknown {
                    reason: "the answer was lost".into(),
                    response: ProviderResponse::NoAnswer,
                }
            }
            Some(ConfirmFault::Charge(amount)) => self.take(request.payment, amount),
            Some(ConfirmFault::Hang) => {
                self.gate.pass().await;
                self.take(request.payment, request.amount)
            }
            None => self.take(request.payment, request.amount),
        }
    }

    async fn lookup(&self, request: LookupRequest) -> LookupAnswer {
        let mut ledger = self.ledger();
        if ledger.is_unanswering {
            return LookupAnswer::Unknown { reason: SILENT.into(), response: ProviderResponse::NoAnswer };
        }
        if let Some(answer) = ledger.lookups.pop_front() {
            return answer;
        }
        ledger.what_of(request.payment)
    }

    async fn refund(&self, request: RefundRequest) -> RefundAnswer {
        let mut ledger = self.ledger();
        if ledger.is_unanswering {
            return RefundAnswer::Unknown { reason: SILENT.into(), response: ProviderResponse::NoAnswer };
        }
        if ledger.was_refunded(request.refund) {
            return RefundAnswer::Done;
        }
        if self.refunds_to == RefundsTo::Account && request.account.is_none() {
            return RefundAnswer::Refused { code: "NO_ACCOUNT".into() };
        }
        match ledger.refund_faults.pop_front() {
            Some(RefundFault::Answer(answer)) => answer,
            Some(RefundFault::LoseAnswer) => {
                ledger.give_back(&request);
                RefundAnswer::Unknown {
                    reason: "the answer was lost".into(),
                    response: ProviderResponse::NoAnswer,
                }
            }
            None => ledger.give_back(&request),
        }
    }

    async fn void(&self, request: VoidRequest) -> VoidAnswer {
        let mut ledger = self.ledger();
        if ledger.is_unanswering {
            return VoidAnswer::Unknown { reason: SILENT.into(), response: ProviderResponse::NoAnswer };
        }
        if ledger.captured(request.payment).is_some() {
            return VoidAnswer::TooLate;
        }
        ledger.voided.insert(request.payment);
        VoidAnswer::Done
    }

    async fn webhook(&self, request: WebhookRequest) -> Result<Hint, WebhookRefused> {
        let malformed = |reason: &str| WebhookRefused::Malformed { reason: reason.into() };
        let delivery = request.header(DELIVERY_HEADER).ok_or_else(|| malformed("no delivery is named"))?;
        let payment = str::from_utf8(&request.body).ok().and_then(|text| text.trim().parse().ok());
        let payment = payment.ok_or_else(|| malformed("no payment is named"))?;
        let secret =
            request.header(SECRET_HEADER).map(|told| SecretDigest::of(told).ok_or(WebhookRefused::Forged));
        let secret = secret.transpose()?;
        Ok(Hint::new(delivery, payment).provider_key(provider_key(payment)).secret(secret))
    }
}

#[cfg(test)]
mod tests;
