//! The payments of a shop in a SQLite file.

use std::path::Path;

use rusqlite::Connection;
use tiketi_server_harness::{PaymentRow, TOSS_SECRET, assert_agrees, run};
use uuid::Uuid;

use crate::toss::toss_shop::TossShop;

const ROWS: &str = "
    SELECT p.id, p.state, coalesce(p.captured, 0), p.refunded, p.reconcile_at IS NOT NULL OR p.needs_attention, r.state
    FROM payments p LEFT JOIN reservations r ON r.payment = p.id";

fn rows(path: &Path) -> Vec<PaymentRow> {
    let connection = Connection::open(path).unwrap();
    let mut statement = connection.prepare(ROWS).unwrap();
    let read = |row: &rusqlite::Row<'_>| {
        Ok(PaymentRow {
            order: row.get::<_, Uuid>(0)?.to_string(),
            state: row.get(1)?,
            taken: row.get(2)?,
            returned: row.get(3)?,
            is_open: row.get(4)?,
            bought: row.get(5)?,
        })
    };
    statement.query_map((), read).unwrap().map(Result::unwrap).collect()
}

/// Moves the start of all awaited outcomes back by this many minutes, as if the time had passed.
pub(super) fn age(path: &Path, minutes: i64) {
    let sql = "UPDATE payments SET reconcile_at = reconcile_at - ?1, awaited_since = awaited_since - ?1,
        reconciliation = json_replace(reconciliation, '$.since', json_extract(reconciliation, '$.since') - ?1,
            '$.deposit.due', json_extract(reconciliation, '$.deposit.due') - ?1),
        state_at = CASE state WHEN 'confirming' THEN state_at - ?1 ELSE state_at END
        WHERE reconcile_at IS NOT NULL";
    let connection = Connection::open(path).unwrap();
    connection.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    connection.execute(sql, [minutes * 60_000_000]).unwrap();
}

/// Moves the end of holds that are being paid for into the past.
pub(super) fn let_holds_lapse(path: &Path) {
    let connection = Connection::open(path).unwrap();
    connection.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    connection.execute("UPDATE reservations SET state_at = created_at WHERE state = 'paying'", ()).unwrap();
}

/// Asserts that every buyer has the tickets or the money, that store and provider agree, and that the audit passes.
pub(super) async fn assert_settled(toss_shop: &TossShop) {
    assert_agrees(&toss_shop.stub.ledger(), &rows(&toss_shop.path));
    let said = run(&["audit", "--store", &toss_shop.shop.store]).await;
    assert!(said.code == Some(0) && said.out.starts_with("no violations; "), "{said:?}");
    let kept = std::fs::read(&toss_shop.path).unwrap();
    let secret = TOSS_SECRET.as_bytes();
    assert!(!kept.windows(secret.len()).any(|bytes| bytes == secret), "the secret key is in the store");
}
