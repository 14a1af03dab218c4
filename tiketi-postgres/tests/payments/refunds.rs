//! Concurrent refunds.

use tiketi_core::decide::RefundWanted;
use tiketi_core::memory::RefundFault;
use tiketi_core::{BoxOffice, CommandKey, Money, PageRequest, Payment, PaymentState, gateway::RefundAnswer};

use crate::TestCluster;
use crate::cluster::{PRICE, at_once};
use crate::outcomes::Ending;

async fn refund(office: BoxOffice, payment: Payment, minor: i64, key: Option<CommandKey>) -> Option<Payment> {
    let amount = Money::new(minor, PRICE.currency());
    let wanted = if amount == PRICE { RefundWanted::everything() } else { RefundWanted::waiver(amount) };
    let done = office.support().refund_by_organiser(payment.id, wanted, "rain", key, None).await;
    done.ok().map(|done| done.payment)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refund_sent_twelve_times_over_three_servers_gives_back_once() {
    let cluster = TestCluster::open().await;
    for seat in 0..6 {
        let payment = cluster.sold(seat).await;
        let key = Some(CommandKey::from_text("refund", &payment.id.to_string()));
        let asks = cluster.turns().take(12).map(|it| refund(it.office.clone(), payment.clone(), 100, key));
        let answers = at_once(asks.collect::<Vec<_>>()).await;
        assert!(answers.iter().all(Option::is_some), "{answers:?}");
        let refunded = cluster.payment(payment.id).await;
        assert!(matches!(refunded.state, PaymentState::Refunded { .. }));
        assert_eq!(refunded.refunds.len(), 1);
    }
    assert_eq!(cluster.settled().await, Ending { served: 0, refunded: 6 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn refunds_of_parts_at_once_never_give_back_more_than_was_taken() {
    let cluster = TestCluster::open().await;
    for seat in 0..6 {
        let payment = cluster.sold(seat).await;
        let asks = cluster.turns().take(9).map(|it| refund(it.office.clone(), payment.clone(), 40, None));
        let done = at_once(asks.collect::<Vec<_>>()).await.into_iter().flatten().count();
        let refunded = cluster.payment(payment.id).await;
        assert!((1..=2).contains(&done), "{refunded:?}");
        assert_eq!(refunded.refunded.minor(), 40 * i64::try_from(done).unwrap());
    }
    assert_eq!(cluster.settled().await, Ending { served: 6, refunded: 0 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refund_whose_answer_was_lost_is_found_out_once() {
    let cluster = TestCluster::open().await;
    let payment = cluster.sold(0).await;
    cluster.provider.gateway.fail_next_refund(RefundFault::LoseAnswer);
    refund(cluster.servers[0].office.clone(), payment.clone(), 100, None).await.unwrap();
    assert!(cluster.payment(payment.id).await.queued_refund().is_some());
    cluster.clock.advance(std::time::Duration::from_mins(1));
    assert_eq!(cluster.reconciled().await.settled, 1);
    assert_eq!(cluster.provider.refunds(), 2);
    assert_eq!(cluster.settled().await, Ending { served: 0, refunded: 1 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refund_that_was_refused_leaves_the_ticket_and_is_listed() {
    let cluster = TestCluster::open().await;
    let payment = cluster.sold(0).await;
    let refused = RefundAnswer::Refused { code: "BANK_CLOSED".into() };
    cluster.provider.gateway.fail_next_refund(RefundFault::Answer(refused));
    refund(cluster.servers[0].office.clone(), payment.clone(), 100, None).await.unwrap();
    let listed = cluster.servers[1]
        .office
        .support()
        .payments_needing_attention(PageRequest::new(1, 20).unwrap())
        .await
        .unwrap();
    assert_eq!(listed.rows.iter().map(|row| row.id).collect::<Vec<_>>(), [payment.id]);
    cluster.servers[2].office.support().retry_payment(payment.id, None).await.unwrap();
    assert_eq!(cluster.settled().await, Ending { served: 0, refunded: 1 });
}
