//! Live events: how old a picture may be, what it costs, and what stays in memory.

mod observed;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tiketi_core::broadcast::{Broadcast, EventRoom, Message, PublicNews};
use tiketi_core::fact::SeatStatus;
use tiketi_core::memory::MemoryStore;
use tiketi_core::waiting_room::{RoomMode, RoomPolicy};
use tiketi_core::{
    BoxOffice, BuyerId, Currency, EventDetails, EventId, EventInput, HoldRequest, Money, Reservation, Row,
    SaleWindow, SeatId, SeatLayout, Section, Timestamp,
    clock::{CountedIds, ManualClock},
};
use tokio::time::timeout;
use uuid::Uuid;

use self::observed::{LossyBroadcast, TokioTimer};
use super::{LiveEvent, LiveEvents};
use crate::picture::Picture;
use crate::test_support::ObservedCatalog;

/// Longest wait for what happens in the background: far more than it takes.
const GENEROUS: Duration = Duration::from_mins(1);
const SEATS: u32 = 20;

struct Shop {
    office: BoxOffice,
    catalog: Arc<ObservedCatalog>,
    broadcast: Arc<LossyBroadcast>,
    clock: Arc<ManualClock>,
    live: LiveEvents,
    event: EventId,
}

fn now() -> Timestamp {
    "2026-11-20T10:00:00Z".parse().unwrap()
}

fn details() -> EventDetails {
    let closes = "2026-12-24T09:00:00Z".parse().unwrap();
    EventDetails::new("Night of the Lighthouse", closes, SaleWindow::new(now(), closes).unwrap())
}

impl Shop {
    async fn open() -> Self {
        let clock = Arc::new(ManualClock::at(now()));
        let store = Arc::new(MemoryStore::default());
        let catalog = ObservedCatalog::of(Arc::clone(&store));
        let broadcast = Arc::new(LossyBroadcast::default());
        let office = BoxOffice::builder()
            .store(store)
            .catalog(Arc::<ObservedCatalog>::clone(&catalog))
            .broadcast(Arc::<LossyBroadcast>::clone(&broadcast))
            .clock(Arc::<ManualClock>::clone(&clock))
            .timer(Arc::new(TokioTimer))
            .ids(Arc::new(CountedIds::seeded(7)))
            .build()
            .unwrap();
        let event = event(&office, details()).await;
        Self { office, catalog, broadcast, clock, live: LiveEvents::default(), event }
    }

    async fn get(&self) -> Arc<Picture> {
        self.live.get(&self.office, self.event).await.unwrap().unwrap().picture
    }

    async fn hold(&self, seats: &[SeatId]) -> Reservation {
        let request = HoldRequest::new(self.event, buyer()).seats(seats.iter().copied());
        self.office.sales().hold(request).await.unwrap()
    }

    fn reads(&self) -> u64 {
        self.catalog.reads()
    }

    fn cut(&self, is_cut: bool) {
        self.broadcast.is_cut.store(is_cut, Ordering::SeqCst);
    }
}

fn buyer() -> BuyerId {
    BuyerId::from_uuid(Uuid::from_u128(1))
}

async fn event(office: &BoxOffice, details: EventDetails) -> EventId {
    let section = Section::new("R", Money::new(110_000, Currency::KRW)).rows([Row::numbered("A", SEATS)]);
    let layout = SeatLayout::new("Harbour Hall", "Great hall").section(section);
    let layout = office.catalog().create_layout(layout, None).await.unwrap();
    let input = EventInput::new(details, Currency::KRW).seated(layout.id);
    let id = office.catalog().create_event(input).await.unwrap().event.id;
    office.catalog().publish_event(id).await.unwrap();
    id
}

fn ids(picture: &Picture) -> Vec<SeatId> {
    picture.seats.iter().map(|seat| seat.seat).collect()
}

fn statuses(picture: &Picture) -> Vec<SeatStatus> {
    picture.seats.iter().map(|seat| seat.status_at(now())).collect()
}

fn held(count: usize) -> Vec<SeatStatus> {
    let all = usize::try_from(SEATS).unwrap();
    (0..all).map(|at| if at < count { SeatStatus::Held } else { SeatStatus::Available }).collect()
}

/// Waits until a follower's picture is as wanted.
async fn until(live: &LiveEvent, wanted: impl Fn(&Picture) -> bool) -> Arc<Picture> {
    let wait = async {
        loop {
            let picture = live.picture().unwrap();
            if wanted(&picture) {
                return picture;
            }
            live.changed(picture.revision).await;
        }
    };
    timeout(GENEROUS, wait).await.expect("the picture was never as wanted")
}

#[tokio::test]
async fn a_commit_is_in_the_picture_once_it_is_answered_and_costs_no_read() {
    let shop = Shop::open().await;
    let seats = ids(&*shop.get().await);
    let reads = shop.reads();
    for count in 1..=4 {
        shop.hold(&seats[count - 1..count]).await;
        let picture = shop.get().await;
        assert_eq!(statuses(&picture), held(count));
        let left = picture.view.ticket_types[0].stock.available();
        assert_eq!(usize::try_from(left).unwrap(), seats.len() - count);
    }
    assert_eq!(shop.reads(), reads);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_of_an_old_picture_share_one_check() {
    let shop = Arc::new(Shop::open().await);
    shop.get().await;
    shop.clock.advance(Duration::from_secs(1));
    let before = shop.reads();
    let ask = |shop: Arc<Shop>| tokio::spawn(async move { shop.get().await });
    let asked: Vec<_> = (0..50).map(|_| ask(Arc::clone(&shop))).collect();
    for answer in asked {
        answer.await.unwrap();
    }
    assert_eq!(shop.reads() - before, 2, "the map version and the event, once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_of_an_event_that_is_not_in_memory_share_one_picture() {
    let shop = Arc::new(Shop::open().await);
    let ask = |shop: Arc<Shop>| {
        tokio::spawn(async move { shop.live.get(&shop.office, shop.event).await.unwrap().unwrap().live })
    };
    let asked: Vec<_> = (0..20).map(|_| ask(Arc::clone(&shop))).collect();
    let first = shop.live.get(&shop.office, shop.event).await.unwrap().unwrap().live;
    for answer in asked {
        assert!(Arc::ptr_eq(&answer.await.unwrap(), &first));
    }
}

#[tokio::test]
async fn an_event_that_sells_is_read_once_while_requests_go_on() {
    let Shop { office, live, event, .. } = Shop::open().await;
    let reading = live.begin_to_keep(&office, event).unwrap();
    assert!(live.begin_to_keep(&office, event).is_none(), "it is being read");
    assert!(live.recent(event).await.unwrap().is_none(), "nothing waits for the read");
    live.keep_read(reading).await;
    assert!(live.recent(event).await.unwrap().is_some());
    assert!(live.begin_to_keep(&office, event).is_none(), "it is kept");
}

#[tokio::test]
async fn what_the_broadcast_lost_shows_after_a_second_and_not_before() {
    let shop = Shop::open().await;
    let seats = ids(&*shop.get().await);
    shop.cut(true);
    shop.hold(&seats[..1]).await;
    shop.clock.advance(Duration::from_millis(999));
    assert_eq!(statuses(&*shop.get().await), held(0));
    shop.clock.advance(Duration::from_millis(1));
    assert_eq!(statuses(&*shop.get().await), held(1));
}

#[tokio::test]
async fn changes_of_which_only_the_version_was_told_show_after_100_ms_and_share_a_read() {
    let shop = Shop::open().await;
    let seats = ids(&*shop.get().await);
    for count in 1..=3 {
        let before = shop.reads();
        shop.cut(true);
        shop.hold(&seats[count - 1..count]).await;
        shop.cut(false);
        let version = u64::try_from(count).unwrap() + 1;
        let news = PublicNews::MapVersion { version };
        shop.broadcast.publish(Message::new(EventRoom(shop.event), news).into());
        assert_eq!(statuses(&*shop.get().await), held(count - 1));
        shop.clock.advance(Duration::from_millis(100));
        for _ in 0..5 {
            assert_eq!(statuses(&*shop.get().await), held(count));
        }
        assert_eq!(shop.reads() - before, 2, "the seats and the event, once");
    }
}

#[tokio::test]
async fn a_client_with_a_later_version_from_another_server_is_not_shown_an_earlier_one() {
    let shop = Shop::open().await;
    let picture = shop.get().await;
    shop.cut(true);
    shop.hold(&ids(&picture)[..1]).await;
    shop.clock.advance(Duration::from_millis(100));
    assert_eq!(statuses(&*shop.get().await), held(0));
    let later = picture.seats.version() + 1;
    let get = || shop.live.get_since(&shop.office, shop.event, later);
    assert_eq!(statuses(&get().await.unwrap().unwrap().picture), held(1));
    let reads = shop.reads();
    let wrong = || shop.live.get_since(&shop.office, shop.event, u64::MAX);
    wrong().await.unwrap().unwrap();
    shop.clock.advance(Duration::from_millis(99));
    wrong().await.unwrap().unwrap();
    assert_eq!(shop.reads(), reads, "a version that no server has costs a check each 100 ms");
}

#[tokio::test]
async fn an_edit_made_here_shows_at_once() {
    let shop = Shop::open().await;
    shop.get().await;
    shop.office.catalog().edit_event(shop.event, details().title("Morning"), None).await.unwrap();
    assert_eq!(shop.get().await.view.event.details.title, "Night of the Lighthouse");
    shop.live.was_edited(shop.event);
    assert_eq!(shop.get().await.view.event.details.title, "Morning");
}

#[tokio::test]
async fn drafts_and_unknown_events_are_not_kept_and_drop_no_other() {
    let shop = Shop { live: LiveEvents::with_capacity(1), ..Shop::open().await };
    shop.get().await;
    let draft = EventInput::new(details(), Currency::KRW);
    let draft = shop.office.catalog().create_event(draft).await.unwrap().event.id;
    for hidden in [draft, EventId::from_uuid(Uuid::from_u128(404))] {
        assert!(shop.live.get(&shop.office, hidden).await.unwrap().is_none());
        assert!(shop.live.follow(&shop.office, hidden).await.unwrap().is_none());
        assert!(!shop.broadcast.has_listener(EventRoom(hidden)));
    }
    let before = shop.reads();
    shop.get().await;
    assert_eq!(shop.reads(), before, "the event is still in memory");
}

#[tokio::test]
async fn a_followed_event_stays_in_memory_and_is_dropped_once_no_one_follows() {
    let shop = Shop { live: LiveEvents::with_capacity(1), ..Shop::open().await };
    let following = shop.live.follow(&shop.office, shop.event).await.unwrap().unwrap();
    let second = following.clone();
    let others = [event(&shop.office, details()).await, event(&shop.office, details()).await];
    for other in others {
        shop.live.get(&shop.office, other).await.unwrap().unwrap();
    }
    drop(following);
    let before = shop.reads();
    shop.get().await;
    assert_eq!(shop.reads(), before);
    assert!(!shop.broadcast.has_listener(EventRoom(others[0])), "one event without followers is kept");
    drop(second);
    shop.live.get(&shop.office, others[0]).await.unwrap().unwrap();
    let ended = async {
        while shop.broadcast.has_listener(EventRoom(shop.event)) {
            tokio::task::yield_now().await;
        }
    };
    timeout(GENEROUS, ended).await.expect("the task of the followers did not end");
}

#[tokio::test]
async fn a_follower_learns_of_a_change_without_a_reader() {
    let shop = Shop::open().await;
    let live = shop.live.follow(&shop.office, shop.event).await.unwrap().unwrap();
    let before = live.picture().unwrap();
    shop.hold(&ids(&before)[..2]).await;
    let changed = timeout(GENEROUS, live.changed(before.revision)).await.unwrap();
    assert!(changed > before.revision);
    until(&live, |picture| statuses(picture) == held(2)).await;
    assert_eq!(statuses(&before), held(0), "an earlier picture does not change");
}

#[tokio::test]
async fn a_follower_learns_of_what_the_broadcast_lost() {
    let shop = Shop::open().await;
    let live = shop.live.follow(&shop.office, shop.event).await.unwrap().unwrap();
    let seats = ids(&live.picture().unwrap());
    shop.cut(true);
    shop.hold(&seats[..1]).await;
    shop.clock.advance(Duration::from_secs(1));
    until(&live, |picture| statuses(picture) == held(1)).await;
}

#[tokio::test]
async fn a_follower_does_not_wait_for_the_next_check_if_a_later_message_shows_a_loss() {
    let shop = Shop::open().await;
    let live = shop.live.follow(&shop.office, shop.event).await.unwrap().unwrap();
    let seats = ids(&live.picture().unwrap());
    shop.cut(true);
    shop.hold(&seats[..1]).await;
    shop.cut(false);
    shop.hold(&seats[1..2]).await;
    // The clock stands still, so no check is due.
    until(&live, |picture| statuses(picture) == held(2) && picture.seats.version() == 3).await;
}

#[tokio::test]
async fn a_follower_sees_the_waiting_room() {
    let shop = Shop::open().await;
    let policy = RoomPolicy::default().mode(RoomMode::On);
    let waited = event(&shop.office, details().waiting_room(policy)).await;
    let live = shop.live.follow(&shop.office, waited).await.unwrap().unwrap();
    let picture = until(&live, |picture| picture.serving.is_some()).await;
    assert_eq!(picture.serving.as_ref().unwrap().event, waited);
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_a_failure_and_leaves_the_last_picture() {
    let shop = Shop::open().await;
    let live = shop.live.get(&shop.office, shop.event).await.unwrap().unwrap().live;
    shop.catalog.fail_after(0);
    assert!(shop.live.get(&shop.office, shop.event).await.is_ok(), "it is not a second old");
    shop.clock.advance(Duration::from_secs(1));
    assert!(shop.live.get(&shop.office, shop.event).await.is_err());
    assert_eq!(statuses(&live.picture().unwrap()), held(0));
    shop.catalog.fail_after(u64::MAX);
    assert!(shop.live.get(&shop.office, shop.event).await.is_ok());
}

#[tokio::test]
async fn a_deleted_event_is_forgotten_and_its_followers_learn_it() {
    let shop = Shop::open().await;
    let live = shop.live.follow(&shop.office, shop.event).await.unwrap().unwrap();
    let revision = live.picture().unwrap().revision;
    shop.office.catalog().delete_event(shop.event).await.unwrap();
    shop.live.was_edited(shop.event);
    timeout(GENEROUS, live.changed(revision)).await.unwrap();
    assert!(live.is_over());
    assert!(shop.live.get(&shop.office, shop.event).await.unwrap().is_none());
}

#[tokio::test]
async fn the_seats_after_a_version_are_each_as_they_are_now() {
    let shop = Shop::open().await;
    let first = shop.get().await;
    let live = shop.live.get(&shop.office, shop.event).await.unwrap().unwrap().live;
    let (seats, version) = (ids(&first), first.seats.version());
    let held = shop.hold(&seats[3..5]).await;
    shop.office.sales().release(held.id, buyer(), Some(vec![seats[4]]), None).await.unwrap();
    let since = |version| {
        live.picture()
            .and_then(|picture| picture.seats.since(version))
            .map(|seats| seats.iter().map(|it| (it.index, it.now.status)).collect::<Vec<_>>())
    };
    assert_eq!(since(version), Some(vec![(3, SeatStatus::Held), (4, SeatStatus::Available)]));
    assert_eq!(since(version + 1), Some(vec![(4, SeatStatus::Available)]));
    assert_eq!(since(version + 2), Some(vec![]));
    assert_eq!((since(0), since(version + 3)), (None, None));
}
