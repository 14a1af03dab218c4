//! Live changes: whatever the broadcast does, a stream ends in the state of the store.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use proptest::prelude::*;
use tiketi_core::box_office::{CHECK_EVERY, Changes, GAP_PATIENCE, LiveChange, LiveSnapshot};
use tiketi_core::broadcast::{
    AnyMessage, Broadcast, BuyerOnly, EventRoom, Listener, Message, PublicNews, SeatsDelta,
};
use tiketi_core::event::EventStatus;
use tiketi_core::fact::SeatStatus;
use tiketi_core::live_seats::{LiveSeat, LiveSeats};
use tiketi_core::memory::{MemoryBroadcast, MemoryStore};
use tiketi_core::{
    BoxOffice, BuyerId, EventId, HoldRequest, PageRequest, Reservation, SeatId, TicketTypeId,
    clock::{ManualClock, Timer},
};
use uuid::Uuid;

use crate::{ADA, TestShop, on_sale, opening};

/// Longest time until a stream has the store's state, whatever was lost.
const BOUND: Duration = Duration::from_secs(2);

/// A timer whose waits end at once, and count.
#[derive(Debug, Default)]
struct CountingTimer(Mutex<Duration>);

impl CountingTimer {
    fn slept(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}

#[async_trait]
impl Timer for CountingTimer {
    async fn sleep(&self, length: Duration) {
        tokio::task::yield_now().await;
        *self.0.lock().unwrap() += length;
    }
}

/// What happens to one message.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Delivered,
    Lost,
    Doubled,
    /// Delivered after the next one.
    Late,
    /// Lost, and the listener learns it.
    LostWithGap,
    /// Delivered without the changes, if it is about seats.
    VersionOnly,
}

/// A broadcast between two servers that loses, doubles and delays.
#[derive(Debug, Default)]
struct BadBroadcast {
    inner: MemoryBroadcast,
    fates: Mutex<VecDeque<Fate>>,
    late: Mutex<Vec<AnyMessage>>,
}

impl Broadcast for BadBroadcast {
    fn publish(&self, message: AnyMessage) {
        let late = std::mem::take(&mut *self.late.lock().unwrap());
        match self.fates.lock().unwrap().pop_front().unwrap_or(Fate::Delivered) {
            Fate::Delivered => self.inner.publish(message),
            Fate::Lost => {}
            Fate::Doubled => {
                self.inner.publish(message.clone());
                self.inner.publish(message);
            }
            Fate::Late => self.late.lock().unwrap().push(message),
            Fate::LostWithGap => self.inner.tell_gap(),
            Fate::VersionOnly => self.inner.publish(version_only(message)),
        }
        for message in late {
            self.inner.publish(message);
        }
    }

    fn listen(&self, room: EventRoom) -> Listener<EventRoom> {
        self.inner.listen(room)
    }

    fn listen_to_buyer(&self, buyer: BuyerOnly) -> Listener<BuyerOnly> {
        self.inner.listen_to_buyer(buyer)
    }

    fn has_listener(&self, room: EventRoom) -> bool {
        self.inner.has_listener(room)
    }

    fn has_buyer_listener(&self) -> bool {
        self.inner.has_buyer_listener()
    }
}

/// Leaves the changed seats out of a message.
fn version_only(message: AnyMessage) -> AnyMessage {
    match message {
        AnyMessage::Room(Message { to, news: PublicNews::Seats(SeatsDelta { version, .. }) }) => {
            Message::new(to, PublicNews::MapVersion { version }).into()
        }
        other => other,
    }
}

/// What changes of an event: map version, seats, stock and status.
type Shown = (u64, Vec<LiveSeat>, Vec<(TicketTypeId, u32)>, EventStatus);

/// A page that a host keeps current with a stream.
#[derive(Debug, Default)]
struct Page(Option<LiveSnapshot>, u64);

impl Page {
    fn show(&mut self, number: u64, change: LiveChange) {
        assert_eq!(number, self.1 + 1, "changes are numbered without a hole");
        self.1 = number;
        match change {
            LiveChange::Snapshot(snapshot) => self.0 = Some(snapshot),
            LiveChange::Seats { version, updates } => {
                let page = self.0.as_mut().unwrap();
                page.version = version;
                for update in updates {
                    page.seats[usize::try_from(update.index).unwrap()] = update.now;
                }
            }
            LiveChange::Stock { ticket_type, available } => {
                let page = self.0.as_mut().unwrap();
                page.stock.iter_mut().find(|(of, _)| *of == ticket_type).unwrap().1 = available;
            }
            LiveChange::Status { status } => self.0.as_mut().unwrap().status = status,
            LiveChange::Event(view) => self.0.as_mut().unwrap().view = view,
            other => panic!("{other:?} did not happen"),
        }
    }

    fn shown(self) -> Option<Shown> {
        self.0.map(|LiveSnapshot { version, seats, stock, status, .. }| (version, seats, stock, status))
    }

    /// Shows what comes until the stream waits for news, or the timer has slept for `patience`.
    async fn follow(&mut self, changes: &mut Changes, timer: &CountingTimer, patience: Duration) {
        let deadline = timer.slept() + patience;
        loop {
            let next = {
                let mut next = pin!(changes.next());
                poll_fn(|context| match next.as_mut().poll(context) {
                    Poll::Ready(change) => Poll::Ready(Some(change)),
                    Poll::Pending if timer.slept() >= deadline => Poll::Ready(None),
                    Poll::Pending => Poll::Pending,
                })
                .await
            };
            let Some(change) = next else { return };
            let change = change.unwrap().unwrap();
            self.show(change.number, change.change);
        }
    }
}

/// Two servers of a shop: one sells, the other shows the event.
struct Servers {
    selling: BoxOffice,
    showing: BoxOffice,
    broadcast: Arc<BadBroadcast>,
    timer: Arc<CountingTimer>,
    event: EventId,
    seats: Vec<SeatId>,
}

impl Servers {
    async fn open() -> Self {
        let (store, clock) = (Arc::new(MemoryStore::default()), Arc::new(ManualClock::at(opening())));
        let (broadcast, timer) = (Arc::new(BadBroadcast::default()), Arc::new(CountingTimer::default()));
        let server = || {
            BoxOffice::builder()
                .store(Arc::clone(&store))
                .clock(Arc::<ManualClock>::clone(&clock))
                .broadcast(Arc::<BadBroadcast>::clone(&broadcast))
                .timer(Arc::<CountingTimer>::clone(&timer))
                .build()
                .unwrap()
        };
        let (selling, showing) = (server(), server());
        let (event, _) = on_sale(&selling).await;
        let seats = selling.catalog().seat_map(event, 0).await.unwrap().unwrap().seats;
        let seats = seats.iter().map(|seat| seat.id).collect();
        Self { selling, showing, broadcast, timer, event, seats }
    }

    /// Holds a seat, or gives it back.
    async fn turn(&self, at: usize) {
        let buyer = BuyerId::from_uuid(Uuid::from_u128(at as u128 + 1));
        let sales = self.selling.sales();
        let page = sales.reservations_of(buyer, Some(self.event), PageRequest::FIRST).await.unwrap();
        if let Some(held) = page.rows.into_iter().find(Reservation::is_live) {
            sales.release(held.id, buyer, None, None).await.unwrap();
        } else {
            sales.hold(HoldRequest::new(self.event, buyer).seats([self.seats[at]])).await.unwrap();
        }
    }

    /// Returns what the store has.
    async fn state(&self) -> Shown {
        let map = self.selling.catalog().seat_map(self.event, 0).await.unwrap().unwrap();
        let view = self.selling.catalog().event(self.event).await.unwrap().unwrap();
        let stock = view.ticket_types.iter().map(|kind| (kind.id, kind.stock.available())).collect();
        let (now, version) = (self.selling.now(), map.version);
        let seats = LiveSeats::of(&map, now).seats().to_vec();
        (version, seats, stock, view.status(now))
    }
}

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let fate = prop_oneof![
        3 => Just(Fate::Delivered),
        2 => Just(Fate::Lost),
        1 => Just(Fate::Doubled),
        2 => Just(Fate::Late),
        1 => Just(Fate::LostWithGap),
        2 => Just(Fate::VersionOnly),
    ];
    proptest::collection::vec(fate, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_stream_ends_in_the_store_whatever_the_broadcast_does(
        fates in fates(),
        turns in proptest::collection::vec((0..3_usize, any::<bool>()), 1..24),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (shown, stored) = runtime.block_on(async {
            let servers = Servers::open().await;
            let (mut changes, mut page) = (servers.showing.changes(servers.event), Page::default());
            page.follow(&mut changes, &servers.timer, Duration::ZERO).await;
            servers.broadcast.fates.lock().unwrap().extend(&fates);
            for (seat, looks) in turns {
                servers.turn(seat).await;
                if looks {
                    page.follow(&mut changes, &servers.timer, Duration::ZERO).await;
                }
            }
            page.follow(&mut changes, &servers.timer, BOUND).await;
            (page.shown(), servers.state().await)
        });
        prop_assert_eq!(shown, Some(stored));
    }
}

#[tokio::test]
async fn a_stream_begins_with_everything_and_has_each_change() {
    let shop = TestShop::open().await;
    let mut changes = shop.office.changes(shop.event);
    let first = changes.next().await.unwrap().unwrap();
    let LiveChange::Snapshot(snapshot) = first.change else { panic!("{first:?}") };
    assert_eq!((first.number, snapshot.version, snapshot.status), (1, 1, EventStatus::OnSale));
    let ids: Vec<_> = snapshot.seats.iter().map(|seat| seat.seat).collect();
    assert_eq!(ids, shop.seats);
    shop.held(ADA, &[1]).await;
    let second = changes.next().await.unwrap().unwrap();
    let LiveChange::Seats { version: 2, updates } = second.change else { panic!("{second:?}") };
    let update = updates[0];
    assert_eq!((second.number, updates.len(), update.index, update.now.status), (2, 1, 1, SeatStatus::Held));
    let third = changes.next().await.unwrap().unwrap();
    assert!(matches!(third.change, LiveChange::Stock { available: 2, .. }), "{third:?}");
}

#[tokio::test]
async fn news_that_have_a_version_only_share_one_read() {
    let servers = Servers::open().await;
    let (mut changes, mut page) = (servers.showing.changes(servers.event), Page::default());
    page.follow(&mut changes, &servers.timer, Duration::ZERO).await;
    servers.broadcast.fates.lock().unwrap().extend([Fate::VersionOnly; 6]);
    for seat in 0..3 {
        servers.turn(seat).await;
    }
    page.follow(&mut changes, &servers.timer, GAP_PATIENCE).await;
    // A snapshot, and the three seats in one change; the stock is known from each message.
    assert!(page.1 <= 5, "{} changes", page.1);
    assert_eq!(page.shown(), Some(servers.state().await));
}

#[tokio::test]
async fn a_stream_of_an_event_that_is_deleted_or_unknown_ends() {
    let servers = Servers::open().await;
    let unknown = EventId::from_uuid(Uuid::nil());
    assert!(servers.showing.changes(unknown).next().await.is_none());
    let mut changes = servers.showing.changes(servers.event);
    changes.next().await.unwrap().unwrap();
    servers.selling.catalog().delete_event(servers.event).await.unwrap();
    assert!(changes.next().await.is_none());
    assert!(servers.timer.slept() <= CHECK_EVERY);
}

#[tokio::test]
async fn a_store_without_listeners_makes_no_facts() {
    let servers = Servers::open().await;
    let room = EventRoom(servers.event);
    assert!(!servers.broadcast.has_listener(room));
    let changes = servers.showing.changes(servers.event);
    assert!(servers.broadcast.has_listener(room));
    drop(changes);
    assert!(!servers.broadcast.has_listener(room));
}
