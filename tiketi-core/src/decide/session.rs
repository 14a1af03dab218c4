//! What a refresh token does to its session.

use std::time::Duration;

use crate::account::Session;
use crate::time::Timestamp;

/// How long the token before the newest is answered with the newest: 10 seconds.
///
/// A client whose answer was lost sends the old token again, and so does a second tab of the same browser. Without this
/// time, both would end their session. It is no further risk: the holder of a stolen token could have renewed the session
/// with it before.
pub const REFRESH_REPEAT: Duration = Duration::from_secs(10);

/// What a valid refresh token does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a host acts on every case")]
pub enum Refreshed {
    /// The session has a new generation, which has to be stored.
    Renewed(Session),
    /// The token was just replaced: the client gets the newest one again, and nothing changes.
    Repeated,
}

/// Why a refresh token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshRefused {
    /// The session has ended.
    #[error("the session has ended")]
    Ended,
    /// The token was replaced before. Somebody else has a copy of it: the session has to be ended.
    #[error("the refresh token was used before")]
    Reused,
}

/// Decides what a refresh token of a generation does to its session.
///
/// A renewed session ends `lasts` after `now`.
///
/// # Errors
///
/// [`RefreshRefused::Ended`] from [`Session::ends_at`] on, and for a generation that the session has not reached, which a
/// store shows that was restored from a copy; [`RefreshRefused::Reused`] for an older token, except the last one within
/// [`REFRESH_REPEAT`].
pub fn refresh_session(
    session: &Session,
    presented: u32,
    now: Timestamp,
    lasts: Duration,
) -> Result<Refreshed, RefreshRefused> {
    if session.ends_at <= now || presented > session.generation {
        return Err(RefreshRefused::Ended);
    }
    if presented == session.generation {
        let generation = session.generation.checked_add(1).ok_or(RefreshRefused::Ended)?;
        let renewed = Session { generation, refreshed_at: now, ends_at: now.after(lasts), ..session.clone() };
        return Ok(Refreshed::Renewed(renewed));
    }
    let is_last = presented.checked_add(1) == Some(session.generation);
    // A clock that was set back makes the renewal look like one of the future.
    let is_recent = now < session.refreshed_at.after(REFRESH_REPEAT);
    if is_last && is_recent { Ok(Refreshed::Repeated) } else { Err(RefreshRefused::Reused) }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::id::{AccountId, SessionId};

    const WEEK: Duration = Duration::from_hours(7 * 24);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH.after(Duration::from_secs(seconds))
    }

    fn session() -> Session {
        let (id, account) = (SessionId::from_uuid(Uuid::nil()), AccountId::from_uuid(Uuid::nil()));
        Session { generation: 3, refreshed_at: at(100), ..Session::start(id, account, at(0), at(1_000)) }
    }

    #[test]
    fn the_newest_token_renews_its_session() {
        let renewed = refresh_session(&session(), 3, at(200), WEEK).unwrap();
        let expected =
            Session { generation: 4, refreshed_at: at(200), ends_at: at(200).after(WEEK), ..session() };
        assert_eq!(renewed, Refreshed::Renewed(expected));
    }

    #[test]
    fn the_token_before_is_answered_again_for_ten_seconds_and_is_then_reuse() {
        let last = REFRESH_REPEAT.as_secs() - 1;
        assert_eq!(refresh_session(&session(), 2, at(100 + last), WEEK), Ok(Refreshed::Repeated));
        assert_eq!(refresh_session(&session(), 2, at(101 + last), WEEK), Err(RefreshRefused::Reused));
    }

    #[test]
    fn an_older_token_is_reuse_at_once() {
        assert_eq!(refresh_session(&session(), 1, at(100), WEEK), Err(RefreshRefused::Reused));
    }

    #[test]
    fn a_session_that_has_ended_is_not_renewed() {
        assert!(refresh_session(&session(), 3, at(999), WEEK).is_ok());
        for presented in [1, 2, 3] {
            assert_eq!(refresh_session(&session(), presented, at(1_000), WEEK), Err(RefreshRefused::Ended));
        }
    }

    #[test]
    fn a_token_of_a_later_generation_than_the_stored_one_is_refused() {
        assert_eq!(refresh_session(&session(), 4, at(200), WEEK), Err(RefreshRefused::Ended));
    }
}
