//! One mutex for each payment, so that concurrent confirms of a process get one answer.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use crate::id::PaymentId;

/// The payments that this process is confirming.
///
/// Safety does not depend on it: the store lets one confirm begin. It spares a second caller the answer `Confirming`.
#[derive(Debug, Default)]
pub(super) struct ConfirmLocks(Mutex<HashMap<PaymentId, Vec<Waker>>>);

/// The lock of one payment, held until it is dropped.
#[derive(Debug)]
pub(super) struct ConfirmLock<'t> {
    confirm_locks: &'t ConfirmLocks,
    payment: PaymentId,
}

impl ConfirmLocks {
    /// Waits until no other caller holds this payment's lock, and takes it.
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
        // Bound first, so that no caller wakes up while the inner lock is still held.
        let waiting = self.confirm_locks.lock().remove(&self.payment);
        waiting.into_iter().flatten().for_each(Waker::wake);
    }
}
