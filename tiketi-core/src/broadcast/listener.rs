//! One listener: a bounded queue of news that tells when it overflowed.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use crate::broadcast::audience::Audience;
use crate::broadcast::listeners::Registry;

/// Most messages that wait for one listener; one more drops them all, and the listener hears [`Heard::Gap`].
pub const MAILBOX_CAPACITY: usize = 1_024;

/// What a listener hears.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a listener acts on every case")]
pub enum Heard<N> {
    /// News.
    News(N),
    /// Messages may be missing: the present state has to be read from the store.
    Gap,
}

/// Hears the messages of one audience, from when it was made until it is dropped.
///
/// It needs no async runtime.
pub struct Listener<A: Audience> {
    audience: A,
    mailbox: Arc<Mailbox<A::News>>,
    registry: Weak<Registry<A>>,
}

impl<A: Audience> Listener<A> {
    pub(super) fn new(audience: A, mailbox: Arc<Mailbox<A::News>>, registry: Weak<Registry<A>>) -> Self {
        Self { audience, mailbox, registry }
    }

    /// Returns the audience.
    pub const fn audience(&self) -> A {
        self.audience
    }

    /// Waits for the next news or gap.
    ///
    /// # Cancel safety
    ///
    /// A dropped wait loses nothing.
    pub async fn next(&mut self) -> Heard<A::News> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// Returns the next news or gap if there is one, and otherwise wakes the task once there is.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Heard<A::News>> {
        let mut inside = self.mailbox.lock();
        if let Some(heard) = inside.take() {
            return Poll::Ready(heard);
        }
        inside.waker = Some(context.waker().clone());
        Poll::Pending
    }

    /// Returns the next news or gap if there is one.
    pub fn try_next(&mut self) -> Option<Heard<A::News>> {
        self.mailbox.lock().take()
    }
}

impl<A: Audience> Drop for Listener<A> {
    fn drop(&mut self) {
        if let Some(registry) = self.registry.upgrade() {
            registry.remove(self.audience, &self.mailbox);
        }
    }
}

impl<A: Audience> fmt::Debug for Listener<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("audience", &self.audience).finish_non_exhaustive()
    }
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
    fn take(&mut self) -> Option<Heard<N>> {
        if std::mem::take(&mut self.has_gap) {
            return Some(Heard::Gap);
        }
        self.news.pop_front().map(Heard::News)
    }
}
