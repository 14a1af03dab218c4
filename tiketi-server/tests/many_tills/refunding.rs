//! Money back, asked for at several servers at once.

use futures::future::join_all;
use serde_json::json;

use crate::asking::ask;
use crate::market::Market;
use crate::process::DEADLINE;
use crate::shop::admin;
use crate::till::{Answered, Order};

/// How often each race is run.
const ROUNDS: usize = 6;

fn refunds(market: &Market, order: &Order) -> (usize, i64) {
    let account = &market.stub.ledger()[&order.key];
    (account.refunds, account.refunded)
}

fn assert_no_failure(answers: &[Answered]) {
    for answer in answers {
        let (status, said) = answer.as_ref().unwrap();
        assert!(matches!(status, 200 | 202 | 409 | 422), "{status} {said}");
    }
}

/// Two ways to ask for the same money: both at once at each of three servers.
#[tokio::test]
async fn a_refund_asked_for_at_three_servers_at_once_is_given_once() {
    let market = Market::open().await;
    for seat in 0..ROUNDS {
        let order = market.till(seat).buy(seat).await;
        let refunds_by_key = join_all((0..6).map(|at| market.till(at).refunding(&order)));
        let cancels = join_all((0..6).map(|at| market.till(at).cancelling(&order)));
        let (refunded, cancelled) = futures::future::join(refunds_by_key, cancels).await;
        assert_no_failure(&refunded);
        assert_no_failure(&cancelled);
        market.till(seat).until(&order, "refunded").await;
        assert_eq!(refunds(&market, &order), (1, order.amount));
        market.till(seat + 1).buy(seat).await;
        assert_eq!(market.till(seat).reservation_status(&order).await, "cancelled");
    }
    market.close().await;
}

/// Two parts that staff waive, and that together are more than was taken.
#[tokio::test]
async fn of_two_parts_that_exceed_the_balance_one_goes_back() {
    let market = Market::open().await;
    for seat in 0..ROUNDS {
        let order = market.till(seat).buy(seat).await;
        let part = order.amount / 5 * 3;
        let path = format!("/api/admin/payments/{}/refund", order.id);
        let ask = |at: usize| {
            let body = json!({"cancelReason": format!("rain {at}"), "cancelAmount": part, "tickets": "keep"});
            market.till(at).server.sender().post(&path, &admin(), &body)
        };
        let answers = join_all([ask(seat), ask(seat + 1)]).await;
        assert_no_failure(&answers);
        let given = answers.iter().flatten().filter(|(status, _)| *status == 200).count();
        assert_eq!(given, 1, "{answers:?}");
        assert_eq!(refunds(&market, &order), (1, part));
        assert_eq!(market.till(seat + 2).payment_status(&order).await, "partially_refunded");
        assert_eq!(market.till(seat + 2).reservation_status(&order).await, "confirmed");
    }
    market.close().await;
}

/// One intent, sent to every server under its key.
#[tokio::test]
async fn a_refund_under_one_key_at_three_servers_is_one_refund() {
    let market = Market::open().await;
    let order = market.till(0).buy(0).await;
    let client = reqwest::Client::builder().no_proxy().timeout(DEADLINE).build().unwrap();
    let ask = async |at: usize| {
        let address = &market.fleet.addresses[at % market.fleet.addresses.len()];
        let request = client.post(format!("http://{address}/api/payments/{}/cancel", order.id));
        let request = request.bearer_auth(&order.token).header("idempotency-key", "once");
        let answer =
            ask(request.json(&json!({"cancelReason": "rain", "cancelAmount": order.amount}))).await?;
        Ok((answer.status, answer.body))
    };
    let answers: Vec<Answered> = join_all((0..9).map(ask)).await;
    assert_no_failure(&answers);
    assert!(answers.iter().flatten().any(|(status, _)| *status == 200), "{answers:?}");
    assert_eq!(refunds(&market, &order), (1, order.amount));
    market.close().await;
}
