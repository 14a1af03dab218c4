//! What a probe notices of a file.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use tiketi_core::{StoreError, StoreErrorKind};

use crate::shop::TestShop;

/// Probes a store that cannot sell, and returns what it says.
async fn refused(shop: &TestShop) -> StoreError {
    let error = shop.box_office.probe_store().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error:?}");
    error
}

/// Seen to fail without the comparison of identities.
#[cfg(unix)]
#[tokio::test]
async fn a_file_that_was_moved_or_replaced_is_noticed() {
    let shop = TestShop::open(1).await;
    shop.box_office.probe_store().await.unwrap();
    let path = shop.store.path();
    for ending in ["", "-wal", ".lock"] {
        let name = format!("{}{ending}", path.display());
        let elsewhere = format!("{name}.moved");
        fs::rename(&name, &elsewhere).unwrap();
        assert!(refused(&shop).await.to_string().contains("was moved or deleted"), "{ending}");
        fs::copy(&elsewhere, &name).unwrap();
        assert!(refused(&shop).await.to_string().contains("was replaced"), "{ending}");
        fs::rename(&elsewhere, &name).unwrap();
        shop.box_office.probe_store().await.unwrap();
    }
}

/// Seen to fail with a probe that updates a row in place and takes no pages.
#[tokio::test]
async fn a_file_that_cannot_grow_is_noticed_and_later_sells_again() {
    let shop = TestShop::open(1).await;
    shop.store.limit_size(Some(1)).await.unwrap();
    assert!(refused(&shop).await.to_string().contains("full"));
    shop.store.limit_size(None).await.unwrap();
    shop.box_office.probe_store().await.unwrap();
    shop.hold(0).await.unwrap();
    shop.assert_sound().await;
}

#[tokio::test]
async fn a_schema_of_another_release_is_noticed() {
    let shop = TestShop::open(1).await;
    let other = Connection::open(shop.store.path()).unwrap();
    other.execute("INSERT INTO migrations (version, name) VALUES (99, 'later')", ()).unwrap();
    assert!(refused(&shop).await.to_string().contains("schema 99"));
}

/// Fails if the pages that a probe takes stay in the file, or if each probe leaves a row.
#[tokio::test]
async fn a_thousand_probes_leave_the_file_as_large_as_one() {
    let shop = TestShop::open(1).await;
    shop.box_office.probe_store().await.unwrap();
    let pages = pages(shop.store.path());
    for _ in 0..1_000 {
        shop.box_office.probe_store().await.unwrap();
    }
    assert_eq!(self::pages(shop.store.path()), pages);
}

fn pages(path: &Path) -> i64 {
    let connection = Connection::open(path).unwrap();
    connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap()
}
