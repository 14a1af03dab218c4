//! A server with a wrong clock, next to a server with a right one.

use std::time::Duration;

use tiketi_core::decide::{BlockSeats, ClockAhead, Envelope, SalesCommand};
use tiketi_core::{
    BoxOffice, Clock, CommandError, EventDetails, ReservationState, SaleWindow, StoreError, StoreErrorKind,
    Timestamp,
    clock::SystemClock,
    store::{CatalogStore, SalesStore, SalesStoreExt, StoreClock},
};

use crate::cluster::{TestCluster, assert_sound};

/// One second more than the duration of a hold.
const WRONG_BY: Duration = Duration::from_secs(301);

/// An event on sale from now on, by the clock of the machine, which is also the database's.
fn on_sale_now() -> EventDetails {
    let (opens, closes) = (
        SystemClock.now().before(Duration::from_hours(1)),
        SystemClock.now().after(Duration::from_hours(48)),
    );
    EventDetails::new("Winter Lights", closes, SaleWindow::new(opens, closes).unwrap())
}

fn assert_ahead(error: &StoreError) {
    assert_eq!(error.kind(), StoreErrorKind::ClockAhead, "{error:?}");
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<ClockAhead>());
    let ahead = cause.unwrap_or_else(|| panic!("{error:?} does not say how far")).ahead;
    assert!(ahead > Duration::from_secs(200) && ahead <= WRONG_BY, "{ahead:?}");
}

/// Sends a command with the time of a clock that is ahead, and asserts that the store refuses it.
async fn refused_ahead<C: SalesCommand>(cluster: &TestCluster, command: C) {
    let wrong = SystemClock.now().after(WRONG_BY);
    match cluster.stores[1].execute(command.at(wrong, cluster.shop.key())).await {
        Err(CommandError::Store(error)) => assert_ahead(&error),
        other => panic!("a clock that is ahead should be refused, not {other:?}"),
    }
}

/// Fails if only the command's time is used: the server that is ahead then ends the hold of the other server.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_whose_clock_is_ahead_ends_sells_and_announces_nothing() {
    let cluster = TestCluster::of(2).await;
    let shop = &cluster.shop;
    shop.go_to(SystemClock.now());
    let hall = shop.hall_with(on_sale_now()).await;
    let held = shop.held(&hall, shop.buyer(), &[0]).await;
    refused_ahead(&cluster, shop.hold_seats(&hall, shop.buyer(), &[0])).await;
    refused_ahead(&cluster, shop.hold_seats(&hall, shop.buyer(), &[1])).await;
    refused_ahead(&cluster, shop.cancel(&held)).await;
    let wrong = SystemClock.now().after(WRONG_BY);
    let swept = cluster.stores[1].expire_due(wrong, 100).await.unwrap();
    assert_eq!((swept.done.len(), swept.skipped.len()), (0, 1));
    assert_ahead(&swept.skipped[0].1);
    let block = BlockSeats::new(wrong, hall.event, vec![hall.seats[0]], "");
    match cluster.stores[1].block_seats(block).await {
        Err(CommandError::Store(error)) => assert_ahead(&error),
        other => panic!("a clock that is ahead should be refused, not {other:?}"),
    }
    // At this time the sale would be over.
    let ended = SystemClock.now().after(Duration::from_hours(49));
    let told = cluster.stores[1].announce_statuses(ended).await.unwrap();
    assert_eq!((told.done.len(), told.skipped.len()), (0, 1));
    assert_eq!(told.skipped[0].1.kind(), StoreErrorKind::ClockAhead);
    assert!(matches!(shop.now_of(&held).await.state, ReservationState::Held { .. }));
    shop.held(&hall, shop.buyer(), &[1]).await;
    assert_sound(&cluster.stores[0]).await;
}

/// A command that shares a batch with one of a wrong clock is decided by its own time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn commands_of_a_right_clock_are_kept_beside_those_of_a_wrong_one() {
    let cluster = TestCluster::of(1).await;
    let shop = &cluster.shop;
    shop.go_to(SystemClock.now());
    let hall = shop.hall_with(on_sale_now()).await;
    let wrong = SystemClock.now().after(WRONG_BY);
    let commands = (0..20).map(|seat| {
        let command = shop.envelope(shop.hold_seats(&hall, shop.buyer(), &[seat]));
        let command = if seat % 2 == 0 { command } else { Envelope { now: wrong, ..command } };
        cluster.stores[0].execute(command)
    });
    let answers = futures::future::join_all(commands).await;
    for (seat, answer) in answers.into_iter().enumerate() {
        match answer {
            Ok(_) => assert_eq!(seat % 2, 0),
            Err(CommandError::Store(error)) => {
                assert_eq!(seat % 2, 1, "{error:?}");
                assert_ahead(&error);
            }
            Err(other) => panic!("seat {seat}: {other:?}"),
        }
    }
}

#[derive(Debug)]
struct Shifted {
    ahead: Duration,
    behind: Duration,
}

impl Clock for Shifted {
    fn now(&self) -> Timestamp {
        SystemClock.now().after(self.ahead).before(self.behind)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_measures_how_wrong_its_clock_is() {
    let cluster = TestCluster::of(1).await;
    let store = std::sync::Arc::new(cluster.stores[0].clone());
    assert!(store.store_time().await.unwrap().is_some());
    for (ahead, behind) in [(0, 0), (301, 0), (0, 301)]
        .map(|(ahead, behind): (u64, u64)| (Duration::from_secs(ahead), Duration::from_secs(behind)))
    {
        let clock = std::sync::Arc::new(Shifted { ahead, behind });
        let office = BoxOffice::builder().store(store.clone()).clock(clock).build().unwrap();
        let skew = office.clock_skew().await.unwrap().unwrap();
        assert!(skew.ahead <= ahead && skew.behind <= behind, "{skew:?}");
        assert_eq!(skew.is_ready(), (ahead + behind).is_zero(), "{skew:?}");
    }
}
