//! Work that runs to its end even if its caller is dropped.

use std::fmt::Debug;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// Work that a [`Spawner`] runs.
pub type DetachedWork = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs work to its end on the host's async runtime.
///
/// ```
/// use tiketi_core::spawner::{DetachedWork, Spawner};
///
/// #[derive(Debug)]
/// struct Tokio;
///
/// impl Spawner for Tokio {
///     fn spawn(&self, work: DetachedWork) {
///         tokio::spawn(work);
///     }
/// }
/// ```
///
/// A host that shuts down in an orderly way spawns on a task tracker and waits for it before it ends.
pub trait Spawner: Debug + Send + Sync + 'static {
    /// Starts the work and returns at once.
    ///
    /// # Contract
    ///
    /// MUST run the work to its end unless the process ends. Work that is cut off is completed as after a crash, by
    /// [`crate::box_office::Jobs::run_once`].
    fn spawn(&self, work: DetachedWork);
}

/// Runs work on a spawner, and waits for its output; `None` if the spawner dropped it.
///
/// The work continues if the returned future is dropped.
pub(crate) async fn run_detached<T: Send + 'static>(
    spawner: &dyn Spawner,
    work: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    let slot = Arc::new(Slot(Mutex::default()));
    let sender = Sender(Arc::clone(&slot));
    spawner.spawn(Box::pin(async move {
        let output = work.await;
        sender.0.lock().output = Some(output);
        drop(sender);
    }));
    poll_fn(|context| {
        let mut inside = slot.lock();
        if inside.is_over {
            return Poll::Ready(inside.output.take());
        }
        inside.waker = Some(context.waker().clone());
        Poll::Pending
    })
    .await
}

#[derive(Debug)]
struct Slot<T>(Mutex<Inside<T>>);

#[derive(Debug)]
struct Inside<T> {
    output: Option<T>,
    is_over: bool,
    waker: Option<Waker>,
}

impl<T> Default for Inside<T> {
    fn default() -> Self {
        Self { output: None, is_over: false, waker: None }
    }
}

impl<T> Slot<T> {
    fn lock(&self) -> MutexGuard<'_, Inside<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends the wait when it is dropped, also by a panic or by a runtime that ends.
#[derive(Debug)]
struct Sender<T>(Arc<Slot<T>>);

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let waker = {
            let mut inside = self.0.lock();
            inside.is_over = true;
            inside.waker.take()
        };
        // Woken without the lock, because a waker may poll the waiting future at once.
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Tokio;

    impl Spawner for Tokio {
        fn spawn(&self, work: DetachedWork) {
            tokio::spawn(work);
        }
    }

    /// A runtime that is ending.
    #[derive(Debug)]
    struct Refuses;

    impl Spawner for Refuses {
        fn spawn(&self, _: DetachedWork) {}
    }

    #[tokio::test]
    async fn the_output_of_detached_work_comes_back() {
        assert_eq!(run_detached(&Tokio, async { 7 }).await, Some(7));
    }

    #[tokio::test]
    async fn work_that_panics_or_is_never_run_does_not_hang_its_caller() {
        let panics = async { panic!("a defect of an adapter") };
        assert_eq!(run_detached::<u8>(&Tokio, panics).await, None);
        assert_eq!(run_detached(&Refuses, async { 7 }).await, None);
    }
}
