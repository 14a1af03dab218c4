//! Cancelling a buyer's reservation at the box office.

use crate::box_office::{BoxOffice, RefundError, Support};
use crate::decide::{Cancel, CancelRefused, RefundWanted};
use crate::error::{CommandError, StoreError};
use crate::id::{BuyerId, CommandKey, PaymentId, ReservationId};
use crate::money::Money;
use crate::payment::RefundState;
use crate::refund_account::RefundAccount;
use crate::reservation::Reservation;

/// How much of a paid reservation goes back when staff cancel it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a complete set of cases, which hosts choose from")]
pub enum StaffRefund {
    /// What the buyer would get: by the policy that the reservation was confirmed under.
    Policy,
    /// All that was paid and has not gone back yet.
    Whole,
    /// Nothing: the shop keeps the money, and the tickets are free again.
    Nothing,
}

impl Support {
    /// Cancels any buyer's reservation, and refunds it if it was paid.
    ///
    /// The rules are those of buyers and of refunds: a reservation is not cancelled while a payment is in progress, and a
    /// paid one ends once its refund is done. `refund` and `account` do not matter for one that was not paid.
    ///
    /// # Errors
    ///
    /// As [`Payments::cancel_or_refund`](crate::box_office::Payments::cancel_or_refund).
    ///
    /// # Cancel safety
    ///
    /// As [`Payments::cancel_or_refund`](crate::box_office::Payments::cancel_or_refund).
    pub async fn cancel_reservation(
        &self,
        reservation: ReservationId,
        refund: StaffRefund,
        reason: &str,
        key: Option<CommandKey>,
        account: Option<RefundAccount>,
    ) -> Result<Reservation, RefundError> {
        let (office, reason) = (self.office.clone(), reason.to_owned());
        let cancelled =
            async move { office.cancel_by_staff(reservation, refund, &reason, key, account).await };
        self.office.to_its_end(Box::pin(cancelled)).await
    }
}

impl BoxOffice {
    async fn cancel_by_staff(
        &self,
        id: ReservationId,
        refund: StaffRefund,
        reason: &str,
        key: Option<CommandKey>,
        account: Option<RefundAccount>,
    ) -> Result<Reservation, RefundError> {
        let unknown = || RefundError::Cancel(CommandError::Refused(CancelRefused::ReservationNotFound));
        let buyer = self.inner.sales.reservation(id).await?.ok_or_else(unknown)?.buyer;
        let key = self.key_or_new(key);
        let cancel = || Cancel::by_organiser(id);
        match self.execute(key.step("cancel"), cancel()).await {
            Ok(applied) => {
                self.end_session(&applied.reservation).await;
                Ok(applied.reservation)
            }
            Err(CommandError::Refused(CancelRefused::Paid { payment })) => {
                let key = key.step("refund");
                self.refund_for_staff((payment, buyer), refund, reason, key, account).await
            }
            // The same key cancelled and refunded it before: return that result.
            Err(CommandError::Refused(CancelRefused::AlreadyEnded)) => {
                self.refunded_by(id, buyer, key.step("refund")).await
            }
            Err(CommandError::Refused(CancelRefused::PaymentInProgress))
                if self.give_up_deposit(id, buyer).await? =>
            {
                self.cancel_given_up(buyer, key.step("cancel"), cancel()).await
            }
            Err(error) => Err(RefundError::Cancel(error)),
        }
    }

    async fn refund_for_staff(
        &self,
        (payment, buyer): (PaymentId, BuyerId),
        refund: StaffRefund,
        reason: &str,
        key: CommandKey,
        account: Option<RefundAccount>,
    ) -> Result<Reservation, RefundError> {
        let everything = RefundWanted::everything();
        let (asked_by, wanted) = match refund {
            StaffRefund::Policy => (Some(buyer), everything),
            StaffRefund::Whole => (None, everything),
            StaffRefund::Nothing => {
                let known = self.inner.sales.payment(payment).await?;
                let missing = || StoreError::corrupt(format!("{payment:?} does not exist"));
                (None, everything.of(Money::zero(known.ok_or_else(missing)?.amount.currency())))
            }
        };
        let refunded = self.refund_here(asked_by, payment, wanted, reason, Some(key), account).await?;
        match refunded.refund.state {
            RefundState::Refused { code, .. } => Err(RefundError::Refused { code }),
            RefundState::Queued { .. } | RefundState::Done { .. } => Ok(refunded.reservation),
        }
    }
}
