//! Live changes between servers over the notifications of Postgres, also when something fails.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use tiketi_conformance::async_trait;
use tiketi_core::box_office::{Changes, LiveChange};
use tiketi_core::broadcast::{
    AnyMessage, Broadcast, EventRoom, Listener, Message, PublicNews, Received, SeatsDelta,
};
use tiketi_core::fact::{SeatChanged, SeatStatus};
use tiketi_core::live_seats::LiveSeats;
use tiketi_core::{
    BoxOffice, BuyerId, Currency, EventDetails, EventId, EventInput, HoldRequest, Money, Row, SaleWindow,
    SeatId, SeatLayout, Section, TicketTypeId, clock::Timer,
};
use tiketi_postgres::{PostgresBroadcast, SchemaName};
use tiketi_postgres_harness::{Database, Fsync, Pooler, Server};
use tokio::time::timeout;
use uuid::Uuid;

use crate::cluster::TestCluster;

/// Longer than anything here takes on a busy machine.
const DEADLINE: Duration = Duration::from_mins(1);

fn room(number: u128) -> EventRoom {
    EventRoom(EventId::from_uuid(Uuid::from_u128(number)))
}

fn stock(available: u32) -> PublicNews {
    PublicNews::Stock { ticket_type: TicketTypeId::from_uuid(Uuid::nil()), available }
}

fn to_room(number: u128, news: PublicNews) -> AnyMessage {
    Message::new(room(number), news).into()
}

fn seats(version: u64, count: u128) -> PublicNews {
    let change = |seat| SeatChanged::new(SeatId::from_uuid(Uuid::from_u128(seat)), SeatStatus::Held, version);
    let changes = (0..count).map(change).collect();
    PublicNews::Seats(SeatsDelta { since: version - 1, version, changes })
}

/// One server's broadcast.
fn open(server: &PgConnectOptions) -> PostgresBroadcast {
    PostgresBroadcast::open(server, &SchemaName::default())
}

/// Waits for what a listener receives next.
async fn next(listener: &mut Listener<EventRoom>) -> Received<PublicNews> {
    timeout(DEADLINE, listener.next()).await.expect("nothing is received")
}

/// Sends stocks of a room until another server receives one, and returns what it received; what came before is a gap.
async fn until_heard(
    from: &PostgresBroadcast,
    listener: &mut Listener<EventRoom>,
) -> Vec<Received<PublicNews>> {
    let mut received = Vec::new();
    let flows = async {
        for available in 1_000.. {
            from.publish(Message::new(listener.audience(), stock(available)).into());
            while let Ok(next) = timeout(Duration::from_millis(100), listener.next()).await {
                let is_news = matches!(next, Received::News(_));
                received.push(next);
                if is_news {
                    return;
                }
            }
        }
    };
    timeout(DEADLINE, flows).await.expect("messages do not flow");
    received
}

/// Receives until something came.
async fn until(listener: &mut Listener<EventRoom>, wanted: &Received<PublicNews>) {
    while next(listener).await != *wanted {}
}

#[tokio::test(flavor = "multi_thread")]
async fn seats_of_any_number_reach_another_server_as_a_version() {
    let database = Database::empty(Server::shared().await).await;
    let (one, two) = (open(&database.options()), open(&database.options()));
    let (mut here, mut there) = (one.listen(room(1)), two.listen(room(1)));
    until_heard(&one, &mut there).await;
    while here.try_next().is_some() {}
    // Far more than fits into a notification.
    one.publish(to_room(1, seats(7, 2_000)));
    until(&mut here, &Received::News(seats(7, 2_000))).await;
    until(&mut there, &Received::News(PublicNews::MapVersion { version: 7 })).await;
    assert_eq!(here.try_next(), None, "what comes back is not delivered again");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_one_moment_are_merged() {
    let database = Database::empty(Server::shared().await).await;
    let (one, two) = (open(&database.options()), open(&database.options()));
    let mut there = two.listen(room(1));
    until_heard(&one, &mut there).await;
    for version in 2..=2_000 {
        one.publish(to_room(1, seats(version, 1)));
    }
    let mut count = 0;
    loop {
        match next(&mut there).await {
            Received::News(PublicNews::MapVersion { version: 2_000 }) => break,
            Received::News(PublicNews::MapVersion { .. }) => count += 1,
            Received::News(_) => {}
            Received::Gap => panic!("nothing is missing"),
        }
    }
    // At most one in 20 milliseconds; the loop above takes far less than a second.
    assert!(count < 200, "{count} versions before the last one");
}

#[tokio::test(flavor = "multi_thread")]
async fn shops_in_two_schemas_do_not_hear_each_other() {
    let database = Database::empty(Server::shared().await).await;
    let north = SchemaName::default();
    let south: SchemaName = "south".parse().unwrap();
    let server = database.options();
    let (one, other) = (PostgresBroadcast::open(&server, &north), PostgresBroadcast::open(&server, &south));
    let two = PostgresBroadcast::open(&server, &south);
    let mut listener = two.listen(room(1));
    until_heard(&other, &mut listener).await;
    one.publish(to_room(1, PublicNews::MapVersion { version: 9 }));
    // What the first shop sent before this would have come before it.
    let heard = until_heard(&other, &mut listener).await;
    assert!(heard.iter().all(|news| matches!(news, Received::News(PublicNews::Stock { .. }))), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_postgres_is_a_gap_and_nothing_that_was_sold_is_forgotten() {
    let postgres = Server::start(Fsync::Off).await;
    let (one, two) = (open(&postgres.options()), open(&postgres.options()));
    let (mut here, mut there) = (one.listen(room(1)), two.listen(room(1)));
    until_heard(&one, &mut there).await;
    postgres.kill9().await;
    while here.try_next().is_some() {}
    one.publish(to_room(1, seats(5, 1)));
    assert_eq!(next(&mut here).await, Received::News(seats(5, 1)), "the own listeners need no Postgres");
    postgres.restart().await;
    until(&mut there, &Received::Gap).await;
    // Sent once Postgres is there again, before or after the gap.
    until_heard(&one, &mut there).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ended_sessions_are_gaps_and_messages_flow_again() {
    let database = Database::empty(Server::shared().await).await;
    let (one, two) = (open(&database.options()), open(&database.options()));
    let mut there = two.listen(room(1));
    until_heard(&one, &mut there).await;
    assert!(database.terminate_backends(100).await >= 2, "one listens, and one sends");
    until(&mut there, &Received::Gap).await;
    until_heard(&one, &mut there).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_sends_through_a_pooler_is_heard() {
    let server = Server::shared().await;
    let pooler = Pooler::start(server).await;
    let database = Database::empty(server).await;
    let through = database.options().port(pooler.port()).statement_cache_capacity(0);
    let (one, two) = (open(&through), open(&database.options()));
    let mut there = two.listen(room(1));
    until_heard(&one, &mut there).await;
}

#[derive(Debug)]
struct TokioTimer;

#[async_trait]
impl Timer for TokioTimer {
    async fn sleep(&self, length: Duration) {
        tokio::time::sleep(length).await;
    }
}

/// A server of a shop, with a broadcast of its own.
fn server(cluster: &TestCluster, at: usize) -> BoxOffice {
    let broadcast = Arc::new(open(&cluster.database.options()));
    let builder =
        BoxOffice::builder().store(Arc::new(cluster.stores[at].clone())).timer(Arc::new(TokioTimer));
    builder.broadcast(broadcast).build().unwrap()
}

async fn on_sale(shop: &BoxOffice) -> (EventId, Vec<SeatId>) {
    let section = Section::new("Hall", Money::new(100, Currency::KRW)).row(Row::numbered("A", 40));
    let (catalog, hall) = (shop.catalog(), SeatLayout::new("Lighthouse", "Cellar").section(section));
    let layout = catalog.create_layout(hall, None).await.unwrap();
    let (opens, closes) = (shop.now(), shop.now().after(Duration::from_hours(24)));
    let window = SaleWindow::new(opens, closes).unwrap();
    let details = EventDetails::new("Night of the Lighthouse", closes, window);
    let made = catalog.create_event(EventInput::new(details, Currency::KRW).seated(layout.id)).await.unwrap();
    let event = catalog.publish_event(made.event.id).await.unwrap().id;
    let map = catalog.seat_map(event, 0).await.unwrap().unwrap();
    (event, map.seats.iter().map(|seat| seat.id).collect())
}

/// Holds a seat for a new buyer.
async fn hold(shop: &BoxOffice, event: EventId, seat: SeatId, buyer: usize) {
    let buyer = BuyerId::from_uuid(Uuid::from_u128(buyer as u128 + 1));
    shop.sales().hold(HoldRequest::new(event, buyer).seats([seat])).await.unwrap();
}

/// Follows an event until its seats are those of the store.
async fn until_equal(changes: &mut Changes, shown: &mut Vec<SeatStatus>, shop: &BoxOffice) {
    let equal = async {
        loop {
            let map = shop.catalog().seat_map(changes.event(), 0).await.unwrap().unwrap();
            let stored: Vec<_> =
                LiveSeats::of(&map, shop.now()).seats().iter().map(|seat| seat.status).collect();
            if *shown == stored {
                return;
            }
            // After an error the store is away, and the stream goes on.
            if let Ok(change) = changes.next().await.unwrap() {
                show(change.change, shown);
            }
        }
    };
    timeout(DEADLINE, equal).await.expect("the picture stays wrong");
}

fn show(change: LiveChange, shown: &mut Vec<SeatStatus>) {
    match change {
        LiveChange::Snapshot(all) => *shown = all.seats.iter().map(|seat| seat.status).collect(),
        LiveChange::Seats { updates, .. } => {
            for update in updates {
                shown[usize::try_from(update.index).unwrap()] = update.now.status;
            }
        }
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_that_sell_show_what_the_other_sells() {
    let cluster = TestCluster::of(2).await;
    let servers = [server(&cluster, 0), server(&cluster, 1)];
    let (event, seats) = on_sale(&servers[0]).await;
    let mut pages = servers.each_ref().map(|server| (server.changes(event), Vec::new()));
    for (at, seat) in seats.iter().enumerate() {
        hold(&servers[at % 2], event, *seat, at).await;
        if at % 4 == 3 {
            for (server, (changes, shown)) in servers.iter().zip(&mut pages) {
                until_equal(changes, shown, server).await;
            }
        }
    }
    // Ended sessions: those of the stores, and those that listen and send.
    cluster.database.terminate_backends(100).await;
    for (at, seat) in seats.iter().enumerate().take(10) {
        let buyer = BuyerId::from_uuid(Uuid::from_u128(at as u128 + 1));
        let sales = servers[at % 2].sales();
        let held = sales.reservations_of(buyer, Some(event), tiketi_core::PageRequest::FIRST).await.unwrap();
        let held = held.rows.first().unwrap();
        assert_eq!(held.seats[0].seat, *seat);
        sales.release(held.id, buyer, None, None).await.unwrap();
    }
    for (server, (changes, shown)) in servers.iter().zip(&mut pages) {
        until_equal(changes, shown, server).await;
    }
    assert_eq!(pages[0].1.iter().filter(|status| **status == SeatStatus::Available).count(), 10);
}
