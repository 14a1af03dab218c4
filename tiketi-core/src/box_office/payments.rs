//! Taking money.
//!
//! Money moves in three steps: commit the intent, ask the gateway with nothing open, commit what it
//! said. A process that dies in between leaves a payment that is visibly
//! `Confirming`, and [`Jobs::reconcile_once`] finds out what became of it.

use std::sync::Arc;

use crate::box_office::BoxOffice;
use crate::decide::{
    Applied, BeginConfirm, BeginConfirmRefused, CaptureOutcome, ConfirmFree, ConfirmFreeRefused,
    RecordOutcome, RecordOutcomeRefused, StartPayment, StartPaymentRefused,
};
use crate::error::{CommandError, StoreError};
use crate::gateway::{
    Attempt, AttemptStep, BuyerStep, Checkout, CheckoutRequest, ConfirmAnswer, ConfirmRequest,
    GatewayUnavailable, NotAccepted, PaymentGateway, PaymentMethod,
};
use crate::id::{BuyerId, CommandKey, PaymentId, ReservationId};
use crate::limits::Terms;
use crate::money::Money;
use crate::payment::{Payment, PaymentState};
use crate::reservation::Reservation;

/// What is kept of an answer that decides nothing because the buyer has yet to pay.
const WAITS_FOR_BUYER: &str = "the provider waits for the buyer";

/// What a buyer says to start paying.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PrepareRequest {
    /// Which reservation.
    pub reservation: ReservationId,
    /// Who pays.
    pub buyer: BuyerId,
    /// The way of paying; see [`Payments::payment_methods`]. `None` takes the first there is.
    pub method: Option<String>,
    /// What the buyer believes to pay; anything but the total is refused.
    pub amount: Option<Money>,
    /// The key under which it takes effect at most once.
    pub key: Option<CommandKey>,
}

impl PrepareRequest {
    /// Asks to pay in the first way there is.
    pub fn new(reservation: ReservationId, buyer: BuyerId) -> Self {
        Self { reservation, buyer, method: None, amount: None, key: None }
    }

    /// Chooses the way of paying.
    #[must_use]
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// Says what the buyer believes to pay.
    #[must_use]
    pub fn amount(mut self, amount: Money) -> Self {
        self.amount = Some(amount);
        self
    }

    /// Takes effect at most once under this key.
    #[must_use]
    pub fn key(mut self, key: CommandKey) -> Self {
        self.key = Some(key);
        self
    }
}

/// An attempt to pay that was prepared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The attempt; the text of its id is the order id.
    pub payment: Payment,
    /// What it pays for, with the moment until which.
    pub reservation: Reservation,
    /// What the buyer reads on the provider's page: the event's title, and how many tickets.
    pub order_name: String,
    /// What the buyer's browser needs.
    pub checkout: Checkout,
}

/// What an attempt to pay has come to so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paid {
    /// The attempt: `Paid`, `Declined`, `Stuck`, or `Confirming` while nobody knows; `None` if there was
    /// nothing to pay.
    pub payment: Option<Payment>,
    /// What it pays for.
    pub reservation: Reservation,
}

/// Why no money was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PayError {
    /// The shop has no such way of paying.
    #[error("there is no such payment method")]
    UnknownMethod {
        /// The methods there are.
        known: Vec<String>,
    },
    /// The attempt could not be started.
    #[error(transparent)]
    Prepare(CommandError<StartPaymentRefused>),
    /// The attempt could not be confirmed.
    #[error(transparent)]
    Confirm(CommandError<BeginConfirmRefused>),
    /// The free reservation could not be confirmed.
    #[error(transparent)]
    Free(CommandError<ConfirmFreeRefused>),
    /// What came of the money could not be recorded; it will be asked for again.
    #[error(transparent)]
    Record(CommandError<RecordOutcomeRefused>),
    /// The payment came through a gateway this shop no longer has.
    #[error("the shop has no payment gateway called {name}")]
    GatewayMissing {
        /// The gateway's name.
        name: String,
    },
    /// The gateway does not take the attempt, by its currency, method or key; no money was asked for, and the hold goes on.
    #[error(transparent)]
    NotAccepted(#[from] NotAccepted),
    /// The provider does not answer at present; no money was asked for, and the hold goes on.
    #[error(transparent)]
    Unavailable(#[from] GatewayUnavailable),
    /// The buyer has to go to the provider first: prepare, then confirm.
    #[error("the method {method} needs the buyer's own step at the provider")]
    BuyerStepNeeded {
        /// The method.
        method: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Handle for paying and giving money back.
///
/// Made by [`BoxOffice::payments`]; cheap to make and to clone.
#[derive(Debug, Clone)]
pub struct Payments {
    pub(super) office: BoxOffice,
}

impl Payments {
    /// Returns the ways of paying the shop offers.
    pub fn payment_methods(&self) -> Vec<PaymentMethod> {
        self.office.inner.gateways.iter().flat_map(|gateway| gateway.methods()).collect()
    }

    /// Starts an attempt to pay: fixes the amount and grants the payment window.
    ///
    /// # Errors
    ///
    /// [`PayError::UnknownMethod`], [`PayError::NotAccepted`] if the gateway does not take the currency, or
    /// [`PayError::Prepare`] with a [`StartPaymentRefused`].
    pub async fn prepare(&self, request: PrepareRequest) -> Result<Prepared, PayError> {
        let (payment, reservation) = self.office.start_payment(request).await?;
        let gateway = self.office.gateway_of(&payment)?;
        let (order_name, terms) = self.office.order_of(&reservation).await?;
        let request = CheckoutRequest {
            payment: payment.id,
            buyer: payment.buyer,
            amount: payment.amount,
            method: payment.method.clone(),
            order_name: order_name.clone(),
            deposit_window: terms.deposit_window,
        };
        let checkout = gateway.checkout(request).await?;
        Ok(Prepared { payment, reservation, order_name, checkout })
    }

    /// Takes the money of a prepared attempt.
    ///
    /// Repeated for an attempt that was confirmed before, it answers what is known of it. While another call is
    /// still asking, it waits for that one's answer: for one of this shop always, for another server's if there
    /// is a timer ([`crate::BoxOfficeBuilder::timer`]).
    ///
    /// # Errors
    ///
    /// Before anything is committed, [`PayError::NotAccepted`] if the gateway can tell by the key, the currency or the
    /// method that no money can come of it, and [`PayError::Unavailable`] if it may not be asked now.
    /// [`PayError::Confirm`] with a [`BeginConfirmRefused`]. A provider that declines, or does not say,
    /// is no error: see [`Paid::payment`].
    ///
    /// # Cancel safety
    ///
    /// Safe. With a spawner ([`crate::BoxOfficeBuilder::spawner`]) the work goes on by itself. Without one, what is not begun
    /// does not begin, and what is begun is committed: [`Jobs::run_once`](crate::box_office::Jobs::run_once) asks the provider and records what it
    /// says, after [`Terms::ask_again_after`]; until then the payment is visibly `Confirming`.
    pub async fn confirm(
        &self,
        payment: PaymentId,
        buyer: BuyerId,
        amount: Option<Money>,
        provider_key: Option<String>,
    ) -> Result<Paid, PayError> {
        let office = self.office.clone();
        self.office
            .to_its_end(Box::pin(
                async move { office.confirm_here(payment, buyer, amount, provider_key).await },
            ))
            .await
    }

    /// Pays for a reservation in one step, with a method that needs nothing more from the buyer.
    ///
    /// A reservation that costs nothing is confirmed without a gateway.
    ///
    /// # Errors
    ///
    /// As [`Payments::prepare`] and [`Payments::confirm`].
    ///
    /// # Cancel safety
    ///
    /// As [`Payments::confirm`].
    pub async fn process(&self, request: PrepareRequest) -> Result<Paid, PayError> {
        let office = self.office.clone();
        self.office.to_its_end(Box::pin(async move { office.process_here(request).await })).await
    }

    /// Returns a payment, if it is this buyer's.
    pub async fn payment(&self, id: PaymentId, buyer: BuyerId) -> Result<Option<Payment>, StoreError> {
        let found = self.office.inner.sales.payment(id).await?;
        Ok(found.filter(|payment| payment.buyer == buyer))
    }
}

impl BoxOffice {
    async fn start_payment(&self, request: PrepareRequest) -> Result<(Payment, Reservation), PayError> {
        let (gateway, method) = self.gateway_for(request.method.as_deref())?;
        let known = self.sales().reservation(request.reservation, request.buyer).await?;
        if let Some(amount) = known.map(|known| known.total).filter(|total| !total.is_zero()) {
            gateway.accepts(Attempt { method: &method, amount, step: AttemptStep::Prepare })?;
        }
        let key = self.key_or_new(request.key);
        let id = PaymentId::from_uuid(self.new_id());
        let (reservation, buyer) = (request.reservation, request.buyer);
        let mut command = StartPayment::new(self.now(), key, id, reservation, buyer, self.terms())
            .through(gateway.name(), method);
        command.amount = request.amount;
        command.confirms = gateway.capabilities().confirms;
        let applied = self.inner.sales.start_payment(command).await.map_err(PayError::Prepare)?;
        Ok(with_payment(applied)?)
    }

    /// Returns what buyers read of an order, and the terms it is sold under.
    async fn order_of(&self, reservation: &Reservation) -> Result<(String, Terms), StoreError> {
        let view = self.inner.catalog.event(reservation.event).await?;
        Ok(match view {
            Some(view) => {
                let name = format!("{} × {}", view.event.details.title, reservation.tickets());
                (name, view.event.details.terms.over(self.terms()))
            }
            None => (reservation.number.to_string(), self.terms()),
        })
    }

    async fn confirm_here(
        &self,
        payment: PaymentId,
        buyer: BuyerId,
        amount: Option<Money>,
        provider_key: Option<String>,
    ) -> Result<Paid, PayError> {
        let _lock = self.inner.confirm_locks.wait(payment).await;
        self.check_gateway(payment, buyer, amount, provider_key.as_deref()).await?;
        // Every try of one confirm has one key, so that a client that lost the answer need not keep one.
        let content = format!("confirm {buyer} {amount:?} {provider_key:?}");
        let key = CommandKey::of(payment.as_uuid(), &content);
        let mut command = BeginConfirm::new(self.now(), key, payment, buyer).under(self.terms());
        command.amount = amount;
        command.provider_key = provider_key;
        let applied = self.inner.sales.begin_confirm(command).await.map_err(PayError::Confirm)?;
        let replayed = applied.replayed;
        let (payment, reservation) = with_payment(applied)?;
        if replayed {
            return self.awaited(payment, reservation).await;
        }
        self.capture(payment, reservation).await
    }

    async fn process_here(&self, request: PrepareRequest) -> Result<Paid, PayError> {
        let (reservation, buyer) = (request.reservation, request.buyer);
        let key = self.key_or_new(request.key);
        let request = PrepareRequest { method: Some(self.one_step_method(request.method)?), ..request };
        match self.start_payment(request.key(key.step("prepare"))).await {
            Ok((payment, _)) if payment.state == PaymentState::Ready => {
                self.confirm_here(payment.id, buyer, None, None).await
            }
            // Sent again, after the attempt ended with its hold or gave way to a later one: no money was asked for.
            Ok((payment, _)) if payment.state == PaymentState::Abandoned => {
                let state = payment.state;
                Err(PayError::Confirm(CommandError::Refused(BeginConfirmRefused::NotReady { state })))
            }
            Ok((payment, reservation)) => self.awaited(payment, reservation).await,
            Err(error) if may_be_free(&error) => {
                let command =
                    ConfirmFree::new(self.now(), key.step("confirm"), reservation, buyer).under(self.terms());
                match self.inner.sales.confirm_free(command).await {
                    Ok(applied) => Ok(Paid { payment: None, reservation: applied.reservation }),
                    Err(CommandError::Refused(
                        ConfirmFreeRefused::NotPending | ConfirmFreeRefused::NotFree,
                    )) => Err(error),
                    Err(error) => Err(PayError::Free(error)),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Refuses before anything is committed, if the gateway does not take an attempt or may not be asked now.
    async fn check_gateway(
        &self,
        payment: PaymentId,
        buyer: BuyerId,
        amount: Option<Money>,
        provider_key: Option<&str>,
    ) -> Result<(), PayError> {
        // What was begun before is answered, however the gateway fares; what the rule refuses asks no gateway, and so
        // takes no turn of those that a breaker admits.
        let is_new = |known: &Payment| {
            let as_agreed = amount.is_none_or(|amount| amount == known.amount);
            known.state == PaymentState::Ready && known.buyer == buyer && as_agreed
        };
        let Some(known) = self.inner.sales.payment(payment).await?.filter(is_new) else { return Ok(()) };
        let gateway = self.gateway_of(&known)?;
        let step = AttemptStep::Confirm { provider_key };
        gateway.accepts(Attempt { method: &known.method, amount: known.amount, step })?;
        Ok(gateway.ready()?)
    }

    /// Asks the gateway for the money of a payment whose intent is committed, and records what it says.
    pub(super) async fn capture(&self, payment: Payment, reservation: Reservation) -> Result<Paid, PayError> {
        let request = ConfirmRequest {
            payment: payment.id,
            buyer: payment.buyer,
            amount: payment.amount,
            method: payment.method.clone(),
            provider_key: payment.provider_key.clone(),
        };
        let outcome = match self.gateway_of(&payment)?.confirm(request).await {
            ConfirmAnswer::Paid(captured) => CaptureOutcome::Paid(captured),
            ConfirmAnswer::Declined { code } => CaptureOutcome::Declined { code },
            ConfirmAnswer::Pending => {
                self.record_inconclusive(payment.id, WAITS_FOR_BUYER.to_owned()).await?;
                return Ok(Paid { payment: Some(payment), reservation });
            }
            ConfirmAnswer::Deposit(asked) => {
                return match self.await_deposit(&payment, asked).await? {
                    Some(waiting) => Ok(Paid { payment: Some(waiting), reservation }),
                    None => self.as_it_stands(payment.id).await,
                };
            }
            ConfirmAnswer::Unknown { reason, heard: _ } => {
                self.record_inconclusive(payment.id, reason).await?;
                return Ok(Paid { payment: Some(payment), reservation });
            }
        };
        match self.record(&payment, outcome).await {
            Ok(applied) => Ok(Paid { payment: applied.payment, reservation: applied.reservation }),
            // Somebody else heard first: what is known is the answer.
            Err(CommandError::Refused(_)) => self.as_it_stands(payment.id).await,
            Err(error) => Err(PayError::Record(error)),
        }
    }

    /// Records what a provider said; one word, one key, whoever heard it.
    pub(super) async fn record(
        &self,
        payment: &Payment,
        outcome: CaptureOutcome,
    ) -> Result<Applied, CommandError<RecordOutcomeRefused>> {
        let key = CommandKey::of(payment.id.as_uuid(), &format!("record-outcome {outcome:?}"));
        let command =
            RecordOutcome::new(self.now(), key, payment.id, outcome).paid_by(payment.buyer, self.terms());
        self.inner.sales.record_outcome(command).await
    }

    /// Finds the first method that needs nothing more from the buyer, or says that the named one does.
    fn one_step_method(&self, method: Option<String>) -> Result<String, PayError> {
        let one_step = |gateway: &&Arc<dyn PaymentGateway>| is_one_step(gateway.as_ref());
        let (gateway, found) = if let Some(method) = method {
            self.gateway_for(Some(&method))?
        } else {
            let gateway = self.inner.gateways.iter().find(one_step);
            let first = gateway.and_then(|gateway| Some((gateway, gateway.methods().into_iter().next()?.id)));
            first.ok_or_else(|| PayError::UnknownMethod { known: self.method_ids() })?
        };
        if is_one_step(gateway.as_ref()) {
            Ok(found)
        } else {
            Err(PayError::BuyerStepNeeded { method: found })
        }
    }

    fn gateway_of(&self, payment: &Payment) -> Result<&Arc<dyn PaymentGateway>, PayError> {
        let name = &payment.gateway;
        self.gateway_named(name).ok_or_else(|| PayError::GatewayMissing { name: name.clone() })
    }

    fn gateway_for(&self, method: Option<&str>) -> Result<(&Arc<dyn PaymentGateway>, String), PayError> {
        for gateway in &self.inner.gateways {
            let found =
                gateway.methods().into_iter().find(|known| method.is_none_or(|method| method == known.id));
            if let Some(found) = found {
                return Ok((gateway, found.id));
            }
        }
        Err(PayError::UnknownMethod { known: self.method_ids() })
    }

    pub(super) fn gateway_named(&self, name: &str) -> Option<&Arc<dyn PaymentGateway>> {
        self.inner.gateways.iter().find(|gateway| gateway.name() == name)
    }

    fn method_ids(&self) -> Vec<String> {
        self.payments().payment_methods().into_iter().map(|method| method.id).collect()
    }
}

fn is_one_step(gateway: &dyn PaymentGateway) -> bool {
    gateway.capabilities().buyer_step == BuyerStep::NotNeeded
}

/// Tells whether a reservation without an attempt may be one that costs nothing, confirmed by now or not.
fn may_be_free(error: &PayError) -> bool {
    matches!(
        error,
        PayError::Prepare(CommandError::Refused(
            StartPaymentRefused::NothingToPay | StartPaymentRefused::NotPending
        ))
    )
}

pub(super) fn with_payment(applied: Applied) -> Result<(Payment, Reservation), StoreError> {
    let payment = applied.payment.ok_or_else(|| StoreError::corrupt("a payment command named no payment"))?;
    Ok((payment, applied.reservation))
}
