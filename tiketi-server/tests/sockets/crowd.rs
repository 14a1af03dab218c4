//! A thousand clients at two servers: most read at once, some late, some drop their connection and return at the other
//! server; and Redis restarts.

use std::sync::Arc;

use tiketi_server_harness::{DEADLINE, raise_open_file_limit};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::client::Client;
use crate::{buyer, fleet, hold, map};

/// How a client reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    AtOnce,
    /// It reads nothing until the last hold.
    Late,
    /// It drops its connection, and returns at the other server.
    Returning,
}

const CLIENTS: usize = 1_000;
const HOLDS: u32 = 60;

const fn manner(number: usize) -> Manner {
    match number % 10 {
        0 | 1 => Manner::Late,
        2 => Manner::Returning,
        _ => Manner::AtOnce,
    }
}

/// What the test tells the clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Selling,
    /// Who returns does it now.
    HalfSold,
    /// The store has this version, which is the last one.
    Sold(u64),
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_clients_at_two_servers_end_with_the_stores_map() {
    raise_open_file_limit();
    let (fleet, redis) = fleet(2).await;
    let (phase, watching) = watch::channel(Phase::Selling);
    let (event, addresses) = (Arc::<str>::from(fleet.shop.event.as_str()), Arc::clone(&fleet.addresses));
    let mut clients = JoinSet::new();
    let ready = Arc::new(tokio::sync::Semaphore::new(0));
    for number in 0..CLIENTS {
        let (event, addresses, phase) = (Arc::clone(&event), Arc::clone(&addresses), watching.clone());
        let ready = Arc::clone(&ready);
        clients.spawn(async move { visit(number, &event, &addresses, phase, &ready).await });
    }
    let all = ready.acquire_many(u32::try_from(CLIENTS).unwrap());
    drop(timeout(DEADLINE, all).await.expect("a client did not come in").unwrap());
    for number in 0..HOLDS {
        if number == HOLDS / 3 {
            redis.kill();
        }
        if number == HOLDS / 2 {
            redis.start_again();
            phase.send_replace(Phase::HalfSold);
        }
        hold(&fleet, number as usize % 2, &buyer(number), &fleet.shop.seats[number as usize]).await;
    }
    let (version, expected) = map(&fleet).await;
    phase.send_replace(Phase::Sold(version));
    let mut ended = 0;
    while let Some(client) = timeout(DEADLINE, clients.join_next()).await.expect("a client is stuck") {
        assert_eq!(client.unwrap().seats, expected);
        ended += 1;
    }
    assert_eq!(ended, CLIENTS);
    fleet.close().await;
}

/// Follows the sale to its end, in the manner of the client's number.
async fn visit(
    number: usize,
    event: &str,
    addresses: &[String],
    mut phase: watch::Receiver<Phase>,
    ready: &tokio::sync::Semaphore,
) -> Client {
    let mut client = Client::open(&addresses[number % 2]).await;
    client.follow(event).await;
    let snapshot = client.next().await.expect("the socket ended");
    client.take(&snapshot);
    ready.add_permits(1);
    match manner(number) {
        Manner::AtOnce => {}
        Manner::Late => drop(phase.wait_for(|phase| matches!(phase, Phase::Sold(_))).await.unwrap()),
        Manner::Returning => {
            drop(phase.wait_for(|phase| *phase != Phase::Selling).await.unwrap());
            client = client.reopen(&addresses[(number + 1) % 2]).await;
            client.follow(event).await;
        }
    }
    loop {
        let now = *phase.borrow_and_update();
        if let Phase::Sold(version) = now {
            client.catch_up(version).await;
            return client;
        }
        tokio::select! {
            message = client.next() => client.take(&message.expect("the socket ended")),
            changed = phase.changed() => changed.unwrap(),
        }
    }
}
