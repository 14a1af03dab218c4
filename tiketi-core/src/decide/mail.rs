//! When a mail that could not be sent is tried again.

use std::time::Duration;

use crate::mail::MailOutcome;
use crate::time::Timestamp;

/// How often a mail is tried before it is given up: 14 times, in about a day.
pub const MAIL_TRIES: u32 = 14;
/// Longest pause between two tries of a mail: 4 hours.
pub const LONGEST_MAIL_DELAY: Duration = Duration::from_hours(4);
/// Pause after the first try; it doubles with each further one.
const FIRST_DELAY: Duration = Duration::from_secs(15);

/// Decides whether to try again a mail whose try number `tries` failed at `now`.
///
/// `is_final` says that another try would fail in the same way, because the address does not exist, for example.
pub fn mail_failed(tries: u32, now: Timestamp, is_final: bool, problem: String) -> MailOutcome {
    if is_final || tries >= MAIL_TRIES {
        return MailOutcome::Dead { problem };
    }
    let factor = 1_u32.checked_shl(tries.saturating_sub(1)).unwrap_or(u32::MAX);
    let at = now.after(FIRST_DELAY.saturating_mul(factor).min(LONGEST_MAIL_DELAY));
    MailOutcome::Again { at, problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delay(tries: u32) -> Option<u64> {
        match mail_failed(tries, Timestamp::EPOCH, false, String::new()) {
            MailOutcome::Again { at, .. } => Some(at.since(Timestamp::EPOCH).as_secs()),
            MailOutcome::Done | MailOutcome::Dead { .. } => None,
        }
    }

    #[test]
    fn pauses_double_up_to_four_hours_and_end() {
        assert_eq!([0, 1, 2, 3, 10].map(delay), [Some(15), Some(15), Some(30), Some(60), Some(7_680)]);
        assert_eq!([11, 13, 14, u32::MAX].map(delay), [Some(14_400), Some(14_400), None, None]);
    }

    #[test]
    fn all_tries_take_about_a_day() {
        let sum: u64 = (1..MAIL_TRIES).filter_map(delay).sum();
        assert!((16 * 3_600..28 * 3_600).contains(&sum), "{sum}");
    }

    #[test]
    fn what_fails_for_good_is_given_up_at_once() {
        let outcome = mail_failed(1, Timestamp::EPOCH, true, "no such user".into());
        assert_eq!(outcome, MailOutcome::Dead { problem: "no such user".into() });
    }
}
