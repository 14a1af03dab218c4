//! Virtual accounts at three servers: confirmed concurrently, and paid while their buyers cancel.

use std::time::Duration;

use futures::future::{join, join_all};
use serde_json::Value;
use tiketi_postgres_harness::Server;
use tiketi_server_harness::{Answered, Order};
use tiketi_toss_stub::{Call, Method};
use tokio::time::sleep;

use crate::cluster::{PATIENT, PaymentCluster, captures};

/// How many times the race is run.
const ROUNDS: usize = 12;
/// The delay between the deposits of two buyers.
const APART: Duration = Duration::from_millis(1);

async fn open() -> PaymentCluster {
    let options = [&PATIENT[..], &["--toss-methods=card,virtual-account"]].concat();
    PaymentCluster::over(Server::shared().await, &options).await
}

/// Prepares a payment by virtual account for a seat.
async fn prepared(cluster: &PaymentCluster, seat: usize) -> Order {
    let (token, reservation) = cluster.payment_client(seat).hold(seat, 7).await;
    cluster.payment_client(seat).prepare_by(Method::VirtualAccount, &token, &reservation).await
}

/// Pays the deposit, and delivers its webhook to every server twice.
async fn deposited(cluster: &PaymentCluster, order: &Order) -> bool {
    let is_paid = cluster.stub.deposit(&order.id);
    let about =
        |body: &Value| body["orderId"] == order.id.as_str() || body["data"]["orderId"] == order.id.as_str();
    let messages = cluster.stub.webhooks().into_iter().filter(|message| about(&message.body));
    for (message, at) in
        messages.zip(0..).flat_map(|(message, at)| [(message.clone(), at), (message, at + 1)])
    {
        cluster.deliver(at, &message).await;
    }
    is_paid
}

#[tokio::test]
async fn fifty_confirms_at_three_servers_return_the_same_account() {
    let cluster = open().await;
    let order = prepared(&cluster, 0).await;
    let answers: Vec<(u16, Value)> =
        join_all((0..50).map(|at| cluster.payment_client(at).confirm(&order))).await;
    assert_eq!(answers[0].0, 202, "{:?}", answers[0]);
    assert!(answers[0].1["payment"]["deposit"]["accountNumber"].is_string(), "{:?}", answers[0]);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(cluster.stub.asked(Call::Confirm), 1);
    assert!(deposited(&cluster, &order).await);
    cluster.payment_client(2).wait_for_status(&order, "completed").await;
    cluster.close().await;
}

/// The deposit arrives while the buyer cancels at one server, and its webhooks reach the other servers.
#[tokio::test]
async fn a_deposit_during_a_cancellation_is_captured_or_never_taken() {
    let cluster = open().await;
    for seat in 0..ROUNDS {
        let order = prepared(&cluster, seat).await;
        assert_eq!(cluster.payment_client(seat).confirm(&order).await.0, 202);
        let given_up = cluster.payment_client(seat).send_cancel(&order);
        let pays = async {
            // Each deposit is a little later than the one before: some arrive before the account is closed, some
            // after.
            sleep(APART * u32::try_from(seat).unwrap()).await;
            deposited(&cluster, &order).await
        };
        let (answer, is_paid): (Answered, bool) = join(given_up, pays).await;
        let (status, said) = answer.unwrap();
        assert!(matches!(status, 200 | 202 | 409 | 422), "{status} {said}");
        let ending = if is_paid { ("completed", "confirmed") } else { ("failed", "cancelled") };
        cluster.payment_client(seat + 1).wait_for_status(&order, ending.0).await;
        assert_eq!(
            cluster.payment_client(seat + 2).reservation_status(&order).await,
            ending.1,
            "{status} {said}"
        );
        assert_eq!(captures(&cluster, &order), usize::from(is_paid));
        assert_eq!(status == 200, !is_paid, "{said}");
    }
    cluster.close().await;
}
