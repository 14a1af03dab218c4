//! What signing in with an account needs.

use std::sync::Arc;

use tiketi_core::Clock;
use tiketi_core::rate_limit::RateLimits;
use tiketi_core::store::AccountStore;

use crate::credentials::TokenSecret;
use crate::credentials::password::Passwords;
use crate::credentials::sign_in_limits::{SignInLimits, SignIns};
use crate::credentials::token::TokenIssuer;
use crate::limits::HttpLimits;

/// The accounts of the shop, with what checks their passwords and signs their tokens.
#[derive(Debug)]
pub(crate) struct Accounts {
    pub(crate) store: Arc<dyn AccountStore>,
    pub(crate) passwords: Passwords,
    pub(crate) tokens: TokenIssuer,
    pub(crate) sign_ins: SignIns,
}

impl Accounts {
    /// Prepares keys and permits.
    pub(crate) fn new(
        store: Arc<dyn AccountStore>,
        secret: &TokenSecret,
        clock: Arc<dyn Clock>,
        limits: &HttpLimits,
        (sign_in_limits, counts): (SignInLimits, Arc<dyn RateLimits>),
    ) -> Self {
        let tokens = TokenIssuer::new(secret, Arc::clone(&clock), limits);
        let sign_ins = SignIns::new(sign_in_limits, counts, clock);
        Self { store, passwords: Passwords::new(limits), tokens, sign_ins }
    }
}
