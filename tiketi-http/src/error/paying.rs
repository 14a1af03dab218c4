//! Converts refusals about payments and refunds.

use tiketi_core::decide::{
    BeginConfirmRefused, BeginRefundRefused, EndPaymentRefused, NotePaymentRefused, RecordOutcomeRefused,
    RecordRefundRefused, StartPaymentRefused,
};
use tiketi_core::{
    Money, PayError, PaymentState, RefundError, Timestamp,
    box_office::{RetryError, WebhookError},
    gateway::{GatewayUnavailable, NotAccepted, WebhookRefused},
};

use crate::error::{ApiError, Code};
use crate::reason::Reason;
use crate::status_words::payment_word;

impl ApiError {
    fn amount_mismatch(expected: Money) -> Self {
        Self::new(Code::AmountMismatch)
            .detail("expectedAmount", expected.minor())
            .detail("currency", expected.currency().code())
    }

    pub(super) fn cancellation_closed(since: Option<Timestamp>) -> Self {
        Self::new(Code::CancellationClosed).detail("since", since.map(|since| since.to_string()))
    }

    fn payment_state(code: Code, state: &PaymentState) -> Self {
        Self::new(code).detail("status", payment_word(state))
    }
}

impl From<StartPaymentRefused> for ApiError {
    fn from(refused: StartPaymentRefused) -> Self {
        use StartPaymentRefused as R;
        match refused {
            R::ReservationNotFound => Self::new(Code::ReservationNotFound),
            R::NotPending => Self::new(Code::ReservationNotPending),
            R::EventCancelled => Self::new(Code::EventCancelled),
            R::NothingToPay => Self::new(Code::NothingToPay),
            R::AmountMismatch { expected } => Self::amount_mismatch(expected),
            other => Self::unlisted(other),
        }
    }
}

impl From<BeginConfirmRefused> for ApiError {
    fn from(refused: BeginConfirmRefused) -> Self {
        use BeginConfirmRefused as R;
        match refused {
            R::PaymentNotFound => Self::new(Code::PaymentNotFound),
            R::NotReady { state } => Self::payment_state(Code::PaymentNotReady, &state),
            R::ReservationNotPending => Self::new(Code::ReservationNotPending),
            R::EventCancelled => Self::new(Code::EventCancelled),
            R::AmountMismatch { expected } => Self::amount_mismatch(expected),
            other => Self::unlisted(other),
        }
    }
}

impl From<RecordOutcomeRefused> for ApiError {
    fn from(refused: RecordOutcomeRefused) -> Self {
        match refused {
            RecordOutcomeRefused::PaymentNotFound => Self::new(Code::PaymentNotFound),
            RecordOutcomeRefused::NotConfirming { state } => {
                Self::payment_state(Code::PaymentNotReady, &state)
            }
            RecordOutcomeRefused::RefundQueued { refund } => {
                Self::new(Code::RefundInProgress).detail("refundId", refund.to_string())
            }
            other => Self::unlisted(other),
        }
    }
}

impl From<BeginRefundRefused> for ApiError {
    fn from(refused: BeginRefundRefused) -> Self {
        use BeginRefundRefused as R;
        match refused {
            R::PaymentNotFound => Self::new(Code::PaymentNotFound),
            R::NothingToRefund { state } => Self::payment_state(Code::NothingToRefund, &state),
            R::RefundInProgress { refund } => {
                Self::new(Code::RefundInProgress).detail("refundId", refund.to_string())
            }
            // The refund's id is derived from the key: a key whose record was deleted is found by its refund.
            R::RefundIdTaken { refund } => {
                Self::new(Code::IdempotencyKeyReused).detail("refundId", refund.to_string())
            }
            R::AmountOutOfRange { refundable } => Self::new(Code::RefundOutOfRange)
                .detail("refundable", refundable.minor())
                .detail("currency", refundable.currency().code()),
            R::CancellationClosed { since } => Self::cancellation_closed(since),
            R::AmountNotGranted { granted } => Self::new(Code::RefundAmountMismatch)
                .detail("expectedAmount", granted.minor())
                .detail("currency", granted.currency().code()),
            R::TicketsNotOwned { seats, ticket_types } => Self::new(Code::TicketsNotInReservation)
                .ids("seatIds", seats)
                .ids("ticketTypeIds", ticket_types),
            R::NothingAsked => Self::new(Code::NothingAsked),
            R::ReasonMissing => Self::invalid(
                "cancelReason",
                Reason::fixed(
                    "say why the buyer keeps the tickets",
                    "구매자가 티켓을 그대로 갖는 이유를 적어야 합니다.",
                ),
            ),
            R::StaffOnly => Self::new(Code::Forbidden),
            other => Self::unlisted(other),
        }
    }
}

impl From<RecordRefundRefused> for ApiError {
    fn from(refused: RecordRefundRefused) -> Self {
        match refused {
            RecordRefundRefused::PaymentNotFound => Self::new(Code::PaymentNotFound),
            RecordRefundRefused::RefundNotFound => Self::new(Code::RefundNotFound),
            RecordRefundRefused::NotQueued => Self::new(Code::RefundSettled),
            other => Self::unlisted(other),
        }
    }
}

impl From<NotAccepted> for ApiError {
    fn from(refused: NotAccepted) -> Self {
        match refused {
            NotAccepted::Currency { currency, accepted } => {
                let accepted: Vec<_> = accepted.iter().map(|currency| currency.code()).collect();
                Self::new(Code::CurrencyNotAccepted)
                    .detail("currency", currency.code())
                    .detail("accepted", accepted)
            }
            NotAccepted::Method { offered } => Self::new(Code::UnknownPaymentMethod).detail("known", offered),
            NotAccepted::KeyMissing | NotAccepted::KeyMalformed => Self::new(Code::InvalidPaymentKey),
            other => Self::unlisted(other),
        }
    }
}

impl From<GatewayUnavailable> for ApiError {
    fn from(unavailable: GatewayUnavailable) -> Self {
        Self::new(Code::PaymentUnavailable).retry_after(unavailable.retry_after).caused_by(unavailable)
    }
}

impl From<NotePaymentRefused> for ApiError {
    fn from(refused: NotePaymentRefused) -> Self {
        match refused {
            NotePaymentRefused::PaymentNotFound => Self::new(Code::PaymentNotFound),
            other => Self::unlisted(other),
        }
    }
}

impl From<EndPaymentRefused> for ApiError {
    fn from(refused: EndPaymentRefused) -> Self {
        match refused {
            EndPaymentRefused::PaymentNotFound => Self::new(Code::PaymentNotFound),
            EndPaymentRefused::NotConfirming { state } => {
                Self::payment_state(Code::PaymentOutcomeKnown, &state)
            }
            EndPaymentRefused::TooSoon { until } => {
                Self::new(Code::PaymentStillAwaited).detail("until", until.to_string())
            }
            other => Self::unlisted(other),
        }
    }
}

impl From<RetryError> for ApiError {
    fn from(error: RetryError) -> Self {
        match error {
            RetryError::PaymentNotFound => Self::new(Code::PaymentNotFound),
            RetryError::NothingToRetry { state } => Self::payment_state(Code::NothingToRetry, &state),
            RetryError::GatewayMissing { .. } => Self::new(Code::GatewayMissing).caused_by(error),
            RetryError::Refund(error) => error.into(),
            RetryError::Store(failure) => failure.into(),
            other => Self::unlisted(other),
        }
    }
}

impl From<WebhookError> for ApiError {
    fn from(error: WebhookError) -> Self {
        match error {
            WebhookError::UnknownGateway { .. } => Self::new(Code::GatewayNotFound),
            WebhookError::Refused(WebhookRefused::Forged) => Self::new(Code::WebhookForged).caused_by(error),
            WebhookError::Refused(WebhookRefused::Unavailable) => {
                Self::new(Code::PaymentUnavailable).caused_by(error)
            }
            WebhookError::Refused(_) => Self::new(Code::WebhookRefused).caused_by(error),
            WebhookError::Store(failure) => failure.into(),
            other => Self::unlisted(other),
        }
    }
}

impl From<PayError> for ApiError {
    fn from(error: PayError) -> Self {
        match error {
            PayError::UnknownMethod { known } => Self::new(Code::UnknownPaymentMethod).detail("known", known),
            PayError::Prepare(error) => error.into(),
            PayError::Confirm(error) => error.into(),
            PayError::Free(error) => error.into(),
            PayError::Record(error) => error.into(),
            PayError::GatewayMissing { .. } => Self::new(Code::GatewayMissing).caused_by(error),
            PayError::NotAccepted(refused) => refused.into(),
            PayError::Unavailable(unavailable) => unavailable.into(),
            PayError::BuyerStepNeeded { method } => Self::new(Code::BuyerStepNeeded).detail("method", method),
            PayError::Store(failure) => failure.into(),
            other => Self::unlisted(other),
        }
    }
}

impl From<RefundError> for ApiError {
    fn from(error: RefundError) -> Self {
        match error {
            RefundError::Cancel(error) => error.into(),
            RefundError::Begin(error) => error.into(),
            RefundError::Record(error) => error.into(),
            RefundError::GatewayMissing { .. } => Self::new(Code::GatewayMissing).caused_by(error),
            RefundError::AccountNeeded => Self::new(Code::RefundAccountNeeded),
            RefundError::Refused { code } => Self::new(Code::RefundRefused).detail("providerCode", code),
            RefundError::Store(failure) => failure.into(),
            other => Self::unlisted(other),
        }
    }
}
