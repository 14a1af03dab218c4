//! Threads of simulated runs, on which the machine's time and randomness are out of reach.

use std::cell::Cell;
use std::marker::PhantomData;

thread_local! {
    static IS_SIMULATED: Cell<bool> = const { Cell::new(false) };
}

/// Makes this library's own sources of time and chance panic.
///
/// A simulated run can be repeated only if every moment, id and random byte comes from the run. On a thread that has a
/// guard, [`SystemClock`](crate::clock::SystemClock), [`TimeOrderedIds`](crate::clock::TimeOrderedIds) and
/// [`SystemRandom`](crate::random::SystemRandom) panic instead of asking the machine: a part that was not replaced shows at
/// its first use. The library takes time and chance from nowhere else. Other threads are not affected. The effect ends
/// when the guard is dropped; of several guards, when the first is.
///
/// ```should_panic
/// use tiketi_core::{clock::SystemClock, simulated::Simulated, Clock};
///
/// let _guard = Simulated::begin();
/// SystemClock.now();
/// ```
#[derive(Debug)]
#[must_use]
pub struct Simulated {
    /// A guard is of the thread that began it.
    thread: PhantomData<*const ()>,
}

impl Simulated {
    /// Begins a simulated run on this thread.
    pub fn begin() -> Self {
        IS_SIMULATED.set(true);
        Self { thread: PhantomData }
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        IS_SIMULATED.set(false);
    }
}

/// Panics on a thread of a simulated run, which could not be repeated; `what` is what it would take from the machine.
pub(crate) fn refuse_if_simulated(what: &str) {
    assert!(!IS_SIMULATED.get(), "a simulated run asks the machine for {what}");
}
