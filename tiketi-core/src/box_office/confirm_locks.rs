//! One at a time for each payment, so that those who ask at once get one answer.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use crate::id::PaymentId;

/// Who is confirming which payment in this process.
///
/// Safety never depends on it: the store lets one confirm begin. It saves those who come second from an
/// answer that says nothing yet.
#[derive(Debug, Default)]
pub(super) struct ConfirmLocks(Mutex<HashMap<PaymentId, Vec<Waker>>>);

/// A turn, until it is dropped.
#[derive(Debug)]
pub(super) struct ConfirmLock<'t> {
    confirm_locks: &'t ConfirmLocks,
    payment: PaymentId,
}

impl ConfirmLocks {
    /// Waits until nobody else has this payment's turn, and takes it.
    pub(super) async fn wait(&self, payment: PaymentId) -> ConfirmLock<'_> {
        poll_fn(|context| {
            let mut taken = self.lock();
            if let Some(waiting) = taken.get_mut(&payment) {
                waiting.push(context.waker().clone());
                return Poll::Pending;
            }
            taken.insert(payment, Vec::new());
            Poll::Ready(())
        })
        .await;
        ConfirmLock { confirm_locks: self, payment }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PaymentId, Vec<Waker>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ConfirmLock<'_> {
    fn drop(&mut self) {
        // Bound first, so that nobody wakes into a lock that is still held.
        let waiting = self.confirm_locks.lock().remove(&self.payment);
        waiting.into_iter().flatten().for_each(Waker::wake);
    }
}
