//! What a server is willing to do at once, and for how long.

use std::time::Duration;

/// Bounds what requests may cost.
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
    /// A list with too many seats is refused by its number of seats, as long as it fits in here.
    pub seat_list_bytes: usize,
    /// Largest seat layout, in bytes; 8 MiB by default.
    pub layout_bytes: usize,
    /// How long a request may take before it is answered with 503; 30 s by default.
    ///
    /// One that waits for a payment provider is answered with 202 after two thirds of it, and what it asked
    /// for goes on.
    pub request_timeout: Duration,
    /// How long a health check waits for the store before it counts as down; 2 s by default.
    pub health_patience: Duration,
    /// Most passwords hashed at once; each takes about 19 MiB and one core; 2 by default.
    pub max_password_hashes: usize,
    /// Most sign-ins that wait for their turn to hash; more are answered with 503; 64 by default.
    pub max_waiting_sign_ins: usize,
    /// How long an access token is good for; 1 hour by default.
    pub access_token_ttl: Duration,
    /// How long a refresh token is good for; 14 days by default.
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
            access_token_ttl: Duration::from_hours(1),
            refresh_token_ttl: Duration::from_hours(14 * 24),
        }
    }
}

impl HttpLimits {
    /// Returns how long a request waits for a payment provider before it is answered that nothing is known yet.
    pub(crate) fn provider_patience(&self) -> Duration {
        self.request_timeout / 3 * 2
    }
}
