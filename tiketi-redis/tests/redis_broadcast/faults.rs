//! One Redis that fails, and messages that cannot be sent.

use std::time::Duration;

use tiketi_core::broadcast::{Broadcast, Received};
use tiketi_redis_harness::Server;

use crate::{begun, next, open, room, stock, to_room, until_heard};

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_redis_is_a_gap_and_messages_flow_again() {
    let server = Server::start();
    let (one, two) = (open(&server.url()), open(&server.url()));
    let (mut here, mut there) = (one.listen(room(1)), two.listen(room(1)));
    begun(&mut here).await;
    begun(&mut there).await;
    server.kill();
    assert_eq!(next(&mut there).await, Received::Gap, "a lost connection is a gap");
    assert_eq!(next(&mut here).await, Received::Gap);
    one.publish(to_room(1, 7));
    assert_eq!(next(&mut here).await, Received::News(stock(7)), "the sender's own listeners need no Redis");
    server.start_again();
    let received = until_heard(&one, 1, &mut there).await;
    assert_eq!(received.first(), Some(&Received::Gap), "what was sent meanwhile is missing: {received:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_connections_are_gaps_and_messages_flow_again() {
    let server = Server::start();
    let (one, two) = (open(&server.url()), open(&server.url()));
    let mut there = two.listen(room(1));
    begun(&mut there).await;
    until_heard(&one, 1, &mut there).await;
    server.ask("CLIENT KILL TYPE pubsub");
    let received = until_heard(&one, 1, &mut there).await;
    assert!(received.contains(&Received::Gap), "{received:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_ends_in_a_gap_and_a_new_connection() {
    let server = Server::start();
    let (one, two) = (open(&server.url()), open(&server.url()));
    let mut there = two.listen(room(1));
    begun(&mut there).await;
    until_heard(&one, 1, &mut there).await;
    server.freeze();
    assert_eq!(next(&mut there).await, Received::Gap, "pings without an answer are a gap");
    server.thaw();
    until_heard(&one, 1, &mut there).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_no_message_has_is_a_gap() {
    let server = Server::start();
    let (one, two) = (open(&server.url()), open(&server.url()));
    let mut there = two.listen(room(1));
    begun(&mut there).await;
    one.publish(to_room(1, 1));
    assert_eq!(next(&mut there).await, Received::News(stock(1)));
    // As if a message had been published that this server did not get.
    server.ask("INCR tiketi:{00000000-0000-0000-0000-000000000001}:live:number");
    one.publish(to_room(1, 2));
    assert_eq!(next(&mut there).await, Received::Gap);
    assert_eq!(next(&mut there).await, Received::News(stock(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_cannot_be_sent_is_told_without_a_later_one() {
    let server = Server::start();
    let (one, two) = (open(&server.url()), open(&server.url()));
    let mut there = two.listen(room(1));
    begun(&mut there).await;
    one.publish(to_room(1, 1));
    assert_eq!(next(&mut there).await, Received::News(stock(1)));
    server.ask("ACL SETUSER default -publish");
    one.publish(to_room(1, 2));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(there.try_next(), None, "it was not sent");
    server.ask("ACL SETUSER default +publish");
    assert_eq!(next(&mut there).await, Received::Gap);
    one.publish(to_room(1, 3));
    assert_eq!(next(&mut there).await, Received::News(stock(3)));
}
