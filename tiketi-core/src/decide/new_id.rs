//! Checks of new ids: no command makes a row with an id that another row has.
//!
//! A store deletes a command's key after 24 hours, but never a row. So every command that makes a reservation, a
//! payment or a refund checks here that its id is new, even if its key was deleted. Ids that a rule derives go through
//! the same check.

use crate::decide::scope::Scope;
use crate::error::StoreError;
use crate::id::{PaymentId, ReservationId};
use crate::payment::{Payment, Refund};

/// Returns whether no reservation of the event has this id.
///
/// [`crate::decide::ReadSet`] names the id to load.
pub(super) fn is_new_reservation(scope: &dyn Scope, id: ReservationId) -> bool {
    scope.reservation(id).is_none()
}

/// Returns whether no payment of the event has this id.
///
/// [`crate::decide::ReadSet`] names the id to load.
pub(super) fn is_new_payment(scope: &dyn Scope, id: PaymentId) -> bool {
    scope.payment(id).is_none()
}

/// Adds a refund to a payment.
///
/// The provider sends one refund for each id, so two refunds with one id would be sent once.
///
/// # Errors
///
/// [`crate::StoreErrorKind::Corrupt`] if the payment has a refund with that id. A command that names the id refuses it
/// before.
pub(super) fn add_refund(payment: &mut Payment, refund: Refund) -> Result<(), StoreError> {
    if payment.refund(refund.id).is_some() {
        return Err(StoreError::corrupt(format!("{:?} has {:?} already", payment.id, refund.id)));
    }
    payment.refunds.push(refund);
    Ok(())
}
