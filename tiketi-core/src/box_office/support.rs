//! What an administrator does about payments that went astray, and about an event that was called off.

use crate::box_office::reconcile::only_store;
use crate::box_office::together::{EVENT_DEADLINE, in_time, together, unless_locked};
use crate::box_office::{BoxOffice, Jobs, RefundError};
use crate::decide::{
    CallOff, CallOffRefused, EndPayment, EndPaymentRefused, NotePayment, NotePaymentRefused, RefundWanted,
};
use crate::error::{CommandError, StoreError};
use crate::id::{CommandKey, EventId, PaymentId, ReservationId};
use crate::payment::{Payment, PaymentState, Settles};
use crate::store::{CallOffProgress, Page, PageRequest};

/// Why nothing is tried again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RetryError {
    /// No such payment.
    #[error("there is no such payment")]
    PaymentNotFound,
    /// Nothing is awaited, and no refund was refused.
    #[error("the payment awaits nothing that could be tried again")]
    NothingToRetry {
        /// Where it stands.
        state: PaymentState,
    },
    /// The payment came through a gateway this shop no longer has.
    #[error("the shop has no payment gateway called {name}")]
    GatewayMissing {
        /// The gateway's name.
        name: String,
    },
    /// The refund that was refused could not be promised again.
    #[error(transparent)]
    Refund(#[from] RefundError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Handle for what staff do about payments and cancelled events.
///
/// Made by [`BoxOffice::support`]; cheap to make and to clone.
#[derive(Debug, Clone)]
pub struct Support {
    pub(super) office: BoxOffice,
}

impl Support {
    /// Returns the payments a person has to look at: stuck, refund refused, deposit gone again, or unknown for longer
    /// than [`crate::Terms::attention_after`].
    pub async fn payments_needing_attention(&self, page: PageRequest) -> Result<Page<Payment>, StoreError> {
        let before = self.office.now().before(self.office.terms().attention_after);
        self.office.inner.payments.payments_needing_attention(before, page).await
    }

    /// Returns anyone's payment, for an administrator.
    pub async fn any_payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        self.office.inner.sales.payment(id).await
    }

    /// Returns the payment whose money a provider knows by this key.
    pub async fn payment_by_key(&self, provider_key: &str) -> Result<Option<PaymentId>, StoreError> {
        for gateway in &self.office.inner.gateways {
            if let Some(id) = self.office.inner.payments.payment_by_key(gateway.name(), provider_key).await? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// Asks a payment's provider now, or sends a refused refund again, and returns the payment as it then is.
    ///
    /// # Errors
    ///
    /// [`RetryError::NothingToRetry`] if all is known and no refund was refused.
    ///
    /// # Cancel safety
    ///
    /// Safe. With a spawner ([`crate::BoxOfficeBuilder::spawner`]) the work goes on by itself. Without one, what is not begun
    /// does not begin, and what is begun is committed: [`Jobs::run_once`] asks the provider and records what it
    /// says, after [`crate::Terms::pause`].
    pub async fn retry_payment(&self, id: PaymentId, key: Option<CommandKey>) -> Result<Payment, RetryError> {
        let office = self.office.clone();
        self.office.to_its_end(Box::pin(async move { office.retry_here(id, key).await })).await
    }

    /// Adds a person's note to a payment; one that settles takes it off the list of those in trouble.
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
        let command =
            NotePayment::new(self.office.now(), self.office.key_or_new(key), id, author, text, settles);
        let applied = self.office.inner.payments.note_payment(command).await?;
        applied.payment.ok_or_else(|| StoreError::corrupt("a note is about no payment").into())
    }

    /// Ends a payment whose outcome its provider does not tell, with the reason why.
    ///
    /// The reservation's hold goes on, or is over if its time has passed. Money that the provider took all the same is
    /// late money: [`Jobs::reconcile_once`] asks on until the provider says that it took none.
    ///
    /// # Errors
    ///
    /// [`CommandError::Refused`] with an [`EndPaymentRefused`]: before [`crate::Terms::attention_after`] has passed, the
    /// outcome may still come.
    pub async fn end_payment(
        &self,
        id: PaymentId,
        author: &str,
        reason: &str,
        key: Option<CommandKey>,
    ) -> Result<Payment, CommandError<EndPaymentRefused>> {
        let command = EndPayment::new(self.office.now(), self.office.key_or_new(key), id, author, reason);
        let applied = self.office.inner.payments.end_payment(command.under(self.office.terms())).await?;
        applied.payment.ok_or_else(|| StoreError::corrupt("an ended payment was not answered").into())
    }

    /// Counts how far the refunds of an event have come; `None` if there is no such event.
    pub async fn call_off_progress(&self, event: EventId) -> Result<Option<CallOffProgress>, StoreError> {
        self.office.inner.payments.call_off_progress(event).await
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
            // A new id: under the old one a provider would only say no again.
            let wanted = RefundWanted::again(refused);
            self.support().refund_by_organiser(id, wanted, &refused.reason, key, None).await?;
        } else {
            return Err(RetryError::NothingToRetry { state: payment.state });
        }
        self.inner.sales.payment(id).await?.ok_or(RetryError::PaymentNotFound)
    }

    async fn call_off_one(&self, reservation: ReservationId) -> Result<(), StoreError> {
        let key = CommandKey::from_uuid(self.new_id());
        let call_off = self.inner.payments.call_off(CallOff::new(self.now(), key, reservation));
        match in_time(self.timer(), EVENT_DEADLINE, call_off).await {
            // A payment begun in between settles itself, by its outcome.
            Ok(_) | Err(CommandError::Refused(CallOffRefused::PaymentInProgress)) => Ok(()),
            Err(error) => Err(only_store(error)),
        }
    }
}

impl Jobs {
    /// Ends reservations of cancelled events or promises their money back, at most `limit`, and returns how many.
    ///
    /// Those whose event another session has locked for too long are not among them, and are tried again later.
    ///
    /// Call it about every second, and again at once while it returns as many as it may. It goes on where any
    /// server left off. [`Jobs::reconcile_once`] sends the money. All are tried side by side: with a
    /// timer, one whose event is locked by another server is given up after 3 seconds, and tried again later.
    ///
    /// # Errors
    ///
    /// [`StoreError`] of the first reservation for which the store failed, after all had their turn.
    pub async fn call_off_once(&self, limit: usize) -> Result<usize, StoreError> {
        let due = self.office.inner.payments.to_call_off(limit).await?;
        let ended = together(due.into_iter().map(|due| self.office.call_off_one(due)), limit).await;
        let ended = ended.into_iter().map(unless_locked).collect::<Result<Vec<_>, StoreError>>()?;
        Ok(ended.into_iter().flatten().count())
    }
}
