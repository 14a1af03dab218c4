//! The broadcast: what each commit changed is sent at once to everyone who follows the event, and to the buyer whose it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use tiketi_core::broadcast::{
    Audience, Broadcast, BuyerOnly, EventRoom, Listener, PrivateNews, PublicNews, Received, SeatsDelta,
};
use tiketi_core::decide::{BlockSeats, Hold, RefundWanted, UnblockSeats};
use tiketi_core::event::EventStatus;
use tiketi_core::fact::{SeatChanged, SeatStatus};
use tiketi_core::live_seats::LiveSeats;
use tiketi_core::memory::MemoryBroadcast;
use tiketi_core::{BuyerId, EventId, Payment, Reservation, TicketTypeId};

use crate::race::at_once;
use crate::shop::TestShop;

/// Connects every opening of the store to one broadcast.
fn connect(shop: &TestShop) -> Arc<MemoryBroadcast> {
    let broadcast = Arc::new(MemoryBroadcast::default());
    for store in shop.stores().all() {
        store.broadcast_to(Arc::<MemoryBroadcast>::clone(&broadcast));
    }
    broadcast
}

/// Connects every opening of the store to one broadcast, and listens.
fn listen(shop: &TestShop, event: EventId) -> (Arc<MemoryBroadcast>, Listener<EventRoom>) {
    let broadcast = connect(shop);
    let listener = broadcast.listen(EventRoom(event));
    (broadcast, listener)
}

fn received<A: Audience>(listener: &mut Listener<A>) -> Vec<A::News> {
    let received = std::iter::from_fn(|| listener.try_next());
    received
        .map(|received| match received {
            Received::News(news) => news,
            Received::Gap => panic!("nothing is lost within a process"),
        })
        .collect()
}

fn seats(since: u64, version: u64, changes: &[SeatChanged]) -> PublicNews {
    PublicNews::Seats(SeatsDelta { since, version, changes: changes.into() })
}

fn stock(ticket_type: TicketTypeId, available: u32) -> PublicNews {
    PublicNews::Stock { ticket_type, available }
}

/// Fails if a change is not sent, is sent to others, or is sent after its caller was answered.
pub async fn what_a_commit_changed_is_sent_before_its_answer(shop: TestShop) {
    let (hall, other, buyer) = (shop.hall().await, shop.hall().await, shop.buyer());
    let (broadcast, mut listener) = listen(&shop, hall.event);
    let mut elsewhere = broadcast.listen(EventRoom(other.event));
    let change = |at: usize, status, version| SeatChanged::new(hall.seats[at], status, version);
    let held = shop.apply(shop.hold_seats(&hall, buyer, &[0]).item(hall.standing, 2)).await.reservation;
    let news = received(&mut listener);
    assert_eq!(news.len(), 3, "{news:?}");
    let until = held.held_until().unwrap();
    assert_eq!(news[0], seats(1, 2, &[change(0, SeatStatus::Held, 2).held_until(until)]));
    assert!(news.contains(&stock(hall.front, 9)) && news.contains(&stock(hall.standing, 8)));
    shop.apply(shop.release(&held)).await;
    let news = received(&mut listener);
    assert_eq!(news[0], seats(2, 3, &[change(0, SeatStatus::Available, 3)]));
    assert!(news.contains(&stock(hall.front, 10)) && news.contains(&stock(hall.standing, 10)));
    assert_eq!(received(&mut elsewhere), []);
}

/// Fails if a refusal or a repetition sends a message.
pub async fn what_changes_nothing_sends_nothing(shop: TestShop) {
    let hall = shop.hall().await;
    let envelope = shop.envelope(shop.hold_seats(&hall, shop.buyer(), &[0]));
    shop.apply_envelope(envelope.clone()).await;
    let (_broadcast, mut listener) = listen(&shop, hall.event);
    assert!(shop.execute(envelope).await.unwrap().replayed);
    shop.send(shop.hold_seats(&hall, shop.buyer(), &[0])).await.unwrap_err();
    assert_eq!(received(&mut listener), []);
}

/// Fails if a change that no sales command made is not sent.
pub async fn ends_blocks_and_statuses_are_sent(shop: TestShop) {
    let hall = shop.hall().await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    let (_broadcast, mut listener) = listen(&shop, hall.event);
    let change = |at: usize, status, version| SeatChanged::new(hall.seats[at], status, version);
    shop.store().announce_statuses(shop.now()).await.unwrap();
    assert_eq!(received(&mut listener), [PublicNews::Status { status: EventStatus::OnSale }]);
    shop.go_to(held.held_until().unwrap());
    shop.store().expire_due(shop.now(), 10).await.unwrap();
    let ended = [seats(2, 3, &[change(0, SeatStatus::Available, 3)]), stock(hall.front, 10)];
    assert_eq!(received(&mut listener), ended);
    let block = BlockSeats::new(shop.now(), hall.event, vec![hall.seats[1]], "a pillar");
    shop.store().block_seats(block).await.unwrap();
    let blocked = [seats(3, 4, &[change(1, SeatStatus::Blocked, 2)]), stock(hall.front, 9)];
    assert_eq!(received(&mut listener), blocked);
    shop.store().unblock_seats(UnblockSeats::new(shop.now(), hall.event, vec![hall.seats[1]])).await.unwrap();
    let unblocked = [seats(4, 5, &[change(1, SeatStatus::Available, 3)]), stock(hall.front, 10)];
    assert_eq!(received(&mut listener), unblocked);
}

/// Fails if deltas leave out a change, or do not say which versions they cover.
pub async fn deltas_of_callers_at_once_make_the_map(shop: TestShop) {
    let hall = shop.hall().await;
    let map = shop.store().seat_map(hall.event, 0).await.unwrap().unwrap();
    let mut lives = LiveSeats::of(&map, shop.now());
    let (_broadcast, mut listener) = listen(&shop, hall.event);
    let mut available = BTreeMap::new();
    for round in 0..4 {
        let commands = shop.buyers(24).into_iter().enumerate();
        let commands = commands.map(|(at, buyer)| shop.hold_seats(&hall, buyer, &[(5 * round + at) % 20]));
        at_once::<Hold>(&shop, commands.collect()).await;
    }
    let deltas = received(&mut listener);
    for news in &deltas {
        match news {
            PublicNews::Seats(delta) => drop(lives.apply(delta)),
            PublicNews::Stock { ticket_type, available: left } => drop(available.insert(*ticket_type, *left)),
            other => panic!("{other:?} did not happen"),
        }
    }
    let map = shop.store().seat_map(hall.event, 0).await.unwrap().unwrap();
    let as_shown = |seats: &LiveSeats| -> Vec<_> {
        seats.seats().iter().map(|seat| (seat.seat, seat.status, seat.until, seat.version)).collect()
    };
    assert_eq!(as_shown(&lives), as_shown(&LiveSeats::of(&map, shop.now())));
    assert_eq!((lives.version(), lives.has_gap()), (map.version, false));
    assert_eq!(available.keys().copied().collect::<Vec<_>>().len(), 2, "{deltas:?}");
}

/// A buyer who listens, and the news about what is that buyer's.
struct ListeningBuyer {
    event: EventId,
    id: BuyerId,
    listener: Listener<BuyerOnly>,
}

impl ListeningBuyer {
    fn of(shop: &TestShop, event: EventId, broadcast: &MemoryBroadcast) -> Self {
        let id = shop.buyer();
        Self { event, id, listener: broadcast.listen_to_buyer(BuyerOnly(id)) }
    }

    fn received(&mut self) -> Vec<PrivateNews> {
        received(&mut self.listener)
    }

    fn updated(&self, of: &Payment) -> PrivateNews {
        PrivateNews::PaymentUpdated { event: self.event, reservation: of.reservation, payment: of.id }
    }

    fn confirmed(&self, of: &Reservation) -> PrivateNews {
        PrivateNews::ReservationConfirmed { event: self.event, reservation: of.id }
    }

    fn expired(&self, of: &Reservation) -> PrivateNews {
        PrivateNews::ReservationExpired { event: self.event, reservation: of.id }
    }

    fn cancelled(&self, of: &Reservation) -> PrivateNews {
        PrivateNews::ReservationCancelled { event: self.event, reservation: of.id }
    }
}

/// Fails if private news reaches a buyer only after the caller is answered, is about a hold, or reaches another buyer.
pub async fn a_buyer_is_told_of_the_own_sale_before_its_answer(shop: TestShop) {
    let hall = shop.hall().await;
    let broadcast = connect(&shop);
    let mut ada = ListeningBuyer::of(&shop, hall.event, &broadcast);
    let mut ben = ListeningBuyer::of(&shop, hall.event, &broadcast);
    let held = shop.apply(shop.hold_seats(&hall, ada.id, &[0]).item(hall.standing, 2)).await.reservation;
    assert_eq!(ada.received(), [], "the caller of a hold is answered");
    let payment = shop.prepared(&held).await;
    assert_eq!(ada.received(), [ada.updated(&payment)]);
    shop.apply(shop.begin_confirm(&payment)).await;
    assert_eq!(ada.received(), [ada.updated(&payment)]);
    shop.apply(shop.paid(&payment)).await;
    let news = ada.received();
    assert_eq!(news.len(), 2, "{news:?}");
    assert!(news.contains(&ada.confirmed(&held)) && news.contains(&ada.updated(&payment)), "{news:?}");
    assert_eq!(ben.received(), []);
}

/// Fails if a buyer is not told that tickets or a reservation are gone.
pub async fn a_buyer_is_told_what_is_returned_cancelled_or_ended(shop: TestShop) {
    let hall = shop.hall().await;
    let broadcast = connect(&shop);
    let mut ada = ListeningBuyer::of(&shop, hall.event, &broadcast);
    let mut ben = ListeningBuyer::of(&shop, hall.event, &broadcast);
    let (sold, payment) = shop.sold(&shop.held(&hall, ada.id, &[0, 1]).await).await;
    ada.received();
    let command = shop.refund(&payment).wanting(RefundWanted::tickets(vec![hall.seats[1]], Vec::new()));
    let refund = command.refund;
    shop.apply(command).await;
    shop.apply(shop.refunded(&payment, refund)).await;
    let returned = PrivateNews::TicketsReturned { event: hall.event, reservation: sold.id };
    let news = ada.received();
    assert_eq!(news.iter().filter(|news| **news == returned).count(), 1, "{news:?}");
    assert!(news.iter().all(|news| *news == returned || *news == ada.updated(&payment)), "{news:?}");
    let given_up = shop.held(&hall, ada.id, &[2]).await;
    shop.apply(shop.cancel(&given_up)).await;
    assert_eq!(ada.received(), [ada.cancelled(&given_up)]);
    let ended = shop.held(&hall, ada.id, &[3]).await;
    shop.go_to(ended.held_until().unwrap());
    // The hold of another buyer ends it.
    shop.held(&hall, ben.id, &[3]).await;
    assert_eq!((ada.received(), ben.received()), (vec![ada.expired(&ended)], Vec::new()));
}

/// Fails if news need a subscriber of facts, or if a sale is not told to a room and to its buyer.
pub async fn news_need_no_subscriber(shop: TestShop) {
    let hall = shop.hall().await;
    shop.without_subscriber().await;
    let (broadcast, mut listener) = listen(&shop, hall.event);
    let mut ada = ListeningBuyer::of(&shop, hall.event, &broadcast);
    let held = shop.held(&hall, ada.id, &[0]).await;
    let change = SeatChanged::new(hall.seats[0], SeatStatus::Held, 2).held_until(held.held_until().unwrap());
    assert_eq!(received(&mut listener), [seats(1, 2, &[change]), stock(hall.front, 9)]);
    let (sold, payment) = shop.sold(&held).await;
    // Each step of paying changes until when the seat is kept.
    let change = SeatChanged::new(hall.seats[0], SeatStatus::Sold, 5);
    assert_eq!(received(&mut listener).last(), Some(&seats(4, 5, &[change])));
    let news = ada.received();
    assert!(news.contains(&ada.confirmed(&sold)) && news.contains(&ada.updated(&payment)), "{news:?}");
    assert_eq!(shop.drain().await, []);
}
