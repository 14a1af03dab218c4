//! Sessions: where an account is signed in.

use crate::account::Account;
use crate::id::{AccountId, SessionId};
use crate::time::Timestamp;

/// One place where an account is signed in, from the sign-in until the sign-out.
///
/// A client has a refresh token with the session's id and [`Session::generation`]. Each refresh makes the next
/// generation, and only the newest token is valid: [`crate::decide::refresh_session`] is the rule.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct Session {
    /// Id of the session.
    pub id: SessionId,
    /// The account that is signed in.
    pub account: AccountId,
    /// Which refresh token is valid; the first is 1.
    pub generation: u32,
    /// When the account signed in.
    pub started_at: Timestamp,
    /// When the valid refresh token was made.
    pub refreshed_at: Timestamp,
    /// When the session ends unless it is refreshed before.
    pub ends_at: Timestamp,
}

impl Session {
    /// Starts a session that ends at `ends_at` unless it is refreshed before.
    pub const fn start(id: SessionId, account: AccountId, now: Timestamp, ends_at: Timestamp) -> Self {
        Self { id, account, generation: 1, started_at: now, refreshed_at: now, ends_at }
    }
}

/// A session with its account, read together.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "rows: each store reads every field")]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// The account as it is now.
    pub account: Account,
}
