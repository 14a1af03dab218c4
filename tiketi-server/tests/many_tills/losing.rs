//! The database lost between the provider's word and our record of it.

use serde_json::json;
use tiketi_postgres_harness::{Fsync, Server};
use tiketi_toss_stub::{Call, Fault};

use crate::fleet::SERVERS;
use crate::market::{Market, PATIENT};

const CONFIRM: &str = "/api/payments/confirm";

/// Every server has a confirm and a refund at the provider, which took effect, when Postgres dies; and one of the
/// servers dies with it.
#[tokio::test]
async fn a_postgres_lost_after_the_provider_s_word_learns_of_it_when_it_is_back() {
    let postgres = Server::start(Fsync::On).await;
    let mut market = Market::over(&postgres, &PATIENT).await;
    let (mut confirmed, mut refunded, mut answers) = (Vec::new(), Vec::new(), Vec::new());
    for at in 0..SERVERS {
        let till = market.till(at);
        let (order, bought) = (till.prepare(at).await, till.buy(SERVERS + at).await);
        market.stub.fail_next(Fault::hang(Call::Confirm).after_effect());
        market.stub.fail_next(Fault::hang(Call::Cancel).after_effect());
        // Each is sent once: a client that comes back would wait for the database.
        let sender = till.server.sender();
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
    market.until_asked(Call::Confirm, 2 * SERVERS).await;
    market.until_asked(Call::Cancel, SERVERS).await;
    postgres.kill9().await;
    market.stub.release_hanging();
    for answer in answers {
        // Nobody is told that it failed for good, nor that it is done.
        let answer = answer.await.unwrap().unwrap();
        assert!(matches!(answer.status, 202 | 503), "{answer:?}");
    }
    market.fleet.kill(0).await;
    postgres.restart().await;
    market.pass(1).await;
    for (order, bought) in confirmed.iter().zip(&refunded) {
        market.till(1).until(order, "completed").await;
        market.till(2).until(bought, "refunded").await;
        assert_eq!(market.till(2).reservation_status(order).await, "confirmed");
        assert_eq!(market.till(1).reservation_status(bought).await, "cancelled");
    }
    market.close().await;
}
