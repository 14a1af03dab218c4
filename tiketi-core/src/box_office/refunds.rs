//! Giving money back: commit the promise, ask the gateway with nothing open, commit what it said.

use crate::box_office::payments::with_payment;
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

/// A refund as far as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRequested {
    /// The payment, with its refunds.
    pub payment: Payment,
    /// What it paid for.
    pub reservation: Reservation,
    /// The refund: `Done`, `Refused`, or `Queued` while nobody knows.
    pub refund: Refund,
}

/// Why no money was promised back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefundError {
    /// The reservation could not be cancelled.
    #[error(transparent)]
    Cancel(CommandError<CancelRefused>),
    /// The refund was refused.
    #[error(transparent)]
    Begin(CommandError<BeginRefundRefused>),
    /// What came of the refund could not be recorded; it will be asked for again.
    #[error(transparent)]
    Record(CommandError<RecordRefundRefused>),
    /// The payment came through a gateway this shop no longer has.
    #[error("the shop has no payment gateway called {name}")]
    GatewayMissing {
        /// The gateway's name.
        name: String,
    },
    /// The money cannot go where it came from, and no account was named; nothing is promised.
    #[error("the money goes back to an account, which has to be named")]
    AccountNeeded,
    /// The provider will not give the money back.
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
    /// Cancels a buyer's reservation, and gives back what its cancellation policy gives if it was paid.
    ///
    /// The reservation ends, and its seats are free, once the money is on its way. Repeated, it goes on
    /// with a refund that was promised and not heard of since. One that waits for a deposit ends once its account is closed.
    ///
    /// # Errors
    ///
    /// [`RefundError::Cancel`] with a [`CancelRefused`], [`RefundError::Begin`] with a [`BeginRefundRefused`], such as
    /// [`BeginRefundRefused::CancellationClosed`]. [`RefundError::AccountNeeded`] for what was deposited:
    /// [`Payments::refund`] takes an account. [`RefundError::Refused`] if the provider keeps the
    /// money; the buyer then keeps the tickets.
    ///
    /// # Cancel safety
    ///
    /// Safe. With a spawner ([`crate::BoxOfficeBuilder::spawner`]) the work goes on by itself. Without one, what is not begun
    /// does not begin, and what is begun is committed: [`Jobs::run_once`](crate::box_office::Jobs::run_once) asks the provider and records what it
    /// says, after [`crate::Terms::ask_again_after`]; until then the refund is `Queued`.
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

    /// Takes a buyer's tickets back, all or some, and gives back what the reservation's cancellation policy gives.
    ///
    /// They stop being the buyer's once the money is on its way.
    ///
    /// # Errors
    ///
    /// [`RefundError::AccountNeeded`] if what was deposited can only go to an account, and none is named.
    /// [`RefundError::Begin`] with a [`BeginRefundRefused`], such as [`BeginRefundRefused::CancellationClosed`]. A provider that refuses, or does not say, is no
    /// error: see [`RefundRequested::refund`].
    ///
    /// # Cancel safety
    ///
    /// Safe. With a spawner ([`crate::BoxOfficeBuilder::spawner`]) the work goes on by itself. Without one, what is not begun
    /// does not begin, and what is begun is committed: [`Jobs::run_once`](crate::box_office::Jobs::run_once) asks the provider and records what it
    /// says, after [`crate::Terms::ask_again_after`]; until then the refund is `Queued`.
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
        let command = Cancel::by_buyer(self.now(), key.step("cancel"), reservation, buyer);
        match self.inner.sales.cancel(command).await {
            Ok(applied) => Ok(applied.reservation),
            Err(CommandError::Refused(CancelRefused::Paid { payment })) => {
                self.refund_cancelled(payment, buyer, key.step("refund")).await
            }
            // Cancelled by this very key before, and refunded: the answer is what came of that.
            Err(CommandError::Refused(CancelRefused::AlreadyEnded)) => {
                self.refunded_by(reservation, buyer, key.step("refund")).await
            }
            Err(CommandError::Refused(CancelRefused::PaymentInProgress))
                if self.give_up_deposit(reservation, buyer).await? =>
            {
                self.cancel_given_up(reservation, buyer, key.step("cancel")).await
            }
            Err(error) => Err(RefundError::Cancel(error)),
        }
    }

    /// Ends a reservation whose deposit was given up, unless its hold ran out meanwhile.
    async fn cancel_given_up(
        &self,
        reservation: ReservationId,
        buyer: BuyerId,
        key: CommandKey,
    ) -> Result<Reservation, RefundError> {
        let ended = || RefundError::Cancel(CommandError::Refused(CancelRefused::AlreadyEnded));
        match self.inner.sales.cancel(Cancel::by_buyer(self.now(), key, reservation, buyer)).await {
            Ok(applied) => Ok(applied.reservation),
            Err(CommandError::Refused(CancelRefused::AlreadyEnded)) => {
                self.sales().reservation(reservation, buyer).await?.ok_or_else(ended)
            }
            Err(error) => Err(RefundError::Cancel(error)),
        }
    }

    /// Returns a reservation that ended with the refund of this key, or says that it ended otherwise.
    async fn refunded_by(
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

    async fn refund_here(
        &self,
        buyer: Option<BuyerId>,
        payment: PaymentId,
        wanted: RefundWanted,
        reason: &str,
        key: Option<CommandKey>,
        account: Option<RefundAccount>,
    ) -> Result<RefundRequested, RefundError> {
        if account.is_none() {
            self.check_source(payment).await?;
        }
        let key = self.key_or_new(key);
        let id = refund_id(payment, key);
        let mut command = BeginRefund::new(self.now(), key, payment, id, reason).under(self.terms());
        command.buyer = buyer;
        command.wanted = wanted;
        command.account = account;
        match self.inner.sales.begin_refund(command.clone()).await {
            Ok(_) => self.send_refund(payment, id).await,
            // Everything is wanted, and some of it was promised before: bring that to its end first.
            Err(CommandError::Refused(BeginRefundRefused::RefundInProgress { refund }))
                if command.wanted == RefundWanted::everything() =>
            {
                let earlier = self.send_refund(payment, refund).await?;
                if !matches!(earlier.refund.state, RefundState::Done { .. }) {
                    return Ok(earlier);
                }
                match self.inner.sales.begin_refund(command).await {
                    Ok(_) => self.send_refund(payment, id).await,
                    // The earlier one was all of it, or the rest was promised with it.
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

    /// Refuses to promise what the provider would refuse to send: it wants an account for what was deposited.
    async fn check_source(&self, payment: PaymentId) -> Result<(), RefundError> {
        let Some(known) = self.inner.sales.payment(payment).await? else { return Ok(()) };
        let to = self.gateway_named(&known.gateway).map(|gateway| gateway.refunds_to(&known.method));
        let is_left = !known.refundable().map_err(StoreError::from)?.is_zero();
        if to == Some(RefundsTo::Account) && is_left { Err(RefundError::AccountNeeded) } else { Ok(()) }
    }

    /// Asks the gateway to give money back whose promise is committed, and records what it says.
    pub(super) async fn send_refund(
        &self,
        payment: PaymentId,
        refund: RefundId,
    ) -> Result<RefundRequested, RefundError> {
        let known = self.inner.sales.payment(payment).await?;
        let known = known.ok_or_else(|| StoreError::corrupt(format!("{payment:?} does not exist")))?;
        let promised = refund_of(&known, refund)?;
        // A refund that came to its end is not asked for again: money sent for a refused one would be on no record.
        if !matches!(promised.state, RefundState::Queued { .. }) {
            return self.refund_as_it_stands(known, promised).await;
        }
        let gateway = self.gateway_named(&known.gateway);
        let gateway = gateway.ok_or_else(|| RefundError::GatewayMissing { name: known.gateway.clone() })?;
        let request = RefundRequest {
            payment,
            buyer: known.buyer,
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
            RefundAnswer::Unknown { reason, heard: _ } => {
                self.record_inconclusive(payment, reason).await?;
                return self.refund_as_it_stands(known, promised).await;
            }
        };
        let key = CommandKey::of(payment.as_uuid(), &format!("record-refund {refund} {outcome:?}"));
        let command = RecordRefund::new(self.now(), key, payment, refund, outcome).under(self.terms());
        let (payment, reservation) = match self.inner.sales.record_refund(command).await {
            Ok(applied) => with_payment(applied)?,
            // Somebody else heard first: what is known is the answer.
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
    /// Gives anyone's money back in the organiser's name: any amount, and what becomes of the tickets is said.
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

/// One intent to refund a payment makes one refund, whatever it is called with again.
///
/// The payment is in the id, since a provider sends one refund for each id: a key used for another payment later is
/// another refund.
fn refund_id(payment: PaymentId, key: CommandKey) -> RefundId {
    RefundId::derived(payment, &format!("refund {}", key.as_uuid()))
}

fn refund_of(payment: &Payment, refund: RefundId) -> Result<Refund, StoreError> {
    let found = payment.refund(refund).cloned();
    found.ok_or_else(|| StoreError::corrupt(format!("{refund:?} is no refund of {:?}", payment.id)))
}
