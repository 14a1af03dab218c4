//! Buyers who continue after every fault, and the answers that they received.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tiketi_conformance::{Hall, TestShop};
use tiketi_core::decide::{Applied, SalesCommand};
use tiketi_core::{CommandError, Reservation, ReservationState, store::SalesStore};
use tiketi_postgres::PostgresStore;
use tokio::time::{sleep, timeout};

use crate::cluster::assert_sound;

/// How long a command may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
const BETWEEN_TRIES: Duration = Duration::from_millis(10);

/// The answers that buyers received, to be compared with the database.
#[derive(Clone, Default)]
pub(crate) struct Trade {
    told: Arc<AtomicUsize>,
    is_over: Arc<AtomicUsize>,
}

impl Trade {
    /// Runs this many buyers, who hold and pay for one seat after another until [`Trade::end`]. Returns what they
    /// own.
    pub(crate) async fn run(&self, shop: &TestShop, hall: &Hall, buyers: usize) -> Vec<Reservation> {
        let tasks: Vec<_> =
            (0..buyers).map(|place| self.clone().buy(shop.clone(), hall.clone(), place)).collect();
        let tasks: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
        let mut owned = Vec::new();
        for task in tasks {
            owned.extend(timeout(PATIENCE, task).await.expect("buyers come to an end").unwrap());
        }
        owned
    }

    /// Runs one buyer, who holds and pays for a seat, then holds and releases another, and so on.
    async fn buy(self, shop: TestShop, hall: Hall, place: usize) -> Vec<Reservation> {
        let mut owned = Vec::new();
        for turn in place.. {
            if self.is_over.load(Ordering::SeqCst) > 0 {
                break;
            }
            let seat = turn * 7 % hall.seats.len();
            let taken = self.insist(&shop, shop.hold_seats(&hall, shop.buyer(), &[seat])).await;
            let Some(held) = taken else { continue };
            if place.is_multiple_of(4) && owned.is_empty() {
                owned.push(self.pay(&shop, &held.reservation).await);
            } else {
                self.insist(&shop, shop.release(&held.reservation)).await;
            }
        }
        owned
    }

    async fn pay(&self, shop: &TestShop, held: &Reservation) -> Reservation {
        let started = self.insist(shop, shop.start_payment(held)).await.unwrap();
        let payment = started.payment.unwrap();
        self.insist(shop, shop.begin_confirm(&payment)).await.unwrap();
        self.insist(shop, shop.paid(&payment)).await.unwrap().reservation
    }

    /// Sends a command under one key until it is answered. A refusal must say that seats are taken.
    async fn insist<C: SalesCommand>(&self, shop: &TestShop, command: C) -> Option<Applied> {
        let command = shop.envelope(command);
        loop {
            match shop.execute(command.clone()).await {
                Ok(applied) => {
                    self.told.fetch_add(1, Ordering::SeqCst);
                    return Some(applied);
                }
                Err(CommandError::Store(error)) => {
                    assert!(error.is_retryable(), "{error:?}");
                    sleep(BETWEEN_TRIES).await;
                }
                Err(refused) => {
                    let why = format!("{refused:?}");
                    assert!(why.contains("SeatsTaken"), "{why}");
                    return None;
                }
            }
        }
    }

    /// Waits until this many more commands are acknowledged.
    pub(crate) async fn progress(&self, by: usize) {
        let wanted = self.told.load(Ordering::SeqCst) + by;
        let progress = async {
            while self.told.load(Ordering::SeqCst) < wanted {
                sleep(BETWEEN_TRIES).await;
            }
        };
        timeout(PATIENCE, progress).await.expect("buyers get on");
    }

    /// Lets buyers finish their current commands and stop.
    pub(crate) fn end(&self) {
        self.is_over.store(1, Ordering::SeqCst);
    }
}

/// Fails if an acknowledged command is not in the database, or if the audit finds a violation.
pub(crate) async fn assert_kept(store: &PostgresStore, owned: &[Reservation]) {
    assert!(!owned.is_empty(), "nobody owns anything: nothing was tested");
    for reservation in owned {
        let kept = store.reservation(reservation.id).await.unwrap().expect("what was answered is there");
        assert!(matches!(kept.state, ReservationState::Confirmed { .. }), "{kept:?}");
        assert_eq!(kept.seats, reservation.seats);
    }
    assert_sound(store).await;
}
