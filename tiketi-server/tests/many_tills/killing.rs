//! One of three servers killed in the middle of everything it does about money.

use serde_json::json;
use tiketi_toss_stub::{Call, Fault};

use crate::fleet::SERVERS;
use crate::market::{Market, captures};
use crate::till::{Order, Till};

/// How many orders each server is killed in the middle of.
const ORDERS: usize = 9;

/// Orders at one server, each left where a kill may find one.
struct Begun {
    /// Nothing was asked of the provider.
    prepared: Order,
    /// The intent is committed, and the provider has not heard of it.
    intended: Order,
    /// The money is taken, and the server has not heard of it.
    charged: Order,
    /// The money is taken, and what the server heard decides nothing.
    doubted: Order,
    /// It is paid for.
    paid: Order,
    /// The money is promised back, and the provider has not heard of it.
    promised: Order,
    /// The money went back, and the server has not heard of it.
    returned: Order,
    /// The money went back, and what the server heard decides nothing.
    doubted_refund: Order,
    /// The money went back, and the seat is the next buyer's.
    refunded: Order,
}

/// Sends a request that hangs at the provider, with or without having taken effect.
async fn hang<F>(market: &Market, fault: Fault, call: Call, request: F)
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    let times = market.stub.asked(call) + 1;
    market.stub.fail_next(fault);
    tokio::spawn(request);
    market.until_asked(call, times).await;
}

impl Begun {
    /// Begins them at a server, for the seats from one on.
    async fn at(market: &Market, server: usize, seat: usize) -> Self {
        let till = market.till(server);
        let (paid, refunded) = (till.buy(seat).await, till.buy(seat + 1).await);
        assert_eq!(till.refunding(&refunded).await.unwrap().0, 200);
        let (intended, charged) = (till.prepare(seat + 2).await, till.prepare(seat + 3).await);
        hang(market, Fault::hang(Call::Confirm), Call::Confirm, till.confirming(&intended)).await;
        let taken = Fault::hang(Call::Confirm).after_effect();
        hang(market, taken, Call::Confirm, till.confirming(&charged)).await;
        let (promised, returned) = (till.buy(seat + 4).await, till.buy(seat + 5).await);
        hang(market, Fault::hang(Call::Cancel), Call::Cancel, till.refunding(&promised)).await;
        let given = Fault::hang(Call::Cancel).after_effect();
        hang(market, given, Call::Cancel, till.refunding(&returned)).await;
        let (doubted, doubted_refund) = doubts(market, till, seat + 6).await;
        let prepared = till.prepare(seat + 8).await;
        Self { prepared, intended, charged, doubted, paid, promised, returned, doubted_refund, refunded }
    }
}

/// Has a confirm and a refund take effect whose answers are lost, and whose lookups fail.
async fn doubts(market: &Market, till: Till<'_>, seat: usize) -> (Order, Order) {
    let (bought, prepared) = (till.buy(seat).await, till.prepare(seat + 1).await);
    for call in [Call::Confirm, Call::Cancel] {
        market.stub.fail_next(Fault::cut(call).after_effect());
        market.stub.fail_next(Fault::unreadable(Call::Lookup, 500));
    }
    assert_eq!(till.confirm(&prepared).await.0, 202);
    assert_eq!(till.refunding(&bought).await.unwrap().0, 202);
    (prepared, bought)
}

/// Before anybody asks the provider again, nobody is told what is not known.
async fn assert_nothing_is_forgotten(till: Till<'_>, begun: &Begun) {
    for order in [&begun.prepared, &begun.intended, &begun.charged, &begun.doubted] {
        assert_eq!(till.payment_status(order).await, "pending");
        assert_eq!(till.reservation_status(order).await, "pending");
    }
    for order in [&begun.paid, &begun.promised, &begun.returned, &begun.doubted_refund] {
        assert_eq!(till.payment_status(order).await, "completed");
        assert_eq!(till.reservation_status(order).await, "confirmed");
    }
    assert_eq!(till.payment_status(&begun.refunded).await, "refunded");
}

/// Has whoever runs bring everything to its end, and the buyers go on at other servers.
async fn assert_all_comes_to_its_end(market: &Market, begun: &Begun, killed: usize) {
    let (one, other) = (market.till(killed + 1), market.till(killed + 2));
    assert_eq!(one.confirm(&begun.prepared).await.0, 200);
    market.pass(1).await;
    for order in [&begun.charged, &begun.doubted] {
        one.until(order, "completed").await;
        let (status, again) = other.confirm(order).await;
        assert_eq!((status, &again["reservation"]["status"]), (200, &json!("confirmed")), "{again}");
    }
    for order in [&begun.promised, &begun.returned, &begun.doubted_refund] {
        other.until(order, "refunded").await;
        assert_eq!(one.reservation_status(order).await, "cancelled");
        assert_eq!(market.stub.ledger()[&order.key].refunds, 1);
    }
    assert_eq!(other.payment_status(&begun.intended).await, "pending", "it may still arrive");
    market.pass(10).await;
    other.until(&begun.intended, "failed").await;
    let second = one.prepare_again(&begun.intended.token, &begun.intended.reservation).await;
    assert_eq!(other.confirm(&second).await.0, 200);
    for order in [&begun.prepared, &begun.charged, &begun.doubted, &begun.paid, &second] {
        assert_eq!(captures(market, order), 1);
    }
}

/// Nobody starts it again: the others finish what it began.
#[tokio::test]
async fn what_a_killed_server_began_the_others_finish() {
    let mut market = Market::open().await;
    let begun = Begun::at(&market, 0, 0).await;
    market.fleet.kill(0).await;
    market.stub.release_hanging();
    assert_nothing_is_forgotten(market.till(1), &begun).await;
    assert_all_comes_to_its_end(&market, &begun, 0).await;
    market.close().await;
}

#[tokio::test]
async fn what_each_server_began_that_is_killed_is_finished_once_with_it_back() {
    let mut market = Market::open().await;
    for server in 0..SERVERS {
        let begun = Begun::at(&market, server, server * ORDERS).await;
        market.fleet.kill(server).await;
        market.stub.release_hanging();
        market.fleet.start(server).await;
        assert_nothing_is_forgotten(market.till(server), &begun).await;
        assert_all_comes_to_its_end(&market, &begun, server).await;
        assert_eq!(market.till(server).payment_status(&begun.charged).await, "completed");
    }
    market.close().await;
}

/// A buyer whose server died asks another, and waits there for what the provider says.
#[tokio::test]
async fn a_buyer_whose_server_was_killed_learns_the_end_at_another() {
    let mut market = Market::open().await;
    let order = market.till(0).prepare(0).await;
    let taken = Fault::hang(Call::Confirm).after_effect();
    hang(&market, taken, Call::Confirm, market.till(0).confirming(&order)).await;
    market.fleet.kill(0).await;
    market.stub.release_hanging();
    for message in market.stub.webhooks() {
        market.deliver(2, &message).await;
    }
    let (status, paid) = market.till(1).confirm(&order).await;
    assert_eq!((status, &paid["reservation"]["status"]), (200, &json!("confirmed")), "{paid}");
    market.close().await;
}
