//! Payments: prepare and confirm.
//!
//! A confirm has three steps: commit the intent, call the gateway without a transaction, commit the outcome. A process
//! that ends between them leaves a payment in the state `Confirming`, and [`Jobs::reconcile_once`] learns its outcome.

use std::sync::Arc;

use crate::box_office::BoxOffice;
use crate::box_office::expected_amount::ExpectedAmount;
use crate::box_office::outcomes::with_payment;
use crate::decide::{
    BeginConfirm, BeginConfirmRefused, CaptureOutcome, Command as _, ConfirmFree, ConfirmFreeRefused,
    RecordOutcomeRefused, StartPayment, StartPaymentRefused,
};
use crate::error::{CommandError, StoreError};
use crate::gateway::{
    Attempt, AttemptStep, BuyerStep, Checkout, CheckoutRequest, ConfirmAnswer, ConfirmRequest,
    GatewayUnavailable, NotAccepted, PaymentGateway, PaymentMethod, ReturnUrls,
};
use crate::id::{BuyerId, CommandKey, PaymentId, ReservationId};
use crate::metadata::Metadata;
use crate::money::Money;
use crate::payment::{Payment, PaymentState};
use crate::reservation::Reservation;
use crate::terms::Terms;

/// The inconclusive answer that is saved while the buyer has not paid yet.
const WAITS_FOR_BUYER: &str = "the provider waits for the buyer";

/// A buyer's request to start a payment attempt.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PrepareRequest {
    /// The reservation.
    pub reservation: ReservationId,
    /// The buyer.
    pub buyer: BuyerId,
    /// The payment method; see [`Payments::payment_methods`]. `None` selects the first one.
    pub method: Option<String>,
    /// The amount that the buyer expects; the request is refused unless it is the total.
    pub amount: Option<Money>,
    /// Where a provider that redirects the buyer sends the buyer back to.
    pub return_urls: Option<ReturnUrls>,
    /// The host's own data for the attempt.
    pub metadata: Metadata,
    /// The key under which the attempt is started at most once.
    pub key: Option<CommandKey>,
}

impl PrepareRequest {
    /// Makes a request with the first payment method.
    pub fn new(reservation: ReservationId, buyer: BuyerId) -> Self {
        let (return_urls, metadata) = (None, Metadata::default());
        Self { reservation, buyer, method: None, amount: None, return_urls, metadata, key: None }
    }

    /// Selects the payment method.
    #[must_use]
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// Sets the amount that the buyer expects.
    #[must_use]
    pub fn amount(mut self, amount: Money) -> Self {
        self.amount = Some(amount);
        self
    }

    /// Sets where a provider that redirects the buyer sends the buyer back to.
    ///
    /// The gateway receives it at checkout, and it is not stored. A repetition with the same key may name another
    /// address.
    #[must_use]
    pub fn return_urls(mut self, urls: ReturnUrls) -> Self {
        self.return_urls = Some(urls);
        self
    }

    /// Sets the host's own data for the attempt.
    #[must_use]
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Makes the request take effect at most once under a key.
    #[must_use]
    pub fn key(mut self, key: CommandKey) -> Self {
        self.key = Some(key);
        self
    }
}

/// A prepared payment attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Prepared {
    /// The attempt; the text of its id is the order id.
    pub payment: Payment,
    /// Its reservation, with the end of the hold.
    pub reservation: Reservation,
    /// Text for the provider's page: the event's title and the number of tickets.
    pub order_name: String,
    /// What the buyer's browser needs to pay.
    pub checkout: Checkout,
}

/// Result of a confirm.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Paid {
    /// The attempt: `Paid`, `Declined`, `Stuck`, or `Confirming` while the outcome is unknown; `None` if nothing had to
    /// be paid.
    pub payment: Option<Payment>,
    /// Its reservation.
    pub reservation: Reservation,
}

impl Paid {
    /// Makes a result from rows that were read, for a caller that did not wait for the provider.
    pub const fn new(payment: Option<Payment>, reservation: Reservation) -> Self {
        Self { payment, reservation }
    }
}

/// Why the provider was not asked for money.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PayError {
    /// The shop does not offer this payment method.
    #[error("there is no such payment method")]
    UnknownMethod {
        /// The payment methods of the shop.
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
    /// The outcome could not be recorded; the provider will be asked again.
    #[error(transparent)]
    Record(CommandError<RecordOutcomeRefused>),
    /// The shop no longer has the gateway of the payment.
    #[error("the shop has no payment gateway called {name}")]
    GatewayMissing {
        /// The gateway's name.
        name: String,
    },
    /// The gateway rejects the currency, method or key of the attempt; no money was asked for, and the hold continues.
    #[error(transparent)]
    NotAccepted(#[from] NotAccepted),
    /// The gateway cannot be called now; no money was asked for, and the hold continues.
    #[error(transparent)]
    Unavailable(#[from] GatewayUnavailable),
    /// The buyer must act at the provider first: prepare, then confirm.
    #[error("the method {method} needs a step of the buyer at the provider")]
    BuyerStepNeeded {
        /// The method.
        method: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Handle for payments and refunds.
///
/// [`BoxOffice::payments`] makes it; it is cheap to make and to clone. A buyer who pays at the provider needs two
/// calls: [`Payments::prepare`] returns what the browser needs, and [`Payments::confirm`] takes the money.
///
/// ```
/// # use tiketi_core::{BoxOffice, BuyerId, PaymentState, PrepareRequest, ReservationId};
/// # async fn pay(
/// #     shop: BoxOffice, reservation: ReservationId, buyer: BuyerId, provider_key: String,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// let prepared = shop.payments().prepare(PrepareRequest::new(reservation, buyer)).await?;
/// // The buyer pays in the browser with `prepared.checkout` and comes back with the provider's key.
/// let payment = prepared.payment.id;
/// let paid = shop.payments().confirm(payment, buyer, None, Some(provider_key)).await?;
/// if paid.payment.is_some_and(|payment| matches!(payment.state, PaymentState::Confirming { .. })) {
///     println!("the outcome is not known yet; the jobs ask the provider again");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Payments {
    pub(super) office: BoxOffice,
}

impl Payments {
    /// Returns the payment methods that the shop offers.
    pub fn payment_methods(&self) -> Vec<PaymentMethod> {
        self.office.inner.gateways.iter().flat_map(|gateway| gateway.methods()).collect()
    }

    /// Starts a payment attempt: fixes the amount and grants the payment window.
    ///
    /// # Errors
    ///
    /// [`PayError::UnknownMethod`], [`PayError::NotAccepted`] if the gateway does not take the currency, or
    /// [`PayError::Prepare`] with a [`StartPaymentRefused`].
    pub async fn prepare(&self, request: PrepareRequest) -> Result<Prepared, PayError> {
        let return_urls = request.return_urls.clone();
        let (payment, reservation) = self.office.start_payment(request).await?;
        let gateway = self.office.gateway_of(&payment)?;
        let (order_name, terms) = self.office.order_of(&reservation).await?;
        let request = CheckoutRequest {
            payment: payment.id,
            buyer: payment.buyer,
            reservation: Some(payment.reservation),
            metadata: payment.metadata.clone(),
            amount: payment.amount,
            method: payment.method.clone(),
            order_name: order_name.clone(),
            deposit_window: terms.deposit_window,
            return_urls,
        };
        let checkout = gateway.checkout(request).await?;
        Ok(Prepared { payment, reservation, order_name, checkout })
    }

    /// Asks the provider for the money of a prepared attempt.
    ///
    /// Repeated for an attempt that was confirmed before, it returns the known outcome. While another call waits for
    /// the provider, it waits for the same answer: always for a call of this process, and for a call of another server
    /// if there is a timer ([`crate::BoxOfficeBuilder::timer`]). It is refused unless `amount`, if given, is the payment's.
    ///
    /// # Errors
    ///
    /// Before anything is committed, [`PayError::NotAccepted`] if the key, the currency or the method cannot lead to a
    /// payment, and [`PayError::Unavailable`] if the gateway cannot be called now. [`PayError::Confirm`] with a
    /// [`BeginConfirmRefused`]. A decline or an inconclusive answer is not an error: see [`Paid::payment`].
    ///
    /// # Cancel safety
    ///
    /// Safe. With a spawner ([`crate::BoxOfficeBuilder::spawner`]) the work continues. Without one, no further step
    /// starts, and what was started is committed: [`Jobs::run_once`](crate::box_office::Jobs::run_once) asks the
    /// provider and records the outcome, after [`Terms::ask_again_after`]; until then the payment is `Confirming`.
    pub async fn confirm(
        &self,
        payment: PaymentId,
        buyer: BuyerId,
        amount: Option<ExpectedAmount>,
        provider_key: Option<String>,
    ) -> Result<Paid, PayError> {
        let office = self.office.clone();
        self.office
            .to_its_end(Box::pin(
                async move { office.confirm_here(payment, buyer, amount, provider_key).await },
            ))
            .await
    }

    /// Pays in one step, by a method without a buyer's step at the provider.
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

    /// Returns a payment if it belongs to this buyer.
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
            // Checked before the attempt is committed, so that the buyer can choose another method at once.
            gateway.accepts(Attempt { method: &method, amount, step: AttemptStep::Prepare })?;
        }
        let key = self.key_or_new(request.key);
        let id = PaymentId::from_uuid(self.new_id());
        let (reservation, buyer) = (request.reservation, request.buyer);
        let mut command =
            StartPayment::new(id, reservation, buyer, self.terms()).through(gateway.name(), method);
        command.amount = request.amount;
        command.metadata = request.metadata;
        command.confirms = gateway.capabilities().confirms;
        let applied = self.execute(key, command).await.map_err(PayError::Prepare)?;
        Ok(with_payment(applied)?)
    }

    /// Returns the order name that buyers read, and the terms of the event.
    async fn order_of(&self, reservation: &Reservation) -> Result<(String, Terms), StoreError> {
        let view = self.inner.catalog.event(reservation.event).await?;
        Ok(match view {
            Some(view) => {
                let name = format!("{} × {}", view.event.details.title, reservation.tickets());
                (name, view.event.details.terms.over(&self.terms()))
            }
            None => (reservation.number.to_string(), *self.terms()),
        })
    }

    async fn confirm_here(
        &self,
        payment: PaymentId,
        buyer: BuyerId,
        amount: Option<ExpectedAmount>,
        provider_key: Option<String>,
    ) -> Result<Paid, PayError> {
        // Held until the outcome is recorded: a second confirm of this process then gets the outcome, not `Confirming`.
        let _lock = self.inner.confirm_locks.wait(payment).await;
        let mut command = BeginConfirm::new(payment, buyer).under(self.terms());
        let Some(known) = self.inner.sales.payment(payment).await? else {
            return Err(PayError::Confirm(CommandError::Refused(command.subject_unknown())));
        };
        let amount = amount.map(|amount| amount.of(known.amount.currency()));
        self.check_gateway(&known, buyer, amount, provider_key.as_deref())?;
        // The key derives from the payment, so that a client that lost the answer can confirm again without its key.
        let content = format!("confirm {buyer} {amount:?} {provider_key:?}");
        let key = CommandKey::of(payment.as_uuid(), &content);
        command.amount = amount;
        command.provider_key = provider_key;
        let applied = self.execute(key, command).await.map_err(PayError::Confirm)?;
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
            // Repeated after the attempt was abandoned with its hold or for a later attempt: no money was asked for.
            Ok((payment, _)) if payment.state == PaymentState::Abandoned => {
                let state = payment.state;
                Err(PayError::Confirm(CommandError::Refused(BeginConfirmRefused::NotReady { state })))
            }
            Ok((payment, reservation)) => self.awaited(payment, reservation).await,
            // A free reservation has no attempt. `NotPending` is included, because a repetition finds it confirmed.
            Err(error) if may_be_free(&error) => {
                let command = ConfirmFree::new(reservation, buyer).under(self.terms());
                match self.execute(key.step("confirm"), command).await {
                    Ok(applied) => {
                        self.end_session(&applied.reservation).await;
                        Ok(Paid { payment: None, reservation: applied.reservation })
                    }
                    Err(CommandError::Refused(
                        ConfirmFreeRefused::NotPending | ConfirmFreeRefused::NotFree,
                    )) => Err(error),
                    Err(error) => Err(PayError::Free(error)),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Refuses an attempt that the gateway rejects, or that it cannot carry out now.
    ///
    /// Nothing is committed before this check.
    fn check_gateway(
        &self,
        known: &Payment,
        buyer: BuyerId,
        amount: Option<Money>,
        provider_key: Option<&str>,
    ) -> Result<(), PayError> {
        // A repetition of a confirm is answered even while the breaker is open. A confirm that the rule would refuse
        // does not call the gateway, so it must not use up one of the breaker's probes.
        let is_as_agreed = amount.is_none_or(|amount| amount == known.amount);
        if known.state != PaymentState::Ready || known.buyer != buyer || !is_as_agreed {
            return Ok(());
        }
        let gateway = self.gateway_of(known)?;
        let step = AttemptStep::Confirm { provider_key };
        gateway.accepts(Attempt { method: &known.method, amount: known.amount, step })?;
        Ok(gateway.ready()?)
    }

    /// Calls the gateway for a payment whose intent is committed, and records the outcome.
    pub(super) async fn capture(&self, payment: Payment, reservation: Reservation) -> Result<Paid, PayError> {
        let request = ConfirmRequest {
            payment: payment.id,
            buyer: payment.buyer,
            reservation: Some(payment.reservation),
            metadata: payment.metadata.clone(),
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
            ConfirmAnswer::Unknown { reason, response: _ } => {
                self.record_inconclusive(payment.id, reason).await?;
                return Ok(Paid { payment: Some(payment), reservation });
            }
        };
        match self.record(&payment, outcome).await {
            Ok(applied) => {
                let payment = applied.payment.map(|payment| *payment);
                Ok(Paid { payment, reservation: applied.reservation })
            }
            // Another server recorded an outcome first: return what is recorded.
            Err(CommandError::Refused(_)) => self.as_it_stands(payment.id).await,
            Err(error) => Err(PayError::Record(error)),
        }
    }

    /// Finds the first method without a buyer's step, or refuses the named one if it needs the step.
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

    fn method_ids(&self) -> Vec<String> {
        self.payments().payment_methods().into_iter().map(|method| method.id).collect()
    }
}

fn is_one_step(gateway: &dyn PaymentGateway) -> bool {
    gateway.capabilities().buyer_step == BuyerStep::NotNeeded
}

/// Returns whether the refused reservation may be one without a price, confirmed or not.
fn may_be_free(error: &PayError) -> bool {
    matches!(
        error,
        PayError::Prepare(CommandError::Refused(
            StartPaymentRefused::NothingToPay | StartPaymentRefused::NotPending
        ))
    )
}
