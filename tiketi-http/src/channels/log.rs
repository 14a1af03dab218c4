//! The latest messages of one channel, each encoded once for all sockets.

use std::collections::VecDeque;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::channels::frame::Frame;

/// Most messages that a channel remembers.
const MAX_MESSAGES: usize = 256;
/// Most bytes that it remembers; the latest message is kept even if it is longer.
const MAX_BYTES: usize = 1 << 20;
/// Most messages that a socket gets one by one; one that misses more gets them merged.
pub(crate) const MAX_ONE_BY_ONE: u64 = 8;

/// The latest messages of one channel.
#[derive(Debug)]
pub(crate) struct ChannelLog {
    /// The number of the latest message, and before the first one a random number.
    last: u64,
    frames: VecDeque<Arc<Frame>>,
    bytes: usize,
}

/// Messages in a row, oldest first.
pub(crate) type Frames = SmallVec<[Arc<Frame>; 2]>;

/// What a socket misses.
#[derive(Debug)]
pub(crate) enum Missing {
    /// Nothing.
    Nothing,
    /// These messages.
    Frames(Frames),
    /// So many messages that they are better merged. The first of them is this one.
    Many(Arc<Frame>),
    /// Messages that the log does not remember, or it never had the one that the socket names.
    Unknown,
}

impl ChannelLog {
    /// Starts a log after a number.
    ///
    /// The number is random, so that the number of another server, or of an earlier log, is not mistaken for one of
    /// this log.
    pub(crate) fn starting_after(random: u64) -> Self {
        // 52 bits: far below the largest number that a program in JavaScript reads exactly.
        Self { last: (random >> 12).max(1), frames: VecDeque::new(), bytes: 0 }
    }

    /// Returns the number of the latest message.
    pub(crate) const fn last(&self) -> u64 {
        self.last
    }

    /// Returns the number of the next message.
    pub(crate) const fn next(&self) -> u64 {
        self.last + 1
    }

    /// Adds the message with the number [`ChannelLog::next`].
    pub(crate) fn push(&mut self, frame: Arc<Frame>) {
        self.last += 1;
        self.bytes += frame.bytes();
        self.frames.push_back(frame);
        while self.frames.len() > MAX_MESSAGES || (self.bytes > MAX_BYTES && self.frames.len() > 1) {
            self.bytes -= self.frames.pop_front().map_or(0, |oldest| oldest.bytes());
        }
    }

    /// Forgets every message and skips a number, so that each socket misses something unknown.
    pub(crate) fn restart(&mut self) {
        self.last += 1;
        self.frames.clear();
        self.bytes = 0;
    }

    /// Returns what a socket misses whose latest message is `seen`.
    pub(crate) fn after(&self, seen: u64) -> Missing {
        let Some(missing) = self.last.checked_sub(seen) else { return Missing::Unknown };
        let Some(skip) = (self.frames.len() as u64).checked_sub(missing) else { return Missing::Unknown };
        if missing == 0 {
            return Missing::Nothing;
        }
        let frames = self.frames.iter().skip(usize::try_from(skip).unwrap_or(usize::MAX));
        if missing <= MAX_ONE_BY_ONE {
            return Missing::Frames(frames.cloned().collect());
        }
        frames.clone().next().cloned().map_or(Missing::Unknown, Missing::Many)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log_of(messages: u64) -> (ChannelLog, u64) {
        let mut log = ChannelLog::starting_after(77 << 12);
        let start = log.last();
        (0..messages).for_each(|_| log.push(Arc::new(Frame::text("{}".to_owned()))));
        (log, start)
    }

    #[test]
    fn a_socket_gets_what_it_misses_one_by_one() {
        let (log, start) = log_of(5);
        assert!(matches!(log.after(start + 5), Missing::Nothing));
        let Missing::Frames(frames) = log.after(start + 3) else { panic!() };
        assert_eq!(frames.len(), 2);
        assert!(matches!(log.after(start), Missing::Frames(all) if all.len() == 5));
    }

    #[test]
    fn a_socket_that_misses_many_messages_gets_them_merged() {
        let (log, start) = log_of(MAX_ONE_BY_ONE + 1);
        assert!(matches!(log.after(start), Missing::Many(_)));
        assert!(matches!(log.after(start + 1), Missing::Frames(_)));
    }

    #[test]
    fn numbers_that_the_log_never_had_are_unknown() {
        let (log, start) = log_of(2);
        for seen in [0, start - 1, start + 3, u64::MAX] {
            assert!(matches!(log.after(seen), Missing::Unknown), "{seen}");
        }
    }

    #[test]
    fn old_messages_are_forgotten_by_number_and_by_size() {
        let (log, start) = log_of(MAX_MESSAGES as u64 + 1);
        assert!(matches!(log.after(start), Missing::Unknown));
        assert!(matches!(log.after(start + 1), Missing::Many(_)));
        let (mut log, _) = log_of(10);
        log.push(Arc::new(Frame::text("x".repeat(MAX_BYTES))));
        assert!(matches!(log.after(log.last() - 1), Missing::Frames(_)));
        assert!(matches!(log.after(log.last() - 2), Missing::Unknown));
    }

    #[test]
    fn after_a_restart_every_socket_misses_something_unknown() {
        let (mut log, _) = log_of(3);
        let seen = log.last();
        log.restart();
        assert!(matches!(log.after(seen), Missing::Unknown));
        assert!(matches!(log.after(log.last()), Missing::Nothing));
    }
}
