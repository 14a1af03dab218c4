//! Who gets the messages of a room, and how long they take to be written.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::channels::signal::Signal;

/// Parts of the list, each with a lock of its own: a tick must not keep joins waiting while it reads 10,000 members.
const PARTS: usize = 16;
/// Members that are woken before other tasks get a turn, so that no request waits behind the whole room.
const AT_ONCE: usize = 64;

/// Who gets the messages of a room.
#[derive(Debug, Default)]
pub(crate) struct Members {
    parts: [Mutex<HashMap<u64, Arc<Member>>>; PARTS],
    count: AtomicUsize,
    next: AtomicU64,
    /// Members that were woken and have not written yet, and the one who wakes them.
    writing: AtomicUsize,
    written: Notify,
}

/// One socket in a room.
#[derive(Debug)]
struct Member {
    signal: Arc<Signal>,
    /// The topics that the socket follows, as bits.
    topics: AtomicU8,
    /// Whether it was woken and has not written yet.
    is_writing: AtomicBool,
}

/// The membership of one socket; it ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Membership {
    members: Arc<Members>,
    member: Arc<Member>,
    number: u64,
}

impl Members {
    /// Adds a socket that follows no topic yet.
    pub(crate) fn add(self: &Arc<Self>, signal: Arc<Signal>) -> Membership {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let member = Member { signal, topics: AtomicU8::new(0), is_writing: AtomicBool::new(false) };
        let member = Arc::new(member);
        self.part(number).insert(number, Arc::clone(&member));
        self.count.fetch_add(1, Ordering::SeqCst);
        Membership { members: Arc::clone(self), member, number }
    }

    /// Returns how many sockets there are.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// Wakes every socket that follows one of the topics, and waits until they have written, but no longer than `most`.
    ///
    /// A socket whose write is blocked by its reader has written.
    pub(crate) async fn wake(&self, topics: u8, most: Duration) {
        self.writing.store(1, Ordering::SeqCst);
        for part in 0..PARTS as u64 {
            let members: Vec<_> = self.part(part).values().cloned().collect();
            for some in members.chunks(AT_ONCE) {
                for member in some {
                    self.wake_one(member, topics);
                }
                tokio::task::yield_now().await;
            }
        }
        self.end_one();
        let all = async {
            while self.writing.load(Ordering::SeqCst) > 0 {
                self.written.notified().await;
            }
        };
        // The next round starts from zero: who still writes then is not counted twice.
        let _ = tokio::time::timeout(most, all).await;
    }

    fn wake_one(&self, member: &Member, topics: u8) {
        if member.topics.load(Ordering::SeqCst) & topics == 0 {
            return;
        }
        if !member.is_writing.swap(true, Ordering::SeqCst) {
            self.writing.fetch_add(1, Ordering::SeqCst);
        }
        // It may have paused between the two looks, and then does not tell that it has written.
        if member.topics.load(Ordering::SeqCst) == 0 && member.is_writing.swap(false, Ordering::SeqCst) {
            self.end_one();
        }
        member.signal.tell();
    }

    fn end_one(&self) {
        // A member of a round that took too long may end in a later one, which started from zero without it.
        let ended = |writing: usize| writing.checked_sub(1);
        if self.writing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, ended) == Ok(1) {
            self.written.notify_one();
        }
    }

    fn part(&self, number: u64) -> MutexGuard<'_, HashMap<u64, Arc<Member>>> {
        let index = usize::try_from(number % PARTS as u64).unwrap_or(0);
        let part = self.parts.get(index).unwrap_or(&self.parts[0]);
        part.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Membership {
    /// Follows these topics from now on.
    pub(crate) fn follow(&self, topics: u8) {
        self.member.topics.store(topics, Ordering::SeqCst);
    }

    /// Is not woken and not waited for from now on, until it follows topics again.
    pub(crate) fn pause(&self) {
        self.follow(0);
        self.has_written();
    }

    /// Tells the room that the socket has written what there was, or that its reader blocks it.
    pub(crate) fn has_written(&self) {
        if self.member.is_writing.load(Ordering::SeqCst)
            && self.member.is_writing.swap(false, Ordering::SeqCst)
        {
            self.members.end_one();
        }
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.members.part(self.number).remove(&self.number);
        self.members.count.fetch_sub(1, Ordering::SeqCst);
        self.has_written();
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    const LONG: Duration = Duration::from_mins(1);

    fn has_news(signal: &Signal) -> bool {
        signal.take_news()
    }

    #[tokio::test]
    async fn members_that_follow_a_topic_are_woken_and_waited_for() {
        let members = Arc::new(Members::default());
        let signals: Vec<_> = (0..200).map(|_| Arc::new(Signal::default())).collect();
        let joined: Vec<_> = signals.iter().map(|signal| members.add(Arc::clone(signal))).collect();
        joined.iter().enumerate().for_each(|(at, one)| one.follow(if at % 2 == 0 { 2 } else { 1 }));
        let (waking, ended) = (Arc::clone(&members), Arc::new(AtomicBool::new(false)));
        let saw = Arc::clone(&ended);
        let round = tokio::spawn(async move {
            waking.wake(2, LONG).await;
            saw.store(true, Ordering::SeqCst);
        });
        let mut left: Vec<_> = signals.iter().zip(&joined).step_by(2).collect();
        while !left.is_empty() {
            assert!(!ended.load(Ordering::SeqCst));
            tokio::task::yield_now().await;
            left.retain(|(signal, joined)| {
                let woken = has_news(signal);
                if woken {
                    joined.has_written();
                }
                !woken
            });
        }
        round.await.unwrap();
        assert!(signals.iter().skip(1).step_by(2).all(|signal| !has_news(signal)));
    }

    #[tokio::test]
    async fn a_member_that_leaves_is_not_waited_for() {
        let members = Arc::new(Members::default());
        let (stays, leaves) = (members.add(Arc::default()), members.add(Arc::default()));
        for joined in [&stays, &leaves] {
            joined.follow(1);
        }
        let waking = Arc::clone(&members);
        let round = tokio::spawn(async move { waking.wake(1, LONG).await });
        tokio::task::yield_now().await;
        drop(leaves);
        while !stays.member.is_writing.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
        stays.has_written();
        round.await.unwrap();
        assert_eq!(members.count(), 1);
    }

    /// Seen to fail with a member that stays woken while it is paused.
    #[tokio::test(start_paused = true)]
    async fn a_member_that_waits_for_something_else_delays_no_round() {
        let members = Arc::new(Members::default());
        let (before, during) = (members.add(Arc::default()), members.add(Arc::default()));
        for joined in [&before, &during] {
            joined.follow(1);
        }
        before.pause();
        let began = tokio::time::Instant::now();
        let round = async { members.wake(1, LONG).await };
        let pausing = async {
            while !during.member.is_writing.load(Ordering::SeqCst) {
                tokio::task::yield_now().await;
            }
            during.pause();
        };
        tokio::join!(round, pausing);
        assert!(began.elapsed() < LONG);
    }

    #[tokio::test(start_paused = true)]
    async fn a_round_that_takes_too_long_ends_and_disturbs_no_later_one() {
        let members = Arc::new(Members::default());
        let (quick, stuck) = (members.add(Arc::default()), members.add(Arc::default()));
        for joined in [&quick, &stuck] {
            joined.follow(1);
        }
        members.wake(1, Duration::from_secs(1)).await;
        // Neither of the two is counted again, as both still write.
        members.wake(1, LONG).await;
        quick.has_written();
        stuck.has_written();
        members.wake(4, LONG).await;
    }
}
