//! Wakes the task of one socket, and tells it to end.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::task::{Context, Poll};

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
#[derive(Debug, Default)]
pub(crate) struct Signal {
    has_news: AtomicBool,
    /// 0, or an [`Ending`].
    ending: AtomicU8,
    waker: AtomicWaker,
}

impl Signal {
    /// Tells the task that a channel has messages.
    pub(crate) fn wake(&self) {
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

    /// Takes the news that channels have messages.
    pub(crate) fn poll_news(&self, context: &Context<'_>) -> Poll<()> {
        self.register(context);
        if self.has_news.swap(false, Ordering::AcqRel) { Poll::Ready(()) } else { Poll::Pending }
    }
}
