//! Live changes between two servers, over one Redis and over a Cluster, also when something fails.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "the whole file is a test")]

mod faults;
mod shops;

use std::time::Duration;

use tiketi_core::broadcast::{
    AnyMessage, Broadcast, BuyerOnly, EventRoom, Listener, Message, PrivateNews, PublicNews, Received,
};
use tiketi_core::{BuyerId, EventId, ReservationId, TicketTypeId};
use tiketi_redis::{RedisBroadcast, RedisOptions};
use tiketi_redis_harness::{Cluster, Server};
use tokio::time::timeout;
use uuid::Uuid;

/// Longer than anything here takes on a busy machine.
const DEADLINE: Duration = Duration::from_mins(1);

fn room(number: u128) -> EventRoom {
    EventRoom(EventId::from_uuid(Uuid::from_u128(number)))
}

fn buyer(number: u128) -> BuyerOnly {
    BuyerOnly(BuyerId::from_uuid(Uuid::from_u128(number)))
}

fn stock(available: u32) -> PublicNews {
    PublicNews::Stock { ticket_type: TicketTypeId::from_uuid(Uuid::nil()), available }
}

fn to_room(number: u128, available: u32) -> AnyMessage {
    Message::new(room(number), stock(available)).into()
}

fn confirmed(number: u128) -> PrivateNews {
    let (event, reservation) = (room(1).0, ReservationId::from_uuid(Uuid::from_u128(number)));
    PrivateNews::ReservationConfirmed { event, reservation }
}

/// One server's broadcast.
fn open(url: &str) -> RedisBroadcast {
    RedisBroadcast::open(&url.parse::<RedisOptions>().unwrap()).unwrap()
}

/// Waits for what a listener receives next.
async fn next<A: tiketi_core::broadcast::Audience>(listener: &mut Listener<A>) -> Received<A::News> {
    timeout(DEADLINE, listener.next()).await.expect("nothing is received")
}

/// Waits until a subscription has begun, which is a gap.
async fn begun(listener: &mut Listener<EventRoom>) {
    assert_eq!(next(listener).await, Received::Gap);
}

/// Sends stocks of a room until another server receives one, and returns it; what came before may be a gap.
async fn until_heard(
    from: &RedisBroadcast,
    number: u128,
    listener: &mut Listener<EventRoom>,
) -> Vec<Received<PublicNews>> {
    let mut received = Vec::new();
    let flows = async {
        for available in 1_000.. {
            from.publish(to_room(number, available));
            while let Ok(next) = timeout(Duration::from_millis(100), listener.next()).await {
                let is_news = matches!(next, Received::News(_));
                received.push(next);
                if is_news {
                    return;
                }
            }
        }
    };
    timeout(DEADLINE, flows).await.expect("messages do not flow again");
    received
}

/// Fails unless messages of one server reach the listeners of both servers once, in order, and no one else.
async fn check_flow(url: &str) {
    let (one, two) = (open(url), open(url));
    let (mut here, mut there, mut elsewhere) =
        (one.listen(room(1)), two.listen(room(1)), two.listen(room(2)));
    let (mut ada, mut ben) = (two.listen_to_buyer(buyer(1)), two.listen_to_buyer(buyer(2)));
    for listener in [&mut here, &mut there, &mut elsewhere] {
        begun(listener).await;
    }
    assert_eq!((next(&mut ada).await, next(&mut ben).await), (Received::Gap, Received::Gap));
    for available in 0..200 {
        one.publish(to_room(1, available));
    }
    one.publish(Message::new(buyer(1), confirmed(7)).into());
    for available in 0..200 {
        assert_eq!(next(&mut there).await, Received::News(stock(available)));
        assert_eq!(next(&mut here).await, Received::News(stock(available)));
    }
    assert_eq!(next(&mut ada).await, Received::News(confirmed(7)));
    // What the sender receives once it has received twice would be next; a message of the other server comes instead.
    two.publish(to_room(1, 999));
    assert_eq!(next(&mut here).await, Received::News(stock(999)));
    assert_eq!((elsewhere.try_next(), ben.try_next()), (None, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_reaches_both_servers_once_and_its_audience_only() {
    let server = Server::start();
    check_flow(&server.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_reaches_both_servers_of_a_cluster() {
    let cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
    check_flow(&cluster.urls()).await;
    // After the death of a master.
    let (one, two) = (open(&cluster.urls()), open(&cluster.urls()));
    let mut there = two.listen(room(1));
    begun(&mut there).await;
    let key = format!("tiketi:{{{}}}:live:number", room(1).0);
    let cluster = tokio::task::spawn_blocking(move || {
        cluster.fail_over(&key);
        cluster
    });
    let _cluster = cluster.await.unwrap();
    let received = until_heard(&one, 1, &mut there).await;
    assert_eq!(received.first(), Some(&Received::Gap), "{received:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_lasts_as_long_as_its_listener() {
    let server = Server::start();
    let one = open(&server.url());
    let mut listener = one.listen(room(1));
    begun(&mut listener).await;
    let subscribers = || server.ask("PUBSUB NUMSUB tiketi:{00000000-0000-0000-0000-000000000001}:live");
    let has = |count: &str| subscribers().lines().last().is_some_and(|last| last.trim() == count);
    assert!(has("1"), "{}", subscribers());
    drop(listener);
    let ended = async {
        while !has("0") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(DEADLINE, ended).await.expect("the subscription stays");
}
