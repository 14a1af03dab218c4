//! A gateway of the provider, as one server reaches it.

use std::sync::Arc;

use async_trait::async_trait;
use tiketi_core::gateway::{
    Attempt, BuyerStep, Capabilities, Checkout, CheckoutRequest, ConfirmAnswer, ConfirmRequest, Confirms,
    DepositAsked, GatewayUnavailable, Hint, LookupAnswer, LookupRequest, NotAccepted, PaymentGateway,
    PaymentMethod, ProviderResponse, RefundAnswer, RefundRequest, RefundsTo, VoidAnswer, VoidRequest,
    WebhookRefused, WebhookRequest,
};
use tiketi_core::id::RefundId;
use tiketi_core::{IdSource, Money};

use crate::fault::Fault;
use crate::node::Node;
use crate::planted::Planted;
use crate::provider::key_of;
use crate::setting::Page;
use crate::story::Short;
use crate::world::{OUTSIDE, World};

/// The gateway whose buyers pay in one step.
pub(crate) const ONE_STEP: &str = "till";
/// The gateway whose buyers authorise at the provider's page.
pub(crate) const BROWSER: &str = "page";

const SILENT: &str = "the provider did not answer";

/// One of the provider's two gateways.
#[derive(Debug)]
pub(crate) struct NodeGateway {
    node: Node,
    name: &'static str,
}

impl NodeGateway {
    pub(crate) fn new(node: Node, name: &'static str) -> Self {
        Self { node, name }
    }

    fn is_page(&self) -> bool {
        self.name == BROWSER
    }

    /// Sends a request to the provider; `None` if no answer comes.
    async fn ask<T: Send + 'static>(&self, act: impl Fn(&World) -> T + Send + Sync + 'static) -> Option<T> {
        let world = &self.node.world;
        self.node.wait().await;
        if world.strikes(Fault::ProviderSlow) {
            world.executor.sleep(world.delay(100, 20_000)).await;
        }
        if world.strikes(Fault::ProviderSilent) {
            return None;
        }
        if world.strikes(Fault::ProviderLate) {
            let world = Arc::clone(world);
            let executor = world.executor.clone();
            executor.spawn(OUTSIDE, async move {
                world.executor.sleep(world.delay(100, world.setting.latest)).await;
                world.tell(format_args!("  the provider acts late"));
                act(&world);
            });
            return None;
        }
        let mut answer = act(world);
        if world.strikes(Fault::ProviderTwice) {
            answer = act(world);
        }
        self.node.wait().await;
        if world.strikes(Fault::ProviderReplyLost) {
            return None;
        }
        Some(answer)
    }
}

/// Captures money once for each payment.
fn capture(world: &World, request: &ConfirmRequest, is_page: bool) -> ConfirmAnswer {
    let mut provider = world.provider();
    let known = provider.book(request.payment);
    if known.awaits_deposit() {
        return ConfirmAnswer::Deposit(DepositAsked::default());
    }
    if let Some(captured) = known.captured(request.payment) {
        return ConfirmAnswer::Paid(captured);
    }
    if let Some(code) = known.declined {
        return ConfirmAnswer::Declined { code };
    }
    if known.is_void {
        return ConfirmAnswer::Declined { code: "VOIDED".into() };
    }
    if is_page && known.authorised.is_none() {
        return ConfirmAnswer::Pending;
    }
    if world.provider_number() % 1_000 < world.setting.declines && !world.is_calm() {
        let code = "CARD_EXPIRED".to_owned();
        provider.change(request.payment).declined = Some(code.clone());
        return ConfirmAnswer::Declined { code };
    }
    if is_page && world.setting.page == Page::Account {
        provider.open_account(request.payment, request.amount);
        return ConfirmAnswer::Deposit(DepositAsked::default());
    }
    let mut amount = request.amount;
    if world.strikes(Fault::ProviderWrongAmount) {
        amount = Money::new(amount.minor() + 1, amount.currency());
    }
    let book = provider.change(request.payment);
    book.taken = Some(amount);
    let answer = book.captured(request.payment);
    world.tell(format_args!("  the provider takes {amount} for {}", Short(request.payment.as_uuid())));
    answer.map_or(ConfirmAnswer::Pending, ConfirmAnswer::Paid)
}

fn look_up(world: &World, request: &LookupRequest, is_page: bool) -> LookupAnswer {
    let known = world.provider().book(request.payment);
    if known.awaits_deposit() {
        return LookupAnswer::Deposit(DepositAsked::default());
    }
    if let Some(captured) = known.captured(request.payment) {
        return LookupAnswer::Paid(captured);
    }
    if let Some(code) = known.declined {
        return LookupAnswer::Declined { code };
    }
    if known.is_void {
        return LookupAnswer::Declined { code: "VOIDED".into() };
    }
    if is_page && known.authorised.is_some() { LookupAnswer::Pending } else { LookupAnswer::NotFound }
}

/// Gives money back once for each refund.
fn give_back(world: &World, request: &RefundRequest) -> RefundAnswer {
    let mut provider = world.provider();
    let known = provider.book(request.payment);
    if known.refunds.contains_key(&request.refund) {
        return RefundAnswer::Done;
    }
    let is_refused = known.refused.contains(&request.refund) || world.strikes(Fault::ProviderRefusesRefund);
    if is_refused || request.amount.minor() > known.left() {
        provider.refuse(request.payment, request.refund);
        return RefundAnswer::Refused { code: "NOT_CANCELABLE_AMOUNT".into() };
    }
    provider.change(request.payment).refunds.insert(request.refund, request.amount.minor());
    let (amount, payment) = (request.amount, Short(request.payment.as_uuid()));
    world.tell(format_args!("  the provider gives {amount} back for {payment}"));
    RefundAnswer::Done
}

fn void(world: &World, request: &VoidRequest) -> VoidAnswer {
    let mut provider = world.provider();
    if provider.book(request.payment).taken.is_some() {
        return VoidAnswer::TooLate;
    }
    provider.change(request.payment).is_void = true;
    VoidAnswer::Done
}

#[async_trait]
impl PaymentGateway for NodeGateway {
    fn name(&self) -> &str {
        self.name
    }

    fn methods(&self) -> Vec<PaymentMethod> {
        vec![PaymentMethod::new(self.name, self.name)]
    }

    fn capabilities(&self) -> Capabilities {
        if self.is_page() {
            Capabilities::new(Confirms::Browser, BuyerStep::Needed)
        } else {
            Capabilities::new(Confirms::Server, BuyerStep::NotNeeded)
        }
    }

    fn refunds_to(&self, _: &str) -> RefundsTo {
        RefundsTo::Source
    }

    fn ready(&self) -> Result<(), GatewayUnavailable> {
        Ok(())
    }

    fn accepts(&self, attempt: Attempt<'_>) -> Result<(), NotAccepted> {
        attempt.check_method(&self.methods())?;
        attempt.check_key()
    }

    async fn checkout(&self, _: CheckoutRequest) -> Result<Checkout, GatewayUnavailable> {
        Ok(Checkout::new(ProviderResponse::NotAsked))
    }

    async fn confirm(&self, request: ConfirmRequest) -> ConfirmAnswer {
        let is_page = self.is_page();
        let answer = self.ask(move |world| capture(world, &request, is_page)).await;
        if answer.is_none() && self.node.world.has(Planted::TimeoutIsDeclined) {
            return ConfirmAnswer::Declined { code: "TIMEOUT".into() };
        }
        answer.unwrap_or_else(|| ConfirmAnswer::Unknown {
            reason: SILENT.into(),
            response: ProviderResponse::NoAnswer,
        })
    }

    async fn lookup(&self, request: LookupRequest) -> LookupAnswer {
        let is_page = self.is_page();
        let answer = self.ask(move |world| look_up(world, &request, is_page)).await;
        answer.unwrap_or_else(|| LookupAnswer::Unknown {
            reason: SILENT.into(),
            response: ProviderResponse::NoAnswer,
        })
    }

    async fn refund(&self, request: RefundRequest) -> RefundAnswer {
        let first = request.clone();
        let answer = self.ask(move |world| give_back(world, &first)).await;
        if answer.is_none() && self.node.world.has(Planted::RetryWithNewKey) {
            let mut again = request;
            again.refund = RefundId::from_uuid(self.node.next());
            let answer = self.ask(move |world| give_back(world, &again)).await;
            return answer.unwrap_or(RefundAnswer::Done);
        }
        answer.unwrap_or_else(|| RefundAnswer::Unknown {
            reason: SILENT.into(),
            response: ProviderResponse::NoAnswer,
        })
    }

    async fn void(&self, request: VoidRequest) -> VoidAnswer {
        let answer = self.ask(move |world| void(world, &request)).await;
        answer.unwrap_or_else(|| VoidAnswer::Unknown {
            reason: SILENT.into(),
            response: ProviderResponse::NoAnswer,
        })
    }

    async fn webhook(&self, request: WebhookRequest) -> Result<Hint, WebhookRefused> {
        let malformed = || WebhookRefused::Malformed { reason: "no payment is named".into() };
        let text = String::from_utf8(request.body).map_err(|_| malformed())?;
        let (delivery, payment) = text.split_once(' ').ok_or_else(malformed)?;
        let payment = payment.parse().map_err(|_| malformed())?;
        Ok(Hint::new(delivery, payment).provider_key(key_of(payment)))
    }
}
