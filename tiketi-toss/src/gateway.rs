//! The gateway: TossPayments behind the gateway trait.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::{
    Currency, PaymentGateway, PaymentId,
    gateway::{
        Attempt, AttemptStep, BuyerStep, Capabilities, Checkout, CheckoutRequest, ConfirmAnswer,
        ConfirmRequest, Confirms, GatewayUnavailable, Hint, LookupAnswer, LookupRequest, NotAccepted,
        PaymentMethod, ProviderResponse, RefundAnswer, RefundRequest, RefundsTo, Support, VoidAnswer,
        VoidRequest, WebhookRefused, WebhookRequest,
    },
};

use crate::alarm::alarm;
use crate::api::{Api, Failure, Found, is_payment_key};
use crate::error_code::CodeClass;
use crate::method::TossMethod;
use crate::payment_record;
use crate::refund::{self, RefundKeys};
use crate::settings::{TossSettings, TossSettingsError};
use crate::wire::ConfirmBody;
use crate::{void, webhook};

/// Longest that a virtual account stays open (source: TossPayments, guide to virtual accounts: 30 days).
const MAX_VALID_HOURS: u64 = 30 * 24;
/// Longest name of an order that the payment window shows (source: TossPayments, payment window).
const MAX_ORDER_NAME_CHARS: usize = 100;

/// The TossPayments gateway of a shop.
///
/// It has a pool of connections: create one and share it.
pub struct TossGateway {
    api: Api,
    client_key: String,
    methods: Vec<TossMethod>,
    refund_keys: RefundKeys,
}

impl TossGateway {
    /// The gateway's name, stored with every payment.
    pub const NAME: &'static str = "toss";

    /// Creates the gateway; sends no request.
    ///
    /// # Errors
    ///
    /// [`TossSettingsError`], which names the wrong setting but none of its content;
    /// [`TossSettingsError::NoTlsProvider`] if the program has not installed a provider of rustls.
    pub fn new(settings: TossSettings) -> Result<Self, TossSettingsError> {
        let api = Api::new(&settings)?;
        let TossSettings { client_key, methods, .. } = settings;
        Ok(Self { api, client_key, methods, refund_keys: RefundKeys::default() })
    }
}

impl fmt::Debug for TossGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TossGateway").field("methods", &self.methods).finish_non_exhaustive()
    }
}

#[async_trait]
impl PaymentGateway for TossGateway {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn methods(&self) -> Vec<PaymentMethod> {
        self.methods.iter().map(|method| method.shown()).collect()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new(Confirms::Server, BuyerStep::Needed)
            .partial_refunds(Support::Yes)
            .void(Support::Yes)
    }

    fn refunds_to(&self, method: &str) -> RefundsTo {
        if method == TossMethod::VirtualAccount.id() { RefundsTo::Account } else { RefundsTo::Source }
    }

    fn ready(&self) -> Result<(), GatewayUnavailable> {
        Ok(())
    }

    fn accepts(&self, attempt: Attempt<'_>) -> Result<(), NotAccepted> {
        attempt.check_method(&self.methods())?;
        attempt.check_currency(&[Currency::KRW])?;
        match attempt.step {
            AttemptStep::Confirm { provider_key: None } => Err(NotAccepted::KeyMissing),
            AttemptStep::Confirm { provider_key: Some(key) } if !is_payment_key(key) => {
                Err(NotAccepted::KeyMalformed)
            }
            AttemptStep::Confirm { .. } | AttemptStep::Prepare => Ok(()),
        }
    }

    async fn checkout(&self, request: CheckoutRequest) -> Result<Checkout, GatewayUnavailable> {
        let method = self.methods.iter().find(|method| method.id() == request.method);
        // The browser tells the provider about the order.
        let mut checkout = Checkout::new(ProviderResponse::NotAsked)
            .client_key(self.client_key.clone())
            .parameter("orderId", request.payment.to_string())
            .parameter("orderName", request.order_name.chars().take(MAX_ORDER_NAME_CHARS).collect::<String>())
            .parameter("amount", request.amount.minor().to_string())
            .parameter("currency", request.amount.currency().code());
        if let Some(method) = method {
            checkout = checkout.parameter("method", method.script_name());
        }
        if request.method == TossMethod::VirtualAccount.id() {
            checkout = checkout.parameter("validHours", valid_hours(request.deposit_window).to_string());
        }
        Ok(checkout)
    }

    async fn confirm(&self, request: ConfirmRequest) -> ConfirmAnswer {
        let order = request.payment.to_string();
        let Some(payment_key) = request.provider_key.as_deref().filter(|key| is_payment_key(key)) else {
            // Without a payment key no confirm is sent, but an earlier request may have had one.
            return self
                .settle(&order, None, "the buyer brought no payment key", ProviderResponse::NotAsked)
                .await;
        };
        if request.amount.currency() != Currency::KRW {
            let reason = "only amounts in won can be asked for".to_owned();
            return ConfirmAnswer::Unknown { reason, response: ProviderResponse::NotAsked };
        }
        let body = ConfirmBody { payment_key, order_id: &order, amount: request.amount.minor() };
        match self.api.confirm(&order, &body).await {
            Ok(payment) if payment.order_id == order => {
                payment_record::confirmed(&payment, "the provider answered", ProviderResponse::Answered)
            }
            Ok(_) => {
                let why = "an answer for another order";
                self.settle(&order, Some(payment_key), why, ProviderResponse::Answered).await
            }
            Err(failure) => self.after_failure(request.payment, payment_key, failure).await,
        }
    }

    async fn lookup(&self, request: LookupRequest) -> LookupAnswer {
        let order = request.payment.to_string();
        match self.api.find(&order, request.provider_key.as_deref()).await {
            Found::Payment(payment) => payment_record::looked_up(&payment),
            Found::Nothing => LookupAnswer::NotFound,
            Found::Unsaid(failure) => {
                alarm(&failure, request.payment);
                LookupAnswer::Unknown { reason: failure.reason(), response: failure.response() }
            }
        }
    }

    async fn refund(&self, request: RefundRequest) -> RefundAnswer {
        refund::refund(&self.api, &self.refund_keys, request).await
    }

    async fn void(&self, request: VoidRequest) -> VoidAnswer {
        void::void(&self.api, request).await
    }

    async fn webhook(&self, request: WebhookRequest) -> Result<Hint, WebhookRefused> {
        webhook::read(&request)
    }
}

impl TossGateway {
    /// Returns the outcome of a confirm that failed or was not answered.
    async fn after_failure(&self, payment: PaymentId, payment_key: &str, failure: Failure) -> ConfirmAnswer {
        alarm(&failure, payment);
        if let (CodeClass::Declined, Some(code)) = (failure.class(), failure.code()) {
            return ConfirmAnswer::Declined { code: code.to_owned() };
        }
        let order = payment.to_string();
        self.settle(&order, Some(payment_key), &failure.reason(), failure.response()).await
    }

    /// Looks the order up, and returns the outcome of its confirm.
    ///
    /// `response` is the answer to the confirm; if there was none, the answer to the lookup counts.
    async fn settle(
        &self,
        order: &str,
        payment_key: Option<&str>,
        why: &str,
        response: ProviderResponse,
    ) -> ConfirmAnswer {
        let or = |found| if response == ProviderResponse::NotAsked { found } else { response };
        match self.api.find(order, payment_key).await {
            Found::Payment(payment) => {
                payment_record::confirmed(&payment, why, or(ProviderResponse::Answered))
            }
            Found::Nothing => {
                let reason = format!("{why}; no such order when asked");
                ConfirmAnswer::Unknown { reason, response: or(ProviderResponse::Answered) }
            }
            Found::Unsaid(failure) => {
                let reason = format!("{why}; then, asked again: {}", failure.reason());
                ConfirmAnswer::Unknown { reason, response: or(failure.response()) }
            }
        }
    }
}

/// Returns how long the provider awaits a deposit: whole hours, and at least as long as the shop.
///
/// A browser may ask for more. The shop does not wait longer for that, and closes the account.
fn valid_hours(window: Duration) -> u64 {
    window.as_secs().div_ceil(3600).clamp(1, MAX_VALID_HOURS)
}
