//! Commands that share a commit, also when one of them cannot be stored.

use std::sync::Arc;

use futures::future::join_all;
use tiketi_core::decide::{Command, Envelope, Hold, HoldRefused};
use tiketi_core::{CommandError, CommandKey, ReservationId, StoreErrorKind, Terms, store::SalesStoreExt};
use uuid::Uuid;

use crate::shop::{TestShop, buyer};

const COMMANDS: usize = 200;

/// Returns a hold of one seat, with this reservation id.
fn hold(shop: &TestShop, seat: usize, id: ReservationId) -> Envelope<Hold> {
    let key = CommandKey::from_uuid(Uuid::from_u128(0xCE_0000 + seat as u128));
    let terms = Terms::default();
    let hold = Hold::new(shop.event, buyer(seat), id, terms).seats([shop.seats[seat]]);
    hold.at(shop.box_office.now(), key)
}

fn fresh_id(seat: usize) -> ReservationId {
    ReservationId::from_uuid(Uuid::from_u128(0x1D_0000 + seat as u128))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_command_of_a_batch_is_answered() {
    let shop = TestShop::open(4).await;
    let holds = (0..COMMANDS).map(|seat| shop.store.execute(hold(&shop, seat, fresh_id(seat))));
    let answers = join_all(holds).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(shop.assert_sound().await.reservations, COMMANDS);
}

/// A trigger refuses rows of commands that every rule accepts, in the middle of the batch's transaction.
///
/// Fails if the store answers every command of a failed batch with the failure.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_cannot_be_stored_fails_no_other_command() {
    let shop = Arc::new(TestShop::open(4).await);
    shop.hold(0).await.unwrap();
    let poisoned = |seat: usize| seat % 20 == 10;
    let ids = (1..COMMANDS).filter(|seat| poisoned(*seat)).map(|seat| fresh_id(seat).as_uuid());
    let ids: Vec<_> = ids.map(|id| format!("x'{}'", id.simple())).collect();
    let guard = format!(
        "CREATE TRIGGER poison BEFORE INSERT ON reservations WHEN new.id IN ({}) \
         BEGIN SELECT RAISE(ABORT, 'this row cannot be kept'); END",
        ids.join(", ")
    );
    let file = rusqlite::Connection::open(shop.path("tiketi.db")).unwrap();
    file.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    file.execute_batch(&guard).unwrap();
    let commands = (1..COMMANDS).map(|seat| shop.store.execute(hold(&shop, seat, fresh_id(seat))));
    for (seat, answer) in (1..).zip(join_all(commands).await) {
        match answer {
            Ok(applied) => assert_eq!((poisoned(seat), applied.reservation.id), (false, fresh_id(seat))),
            Err(CommandError::Store(error)) => {
                assert_eq!((poisoned(seat), error.kind()), (true, StoreErrorKind::Corrupt), "{error:?}");
            }
            Err(other) => panic!("seat {seat}: {other:?}"),
        }
    }
    let kept = COMMANDS - (1..COMMANDS).filter(|seat| poisoned(*seat)).count();
    assert_eq!(shop.assert_sound().await.reservations, kept);
}

/// Rows stay in memory from one batch to the next, until another connection commits.
///
/// Fails if the store does not read the file's data version.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_program_wrote_is_seen() {
    let shop = TestShop::open(1).await;
    shop.hold(0).await.unwrap();
    let file = rusqlite::Connection::open(shop.path("tiketi.db")).unwrap();
    file.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    let changed = file.execute("UPDATE events SET state = 'cancelled', state_at = 1", ()).unwrap();
    assert_eq!(changed, 1);
    let refused = shop.hold(1).await.unwrap_err();
    assert!(matches!(refused, CommandError::Refused(HoldRefused::EventCancelled)), "{refused:?}");
}
