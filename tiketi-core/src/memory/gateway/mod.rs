//! A payment provider that exists only in memory.

mod gate;
mod ledger;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::gateway::{
    Attempt, BuyerStep, Capabilities, Checkout, CheckoutRequest, ConfirmAnswer, ConfirmRequest, Confirms,
    GatewayUnavailable, Heard, Hint, LookupAnswer, LookupRequest, NotAccepted, PaymentGateway, PaymentMethod,
    RefundAnswer, RefundRequest, RefundsTo, Support, VoidAnswer, VoidRequest, WebhookRefused, WebhookRequest,
};
use crate::id::PaymentId;
use crate::money::{Currency, Money};
use gate::Gate;
pub use ledger::Balance;
use ledger::{Ledger, provider_key};

/// Header that names a delivery to [`TestGateway`]'s webhook; the body is the payment's id.
const DELIVERY_HEADER: &str = "test-delivery";

/// What is said of a provider that answers nothing.
const SILENT: &str = "no answer";

/// Takes and gives back money that is not real, and keeps a ledger of it.
///
/// Its methods are `naver_pay`, `kakao_pay` and `bank_transfer`. It approves what it is asked unless
/// it was told otherwise, and has one effect per payment and refund id, as a real provider has. Money that
/// an earlier process took, which its own key for it shows, it gives back without knowing how much it was.
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

/// How [`TestGateway`] treats one confirm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfirmFault {
    /// Answers this, and takes nothing.
    Answer(ConfirmAnswer),
    /// Takes the money, and the answer is lost.
    LoseAnswer,
    /// Takes another amount than was asked for.
    Charge(Money),
    /// Answers nothing until [`TestGateway::let_go`], then takes the money.
    Hang,
}

/// How [`TestGateway`] treats one refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundFault {
    /// Answers this, and gives nothing back.
    Answer(RefundAnswer),
    /// Gives the money back, and the answer is lost.
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
    /// Makes a gateway of a name, with methods by their ids and names.
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

    /// Takes money in these currencies only; in any by default.
    #[must_use]
    pub fn taking(mut self, currencies: &[Currency]) -> Self {
        self.currencies = Some(currencies.to_vec());
        self
    }

    /// Sends money back only to accounts that buyers name.
    #[must_use]
    pub fn refunding_to_accounts(mut self) -> Self {
        self.refunds_to = RefundsTo::Account;
        self
    }

    /// Makes a gateway whose buyers pay in the browser, called `test-browser`, with the method `card`.
    pub fn in_browser() -> Self {
        Self::new("test-browser", &[("card", "Card")], Confirms::Browser)
    }

    /// Makes the next confirm answer this, without taking money.
    pub fn answer_next_confirm(&self, answer: ConfirmAnswer) {
        self.fail_next_confirm(ConfirmFault::Answer(answer));
    }

    /// Treats the next confirm so; several wait their turn.
    pub fn fail_next_confirm(&self, fault: ConfirmFault) {
        self.ledger().confirms.push_back(fault);
    }

    /// Treats the next refund so; several wait their turn.
    pub fn fail_next_refund(&self, fault: RefundFault) {
        self.ledger().refund_faults.push_back(fault);
    }

    /// Makes the next lookup answer this, whatever the ledger says; several wait their turn.
    pub fn answer_next_lookup(&self, answer: LookupAnswer) {
        self.ledger().lookups.push_back(answer);
    }

    /// Says that it cannot be reached, or that it can again: see [`PaymentGateway::ready`].
    pub fn set_unavailable(&self, retry_after: Option<Duration>) {
        self.ledger().unavailable = retry_after;
    }

    /// Answers nothing from now on, and takes and gives back nothing; or answers again.
    pub fn set_silent(&self, is_silent: bool) {
        self.ledger().is_silent = is_silent;
    }

    /// Lets every confirm that hangs go on.
    pub fn let_go(&self) {
        self.gate.open();
    }

    /// Returns how many confirms hang.
    pub fn hanging(&self) -> usize {
        self.gate.waiting()
    }

    /// Takes money as a buyer's browser does, without a confirm; tells whether any was taken.
    pub fn pay_in_browser(&self, payment: PaymentId, amount: Money) -> bool {
        self.ledger().take(payment, amount).is_some()
    }

    /// Gives money back as somebody does on the provider's own pages, unknown to the shop.
    pub fn refund_by_hand(&self, payment: PaymentId, amount: Money) {
        self.ledger().give_back_by_hand(payment, amount);
    }

    /// Returns how much was taken and not given back for a payment, in minor units.
    pub fn balance(&self, payment: PaymentId) -> i64 {
        self.ledger().balance(payment)
    }

    /// Returns how many payments were taken, given back or not.
    pub fn captures(&self) -> usize {
        self.ledger().captured.len()
    }

    /// Returns what was taken and given back for each payment, by payment.
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
            Some(retry_after) => {
                Err(GatewayUnavailable { gateway: self.name.clone(), retry_after, heard: Heard::NotAsked })
            }
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
        Ok(Checkout { client_key, parameters: BTreeMap::new(), heard: Heard::NotAsked })
    }

    async fn confirm(&self, request: ConfirmRequest) -> ConfirmAnswer {
        if self.ledger().is_silent {
            return ConfirmAnswer::Unknown { reason: SILENT.into(), heard: Heard::Silence };
        }
        // One effect a payment: what was taken before is answered again, whatever was to happen next.
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
                ConfirmAnswer::Unknown { reason: "the answer was lost".into(), heard: Heard::Silence }
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
        if ledger.is_silent {
            return LookupAnswer::Unknown { reason: SILENT.into(), heard: Heard::Silence };
        }
        if let Some(answer) = ledger.lookups.pop_front() {
            return answer;
        }
        ledger.what_of(request.payment)
    }

    async fn refund(&self, request: RefundRequest) -> RefundAnswer {
        let mut ledger = self.ledger();
        if ledger.is_silent {
            return RefundAnswer::Unknown { reason: SILENT.into(), heard: Heard::Silence };
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
                RefundAnswer::Unknown { reason: "the answer was lost".into(), heard: Heard::Silence }
            }
            None => ledger.give_back(&request),
        }
    }

    async fn void(&self, request: VoidRequest) -> VoidAnswer {
        let mut ledger = self.ledger();
        if ledger.is_silent {
            return VoidAnswer::Unknown { reason: SILENT.into(), heard: Heard::Silence };
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
        Ok(Hint { delivery: delivery.into(), payment, provider_key: Some(provider_key(payment)) })
    }
}

#[cfg(test)]
mod tests;
