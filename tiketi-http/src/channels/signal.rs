//! Wakes the task of one socket, and tells it to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::task::{Context, Wake};

use futures::task::AtomicWaker;

/// Why the server ends a socket that did nothing wrong at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The server stops.
    Restart,
    /// Newer sockets took its place: of the same user, or of the same network before it said who its user is.
    Replaced,
}

/// Wakes the task of one socket; shared with all that have messages for it.
///
/// It is also the waker of what the task reads and of its timer, and notes that they woke it: a task that was woken for a
/// message does not look at them, which would cost as much as taking the message.
#[derive(Debug)]
pub(crate) struct Signal {
    has_news: AtomicBool,
    /// Whether there may be something to read, or something is due.
    has_input: AtomicBool,
    /// 0, or an [`Ending`].
    ending: AtomicU8,
    waker: AtomicWaker,
}

impl Default for Signal {
    fn default() -> Self {
        // What was never looked at wakes no one.
        let has_input = AtomicBool::new(true);
        Self {
            has_news: AtomicBool::default(),
            has_input,
            ending: AtomicU8::default(),
            waker: AtomicWaker::new(),
        }
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.look_at_input();
        self.waker.wake();
    }
}

impl Signal {
    /// Tells the task that a channel has messages.
    pub(crate) fn tell(&self) {
        if !self.has_news.swap(true, Ordering::AcqRel) {
            self.waker.wake();
        }
    }

    /// Tells the task to end; the first reason counts.
    pub(crate) fn end(&self, why: Ending) {
        let code = match why {
            Ending::Restart => 1,
            Ending::Replaced => 2,
        };
        let _ = self.ending.compare_exchange(0, code, Ordering::AcqRel, Ordering::Acquire);
        self.waker.wake();
    }

    /// Returns why the socket has to end, if it has to.
    pub(crate) fn ending(&self) -> Option<Ending> {
        match self.ending.load(Ordering::Acquire) {
            1 => Some(Ending::Restart),
            2 => Some(Ending::Replaced),
            _ => None,
        }
    }

    /// Lets the task be woken from now on; the task looks at the signal afterwards.
    pub(crate) fn register(&self, context: &Context<'_>) {
        self.waker.register(context.waker());
    }

    /// Takes the news that channels have messages; returns whether there were any.
    pub(crate) fn take_news(&self) -> bool {
        self.has_news.swap(false, Ordering::AcqRel)
    }

    /// Makes the task look at what it reads and at its timer: they wake it only once they were found to be pending.
    pub(crate) fn look_at_input(&self) {
        self.has_input.store(true, Ordering::Release);
    }

    /// Returns whether the task has to look at what it reads and at its timer; they wake it again afterwards.
    pub(crate) fn take_input(&self) -> bool {
        self.has_input.swap(false, Ordering::AcqRel)
    }
}
