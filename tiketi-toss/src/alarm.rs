//! The log lines of failed requests.

use tiketi_core::PaymentId;

use crate::api::Failure;
use crate::error_code::CodeClass;

/// Logs a failure; a failure because of the shop's settings is logged as an error.
pub(crate) fn alarm(failure: &Failure, payment: PaymentId) {
    let reason = failure.reason();
    match failure.class() {
        CodeClass::Misconfigured => {
            tracing::error!(%payment, reason, "TossPayments refuses the shop itself: look at its keys and settings");
        }
        CodeClass::Declined => tracing::debug!(%payment, reason, "declined"),
        CodeClass::Unknown | CodeClass::SessionGone | CodeClass::RefundFinal | CodeClass::RefundUnknown => {
            tracing::warn!(%payment, reason, "TossPayments did not do as asked");
        }
    }
}
