//! One of three servers is killed at each step of a payment and of a refund.

use serde_json::json;
use tiketi_server_harness::{Order, PaymentClient, SERVERS};
use tiketi_toss_stub::{Call, Fault};

use crate::cluster::{PaymentCluster, captures};

/// How many orders are open at each server when it is killed.
const ORDERS: usize = 9;

/// Orders at one server, one for each step at which a kill may interrupt.
struct Begun {
    /// The provider has not been asked.
    prepared: Order,
    /// The intent is committed, and the provider has not received it.
    intended: Order,
    /// The money is captured, and the server has received no answer.
    charged: Order,
    /// The money is captured, and the server has received an inconclusive answer.
    inconclusive: Order,
    /// The payment is captured and recorded.
    paid: Order,
    /// The refund is queued, and the provider has not received it.
    promised: Order,
    /// The money is refunded, and the server has received no answer.
    returned: Order,
    /// The money is refunded, and the server has received an inconclusive answer.
    inconclusive_refund: Order,
    /// The money is refunded, and the seat belongs to the next buyer.
    refunded: Order,
}

/// Sends a request that hangs at the provider, with or without having taken effect.
async fn hang<F>(cluster: &PaymentCluster, fault: Fault, call: Call, request: F)
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    let times = cluster.stub.asked(call) + 1;
    cluster.stub.fail_next(fault);
    tokio::spawn(request);
    cluster.until_asked(call, times).await;
}

impl Begun {
    /// Brings one order to each step at a server, for the seats from `seat` on.
    async fn at(cluster: &PaymentCluster, server: usize, seat: usize) -> Self {
        let payment_client = cluster.payment_client(server);
        let (paid, refunded) = (payment_client.buy(seat).await, payment_client.buy(seat + 1).await);
        assert_eq!(payment_client.send_refund(&refunded).await.unwrap().0, 200);
        let (intended, charged) =
            (payment_client.prepare(seat + 2).await, payment_client.prepare(seat + 3).await);
        hang(cluster, Fault::hang(Call::Confirm), Call::Confirm, payment_client.send_confirm(&intended))
            .await;
        let taken = Fault::hang(Call::Confirm).after_effect();
        hang(cluster, taken, Call::Confirm, payment_client.send_confirm(&charged)).await;
        let (promised, returned) = (payment_client.buy(seat + 4).await, payment_client.buy(seat + 5).await);
        hang(cluster, Fault::hang(Call::Cancel), Call::Cancel, payment_client.send_refund(&promised)).await;
        let given = Fault::hang(Call::Cancel).after_effect();
        hang(cluster, given, Call::Cancel, payment_client.send_refund(&returned)).await;
        let (inconclusive, inconclusive_refund) = doubts(cluster, payment_client, seat + 6).await;
        let prepared = payment_client.prepare(seat + 8).await;
        Self {
            prepared,
            intended,
            charged,
            inconclusive,
            paid,
            promised,
            returned,
            inconclusive_refund,
            refunded,
        }
    }
}

/// Makes a confirm and a refund take effect; both answers are lost, and the lookups fail.
async fn doubts(cluster: &PaymentCluster, payment_client: PaymentClient<'_>, seat: usize) -> (Order, Order) {
    let (bought, prepared) = (payment_client.buy(seat).await, payment_client.prepare(seat + 1).await);
    for call in [Call::Confirm, Call::Cancel] {
        cluster.stub.fail_next(Fault::cut(call).after_effect());
        cluster.stub.fail_next(Fault::unreadable(Call::Lookup, 500));
    }
    assert_eq!(payment_client.confirm(&prepared).await.0, 202);
    assert_eq!(payment_client.send_refund(&bought).await.unwrap().0, 202);
    (prepared, bought)
}

/// Checks that no answer shows an outcome before the provider was asked again.
async fn assert_every_payment_is_found(payment_client: PaymentClient<'_>, begun: &Begun) {
    for order in [&begun.prepared, &begun.intended, &begun.charged, &begun.inconclusive] {
        assert_eq!(payment_client.payment_status(order).await, "pending");
        assert_eq!(payment_client.reservation_status(order).await, "pending");
    }
    for order in [&begun.paid, &begun.promised, &begun.returned, &begun.inconclusive_refund] {
        assert_eq!(payment_client.payment_status(order).await, "completed");
        assert_eq!(payment_client.reservation_status(order).await, "confirmed");
    }
    assert_eq!(payment_client.payment_status(&begun.refunded).await, "refunded");
}

/// Checks that the running servers finish every order, while buyers repeat their requests at other servers.
async fn assert_all_comes_to_its_end(cluster: &PaymentCluster, begun: &Begun, killed: usize) {
    let (one, other) = (cluster.payment_client(killed + 1), cluster.payment_client(killed + 2));
    assert_eq!(one.confirm(&begun.prepared).await.0, 200);
    cluster.pass(1).await;
    for order in [&begun.charged, &begun.inconclusive] {
        one.wait_for_status(order, "completed").await;
        let (status, again) = other.confirm(order).await;
        assert_eq!((status, &again["reservation"]["status"]), (200, &json!("confirmed")), "{again}");
    }
    for order in [&begun.promised, &begun.returned, &begun.inconclusive_refund] {
        other.wait_for_status(order, "refunded").await;
        assert_eq!(one.reservation_status(order).await, "cancelled");
        assert_eq!(cluster.stub.ledger()[&order.key].refunds, 1);
    }
    assert_eq!(other.payment_status(&begun.intended).await, "pending", "it may still arrive");
    cluster.pass(10).await;
    other.wait_for_status(&begun.intended, "failed").await;
    let second = one.prepare_again(&begun.intended.token, &begun.intended.reservation).await;
    assert_eq!(other.confirm(&second).await.0, 200);
    for order in [&begun.prepared, &begun.charged, &begun.inconclusive, &begun.paid, &second] {
        assert_eq!(captures(cluster, order), 1);
    }
}

/// The killed server is not started again: the other servers finish its orders.
#[tokio::test]
async fn what_a_killed_server_began_the_others_finish() {
    let mut cluster = PaymentCluster::open().await;
    let begun = Begun::at(&cluster, 0, 0).await;
    cluster.fleet.kill(0).await;
    cluster.stub.release_hanging();
    assert_every_payment_is_found(cluster.payment_client(1), &begun).await;
    assert_all_comes_to_its_end(&cluster, &begun, 0).await;
    cluster.close().await;
}

#[tokio::test]
async fn what_each_server_began_that_is_killed_is_finished_once_with_it_back() {
    let mut cluster = PaymentCluster::open().await;
    for server in 0..SERVERS {
        let begun = Begun::at(&cluster, server, server * ORDERS).await;
        cluster.fleet.kill(server).await;
        cluster.stub.release_hanging();
        cluster.fleet.start(server).await;
        assert_every_payment_is_found(cluster.payment_client(server), &begun).await;
        assert_all_comes_to_its_end(&cluster, &begun, server).await;
        assert_eq!(cluster.payment_client(server).payment_status(&begun.charged).await, "completed");
    }
    cluster.close().await;
}

/// A buyer whose server was killed asks another server, which waits for the provider's answer.
#[tokio::test]
async fn a_buyer_whose_server_was_killed_learns_the_end_at_another() {
    let mut cluster = PaymentCluster::open().await;
    let order = cluster.payment_client(0).prepare(0).await;
    let taken = Fault::hang(Call::Confirm).after_effect();
    hang(&cluster, taken, Call::Confirm, cluster.payment_client(0).send_confirm(&order)).await;
    cluster.fleet.kill(0).await;
    cluster.stub.release_hanging();
    for message in cluster.stub.webhooks() {
        cluster.deliver(2, &message).await;
    }
    let (status, paid) = cluster.payment_client(1).confirm(&order).await;
    assert_eq!((status, &paid["reservation"]["status"]), (200, &json!("confirmed")), "{paid}");
    cluster.close().await;
}
