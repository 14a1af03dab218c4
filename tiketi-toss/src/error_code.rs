//! Every error code that the gateway knows, and what it says about the money.

/// What an error code says about the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CodeClass {
    /// The money may have been captured: a lookup is needed.
    Unknown,
    /// The money was not captured, and will not be by this attempt.
    Declined,
    /// The provider has no valid authentication of the buyer: a lookup is needed, then a new attempt.
    SessionGone,
    /// The shop's settings are wrong: the outcome is unknown, and staff must act.
    Misconfigured,
    /// The refund will not be made: staff must act.
    RefundFinal,
    /// The refund may have been made: a lookup is needed.
    RefundUnknown,
}

/// The codes by name (source: TossPayments core API, version 2022-11-16, error codes).
const LISTED: &[(&str, CodeClass)] = &[
    ("ALREADY_PROCESSED_PAYMENT", CodeClass::Unknown),
    // It has status 400, although the card company may have captured the money.
    ("PROVIDER_ERROR", CodeClass::Unknown),
    ("IDEMPOTENT_REQUEST_PROCESSING", CodeClass::Unknown),
    ("ALREADY_PROCESSING_REQUEST", CodeClass::Unknown),
    ("FAILED_PAYMENT_INTERNAL_SYSTEM_PROCESSING", CodeClass::Unknown),
    ("FAILED_INTERNAL_SYSTEM_PROCESSING", CodeClass::Unknown),
    ("UNKNOWN_PAYMENT_ERROR", CodeClass::Unknown),
    ("COMMON_ERROR", CodeClass::Unknown),
    ("REJECT_CARD_PAYMENT", CodeClass::Declined),
    ("REJECT_CARD_COMPANY", CodeClass::Declined),
    ("REJECT_ACCOUNT_PAYMENT", CodeClass::Declined),
    ("INVALID_REJECT_CARD", CodeClass::Declined),
    ("INVALID_STOPPED_CARD", CodeClass::Declined),
    ("BELOW_MINIMUM_AMOUNT", CodeClass::Declined),
    ("NOT_AVAILABLE_PAYMENT", CodeClass::Declined),
    ("NOT_AVAILABLE_BANK", CodeClass::Declined),
    ("FDS_ERROR", CodeClass::Declined),
    ("NOT_FOUND_PAYMENT_SESSION", CodeClass::SessionGone),
    ("NOT_FOUND_PAYMENT", CodeClass::SessionGone),
    ("UNAUTHORIZED_KEY", CodeClass::Misconfigured),
    ("INVALID_API_KEY", CodeClass::Misconfigured),
    ("INCORRECT_BASIC_AUTH_FORMAT", CodeClass::Misconfigured),
    ("FORBIDDEN_REQUEST", CodeClass::Misconfigured),
    ("INVALID_IDEMPOTENCY_KEY", CodeClass::Misconfigured),
    ("INVALID_REQUEST", CodeClass::Misconfigured),
    ("DUPLICATED_ORDER_ID", CodeClass::Misconfigured),
    ("NOT_CANCELABLE_PAYMENT", CodeClass::RefundFinal),
    ("NOT_CANCELABLE_AMOUNT", CodeClass::RefundFinal),
    ("EXCEED_MAX_REFUND_DUE", CodeClass::RefundFinal),
    ("NOT_MATCHES_REFUNDABLE_AMOUNT", CodeClass::RefundFinal),
    ("ALREADY_CANCELED_PAYMENT", CodeClass::RefundUnknown),
    ("ALREADY_REFUND_PAYMENT", CodeClass::RefundUnknown),
    ("FORBIDDEN_CONSECUTIVE_REQUEST", CodeClass::RefundUnknown),
    ("FAILED_REFUND_PROCESS", CodeClass::RefundUnknown),
    ("FAILED_PARTIAL_REFUND", CodeClass::RefundUnknown),
    ("FAILED_METHOD_HANDLING_CANCEL", CodeClass::RefundUnknown),
];

/// Families of codes by their prefix; the table of names has precedence.
const FAMILIES: &[(&str, CodeClass)] = &[
    ("INVALID_CARD_", CodeClass::Declined),
    ("EXCEED_MAX_", CodeClass::Declined),
    ("NOT_ALLOWED_PARTIAL_REFUND", CodeClass::RefundFinal),
    ("INVALID_REFUND_ACCOUNT_", CodeClass::RefundFinal),
];

impl CodeClass {
    /// Classifies an error code; an unlisted code is inconclusive.
    pub fn of(code: &str) -> Self {
        let listed = LISTED.iter().find(|(known, _)| *known == code);
        let family = || FAMILIES.iter().find(|(begin, _)| code.starts_with(begin));
        listed.or_else(family).map_or(Self::Unknown, |(_, class)| *class)
    }

    /// Classifies an error answer; the code of a broken or busy server is inconclusive.
    pub fn of_answer(status: u16, code: &str) -> Self {
        match Self::of(code) {
            Self::Declined | Self::SessionGone | Self::RefundFinal if status >= 500 || status == 429 => {
                Self::Unknown
            }
            class => class,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of the provider's documentation, copied in its own order.
    const DOCUMENTED: &[(CodeClass, &str)] = &[
        (
            CodeClass::Unknown,
            "ALREADY_PROCESSED_PAYMENT PROVIDER_ERROR IDEMPOTENT_REQUEST_PROCESSING ALREADY_PROCESSING_REQUEST \
             FAILED_PAYMENT_INTERNAL_SYSTEM_PROCESSING FAILED_INTERNAL_SYSTEM_PROCESSING UNKNOWN_PAYMENT_ERROR \
             COMMON_ERROR",
        ),
        (
            CodeClass::Declined,
            "REJECT_CARD_PAYMENT REJECT_CARD_COMPANY REJECT_ACCOUNT_PAYMENT INVALID_REJECT_CARD \
             INVALID_STOPPED_CARD INVALID_CARD_EXPIRATION INVALID_CARD_NUMBER INVALID_CARD_LOST_OR_STOLEN \
             EXCEED_MAX_DAILY_PAYMENT_COUNT EXCEED_MAX_ONE_DAY_AMOUNT EXCEED_MAX_AMOUNT \
             EXCEED_MAX_CARD_INSTALLMENT_PLAN BELOW_MINIMUM_AMOUNT NOT_AVAILABLE_PAYMENT NOT_AVAILABLE_BANK \
             FDS_ERROR",
        ),
        (CodeClass::SessionGone, "NOT_FOUND_PAYMENT_SESSION NOT_FOUND_PAYMENT"),
        (
            CodeClass::Misconfigured,
            "UNAUTHORIZED_KEY INVALID_API_KEY INCORRECT_BASIC_AUTH_FORMAT FORBIDDEN_REQUEST \
             INVALID_IDEMPOTENCY_KEY INVALID_REQUEST DUPLICATED_ORDER_ID",
        ),
        (
            CodeClass::RefundFinal,
            "NOT_CANCELABLE_PAYMENT NOT_CANCELABLE_AMOUNT EXCEED_MAX_REFUND_DUE NOT_ALLOWED_PARTIAL_REFUND \
             NOT_ALLOWED_PARTIAL_REFUND_WAITING_DEPOSIT INVALID_REFUND_ACCOUNT_INFO \
             INVALID_REFUND_ACCOUNT_NUMBER NOT_MATCHES_REFUNDABLE_AMOUNT",
        ),
        (
            CodeClass::RefundUnknown,
            "ALREADY_CANCELED_PAYMENT ALREADY_REFUND_PAYMENT FORBIDDEN_CONSECUTIVE_REQUEST \
             FAILED_REFUND_PROCESS FAILED_PARTIAL_REFUND FAILED_METHOD_HANDLING_CANCEL",
        ),
    ];

    #[test]
    fn every_documented_code_is_in_its_class() {
        for (class, codes) in DOCUMENTED {
            for code in codes.split_whitespace() {
                assert_eq!(CodeClass::of(code), *class, "{code}");
            }
        }
    }

    #[test]
    fn every_listed_code_is_documented_and_listed_once() {
        let documented = || DOCUMENTED.iter().flat_map(|(_, codes)| codes.split_whitespace());
        for (code, _) in LISTED {
            assert!(documented().any(|known| known == *code), "{code}");
            assert_eq!(LISTED.iter().filter(|(other, _)| other == code).count(), 1, "{code}");
        }
        for (family, _) in FAMILIES {
            assert!(documented().any(|known| known.starts_with(family)), "{family}");
        }
    }

    #[test]
    fn an_unlisted_code_is_inconclusive() {
        for code in ["", "BRAND_NEW_CODE", "reject_card_payment", "REJECT_CARD_PAYMENT_LATER", "INVALID_CARD"]
        {
            assert_eq!(CodeClass::of(code), CodeClass::Unknown, "{code}");
        }
    }

    #[test]
    fn a_broken_or_busy_server_declines_nothing() {
        for status in [429, 500, 502, 503, 504] {
            for code in ["REJECT_CARD_PAYMENT", "NOT_FOUND_PAYMENT", "NOT_CANCELABLE_AMOUNT"] {
                assert_eq!(CodeClass::of_answer(status, code), CodeClass::Unknown, "{status} {code}");
            }
        }
        assert_eq!(CodeClass::of_answer(403, "REJECT_CARD_PAYMENT"), CodeClass::Declined);
        assert_eq!(CodeClass::of_answer(500, "FAILED_REFUND_PROCESS"), CodeClass::RefundUnknown);
    }
}
