//! Support: what staff do about payments that need attention and about cancelled events.

use crate::box_office::outcomes::{only_store, with_payment};
use crate::box_office::together::{EVENT_DEADLINE, in_time, together, unless_locked};
use crate::box_office::{BoxOffice, Jobs, RefundError};
use crate::decide::{
    CallOff, CallOffRefused, EndPayment, EndPaymentRefused, NotePayment, NotePaymentRefused, RefundWanted,
};
use crate::error::{CommandError, StoreError};
use crate::id::{CommandKey, EventId, PaymentId, ReservationId};
use crate::payment::{Payment, PaymentState, Settles};
use crate::store::{CallOffProgress, Page, PageRequest};

/// Why nothing was tried again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RetryError {
    /// The payment does not exist.
    #[error("there is no such payment")]
    PaymentNotFound,
    /// No answer is awaited, and no refund was refused.
    #[error("the payment has nothing to try again")]
    NothingToRetry {
        /// State of the payment.
        state: PaymentState,
    },
    /// The shop no longer has the gateway of the payment.
    #[error("the shop has no payment gateway called {name}")]
    GatewayMissing {
        /// The gateway's name.
        name: String,
    },
    /// The refused refund could not be queued again.
    #[error(transparent)]
    Refund(#[from] RefundError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Handle for what staff do about payments and cancelled events.
///
/// [`BoxOffice::support`] makes it; it is cheap to make and to clone. Its methods check no owner: the host must check
/// that the caller is staff.
///
/// ```
/// # use tiketi_core::{BoxOffice, PageRequest};
/// # async fn retry_all(shop: BoxOffice) -> Result<(), Box<dyn std::error::Error>> {
/// let page = shop.support().payments_needing_attention(PageRequest::new(1, 20)?).await?;
/// for payment in page.rows {
///     if let Err(error) = shop.support().retry_payment(payment.id, None).await {
///         println!("{}: {error}", payment.id);
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Support {
    pub(super) office: BoxOffice,
}

impl Support {
    /// Returns the payments that need attention.
    ///
    /// They are stuck, their refund was refused, their deposit was withdrawn, or their outcome is unknown for longer
    /// than [`crate::Terms::trouble_after`].
    pub async fn payments_needing_attention(&self, page: PageRequest) -> Result<Page<Payment>, StoreError> {
        let before = self.office.now().before(self.office.terms().trouble_after);
        self.office.inner.sales.payments_needing_attention(before, page).await
    }

    /// Returns a payment of any buyer.
    pub async fn any_payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        self.office.inner.sales.payment(id).await
    }

    /// Returns the payment with this key of the provider.
    pub async fn payment_by_key(&self, provider_key: &str) -> Result<Option<PaymentId>, StoreError> {
        for gateway in &self.office.inner.gateways {
            if let Some(id) = self.office.inner.sales.payment_by_key(gateway.name(), provider_key).await? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// Asks a payment's provider now, or sends a refused refund again.
    ///
    /// It returns the payment as it is afterwards.
    ///
    /// # Errors
    ///
    /// [`RetryError::NothingToRetry`] if no answer is awaited and no refund was refused.
    ///
    /// # Cancel safety
    ///
    /// Safe. With a spawner ([`crate::BoxOfficeBuilder::spawner`]) the work continues. Without one, no further step
    /// starts, and what was started is committed: [`Jobs::run_once`] asks the provider and records the outcome, after
    /// [`crate::Terms::pause`].
    pub async fn retry_payment(&self, id: PaymentId, key: Option<CommandKey>) -> Result<Payment, RetryError> {
        let office = self.office.clone();
        self.office.to_its_end(Box::pin(async move { office.retry_here(id, key).await })).await
    }

    /// Adds a note to a payment; one that settles takes the payment off the list.
    ///
    /// # Errors
    ///
    /// [`CommandError::Refused`] with a [`NotePaymentRefused`].
    pub async fn note_payment(
        &self,
        id: PaymentId,
        author: &str,
        text: &str,
        settles: Settles,
        key: Option<CommandKey>,
    ) -> Result<Payment, CommandError<NotePaymentRefused>> {
        let command = NotePayment::new(id, author, text, settles);
        let applied = self.office.execute(self.office.key_or_new(key), command).await?;
        Ok(with_payment(applied)?.0)
    }

    /// Ends a payment whose outcome the provider does not report, with a reason.
    ///
    /// The reservation's hold continues, or ends if its time has passed. Money that the provider took is then a late
    /// payment: [`Jobs::reconcile_once`] asks until the provider says that it took no money.
    ///
    /// # Errors
    ///
    /// [`CommandError::Refused`] with an [`EndPaymentRefused`]: before [`crate::Terms::trouble_after`] has passed,
    /// the outcome may still come.
    pub async fn end_payment(
        &self,
        id: PaymentId,
        author: &str,
        reason: &str,
        key: Option<CommandKey>,
    ) -> Result<Payment, CommandError<EndPaymentRefused>> {
        let command = EndPayment::new(id, author, reason).under(self.office.terms());
        let applied = self.office.execute(self.office.key_or_new(key), command).await?;
        Ok(with_payment(applied)?.0)
    }

    /// Counts how many refunds of an event are done; `None` if the event does not exist.
    pub async fn call_off_progress(&self, event: EventId) -> Result<Option<CallOffProgress>, StoreError> {
        self.office.inner.sales.call_off_progress(event).await
    }
}

impl BoxOffice {
    async fn retry_here(&self, id: PaymentId, key: Option<CommandKey>) -> Result<Payment, RetryError> {
        let payment = self.inner.sales.payment(id).await?.ok_or(RetryError::PaymentNotFound)?;
        if payment.reconciliation.is_some() {
            let name = payment.gateway.clone();
            let gateway = self.gateway_named(&name).ok_or(RetryError::GatewayMissing { name })?;
            self.look_into(gateway, &payment).await?;
        } else if let Some(refused) = payment.refunds.last().filter(|_| payment.is_refund_refused()) {
            // A new id: under the old one, the provider would repeat its refusal.
            let wanted = RefundWanted::again(refused);
            self.support().refund_by_organiser(id, wanted, &refused.reason, key, None).await?;
        } else {
            return Err(RetryError::NothingToRetry { state: payment.state });
        }
        self.inner.sales.payment(id).await?.ok_or(RetryError::PaymentNotFound)
    }

    async fn call_off_one(&self, reservation: ReservationId) -> Result<(), StoreError> {
        let key = CommandKey::from_uuid(self.new_id());
        let call_off = self.execute(key, CallOff::new(reservation));
        match in_time(self.timer(), EVENT_DEADLINE, call_off).await {
            // A payment that was confirmed in between is handled by its outcome.
            Ok(_) | Err(CommandError::Refused(CallOffRefused::PaymentInProgress)) => Ok(()),
            Err(error) => Err(only_store(error)),
        }
    }
}

impl Jobs {
    /// Ends reservations of cancelled events or queues their refunds.
    ///
    /// It processes at most `limit` reservations, and returns how many.
    ///
    /// Call it about every second, and again at once while it returns `limit`. It continues where any server stopped.
    /// [`Jobs::reconcile_once`] sends the money. All are processed at the same time. With a timer, it gives up after 3
    /// seconds on a reservation whose event is locked by another server; it does not count, and is tried again later.
    ///
    /// # Errors
    ///
    /// [`StoreError`] of the first reservation for which the store failed, after all were tried.
    pub async fn call_off_once(&self, limit: usize) -> Result<usize, StoreError> {
        let due = self.office.inner.sales.to_call_off(limit).await?;
        let ended = together(due.into_iter().map(|due| self.office.call_off_one(due)), limit).await;
        let ended = ended.into_iter().map(unless_locked).collect::<Result<Vec<_>, StoreError>>()?;
        Ok(ended.into_iter().flatten().count())
    }
}
