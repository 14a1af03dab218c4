//! Ids of new rows: no command makes a row under an id that another row has.
//!
//! A store forgets a command's key after 24 hours, and never a row. So every command that makes a reservation, a
//! payment or a refund checks here that its id is new, whatever the store forgot. What the rules derive an id for
//! themselves goes through the same check.

use crate::decide::scope::Scope;
use crate::error::StoreError;
use crate::id::{PaymentId, ReservationId};
use crate::payment::{Payment, Refund};

/// Tells whether the event has no reservation of this id; [`crate::decide::ReadSet`] says which id to load.
pub(super) fn is_new_reservation(scope: &dyn Scope, id: ReservationId) -> bool {
    scope.reservation(id).is_none()
}

/// Tells whether the event has no payment of this id; [`crate::decide::ReadSet`] says which id to load.
pub(super) fn is_new_payment(scope: &dyn Scope, id: PaymentId) -> bool {
    scope.payment(id).is_none()
}

/// Adds a refund to a payment; the provider sends one refund for each id, so that two of one id would be one.
///
/// # Errors
///
/// [`crate::StoreErrorKind::Corrupt`] if the payment has a refund of that id. A command that names the id refuses
/// it before.
pub(super) fn add_refund(payment: &mut Payment, refund: Refund) -> Result<(), StoreError> {
    if payment.refund(refund.id).is_some() {
        return Err(StoreError::corrupt(format!("{:?} has {:?} already", payment.id, refund.id)));
    }
    payment.refunds.push(refund);
    Ok(())
}
