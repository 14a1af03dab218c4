//! The HTTP status of each error code.

/// Returns the status of a code; 400 for a code that TossPayments does not list.
pub(crate) fn status(code: &str) -> u16 {
    match code {
        "UNAUTHORIZED_KEY" => 401,
        "INCORRECT_BASIC_AUTH_FORMAT"
        | "FORBIDDEN_REQUEST"
        | "FORBIDDEN_CONSECUTIVE_REQUEST"
        | "REJECT_CARD_PAYMENT"
        | "REJECT_CARD_COMPANY"
        | "REJECT_ACCOUNT_PAYMENT"
        | "FDS_ERROR"
        | "NOT_CANCELABLE_AMOUNT"
        | "NOT_CANCELABLE_PAYMENT"
        | "NOT_ALLOWED_PARTIAL_REFUND" => 403,
        "NOT_FOUND_PAYMENT" | "NOT_FOUND_PAYMENT_SESSION" => 404,
        "IDEMPOTENT_REQUEST_PROCESSING" => 409,
        "TOO_MANY_REQUESTS" => 429,
        "FAILED_PAYMENT_INTERNAL_SYSTEM_PROCESSING"
        | "FAILED_INTERNAL_SYSTEM_PROCESSING"
        | "FAILED_REFUND_PROCESS"
        | "FAILED_PARTIAL_REFUND"
        | "FAILED_METHOD_HANDLING_CANCEL"
        | "UNKNOWN_PAYMENT_ERROR"
        | "COMMON_ERROR" => 500,
        // `PROVIDER_ERROR` is one of these, although the outcome of the request is unknown.
        _ => 400,
    }
}
