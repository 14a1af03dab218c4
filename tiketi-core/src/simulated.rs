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

/// Panics on a thread of a simulated run; `what` is what it would take from the machine.
pub(crate) fn refuse_if_simulated(what: &str) {
    #[expect(clippy::panic, reason = "a run that asks the machine cannot be repeated, so it must not go on")]
    if IS_SIMULATED.get() {
        panic!("a simulated run asks the machine for {what}");
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;
    use crate::clock::{Clock, IdSource, SystemClock, TimeOrderedIds};
    use crate::random::{Random, SystemRandom};

    fn each_source_panics() -> [bool; 3] {
        [
            catch_unwind(|| SystemClock.now()).is_err(),
            catch_unwind(|| TimeOrderedIds.next()).is_err(),
            catch_unwind(|| SystemRandom.bytes()).is_err(),
        ]
    }

    #[test]
    fn the_machines_sources_panic_on_the_thread_of_a_simulated_run_only() {
        let guard = Simulated::begin();
        assert_eq!(each_source_panics(), [true; 3]);
        let elsewhere = std::thread::spawn(each_source_panics).join().unwrap();
        assert_eq!(elsewhere, [false; 3]);
        drop(guard);
        assert_eq!(each_source_panics(), [false; 3]);
    }
}
