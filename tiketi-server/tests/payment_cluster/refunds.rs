//! Concurrent refunds at several servers.

use futures::future::join_all;
use serde_json::json;
use tiketi_server_harness::{Answered, DEADLINE, Order, admin, send_with_retries};

use crate::cluster::PaymentCluster;

/// How often each race is run.
const ROUNDS: usize = 6;

fn refunds(cluster: &PaymentCluster, order: &Order) -> (usize, i64) {
    let account = &cluster.stub.ledger()[&order.key];
    (account.refunds, account.refunded)
}

fn assert_no_failure(answers: &[Answered]) {
    for answer in answers {
        let (status, said) = answer.as_ref().unwrap();
        assert!(matches!(status, 200 | 202 | 409 | 422), "{status} {said}");
    }
}

/// A refund and a cancel of the same payment, both sent to each of three servers at the same time.
#[tokio::test]
async fn a_refund_asked_for_at_three_servers_at_once_is_given_once() {
    let cluster = PaymentCluster::open().await;
    for seat in 0..ROUNDS {
        let order = cluster.payment_client(seat).buy(seat).await;
        let refunds_by_key = join_all((0..6).map(|at| cluster.payment_client(at).send_refund(&order)));
        let cancels = join_all((0..6).map(|at| cluster.payment_client(at).send_cancel(&order)));
        let (refunded, cancelled) = futures::future::join(refunds_by_key, cancels).await;
        assert_no_failure(&refunded);
        assert_no_failure(&cancelled);
        cluster.payment_client(seat).wait_for_status(&order, "refunded").await;
        assert_eq!(refunds(&cluster, &order), (1, order.amount));
        cluster.payment_client(seat + 1).buy(seat).await;
        assert_eq!(cluster.payment_client(seat).reservation_status(&order).await, "cancelled");
    }
    cluster.close().await;
}

/// Two waivers of parts whose sum is more than the captured amount.
#[tokio::test]
async fn of_two_parts_that_exceed_the_balance_one_goes_back() {
    let cluster = PaymentCluster::open().await;
    for seat in 0..ROUNDS {
        let order = cluster.payment_client(seat).buy(seat).await;
        let part = order.amount / 5 * 3;
        let path = format!("/api/admin/payments/{}/refund", order.id);
        let ask = |at: usize| {
            let body = json!({"cancelReason": format!("rain {at}"), "cancelAmount": part, "tickets": "keep"});
            cluster.payment_client(at).server.sender().post(&path, &admin(), &body)
        };
        let answers = join_all([ask(seat), ask(seat + 1)]).await;
        assert_no_failure(&answers);
        let given = answers.iter().flatten().filter(|(status, _)| *status == 200).count();
        assert_eq!(given, 1, "{answers:?}");
        assert_eq!(refunds(&cluster, &order), (1, part));
        assert_eq!(cluster.payment_client(seat + 2).payment_status(&order).await, "partially_refunded");
        assert_eq!(cluster.payment_client(seat + 2).reservation_status(&order).await, "confirmed");
    }
    cluster.close().await;
}

/// One refund, sent to every server with the same idempotency key.
#[tokio::test]
async fn a_refund_under_one_key_at_three_servers_is_one_refund() {
    let cluster = PaymentCluster::open().await;
    let order = cluster.payment_client(0).buy(0).await;
    let client = reqwest::Client::builder().no_proxy().timeout(DEADLINE).build().unwrap();
    let ask = async |at: usize| {
        let address = &cluster.fleet.addresses[at % cluster.fleet.addresses.len()];
        let request = client.post(format!("http://{address}/api/payments/{}/cancel", order.id));
        let request = request.bearer_auth(&order.token).header("idempotency-key", "once");
        let answer =
            send_with_retries(request.json(&json!({"cancelReason": "rain", "cancelAmount": order.amount})))
                .await?;
        Ok((answer.status, answer.body))
    };
    let answers: Vec<Answered> = join_all((0..9).map(ask)).await;
    assert_no_failure(&answers);
    assert!(answers.iter().flatten().any(|(status, _)| *status == 200), "{answers:?}");
    assert_eq!(refunds(&cluster, &order), (1, order.amount));
    cluster.close().await;
}
