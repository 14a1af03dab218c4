//! Asking again, from three servers at once.

use std::time::Duration;

use tiketi_core::memory::ConfirmFault;
use tiketi_core::{Heard, LookupAnswer, PageRequest, Payment, PaymentState};

use crate::Town;
use crate::books::Ending;

/// Confirms so many seats, of which the provider takes the money and its answers are lost.
async fn unknown(town: &Town, count: usize) -> Vec<Payment> {
    let mut payments = Vec::new();
    for seat in 0..count {
        town.provider.books.fail_next_confirm(ConfirmFault::LoseAnswer);
        payments.push(town.sold(seat).await);
    }
    assert!(payments.iter().all(|it| matches!(it.state, PaymentState::Confirming { .. })));
    payments
}

/// Seen to fail without the claim.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn three_servers_at_once_ask_once_each_time_it_is_due() {
    const COUNT: usize = 20;
    let town = Town::open().await;
    unknown(&town, COUNT).await;
    // Silent when asked after 1, 3 and 8 minutes; after 18 it answers.
    for (round, minutes) in [1, 2, 5].into_iter().enumerate() {
        town.clock.advance(Duration::from_mins(minutes).saturating_sub(Duration::from_micros(1)));
        town.reconciled().await;
        assert_eq!(town.provider.lookups(), COUNT * round, "nothing is due yet");
        town.clock.advance(Duration::from_micros(1));
        for _ in 0..COUNT {
            town.provider.books.answer_next_lookup(LookupAnswer::Unknown {
                reason: "HTTP 500".into(),
                heard: Heard::Silence,
            });
        }
        for _ in 0..3 {
            town.reconciled().await;
        }
        assert_eq!(town.provider.lookups(), COUNT * (round + 1));
    }
    town.clock.advance(Duration::from_mins(10));
    assert_eq!(town.reconciled().await.settled, COUNT);
    assert_eq!(town.provider.lookups(), COUNT * 4);
    assert_eq!(town.settled().await, Ending { served: COUNT, refunded: 0 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_provider_silent_for_ten_minutes_costs_nobody_a_seat() {
    let town = Town::open().await;
    let payments = unknown(&town, 3).await;
    for _ in 0..10 {
        town.clock.advance(Duration::from_mins(1));
        for server in &town.servers {
            assert_eq!(server.office.expire_once().await.unwrap().done, []);
        }
    }
    let listed = town.servers[0].office.payments_in_trouble(PageRequest::new(1, 20).unwrap()).await.unwrap();
    assert_eq!(listed.total, 3, "a person is told");
    town.reconciled().await;
    assert!(matches!(town.payment(payments[0].id).await.state, PaymentState::Paid { .. }));
    assert_eq!(town.settled().await, Ending { served: 3, refunded: 0 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_provider_that_cannot_be_reached_is_not_asked() {
    let town = Town::open().await;
    unknown(&town, 4).await;
    town.clock.advance(Duration::from_mins(1));
    town.provider.books.set_unavailable(Some(Duration::from_secs(30)));
    town.reconciled().await;
    assert_eq!(town.provider.lookups(), 0);
    town.provider.books.set_unavailable(None);
    town.clock.advance(Duration::from_secs(30));
    assert_eq!(town.reconciled().await.settled, 4);
    assert_eq!(town.settled().await, Ending { served: 4, refunded: 0 });
}
