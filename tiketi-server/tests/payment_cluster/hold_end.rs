//! Races at the end of a hold between the confirm, a cancel, the next buyer, and the sweeps of three servers.

use std::time::Duration;

use futures::future::{join_all, join3};
use serde_json::{Value, json};
use tiketi_core::{Clock, Timestamp, clock::SystemClock};
use tiketi_postgres_harness::Server;
use tiketi_server_harness::{Order, text, token};
use tokio::time::sleep;
use uuid::Uuid;

use crate::cluster::{PaymentCluster, captures};

/// Holds end during the test, but not before their buyers are ready on a busy machine.
const HASTY: [&str; 3] = ["--hold-ttl=5s", "--hold-cap=5s", "--payment-window=3s"];
/// Number of buyers; each has one hold.
const BUYERS: usize = 60;
/// How long before the end of the hold the first buyer confirms, and how long after it the last.
const SPREAD: Duration = Duration::from_millis(30);

/// The answers at the end of one buyer's hold.
struct Race {
    order: Order,
    confirmed: (u16, Value),
    cancelled: Option<(u16, Value)>,
    taken: Option<(u16, Value)>,
}

/// Waits for the moment at which a buyer acts: near the end of the hold, different for each buyer.
async fn moment(cluster: &PaymentCluster, at: usize, order: &Order) {
    let reservation = cluster.payment_client(at).reservation(order).await;
    let end: Timestamp = text(&reservation["expiresAt"]).parse().unwrap();
    let (first, apart) = (end.before(SPREAD), 2 * SPREAD / u32::try_from(BUYERS).unwrap());
    let mine = first.after(apart * u32::try_from(at).unwrap());
    sleep(mine.since(SystemClock.now())).await;
}

/// Tries to hold a buyer's seat for another buyer.
async fn take(cluster: &PaymentCluster, at: usize, order: &Order, seat: usize) -> (u16, Value) {
    let rival = token(Uuid::from_u64_pair(8, seat as u64));
    let body = json!({"eventId": cluster.fleet.shop.event, "seatIds": [cluster.fleet.shop.seats[seat]]});
    assert_ne!(rival, order.token);
    cluster.payment_client(at).server.post("/api/reservations", Some(&rival), &body).await
}

/// Sends the confirm. For every third buyer a cancel races with it, and for every third the hold of another buyer,
/// at other servers.
async fn race_at(cluster: &PaymentCluster, at: usize) -> Race {
    let order = cluster.payment_client(at).prepare(at).await;
    moment(cluster, at, &order).await;
    let confirm = cluster.payment_client(at).confirm(&order);
    let cancel = async {
        match at % 3 {
            0 => Some(cluster.payment_client(at + 1).send_cancel(&order).await.unwrap()),
            _ => None,
        }
    };
    let taken = async {
        match at % 3 {
            1 => Some(take(cluster, at + 1, &order, at).await),
            _ => None,
        }
    };
    let (confirmed, cancelled, taken) = join3(confirm, cancel, taken).await;
    Race { order, confirmed, cancelled, taken }
}

fn assert_fair(cluster: &PaymentCluster, race: &Race) {
    let Race { order, confirmed: (status, said), cancelled, taken } = race;
    let served = *status == 200;
    if !served {
        assert_eq!(*status, 409, "{said}");
        let code = text(&said["code"]);
        assert!(["RESERVATION_NOT_PENDING", "PAYMENT_NOT_READY"].contains(&code.as_str()), "{said}");
    }
    assert_eq!(captures(cluster, order), usize::from(served), "{said}");
    if let Some((status, said)) = cancelled {
        // A payment that was just captured is refunded; a payment that is being confirmed cannot be cancelled.
        assert!(matches!(status, 200 | 202 | 409), "{status} {said}");
    }
    if let Some((status, said)) = taken {
        // The other buyer may hold the seat after the hold has ended, if the confirm came too late.
        assert!(*status == 409 || (*status == 201 && !served), "{status} {said}");
    }
}

#[tokio::test]
async fn at_the_end_of_a_hold_its_buyer_is_served_or_pays_nothing() {
    let cluster = PaymentCluster::over(Server::shared().await, &HASTY).await;
    let races = join_all((0..BUYERS).map(|at| race_at(&cluster, at))).await;
    for race in &races {
        assert_fair(&cluster, race);
    }
    cluster.close().await;
}
