//! Copies that are made during a sale.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tiketi_core::StoreErrorKind;
use tiketi_sqlite::{SqliteReader, SqliteStore};
use tokio::time::timeout;

use crate::shop::{TestShop, assert_clean, over};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_made_while_the_shop_sells_opens_with_a_clean_audit() {
    let shop = Arc::new(TestShop::open(40).await);
    let (sold, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let seller = tokio::spawn({
        let (shop, sold, ended) = (Arc::clone(&shop), Arc::clone(&sold), Arc::clone(&ended));
        async move {
            for seat in 0..shop.seats.len() {
                if ended.load(Ordering::SeqCst) {
                    break;
                }
                shop.hold(seat).await.unwrap();
                sold.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    while sold.load(Ordering::SeqCst) < 20 {
        tokio::task::yield_now().await;
    }
    let (copy, other) = (shop.path("copy.db"), shop.path("other.db"));
    let before = sold.load(Ordering::SeqCst);
    let copying = async {
        shop.store.backup(&copy).await.unwrap();
        SqliteReader::open(shop.store.path()).unwrap().backup(&other).await.unwrap();
    };
    timeout(Duration::from_mins(1), copying).await.expect("the copy never came to an end");
    ended.store(true, Ordering::SeqCst);
    seller.await.unwrap();
    for copy in [copy, other] {
        let store = Arc::new(SqliteStore::open(&copy).unwrap());
        assert_eq!(store.integrity_check().await.unwrap(), Vec::<String>::new());
        let report = assert_clean(&*store).await;
        assert!(report.reservations >= before, "{report:?} lacks what was sold before, {before}");
        // The copy is a complete shop.
        assert!(over(&store).catalog().event(shop.event).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_copy_never_overwrites() {
    let shop = TestShop::open(1).await;
    let taken = shop.path("letter");
    fs::write(&taken, "Dear Ada").unwrap();
    let error = shop.store.backup(&taken).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(error.to_string().contains("never overwrites"), "{error}");
    assert_eq!(fs::read_to_string(&taken).unwrap(), "Dear Ada");
}

#[tokio::test]
async fn a_copy_that_cannot_be_written_says_where() {
    let shop = TestShop::open(1).await;
    let error = shop.store.backup(shop.path("nowhere/copy.db")).await.unwrap_err();
    assert!(error.to_string().contains("nowhere/copy.db cannot be written"), "{error}");
}
