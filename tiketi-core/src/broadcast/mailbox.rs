//! What waits for one listener: a queue of limited length that tells when it overflowed.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Most messages that wait for one listener; one more drops them all, and the listener receives [`Received::Gap`].
pub const MAILBOX_CAPACITY: usize = 1_024;

/// What a listener receives.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a listener acts on every case")]
pub enum Received<N> {
    /// News.
    News(N),
    /// Messages may be missing: the present state has to be read from the store.
    Gap,
}

/// What waits for one listener.
pub(super) struct Mailbox<N>(Mutex<Inside<N>>);

struct Inside<N> {
    news: VecDeque<N>,
    has_gap: bool,
    waker: Option<Waker>,
}

impl<N> Mailbox<N> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Inside { news: VecDeque::new(), has_gap: false, waker: None }))
    }

    /// Takes the next news or gap if there is one, and otherwise wakes the task once there is.
    pub(super) fn poll_take(&self, context: &mut Context<'_>) -> Poll<Received<N>> {
        let mut inside = self.lock();
        if let Some(received) = inside.take() {
            return Poll::Ready(received);
        }
        inside.waker = Some(context.waker().clone());
        Poll::Pending
    }

    /// Returns whether there is news or a gap, and otherwise wakes the task once there is.
    pub(super) fn poll_any(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut inside = self.lock();
        if inside.has_any() {
            return Poll::Ready(());
        }
        inside.waker = Some(context.waker().clone());
        Poll::Pending
    }

    /// Returns whether there is news or a gap.
    pub(super) fn has_any(&self) -> bool {
        self.lock().has_any()
    }

    /// Takes the next news or gap if there is one.
    pub(super) fn take(&self) -> Option<Received<N>> {
        self.lock().take()
    }

    /// Adds news, and returns the task to wake. The caller wakes it without any lock: a waker may poll at once.
    pub(super) fn push(&self, news: N) -> Option<Waker> {
        let mut inside = self.lock();
        if inside.news.len() >= MAILBOX_CAPACITY {
            inside.news.clear();
            inside.has_gap = true;
        }
        inside.news.push_back(news);
        inside.waker.take()
    }

    /// Notes that messages are missing, and returns the task to wake.
    pub(super) fn push_gap(&self) -> Option<Waker> {
        let mut inside = self.lock();
        // What waits is older than the state that the listener will read.
        inside.news.clear();
        inside.has_gap = true;
        inside.waker.take()
    }

    fn lock(&self) -> MutexGuard<'_, Inside<N>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<N> Inside<N> {
    fn has_any(&self) -> bool {
        self.has_gap || !self.news.is_empty()
    }

    fn take(&mut self) -> Option<Received<N>> {
        if std::mem::take(&mut self.has_gap) {
            return Some(Received::Gap);
        }
        self.news.pop_front().map(Received::News)
    }
}
