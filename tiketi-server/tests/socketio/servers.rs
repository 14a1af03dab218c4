//! Several servers on one Postgres.

use serde_json::json;
use tiketi_postgres_harness::Server;
use tiketi_server_harness::{Fleet, Stock};

use crate::clients::Clients;
use crate::{buyer_token, hold, options};

const STOCK: Stock = Stock { rows: 2, standing: 10 };

async fn fleet(options: &[&str]) -> Fleet {
    Fleet::open(Server::shared().await, STOCK, options).await
}

/// A hold at one server is seen at the other, and a client that loses its server finds its rooms at the other.
async fn the_hall_is_the_same_at_both(fleet: Fleet) {
    let mut clients = Clients::start().await;
    let (one, other) = (fleet.server(0), fleet.server(1));
    let (event, seats) = (json!({"eventId": fleet.shop.event}), &fleet.shop.seats);
    for (client, transport) in [("a", "websocket"), ("b", "polling")] {
        clients.open(client, one.address(), options(transport, Some(&buyer_token(9)))).await;
        clients.ask(client, "join-event", event.clone()).await;
        clients.ask(client, "join-seat-selection", event.clone()).await;
    }
    hold(other, &fleet.shop, 1, &[0]).await;
    for client in ["a", "b"] {
        clients.heard(client, "seat-selected", |data| data["seatId"] == seats[0]).await;
        clients.use_server(client, other.address()).await;
        clients.lose(client).await;
        let restored = clients.heard(client, "session-restored", |_| true).await;
        assert_eq!((&restored["eventId"], &restored["seatEventId"]), (&event["eventId"], &event["eventId"]));
        assert_eq!(restored["queueEventId"], json!(null));
    }
    hold(one, &fleet.shop, 2, &[1]).await;
    for client in ["a", "b"] {
        clients.heard(client, "seat-selected", |data| data["seatId"] == seats[1]).await;
    }
    fleet.close().await;
}

#[tokio::test]
async fn servers_with_a_redis_show_the_same_hall() {
    let redis = tokio::task::spawn_blocking(tiketi_redis_harness::Server::start).await.unwrap();
    the_hall_is_the_same_at_both(fleet(&["--redis", &redis.url()]).await).await;
}

#[tokio::test]
async fn servers_without_a_redis_show_the_same_hall() {
    the_hall_is_the_same_at_both(fleet(&[]).await).await;
}

/// A session belongs to its user: the text alone restores nothing for another.
#[tokio::test]
async fn a_session_of_another_user_is_not_restored() {
    let fleet = fleet(&[]).await;
    let mut clients = Clients::start().await;
    let (server, event) = (fleet.server(0), json!({"eventId": fleet.shop.event}));
    clients.open("owner", server.address(), options("websocket", Some(&buyer_token(1)))).await;
    clients.ask("owner", "join-event", event.clone()).await;
    let session = clients.heard("owner", "session", |_| true).await["session"].clone();
    for (client, token) in [("thief", Some(buyer_token(2))), ("nobody", None)] {
        let mut options = options("websocket", token.as_deref());
        options["auth"]["session"] = session.clone();
        clients.open(client, server.address(), options).await;
        clients.ask(client, "join-queue", event.clone()).await;
        assert_eq!(clients.count(client, "session-restored"), 0, "{client}");
    }
    fleet.close().await;
}
