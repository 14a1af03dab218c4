//! Two shops over one store: what one sells, the other shows, whatever happens to Redis.

use std::sync::Arc;
use std::time::Duration;

use tiketi_conformance::async_trait;
use tiketi_core::box_office::{Changes, LiveChange};
use tiketi_core::broadcast::Broadcast;
use tiketi_core::fact::{FactKey, SeatStatus};
use tiketi_core::live_seats::LiveSeats;
use tiketi_core::memory::MemoryStore;
use tiketi_core::notifier::SubscriberName;
use tiketi_core::store::{ClaimedFact, OutboxStore, Release, SubscriberStatus, Subscription};
use tiketi_core::{
    BoxOffice, BuyerId, Currency, EventDetails, EventId, EventInput, HoldRequest, Money, Row, SaleWindow,
    SeatId, SeatLayout, Section, StoreError, Timestamp, clock::Timer,
};
use tiketi_redis_harness::Server;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use crate::{DEADLINE, open};

#[derive(Debug)]
struct TokioTimer;

#[async_trait]
impl Timer for TokioTimer {
    async fn sleep(&self, length: Duration) {
        tokio::time::sleep(length).await;
    }
}

/// The outbox of another process: what this process commits is published by its own store only.
#[derive(Debug)]
struct OfOtherProcess;

#[async_trait]
impl OutboxStore for OfOtherProcess {
    fn broadcast_to(&self, _: Arc<dyn Broadcast>) {}

    async fn subscribe(&self, _: &Subscription, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    async fn unsubscribe(&self, _: &SubscriberName, _: Timestamp) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn unsubscribe_unseen(
        &self,
        _: Timestamp,
        _: Timestamp,
    ) -> Result<Vec<SubscriberName>, StoreError> {
        Ok(Vec::new())
    }

    async fn subscribers(&self) -> Result<Vec<SubscriberStatus>, StoreError> {
        Ok(Vec::new())
    }

    async fn claim_outbox(
        &self,
        _: &SubscriberName,
        _: Timestamp,
        _: Duration,
        _: usize,
    ) -> Result<Vec<ClaimedFact>, StoreError> {
        Ok(Vec::new())
    }

    async fn ack_outbox(&self, _: &SubscriberName, _: &[FactKey]) -> Result<(), StoreError> {
        Ok(())
    }

    async fn release_outbox(
        &self,
        _: &SubscriberName,
        _: &[FactKey],
        _: Timestamp,
        _: Release,
    ) -> Result<(), StoreError> {
        Ok(())
    }
}

/// The server that sells, and one that only shows.
fn servers(store: &Arc<MemoryStore>, redis: &Server) -> (BoxOffice, BoxOffice) {
    let server = || {
        let builder = BoxOffice::builder().store(Arc::clone(store)).timer(Arc::new(TokioTimer));
        builder.broadcast(Arc::new(open(&redis.url())))
    };
    (server().build().unwrap(), server().outbox(Arc::new(OfOtherProcess)).build().unwrap())
}

async fn on_sale(shop: &BoxOffice) -> EventId {
    let section = Section::new("Hall", Money::new(100, Currency::KRW)).row(Row::numbered("A", 40));
    let (catalog, hall) = (shop.catalog(), SeatLayout::new("Lighthouse", "Cellar").section(section));
    let layout = catalog.create_layout(hall, None).await.unwrap();
    let (opens, closes) = (shop.now(), shop.now().after(Duration::from_hours(24)));
    let details =
        EventDetails::new("Night of the Lighthouse", closes, SaleWindow::new(opens, closes).unwrap());
    let input = EventInput::new(details, Currency::KRW).seated(layout.id);
    let made = catalog.create_event(input).await.unwrap();
    catalog.publish_event(made.event.id).await.unwrap().id
}

async fn hold(shop: &BoxOffice, event: EventId, seat: SeatId, buyer: u128) {
    let buyer = BuyerId::from_uuid(Uuid::from_u128(buyer));
    shop.sales().hold(HoldRequest::new(event, buyer).seats([seat])).await.unwrap();
}

/// Follows an event until its seats are those of the store.
async fn until_equal(changes: &mut Changes, shown: &mut Vec<SeatStatus>, shop: &BoxOffice) -> Duration {
    let began = Instant::now();
    let equal = async {
        loop {
            let map = shop.catalog().seat_map(changes.event(), 0).await.unwrap().unwrap();
            let stored: Vec<_> =
                LiveSeats::of(&map, shop.now()).seats().iter().map(|seat| seat.status).collect();
            if *shown == stored {
                return;
            }
            match changes.next().await.unwrap().unwrap().change {
                LiveChange::Snapshot(all) => *shown = all.seats.iter().map(|seat| seat.status).collect(),
                LiveChange::Seats { updates, .. } => {
                    for update in updates {
                        *shown.get_mut(usize::try_from(update.index).unwrap()).unwrap() = update.now.status;
                    }
                }
                _ => {}
            }
        }
    };
    timeout(DEADLINE, equal).await.expect("the picture stays wrong");
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_shows_what_another_sells_also_over_a_restart_of_redis() {
    let (redis, store) = (Server::start(), Arc::new(MemoryStore::default()));
    let (selling, showing) = servers(&store, &redis);
    let event = on_sale(&selling).await;
    let seats: Vec<_> = selling
        .catalog()
        .seat_map(event, 0)
        .await
        .unwrap()
        .unwrap()
        .seats
        .iter()
        .map(|seat| seat.id)
        .collect();
    let (mut changes, mut shown) = (showing.changes(event), Vec::new());
    for (seat, buyer) in seats.iter().zip(1..).take(10) {
        hold(&selling, event, *seat, buyer).await;
        until_equal(&mut changes, &mut shown, &showing).await;
    }
    redis.kill();
    for (seat, buyer) in seats.iter().zip(1..).skip(10).take(10) {
        hold(&selling, event, *seat, buyer).await;
    }
    let without = until_equal(&mut changes, &mut shown, &showing).await;
    redis.start_again();
    for (seat, buyer) in seats.iter().zip(1..).skip(20).take(10) {
        hold(&selling, event, *seat, buyer).await;
    }
    let after = until_equal(&mut changes, &mut shown, &showing).await;
    println!("right again after {without:?} without Redis, and after {after:?} with a new one");
}
