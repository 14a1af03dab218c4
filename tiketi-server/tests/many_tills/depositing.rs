//! Virtual accounts at three servers: confirmed everywhere at once, and paid while somebody gives them up.

use std::time::Duration;

use futures::future::{join, join_all};
use serde_json::Value;
use tiketi_postgres_harness::Server;
use tiketi_toss_stub::{Call, Method};
use tokio::time::sleep;

use crate::market::{Market, PATIENT, captures};
use crate::till::{Answered, Order};

/// How often the race is run.
const ROUNDS: usize = 12;
/// How much later than the one before each buyer pays.
const APART: Duration = Duration::from_millis(1);

async fn open() -> Market {
    let options = [&PATIENT[..], &["--toss-methods=card,virtual-account"]].concat();
    Market::over(Server::shared().await, &options).await
}

/// Has a buyer choose a virtual account for a seat.
async fn prepared(market: &Market, seat: usize) -> Order {
    let (token, reservation) = market.till(seat).hold(seat, 7).await;
    market.till(seat).prepare_by(Method::VirtualAccount, &token, &reservation).await
}

/// Has the buyer pay, and the provider tell every server of it twice.
async fn deposited(market: &Market, order: &Order) -> bool {
    let is_paid = market.stub.deposit(&order.id);
    let about =
        |body: &Value| body["orderId"] == order.id.as_str() || body["data"]["orderId"] == order.id.as_str();
    let messages = market.stub.webhooks().into_iter().filter(|message| about(&message.body));
    for (message, at) in
        messages.zip(0..).flat_map(|(message, at)| [(message.clone(), at), (message, at + 1)])
    {
        market.deliver(at, &message).await;
    }
    is_paid
}

#[tokio::test]
async fn fifty_confirms_of_one_account_at_three_servers_are_told_alike_where_to_pay() {
    let market = open().await;
    let order = prepared(&market, 0).await;
    let answers: Vec<(u16, Value)> = join_all((0..50).map(|at| market.till(at).confirm(&order))).await;
    assert_eq!(answers[0].0, 202, "{:?}", answers[0]);
    assert!(answers[0].1["payment"]["deposit"]["accountNumber"].is_string(), "{:?}", answers[0]);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(market.stub.asked(Call::Confirm), 1);
    assert!(deposited(&market, &order).await);
    market.till(2).until(&order, "completed").await;
    market.close().await;
}

/// The money comes in at the provider while the buyer gives the seat up at one server and is told of at others.
#[tokio::test]
async fn a_deposit_that_meets_its_buyers_change_of_mind_is_kept_or_never_taken() {
    let market = open().await;
    for seat in 0..ROUNDS {
        let order = prepared(&market, seat).await;
        assert_eq!(market.till(seat).confirm(&order).await.0, 202);
        let given_up = market.till(seat).cancelling(&order);
        let pays = async {
            // Each a little later than the one before: some before the account is closed, and some after.
            sleep(APART * u32::try_from(seat).unwrap()).await;
            deposited(&market, &order).await
        };
        let (answer, is_paid): (Answered, bool) = join(given_up, pays).await;
        let (status, said) = answer.unwrap();
        assert!(matches!(status, 200 | 202 | 409 | 422), "{status} {said}");
        let ending = if is_paid { ("completed", "confirmed") } else { ("failed", "cancelled") };
        market.till(seat + 1).until(&order, ending.0).await;
        assert_eq!(market.till(seat + 2).reservation_status(&order).await, ending.1, "{status} {said}");
        assert_eq!(captures(&market, &order), usize::from(is_paid));
        assert_eq!(status == 200, !is_paid, "{said}");
    }
    market.close().await;
}
