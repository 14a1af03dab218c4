//! A queue in which each source has its turn, so that one that sends much delays itself.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// What waits: requests of one source are equal.
pub(crate) trait Source: Clone + Eq + Hash {}

impl<S: Clone + Eq + Hash> Source for S {}

/// Lets a few run at once, and others wait: the sources take turns, and each source's own in their order.
///
/// While all places are taken, a source with fewer waiting than the largest one takes the place of that one's last.
pub(crate) struct FairQueue<S: Source> {
    shared: Arc<Shared<S>>,
}

struct Shared<S: Source> {
    most_running: usize,
    most_waiting: usize,
    state: Mutex<State<S>>,
}

struct State<S: Source> {
    running: usize,
    waiting: HashMap<S, VecDeque<oneshot::Sender<Turn<S>>>>,
    /// The sources that wait, the next one to be served first.
    order: VecDeque<S>,
}

/// Permission to run; dropping it lets the next one run.
pub(crate) struct Turn<S: Source> {
    /// `None` in one that was handed back.
    shared: Option<Arc<Shared<S>>>,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// The source has its share of the places.
    Own,
    /// Others have all places.
    Others,
}

impl<S: Source> FairQueue<S> {
    /// Lets so many run at once, and so many more wait.
    pub(crate) fn new(most_running: usize, most_waiting: usize) -> Self {
        let state = Mutex::new(State { running: 0, waiting: HashMap::new(), order: VecDeque::new() });
        Self { shared: Arc::new(Shared { most_running, most_waiting, state }) }
    }

    /// Waits for the turn of a source.
    ///
    /// # Errors
    ///
    /// [`NoPlace`], at once or when another source takes the place.
    ///
    /// # Cancel safety
    ///
    /// Who is dropped while waiting leaves the queue.
    pub(crate) async fn turn(&self, source: S) -> Result<Turn<S>, NoPlace> {
        let receiver = {
            let mut state = self.shared.lock();
            if state.running < self.shared.most_running {
                state.running += 1;
                return Ok(Turn { shared: Some(Arc::clone(&self.shared)) });
            }
            state.make_place(&source, self.shared.most_waiting)?;
            state.add(source)
        };
        // The sender is dropped only if another source took the place.
        receiver.await.map_err(|_| NoPlace::Own)
    }
}

impl<S: Source> Shared<S> {
    fn lock(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Source> State<S> {
    fn count(&self) -> usize {
        self.waiting.values().map(VecDeque::len).sum()
    }

    /// Makes sure that one more may wait.
    fn make_place(&mut self, source: &S, most_waiting: usize) -> Result<(), NoPlace> {
        if self.count() < most_waiting {
            return Ok(());
        }
        // Those whose client left still have a place.
        for queue in self.waiting.values_mut() {
            queue.retain(|waiting| !waiting.is_closed());
        }
        if self.count() < most_waiting {
            return Ok(());
        }
        let own = self.waiting.get(source).map_or(0, VecDeque::len);
        let largest = self.waiting.values_mut().max_by_key(|queue| queue.len());
        match largest {
            Some(queue) if queue.len() > own + 1 => {
                queue.pop_back();
                Ok(())
            }
            _ if own > 0 => Err(NoPlace::Own),
            _ => Err(NoPlace::Others),
        }
    }

    fn add(&mut self, source: S) -> oneshot::Receiver<Turn<S>> {
        let (sender, receiver) = oneshot::channel();
        let queue = self.waiting.entry(source.clone()).or_default();
        if queue.is_empty() && !self.order.contains(&source) {
            self.order.push_back(source);
        }
        queue.push_back(sender);
        receiver
    }

    /// Takes the next one that waits.
    fn next(&mut self) -> Option<oneshot::Sender<Turn<S>>> {
        while let Some(source) = self.order.pop_front() {
            let Some(queue) = self.waiting.get_mut(&source) else { continue };
            let next = queue.pop_front();
            if queue.is_empty() {
                self.waiting.remove(&source);
            } else {
                self.order.push_back(source);
            }
            if next.is_some() {
                return next;
            }
        }
        None
    }
}

impl<S: Source> Drop for Turn<S> {
    fn drop(&mut self) {
        let Some(shared) = self.shared.take() else { return };
        loop {
            let next = {
                let mut state = shared.lock();
                let next = state.next();
                if next.is_none() {
                    state.running = state.running.saturating_sub(1);
                }
                next
            };
            let Some(next) = next else { return };
            match next.send(Turn { shared: Some(Arc::clone(&shared)) }) {
                Ok(()) => return,
                // That client left. Its turn is this one's, which goes to the next.
                Err(mut unused) => unused.shared = None,
            }
        }
    }
}

impl<S: Source> fmt::Debug for FairQueue<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FairQueue").field("most_running", &self.shared.most_running).finish_non_exhaustive()
    }
}

impl<S: Source> fmt::Debug for Turn<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Turn")
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use futures::FutureExt;
    use futures::future::{BoxFuture, poll_immediate};

    use super::*;

    type Waiting = BoxFuture<'static, Result<Turn<u8>, NoPlace>>;

    /// Joins the queue, and returns what waits.
    async fn join(queue: &Arc<FairQueue<u8>>, source: u8) -> Waiting {
        let queue = Arc::clone(queue);
        let mut waiting = async move { queue.turn(source).await }.boxed();
        match poll_immediate(&mut waiting).await {
            Some(answer) => std::future::ready(answer).boxed(),
            None => waiting,
        }
    }

    fn poll(waiting: &mut Waiting) -> Poll<Result<Turn<u8>, NoPlace>> {
        waiting.now_or_never().map_or(Poll::Pending, Poll::Ready)
    }

    fn queue(running: usize, waiting: usize) -> Arc<FairQueue<u8>> {
        Arc::new(FairQueue::new(running, waiting))
    }

    /// Fails with one line for all sources.
    #[tokio::test]
    async fn sources_take_turns_however_much_one_sends() {
        let queue = queue(1, 9);
        let mut turn = queue.turn(0).await.unwrap();
        let mut waiting = Vec::new();
        for source in [1, 1, 1, 1, 2, 3] {
            waiting.push((source, join(&queue, source).await));
        }
        let mut served = Vec::new();
        while !waiting.is_empty() {
            drop(turn);
            let ready = waiting.iter_mut().enumerate().find_map(|(at, (source, it))| match poll(it) {
                Poll::Ready(next) => Some((at, *source, next.unwrap())),
                Poll::Pending => None,
            });
            let (at, source, next) = ready.expect("someone has a turn");
            served.push(source);
            turn = next;
            drop(waiting.remove(at));
        }
        assert_eq!(served, [1, 2, 3, 1, 1, 1]);
    }

    /// Fails if a full queue refuses every newcomer.
    #[tokio::test]
    async fn a_source_that_fills_the_queue_makes_place_for_others() {
        let queue = queue(1, 3);
        let _turn = queue.turn(0).await.unwrap();
        let mut of_one = Vec::new();
        for _ in 0..3 {
            of_one.push(join(&queue, 1).await);
        }
        assert_eq!(
            poll(&mut join(&queue, 1).await).map(|answer| answer.unwrap_err()),
            Poll::Ready(NoPlace::Own)
        );
        let mut of_two = join(&queue, 2).await;
        assert!(poll(&mut of_two).is_pending());
        let last = of_one.pop().map(|mut last| poll(&mut last).map(|answer| answer.unwrap_err()));
        assert_eq!(last, Some(Poll::Ready(NoPlace::Own)));
        // Two of one source and one of another wait: a third source takes one, a fourth finds equals.
        let mut of_three = join(&queue, 3).await;
        assert!(poll(&mut of_three).is_pending());
        let refused = poll(&mut join(&queue, 4).await).map(|answer| answer.unwrap_err());
        assert_eq!(refused, Poll::Ready(NoPlace::Others));
    }

    #[tokio::test]
    async fn who_leaves_frees_the_place_and_loses_no_turn() {
        let queue = queue(1, 2);
        let turn = queue.turn(0).await.unwrap();
        let (gone, also_gone) = (join(&queue, 1).await, join(&queue, 2).await);
        drop((gone, also_gone));
        let mut third = join(&queue, 3).await;
        drop(turn);
        let third = poll(&mut third);
        assert!(matches!(third, Poll::Ready(Ok(_))));
        drop(third);
        assert!(queue.turn(4).await.is_ok(), "no turn was lost");
    }
}
