//! Limits on the size, time and cost of requests.

use std::time::Duration;

/// Bounds the cost of requests.
///
/// ```
/// use std::time::Duration;
///
/// let mut limits = tiketi_http::HttpLimits::default();
/// limits.request_timeout = Duration::from_secs(10);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpLimits {
    /// Largest request body, in bytes; 64 KiB by default.
    pub body_bytes: usize,
    /// Largest list of seats to hold, release or block, in bytes; 1 MiB by default.
    ///
    /// A list with too many seats is refused by its number of seats if its bytes are within this limit.
    pub seat_list_bytes: usize,
    /// Largest seat layout, in bytes; 8 MiB by default.
    pub layout_bytes: usize,
    /// How long a request may take before it is answered with 503; 30 s by default.
    ///
    /// A request that waits for a payment provider is answered with 202 after two thirds of this time; its work
    /// continues.
    pub request_timeout: Duration,
    /// How long a health check waits for the store before the store counts as down; 2 s by default.
    pub health_patience: Duration,
    /// Most passwords hashed at once; each takes about 19 MiB and one core; 2 by default.
    pub max_password_hashes: usize,
    /// Most sign-ins that wait to be hashed; networks take turns, and more are answered with 429 or 503; 64 by default.
    pub max_waiting_sign_ins: usize,
    /// Fewest characters of a new password; 8 by default.
    ///
    /// NIST SP 800-63B-4 asks for 15 where the password is all that is asked for, and for 8 beside another factor.
    pub min_password_chars: usize,
    /// Most proofs of work checked at once; each takes the memory that the waiting room's policy names, up to 64 MiB; 2
    /// by default.
    pub max_proof_checks: usize,
    /// Most proofs of work that wait to be checked; more are answered with 503; 256 by default.
    pub max_waiting_proofs: usize,
    /// How long an access token is valid; 1 hour by default.
    pub access_token_ttl: Duration,
    /// How long a refresh token is valid; 14 days by default.
    pub refresh_token_ttl: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            body_bytes: 64 << 10,
            seat_list_bytes: 1 << 20,
            layout_bytes: 8 << 20,
            request_timeout: Duration::from_secs(30),
            health_patience: Duration::from_secs(2),
            max_password_hashes: 2,
            max_waiting_sign_ins: 64,
            min_password_chars: 8,
            max_proof_checks: 2,
            max_waiting_proofs: 256,
            access_token_ttl: Duration::from_hours(1),
            refresh_token_ttl: Duration::from_hours(14 * 24),
        }
    }
}

impl HttpLimits {
    /// Returns how long a request waits for a payment provider before it is answered with 202.
    pub(crate) fn provider_patience(&self) -> Duration {
        self.request_timeout / 3 * 2
    }
}
