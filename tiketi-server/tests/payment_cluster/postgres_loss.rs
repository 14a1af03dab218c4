//! Postgres is killed between the provider's answer and its commit.

use serde_json::json;
use tiketi_postgres_harness::{Fsync, Server};
use tiketi_server_harness::SERVERS;
use tiketi_toss_stub::{Call, Fault};

use crate::cluster::{PATIENT, PaymentCluster};

const CONFIRM: &str = "/api/payments/confirm";

/// Postgres is killed while every server has a confirm and a refund at the provider, which took effect. One of the
/// servers is killed as well.
#[tokio::test]
async fn a_capture_is_recorded_when_a_lost_postgres_is_back() {
    let postgres = Server::start(Fsync::On).await;
    let mut cluster = PaymentCluster::over(&postgres, &PATIENT).await;
    let (mut confirmed, mut refunded, mut answers) = (Vec::new(), Vec::new(), Vec::new());
    for at in 0..SERVERS {
        let payment_client = cluster.payment_client(at);
        let (order, bought) = (payment_client.prepare(at).await, payment_client.buy(SERVERS + at).await);
        cluster.stub.fail_next(Fault::hang(Call::Confirm).after_effect());
        cluster.stub.fail_next(Fault::hang(Call::Cancel).after_effect());
        // Each request is sent once: a client that retries would wait for the database.
        let sender = payment_client.server.sender();
        answers.push(tokio::spawn(sender.post_once(CONFIRM, &order.token, &order.body())));
        let cancel = format!("/api/payments/{}/cancel", bought.key);
        answers.push(tokio::spawn(sender.post_once(
            &cancel,
            &bought.token,
            &json!({"cancelReason": "rain"}),
        )));
        confirmed.push(order);
        refunded.push(bought);
    }
    cluster.until_asked(Call::Confirm, 2 * SERVERS).await;
    cluster.until_asked(Call::Cancel, SERVERS).await;
    postgres.kill9().await;
    cluster.stub.release_hanging();
    for answer in answers {
        // No answer may say that the request failed or succeeded.
        let answer = answer.await.unwrap().unwrap();
        assert!(matches!(answer.status, 202 | 503), "{answer:?}");
    }
    cluster.fleet.kill(0).await;
    postgres.restart().await;
    cluster.pass(1).await;
    for (order, bought) in confirmed.iter().zip(&refunded) {
        cluster.payment_client(1).wait_for_status(order, "completed").await;
        cluster.payment_client(2).wait_for_status(bought, "refunded").await;
        assert_eq!(cluster.payment_client(2).reservation_status(order).await, "confirmed");
        assert_eq!(cluster.payment_client(1).reservation_status(bought).await, "cancelled");
    }
    cluster.close().await;
}
