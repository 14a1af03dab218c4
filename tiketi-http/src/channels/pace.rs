//! How long a room waits between two rounds of messages.

use std::time::Duration;

/// Longest wait between two rounds: 1 second.
pub(crate) const LONGEST_ROUND: Duration = Duration::from_secs(1);

/// Returns how long a room rests after a round of messages, from how long the round took to be written.
///
/// A small room is written in microseconds, so each change goes out at once. A large one is written in a tenth of a
/// second, and what changes meanwhile is merged into the next round. A ninth of the time is left to all else, so that
/// writing alone never uses the whole server; requests do not wait for it, since a round lets other tasks run in between.
pub(crate) fn rest_after(round: Duration) -> Duration {
    (round / 8).min(LONGEST_ROUND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ninth_of_the_time_is_left_to_all_else() {
        let round = Duration::from_millis(80);
        assert_eq!(round + rest_after(round), Duration::from_millis(90));
        assert!(rest_after(Duration::from_micros(40)) < Duration::from_micros(6));
        assert_eq!(rest_after(Duration::from_secs(30)), LONGEST_ROUND);
    }
}
