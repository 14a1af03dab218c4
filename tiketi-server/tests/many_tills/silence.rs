//! A provider that says nothing for ten minutes.

use tiketi_toss_stub::{Call, Fault};

use crate::market::Market;

/// When the provider is asked again, in minutes from the time before.
const ASKED_AFTER: [u64; 3] = [1, 2, 7];

/// The confirm hangs, and then nobody says what came of it. One server asks at a time, and others buy meanwhile.
#[tokio::test]
async fn a_confirm_nobody_answers_for_ten_minutes_holds_no_server_up_and_is_not_lost() {
    let market = Market::open().await;
    let order = market.till(0).prepare(0).await;
    market.stub.fail_next(Fault::hang(Call::Confirm).after_effect());
    tokio::spawn(market.till(0).confirming(&order));
    market.until_asked(Call::Confirm, 1).await;
    for (asked, minutes) in (1..).zip(ASKED_AFTER) {
        market.stub.fail_next(Fault::unreadable(Call::Lookup, 503));
        market.pass(minutes).await;
        market.until_asked(Call::Lookup, asked).await;
        assert_eq!(market.till(asked).payment_status(&order).await, "pending");
        market.till(asked).buy(asked).await;
    }
    assert_eq!(market.stub.asked(Call::Lookup), ASKED_AFTER.len(), "one server asks at a time");
    market.pass(10).await;
    market.till(1).until(&order, "completed").await;
    assert_eq!(market.till(2).reservation_status(&order).await, "confirmed");
    market.stub.release_hanging();
    market.close().await;
}

#[tokio::test]
async fn a_refund_nobody_answers_for_ten_minutes_is_sent_on_and_given_once() {
    let market = Market::open().await;
    let order = market.till(0).buy(0).await;
    market.stub.fail_next(Fault::hang(Call::Cancel));
    tokio::spawn(market.till(0).refunding(&order));
    market.until_asked(Call::Cancel, 1).await;
    for (asked, minutes) in (2..).zip(ASKED_AFTER) {
        market.pass(minutes).await;
        market.until_asked(Call::Cancel, asked).await;
        assert_eq!(
            market.till(asked).reservation_status(&order).await,
            "confirmed",
            "not before it is known"
        );
        market.till(asked).buy(asked).await;
    }
    assert_eq!(market.stub.asked(Call::Cancel), 1 + ASKED_AFTER.len(), "one server asks at a time");
    market.stub.release_hanging();
    market.pass(10).await;
    market.till(2).until(&order, "refunded").await;
    assert_eq!(market.stub.ledger()[&order.key].refunds, 1);
    market.close().await;
}
