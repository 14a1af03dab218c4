//! A file that cannot grow, as on a full disk.

use futures::future::join_all;
use tiketi_core::{CommandError, Reservation, StoreErrorKind};

use crate::shop::TestShop;

/// Concurrent commands, so that whole batches reach the full disk.
const AT_ONCE: usize = 16;

/// Holds seats until the store has no space. Returns the acknowledged reservations, and the first refused seat.
async fn hold_until_full(shop: &TestShop) -> (Vec<Reservation>, usize) {
    let mut held = Vec::new();
    for first in (0..shop.seats.len()).step_by(AT_ONCE) {
        let answers = join_all((first..first + AT_ONCE).map(|seat| shop.hold(seat))).await;
        let mut is_full = false;
        for answer in answers {
            match answer {
                Ok(reservation) => held.push(reservation),
                Err(CommandError::Store(error)) => {
                    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error:?}");
                    assert!(error.to_string().contains("full"), "{error}");
                    is_full = true;
                }
                Err(refused) => panic!("{refused:?}"),
            }
        }
        if is_full {
            return (held, first + AT_ONCE);
        }
    }
    panic!("the file never was full");
}

/// Fails if a limit below one page means no limit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_loses_nothing_and_sells_again_once_there_is_room() {
    let shop = TestShop::open(40).await;
    shop.store.limit_size(Some(1)).await.unwrap();
    let (held, next) = hold_until_full(&shop).await;
    // No command has a partial effect, and reads work.
    assert_eq!(shop.assert_sound().await.reservations, held.len());

    shop.store.limit_size(None).await.unwrap();
    shop.hold(next).await.unwrap();
    assert_eq!(shop.assert_sound().await.reservations, held.len() + 1);
    for reservation in held {
        let kept = shop.box_office.sales().reservation(reservation.id, reservation.buyer).await.unwrap();
        assert_eq!(kept, Some(reservation));
    }
}
