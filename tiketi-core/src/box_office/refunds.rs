//! Refunds: commit the queued refund, call the gateway without a transaction, commit the outcome.

use crate::box_office::outcomes::with_payment;
use crate::box_office::{BoxOffice, Payments, Support};
use crate::decide::{
    BeginRefund, BeginRefundRefused, Cancel, CancelRefused, RecordRefund, RecordRefundRefused, RefundOutcome,
    RefundWanted,
};
use crate::error::{CommandError, StoreError};
use crate::gateway::{RefundAnswer, RefundRequest, RefundsTo};
use crate::id::{BuyerId, CommandKey, PaymentId, RefundId, ReservationId};
use crate::payment::{Payment, Refund, RefundState};
use crate::refund_account::RefundAccount;
use crate::reservation::Reservation;

/// Result of a request for a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefundRequested {
    /// The payment, with its refunds.
    pub payment: Payment,
    /// Its reservation.
    pub reservation: Reservation,
    /// The refund: `Done`, `Refused`, or `Queued` while the outcome is unknown.
    pub refund: Refund,
}

/// Why a refund was not queued, or not recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefundError {
    /// The reservation could not be cancelled.
    #[error(transparent)]
    Cancel(CommandError<CancelRefused>),
    /// The refund was refused.
    #[error(transparent)]
    Begin(CommandError<BeginRefundRefused>),
    /// The outcome of the refund could not be recorded; the provider will be asked again.
    #[error(transparent)]
    Record(CommandError<RecordRefundRefused>),
    /// The shop no longer has the gateway of the payment.
    #[error("the shop has no payment gateway called {name}")]
    GatewayMissing {
        /// The gateway's name.
        name: String,
    },
    /// The money cannot go back to where it came from, and no account was named; no refund was queued.
    #[error("the refund needs an account of the buyer")]
    AccountNeeded,
    /// The provider will not send the money back.
    #[error("the provider refused the refund with {code}")]
    Refused {
        /// The provider's code.
        code: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Payments {
    /// Cancels a buyer's reservation, and refunds it under its cancellation policy.
    ///
    /// A reservation that was not paid is only cancelled.
    ///
    /// The reservation ends, and its seats are free, once the refund is done. A repetition continues with a refund that
    /// is still queued. A reservation that waits for a deposit ends once its account is closed.
    ///
    /// # Errors
    ///
    /// [`RefundError::Cancel`] with a [`CancelRefused`], [`RefundError::Begin`] with a [`BeginRefundRefused`], such as
    /// [`BeginRefundRefused::CancellationClosed`]. [`RefundError::AccountNeeded`] for money that came by deposit:
    /// [`Payments::refund`] takes an account. [`RefundError::Refused`] if the provider refuses the refund; the buyer
    /// then keeps the tickets.
    ///
    /// # Cancel safety
    ///
    /// Safe. With a spawner ([`crate::BoxOfficeBuilder::spawner`]) the work continues. Without one, no further step
    /// starts, and what was started is committed: [`Jobs::run_once`](crate::box_office::Jobs::run_once) asks the
    /// provider and records the outcome, after [`crate::Terms::ask_again_after`]; until then the refund is `Queued`.
    pub async fn cancel_or_refund(
        &self,
        reservation: ReservationId,
        buyer: BuyerId,
        key: Option<CommandKey>,
    ) -> Result<Reservation, RefundError> {
        let office = self.office.clone();
        self.office
            .to_its_end(Box::pin(async move { office.cancel_or_refund_here(reservation, buyer, key).await }))
            .await
    }

    /// Takes back all or some tickets of a buyer, and refunds them.
    ///
    /// The reservation's cancellation policy sets the amount.
    ///
    /// The tickets stop being the buyer's once the refund is done.
    ///
    /// # Errors
    ///
    /// [`RefundError::AccountNeeded`] if money that came by deposit can only go to an account, and none is named.
    /// [`RefundError::Begin`] with a [`BeginRefundRefused`], such as [`BeginRefundRefused::CancellationClosed`]. A
    /// refused refund or an inconclusive answer is not an error: see [`RefundRequested::refund`].
    ///
    /// # Cancel safety
    ///
    /// Safe. With a spawner ([`crate::BoxOfficeBuilder::spawner`]) the work continues. Without one, no further step
    /// starts, and what was started is committed: [`Jobs::run_once`](crate::box_office::Jobs::run_once) asks the
    /// provider and records the outcome, after [`crate::Terms::ask_again_after`]; until then the refund is `Queued`.
    pub async fn refund(
        &self,
        payment: PaymentId,
        buyer: BuyerId,
        wanted: RefundWanted,
        reason: &str,
        key: Option<CommandKey>,
        account: Option<RefundAccount>,
    ) -> Result<RefundRequested, RefundError> {
        self.office.refund_as(Some(buyer), payment, wanted, reason, key, account).await
    }
}

impl BoxOffice {
    async fn cancel_or_refund_here(
        &self,
        reservation: ReservationId,
        buyer: BuyerId,
        key: Option<CommandKey>,
    ) -> Result<Reservation, RefundError> {
        let key = self.key_or_new(key);
        match self.execute(key.step("cancel"), Cancel::by_buyer(reservation, buyer)).await {
            Ok(applied) => Ok(applied.reservation),
            Err(CommandError::Refused(CancelRefused::Paid { payment })) => {
                self.refund_cancelled(payment, buyer, key.step("refund")).await
            }
            // The same key cancelled and refunded it before: return that result.
            Err(CommandError::Refused(CancelRefused::AlreadyEnded)) => {
                self.refunded_by(reservation, buyer, key.step("refund")).await
            }
            Err(CommandError::Refused(CancelRefused::PaymentInProgress))
                if self.give_up_deposit(reservation, buyer).await? =>
            {
                let again = Cancel::by_buyer(reservation, buyer);
                self.cancel_given_up(buyer, key.step("cancel"), again).await
            }
            Err(error) => Err(RefundError::Cancel(error)),
        }
    }

    /// Ends a reservation whose deposit was given up, unless its hold has ended by then.
    pub(super) async fn cancel_given_up(
        &self,
        buyer: BuyerId,
        key: CommandKey,
        cancel: Cancel,
    ) -> Result<Reservation, RefundError> {
        let ended = || RefundError::Cancel(CommandError::Refused(CancelRefused::AlreadyEnded));
        let reservation = cancel.reservation;
        match self.execute(key, cancel).await {
            Ok(applied) => Ok(applied.reservation),
            Err(CommandError::Refused(CancelRefused::AlreadyEnded)) => {
                self.sales().reservation(reservation, buyer).await?.ok_or_else(ended)
            }
            Err(error) => Err(RefundError::Cancel(error)),
        }
    }

    /// Returns a reservation that this key's refund ended, or the refusal if it ended otherwise.
    pub(super) async fn refunded_by(
        &self,
        reservation: ReservationId,
        buyer: BuyerId,
        key: CommandKey,
    ) -> Result<Reservation, RefundError> {
        let found = self.sales().reservation(reservation, buyer).await?;
        if let Some(found) = found
            && let Some(payment) = found.payment
            && let Some(payment) = self.payments().payment(payment, buyer).await?
            && payment.refund(refund_id(payment.id, key)).is_some()
        {
            return Ok(found);
        }
        Err(RefundError::Cancel(CommandError::Refused(CancelRefused::AlreadyEnded)))
    }

    async fn refund_cancelled(
        &self,
        payment: PaymentId,
        buyer: BuyerId,
        key: CommandKey,
    ) -> Result<Reservation, RefundError> {
        let wanted = RefundWanted::everything();
        let refunded =
            self.payments().refund(payment, buyer, wanted, "cancelled by the buyer", Some(key), None).await?;
        match refunded.refund.state {
            RefundState::Refused { code, .. } => Err(RefundError::Refused { code }),
            RefundState::Queued { .. } | RefundState::Done { .. } => Ok(refunded.reservation),
        }
    }

    async fn refund_as(
        &self,
        buyer: Option<BuyerId>,
        payment: PaymentId,
        wanted: RefundWanted,
        reason: &str,
        key: Option<CommandKey>,
        account: Option<RefundAccount>,
    ) -> Result<RefundRequested, RefundError> {
        let (office, reason) = (self.clone(), reason.to_owned());
        let work = async move { office.refund_here(buyer, payment, wanted, &reason, key, account).await };
        self.to_its_end(Box::pin(work)).await
    }

    pub(super) async fn refund_here(
        &self,
        buyer: Option<BuyerId>,
        payment: PaymentId,
        wanted: RefundWanted,
        reason: &str,
        key: Option<CommandKey>,
        account: Option<RefundAccount>,
    ) -> Result<RefundRequested, RefundError> {
        let is_for_nothing =
            matches!(&wanted, RefundWanted::Everything { amount: Some(amount) } if amount.is_zero());
        if account.is_none() && !is_for_nothing {
            self.check_source(payment).await?;
        }
        let key = self.key_or_new(key);
        let id = refund_id(payment, key);
        let mut command = BeginRefund::new(payment, id, reason).under(self.terms());
        command.buyer = buyer;
        command.wanted = wanted;
        command.account = account;
        match self.execute(key, command.clone()).await {
            Ok(_) => self.send_refund(payment, id).await,
            // Everything is to be refunded, and a part of it is queued: finish that refund first.
            Err(CommandError::Refused(BeginRefundRefused::RefundInProgress { refund }))
                if command.wanted == RefundWanted::everything() =>
            {
                let earlier = self.send_refund(payment, refund).await?;
                if !matches!(earlier.refund.state, RefundState::Done { .. }) {
                    return Ok(earlier);
                }
                match self.execute(key, command).await {
                    Ok(_) => self.send_refund(payment, id).await,
                    // The earlier refund covered everything, or the rest was queued at the same time.
                    Err(CommandError::Refused(
                        BeginRefundRefused::NothingToRefund { .. }
                        | BeginRefundRefused::RefundInProgress { .. },
                    )) => Ok(earlier),
                    Err(error) => Err(RefundError::Begin(error)),
                }
            }
            Err(error) => Err(RefundError::Begin(error)),
        }
    }

    /// Refuses a refund of a deposit without an account, because the provider would refuse it.
    async fn check_source(&self, payment: PaymentId) -> Result<(), RefundError> {
        let Some(known) = self.inner.sales.payment(payment).await? else { return Ok(()) };
        let to = self.gateway_named(&known.gateway).map(|gateway| gateway.refunds_to(&known.method));
        let is_left = !known.refundable().map_err(StoreError::from)?.is_zero();
        if to == Some(RefundsTo::Account) && is_left { Err(RefundError::AccountNeeded) } else { Ok(()) }
    }

    /// Calls the gateway for a committed refund, and records the outcome.
    pub(super) async fn send_refund(
        &self,
        payment: PaymentId,
        refund: RefundId,
    ) -> Result<RefundRequested, RefundError> {
        let known = self.inner.sales.payment(payment).await?;
        let known = known.ok_or_else(|| StoreError::corrupt(format!("{payment:?} does not exist")))?;
        let promised = refund_of(&known, refund)?;
        // A final refund is not sent again: money sent for a refused refund would have no record.
        if !matches!(promised.state, RefundState::Queued { .. }) {
            return self.refund_as_it_stands(known, promised).await;
        }
        let gateway = self.gateway_named(&known.gateway);
        let gateway = gateway.ok_or_else(|| RefundError::GatewayMissing { name: known.gateway.clone() })?;
        let request = RefundRequest {
            payment,
            buyer: known.buyer,
            reservation: Some(known.reservation),
            metadata: known.metadata.clone(),
            provider_key: known.provider_key.clone().unwrap_or_default(),
            refund,
            amount: promised.amount,
            refundable: known
                .captured
                .unwrap_or(known.amount)
                .minus(known.refunded)
                .map_err(StoreError::from)?,
            reason: promised.reason.clone(),
            account: promised.account().cloned(),
        };
        let outcome = match gateway.refund(request).await {
            RefundAnswer::Done => RefundOutcome::Done,
            RefundAnswer::Refused { code } => RefundOutcome::Refused { code },
            RefundAnswer::Unknown { reason, response: _ } => {
                self.record_inconclusive(payment, reason).await?;
                return self.refund_as_it_stands(known, promised).await;
            }
        };
        let key = CommandKey::of(payment.as_uuid(), &format!("record-refund {refund} {outcome:?}"));
        let command = RecordRefund::new(payment, refund, outcome).under(self.terms());
        let (payment, reservation) = match self.execute(key, command).await {
            Ok(applied) => with_payment(applied)?,
            // Another server recorded an outcome first: return what is recorded.
            Err(CommandError::Refused(RecordRefundRefused::NotQueued)) => {
                let known = self.inner.sales.payment(payment).await?.unwrap_or(known);
                let refund = refund_of(&known, refund)?;
                return self.refund_as_it_stands(known, refund).await;
            }
            Err(error) => return Err(RefundError::Record(error)),
        };
        let refund = refund_of(&payment, refund)?;
        Ok(RefundRequested { payment, reservation, refund })
    }

    async fn refund_as_it_stands(
        &self,
        payment: Payment,
        refund: Refund,
    ) -> Result<RefundRequested, RefundError> {
        let reservation = self.inner.sales.reservation(payment.reservation).await?;
        let reservation =
            reservation.ok_or_else(|| StoreError::corrupt(format!("{:?} pays for nothing", payment.id)))?;
        Ok(RefundRequested { payment, reservation, refund })
    }
}

impl Support {
    /// Refunds any payment in the organiser's name: any amount, with the tickets named.
    ///
    /// No cancellation policy applies.
    ///
    /// # Errors
    ///
    /// As [`Payments::refund`].
    ///
    /// # Cancel safety
    ///
    /// As [`Payments::refund`].
    pub async fn refund_by_organiser(
        &self,
        payment: PaymentId,
        wanted: RefundWanted,
        reason: &str,
        key: Option<CommandKey>,
        account: Option<RefundAccount>,
    ) -> Result<RefundRequested, RefundError> {
        self.office.refund_as(None, payment, wanted, reason, key, account).await
    }
}

/// Derives a refund's id from its key and payment, so that a repeated request makes one refund.
///
/// The payment is part of the id, because a provider deduplicates by it: the same key for another payment is another
/// refund.
fn refund_id(payment: PaymentId, key: CommandKey) -> RefundId {
    RefundId::derived(payment, &format!("refund {}", key.as_uuid()))
}

fn refund_of(payment: &Payment, refund: RefundId) -> Result<Refund, StoreError> {
    let found = payment.refund(refund).cloned();
    found.ok_or_else(|| StoreError::corrupt(format!("{refund:?} is no refund of {:?}", payment.id)))
}
