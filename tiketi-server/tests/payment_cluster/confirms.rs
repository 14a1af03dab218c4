//! Concurrent confirms of one payment at several servers: the buyer is charged once.

use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, join, join_all, select};
use serde_json::{Value, json};
use tiketi_server_harness::Order;
use tiketi_toss_stub::{Call, Fault};
use tokio::time::timeout;

use crate::cluster::{PaymentCluster, captures};

/// How often each race is run.
const ROUNDS: usize = 10;

/// Longer than a server takes to answer from its own store.
const A_WHILE: Duration = Duration::from_secs(1);

/// Sends one confirm fifty times concurrently, round-robin over the servers.
async fn fifty(cluster: &PaymentCluster, order: &Order) -> Vec<(u16, Value)> {
    join_all((0..50).map(|at| cluster.payment_client(at).confirm(order))).await
}

/// Fails if a repeated confirm is answered at once: the other servers then answer 202.
#[tokio::test]
async fn fifty_equal_confirms_at_three_servers_charge_once_and_answer_equally() {
    let cluster = PaymentCluster::open().await;
    for seat in 0..ROUNDS {
        let order = cluster.payment_client(seat).prepare(seat).await;
        let answers = fifty(&cluster, &order).await;
        assert_eq!(answers[0].0, 200, "{:?}", answers[0]);
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        assert_eq!((captures(&cluster, &order), cluster.stub.asked(Call::Confirm)), (1, seat + 1));
    }
    cluster.close().await;
}

/// The provider is slow: every server has received the confirm before one of them has the answer.
///
/// Fails if a repeated confirm is answered at once.
#[tokio::test]
async fn fifty_equal_confirms_wait_for_a_slow_provider_and_answer_equally() {
    let cluster = PaymentCluster::open().await;
    let order = cluster.payment_client(0).prepare(0).await;
    cluster.stub.fail_next(Fault::hang(Call::Confirm).after_effect());
    let answers = {
        let mut answers = pin!(fifty(&cluster, &order));
        let asked = pin!(cluster.until_asked(Call::Confirm, 1));
        assert!(matches!(select(&mut answers, asked).await, Either::Right(_)));
        let all = timeout(A_WHILE, &mut answers).await;
        assert!(all.is_err(), "{all:?}");
        cluster.stub.release_hanging();
        answers.await
    };
    assert_eq!(answers[0].0, 200, "{:?}", answers[0]);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(cluster.stub.asked(Call::Confirm), 1);
    cluster.close().await;
}

#[tokio::test]
async fn fifty_equal_confirms_unanswered_or_declined_answer_equally() {
    let cluster = PaymentCluster::open().await;
    let order = cluster.payment_client(0).prepare(0).await;
    cluster.stub.fail_next(Fault::cut(Call::Confirm).after_effect());
    cluster.stub.fail_next(Fault::unreadable(Call::Lookup, 502));
    let open = fifty(&cluster, &order).await;
    assert_eq!((open[0].0, &open[0].1["payment"]["status"]), (202, &json!("pending")), "{:?}", open[0]);
    assert!(open.iter().all(|answer| *answer == open[0]), "{open:?}");
    let order = cluster.payment_client(1).prepare(1).await;
    cluster.stub.fail_next(Fault::code(Call::Confirm, "REJECT_CARD_COMPANY"));
    let declined = fifty(&cluster, &order).await;
    let codes = declined.iter().map(|(status, said)| (*status, &said["code"]));
    assert!(codes.into_iter().all(|code| code == (402, &json!("PAYMENT_DECLINED"))), "{declined:?}");
    assert_eq!(cluster.stub.asked(Call::Confirm), 2);
    cluster.close().await;
}

/// A buyer with two browser tabs prepares and confirms in each, at different servers.
#[tokio::test]
async fn of_two_attempts_at_two_servers_one_is_charged() {
    let cluster = PaymentCluster::open().await;
    for seat in 0..ROUNDS {
        let first = cluster.payment_client(seat).prepare(seat).await;
        let (token, reservation) = (&first.token, &first.reservation);
        let prepare = |at| cluster.payment_client(at).prepare_again(token, reservation);
        let (one, other) = join(prepare(seat), prepare(seat + 1)).await;
        let three = [&first, &one, &other].into_iter().zip(seat..);
        let answers = join_all(three.map(|(order, at)| cluster.payment_client(at).confirm(order))).await;
        let mut statuses: Vec<_> = answers.iter().map(|(status, _)| *status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409], "{answers:?}");
        let charged: usize = [&first, &one, &other].map(|order| captures(&cluster, order)).iter().sum();
        assert_eq!(charged, 1);
    }
    cluster.close().await;
}

/// A confirm races with the attempt that would replace the attempt it confirms.
#[tokio::test]
async fn an_attempt_begun_while_another_is_confirmed_is_refused_or_the_only_one() {
    let cluster = PaymentCluster::open().await;
    let body = |order: &Order| json!({"reservationId": order.reservation, "method": "toss_card"});
    for seat in 0..ROUNDS {
        let order = cluster.payment_client(seat).prepare(seat).await;
        let (body, other) = (body(&order), cluster.payment_client(seat + 1).server);
        let again = other.post("/api/payments/prepare", Some(&order.token), &body);
        let (confirmed, again) = join(cluster.payment_client(seat).confirm(&order), again).await;
        match (confirmed.0, again.0) {
            (200, 409) => assert_eq!(captures(&cluster, &order), 1),
            (409, 200) => assert_eq!(captures(&cluster, &order), 0),
            _ => panic!("{confirmed:?} {again:?}"),
        }
    }
    cluster.close().await;
}

/// The buyer authenticates the same order twice, and each payment window returns another payment key.
#[tokio::test]
async fn of_two_keys_for_one_order_at_two_servers_one_is_charged() {
    let cluster = PaymentCluster::open().await;
    for seat in 0..ROUNDS {
        let one = cluster.payment_client(seat).prepare(seat).await;
        let key = cluster.stub.authenticate(&one.id, one.amount).unwrap();
        let other = Order { key, ..one.clone() };
        let confirms = join(
            cluster.payment_client(seat).confirm(&one),
            cluster.payment_client(seat + 1).confirm(&other),
        );
        let (first, second) = confirms.await;
        let (won, lost) = if first.0 == 200 { (first, second) } else { (second, first) };
        assert_eq!(
            (won.0, lost.0, &lost.1["code"]),
            (200, 409, &json!("PAYMENT_NOT_READY")),
            "{won:?} {lost:?}"
        );
        assert_eq!(captures(&cluster, &one), 1);
    }
    cluster.close().await;
}

#[tokio::test]
async fn what_is_being_paid_at_one_server_is_not_given_up_at_another() {
    let cluster = PaymentCluster::open().await;
    for seat in 0..3 {
        let order = cluster.payment_client(seat).prepare(seat).await;
        cluster.stub.fail_next(Fault::hang(Call::Confirm).after_effect());
        let confirming = tokio::spawn(cluster.payment_client(seat).send_confirm(&order));
        cluster.until_asked(Call::Confirm, seat + 1).await;
        let cancels = join_all((0..9).map(|at| cluster.payment_client(at).send_cancel(&order))).await;
        for (status, said) in cancels.into_iter().map(Result::unwrap) {
            assert_eq!((status, &said["code"]), (409, &json!("PAYMENT_IN_PROGRESS")), "{said}");
        }
        cluster.stub.release_hanging();
        let (status, paid) = confirming.await.unwrap().unwrap();
        assert_eq!((status, &paid["reservation"]["status"]), (200, &json!("confirmed")), "{paid}");
    }
    cluster.close().await;
}
