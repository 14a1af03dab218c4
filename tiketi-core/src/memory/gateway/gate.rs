//! A gate that holds confirms back until a test opens it.

use std::future::poll_fn;
use std::sync::{Mutex, PoisonError};
use std::task::{Poll, Waker};

/// Blocks callers until it is opened; later callers wait for the next opening.
#[derive(Debug, Default)]
pub(super) struct Gate(Mutex<Inside>);

#[derive(Debug, Default)]
struct Inside {
    opened: u64,
    waiting: Vec<Waker>,
    held: usize,
}

impl Gate {
    pub(super) async fn pass(&self) {
        let turn = self.with(|inside| {
            inside.held += 1;
            inside.opened
        });
        poll_fn(|context| {
            self.with(|inside| {
                if inside.opened > turn {
                    return Poll::Ready(());
                }
                inside.waiting.push(context.waker().clone());
                Poll::Pending
            })
        })
        .await;
    }

    pub(super) fn open(&self) {
        let waiting = self.with(|inside| {
            inside.opened += 1;
            inside.held = 0;
            std::mem::take(&mut inside.waiting)
        });
        waiting.into_iter().for_each(Waker::wake);
    }

    pub(super) fn waiting(&self) -> usize {
        self.with(|inside| inside.held)
    }

    fn with<T>(&self, look: impl FnOnce(&mut Inside) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
