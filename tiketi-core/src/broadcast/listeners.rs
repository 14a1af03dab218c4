//! The listeners of one process, by audience.

use std::collections::HashMap;
use std::fmt;
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use foldhash::fast::RandomState;
use smallvec::SmallVec;

use crate::broadcast::audience::{Audience, Message};
use crate::broadcast::mailbox::{Mailbox, Received};

type Mailboxes<A> = SmallVec<[Arc<Mailbox<<A as Audience>::News>>; 2]>;

/// Delivers messages to the listeners of this process: the part that every [`crate::broadcast::Broadcast`] shares.
///
/// ```
/// use tiketi_core::broadcast::{EventRoom, Received, Listeners, Message, PublicNews};
/// use tiketi_core::event::EventStatus;
/// # use tiketi_core::EventId;
///
/// let room = EventRoom("01890a5d-ac96-774b-bcce-b302099a8057".parse()?);
/// let listeners = Listeners::default();
/// let mut listener = listeners.listen(room);
/// let news = PublicNews::Status { status: EventStatus::SoldOut };
/// listeners.deliver(&Message::new(room, news.clone()));
/// assert_eq!(listener.try_next(), Some(Received::News(news)));
/// # Ok::<(), tiketi_core::id::ParseIdError>(())
/// ```
pub struct Listeners<A: Audience>(Arc<Registry<A>>);

/// Where the mailbox of each listener is.
struct Registry<A: Audience> {
    mailboxes: Mutex<HashMap<A, Mailboxes<A>, RandomState>>,
    /// How many listeners there are; read with each command.
    count: AtomicUsize,
}

impl<A: Audience> Default for Listeners<A> {
    fn default() -> Self {
        Self(Arc::new(Registry { mailboxes: Mutex::default(), count: AtomicUsize::new(0) }))
    }
}

impl<A: Audience> Listeners<A> {
    /// Adds a listener.
    pub fn listen(&self, audience: A) -> Listener<A> {
        let mailbox = Arc::new(Mailbox::new());
        self.0.lock().entry(audience).or_default().push(Arc::clone(&mailbox));
        self.0.count.fetch_add(1, Ordering::SeqCst);
        Listener::new(audience, mailbox, Arc::downgrade(&self.0))
    }

    /// Returns whether an audience has a listener.
    pub fn has(&self, audience: A) -> bool {
        self.has_any() && self.0.lock().contains_key(&audience)
    }

    /// Returns whether any audience has a listener.
    pub fn has_any(&self) -> bool {
        self.0.count.load(Ordering::Relaxed) > 0
    }

    /// Returns every audience that has a listener, in no order.
    pub fn audiences(&self) -> Vec<A> {
        self.0.lock().keys().copied().collect()
    }

    /// Delivers a message to every listener of its audience.
    pub fn deliver(&self, message: &Message<A>) {
        if !self.has_any() {
            return;
        }
        self.wake(Some(message.to), |mailbox| mailbox.push(message.news.clone()));
    }

    /// Tells every listener of an audience that messages may be missing.
    pub fn gap(&self, audience: A) {
        self.wake(Some(audience), Mailbox::push_gap);
    }

    /// Tells every listener of every audience that messages may be missing.
    pub fn gap_everywhere(&self) {
        self.wake(None, Mailbox::push_gap);
    }

    /// Changes the mailboxes of one audience or of all, and then wakes their tasks.
    fn wake(&self, audience: Option<A>, change: impl Fn(&Mailbox<A::News>) -> Option<Waker>) {
        let wakers: SmallVec<[Waker; 4]> = {
            let mailboxes = self.0.lock();
            match audience {
                Some(audience) => {
                    let of_audience = mailboxes.get(&audience).into_iter().flatten();
                    of_audience.filter_map(|mailbox| change(mailbox)).collect()
                }
                None => mailboxes.values().flatten().filter_map(|mailbox| change(mailbox)).collect(),
            }
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl<A: Audience> Registry<A> {
    fn remove(&self, audience: A, mailbox: &Arc<Mailbox<A::News>>) {
        let mut mailboxes = self.lock();
        if let Some(of_audience) = mailboxes.get_mut(&audience) {
            of_audience.retain(|known| !Arc::ptr_eq(known, mailbox));
            if of_audience.is_empty() {
                mailboxes.remove(&audience);
            }
        }
        self.count.fetch_sub(1, Ordering::SeqCst);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<A, Mailboxes<A>, RandomState>> {
        self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
    fn new(audience: A, mailbox: Arc<Mailbox<A::News>>, registry: Weak<Registry<A>>) -> Self {
        Self { audience, mailbox, registry }
    }

    /// Returns the audience.
    pub const fn audience(&self) -> A {
        self.audience
    }

    /// Returns what tells of arrivals to another task.
    pub fn arrivals(&self) -> Arrivals<A> {
        Arrivals(Arc::clone(&self.mailbox))
    }

    /// Waits for the next news or gap.
    ///
    /// # Cancel safety
    ///
    /// A dropped wait loses nothing.
    pub async fn next(&mut self) -> Received<A::News> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// Returns the next news or gap if there is one, and otherwise wakes the task once there is.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Received<A::News>> {
        self.mailbox.poll_take(context)
    }

    /// Returns the next news or gap if there is one.
    pub fn try_next(&mut self) -> Option<Received<A::News>> {
        self.mailbox.take()
    }
}

/// Tells whether a listener has something to receive, without receiving it.
///
/// It lets one task wait for what another one receives.
pub struct Arrivals<A: Audience>(Arc<Mailbox<A::News>>);

impl<A: Audience> Arrivals<A> {
    /// Returns whether the listener has something to receive.
    pub fn has_any(&self) -> bool {
        self.0.has_any()
    }

    /// Waits until the listener has something to receive. One task waits at a time: a second one replaces it.
    ///
    /// # Cancel safety
    ///
    /// A dropped wait loses nothing.
    pub async fn any(&self) {
        poll_fn(|context| self.0.poll_any(context)).await;
    }
}

impl<A: Audience> fmt::Debug for Arrivals<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrivals").field("has_any", &self.has_any()).finish()
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

impl<A: Audience> fmt::Debug for Listeners<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.count.load(Ordering::Relaxed);
        f.debug_struct("Listeners").field("count", &count).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::broadcast::audience::EventRoom;
    use crate::broadcast::mailbox::MAILBOX_CAPACITY;
    use crate::broadcast::news::PublicNews;
    use crate::id::{EventId, TicketTypeId};

    fn room(number: u128) -> EventRoom {
        EventRoom(EventId::from_uuid(Uuid::from_u128(number)))
    }

    fn stock(available: usize) -> PublicNews {
        let ticket_type = TicketTypeId::from_uuid(Uuid::nil());
        PublicNews::Stock { ticket_type, available: u32::try_from(available).unwrap() }
    }

    #[test]
    fn each_listener_of_a_room_hears_its_messages_in_order() {
        let listeners = Listeners::default();
        let (mut one, mut two, mut other) =
            (listeners.listen(room(1)), listeners.listen(room(1)), listeners.listen(room(2)));
        (0..3).for_each(|number| listeners.deliver(&Message::new(room(1), stock(number))));
        for listener in [&mut one, &mut two] {
            let received: Vec<_> = std::iter::from_fn(|| listener.try_next()).collect();
            assert_eq!(received, [0, 1, 2].map(|number| Received::News(stock(number))));
        }
        assert_eq!(other.try_next(), None);
    }

    #[test]
    fn a_full_mailbox_is_emptied_and_tells_of_the_gap() {
        let listeners = Listeners::default();
        let mut slow = listeners.listen(room(1));
        (0..=MAILBOX_CAPACITY).for_each(|number| listeners.deliver(&Message::new(room(1), stock(number))));
        assert_eq!(slow.try_next(), Some(Received::Gap));
        assert_eq!(slow.try_next(), Some(Received::News(stock(MAILBOX_CAPACITY))));
        assert_eq!(slow.try_next(), None);
    }

    #[test]
    fn a_gap_comes_before_later_news() {
        let listeners = Listeners::default();
        let (mut one, mut two) = (listeners.listen(room(1)), listeners.listen(room(2)));
        listeners.deliver(&Message::new(room(1), stock(1)));
        listeners.gap(room(1));
        listeners.deliver(&Message::new(room(1), stock(2)));
        assert_eq!(one.try_next(), Some(Received::Gap));
        assert_eq!(one.try_next(), Some(Received::News(stock(2))));
        assert_eq!(two.try_next(), None);
        listeners.gap_everywhere();
        assert_eq!((one.try_next(), two.try_next()), (Some(Received::Gap), Some(Received::Gap)));
    }

    #[test]
    fn a_dropped_listener_leaves_its_room() {
        let listeners = Listeners::default();
        let (one, two) = (listeners.listen(room(1)), listeners.listen(room(1)));
        assert!(listeners.has(room(1)) && !listeners.has(room(2)));
        drop(one);
        assert!(listeners.has(room(1)));
        drop(two);
        assert!(!listeners.has(room(1)) && listeners.audiences().is_empty());
    }

    #[tokio::test]
    async fn a_task_that_does_not_receive_is_told_of_arrivals() {
        let listeners = Arc::new(Listeners::default());
        let mut listener = listeners.listen(room(1));
        let arrivals = listener.arrivals();
        let waiting = tokio::spawn(async move {
            arrivals.any().await;
            arrivals
        });
        tokio::task::yield_now().await;
        listeners.gap(room(1));
        let arrivals = waiting.await.unwrap();
        assert!(arrivals.has_any());
        assert_eq!(listener.try_next(), Some(Received::Gap));
        assert!(!arrivals.has_any());
    }

    #[tokio::test]
    async fn a_waiting_listener_is_woken() {
        let listeners = Arc::new(Listeners::default());
        let mut listener = listeners.listen(room(1));
        let waiting = tokio::spawn(async move { listener.next().await });
        tokio::task::yield_now().await;
        listeners.deliver(&Message::new(room(1), stock(7)));
        assert_eq!(waiting.await.unwrap(), Received::News(stock(7)));
    }
}
