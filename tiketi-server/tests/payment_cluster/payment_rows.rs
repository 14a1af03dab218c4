//! The payments of a shop in Postgres.

use sqlx::{Connection, PgConnection, Row as _};
use tiketi_postgres_harness::Database;
use tiketi_server_harness::PaymentRow;
use uuid::Uuid;

const ROWS: &str = "SELECT p.id, p.state, coalesce(p.captured, 0) AS taken, p.refunded, \
    p.reconcile_at IS NOT NULL OR p.needs_attention AS is_open, r.state AS bought \
    FROM tiketi.payments p LEFT JOIN tiketi.reservations r ON r.payment = p.id";
const OPEN: &str = "SELECT count(*) FROM tiketi.payments WHERE reconcile_at IS NOT NULL";
/// The servers use their cached working set until the event's revision changes.
const NEXT_REVISION: &str = "UPDATE tiketi.events SET revision = revision + 1";
const AGE: &str = "UPDATE tiketi.payments SET reconcile_at = reconcile_at - $1, awaited_since = awaited_since - $1, \
    reconciliation = jsonb_set(jsonb_set(reconciliation::jsonb, '{since}', to_jsonb((reconciliation::jsonb ->> 'since')::bigint - $1)), \
        '{deposit,due}', to_jsonb(coalesce((reconciliation::jsonb #>> '{deposit,due}')::bigint - $1, 0)), false)::text, \
    state_at = CASE state WHEN 'confirming' THEN state_at - $1 ELSE state_at END WHERE reconcile_at IS NOT NULL";

async fn connect(database: &Database) -> PgConnection {
    PgConnection::connect_with(&database.options()).await.unwrap()
}

/// Reads every payment, with the state of its reservation.
pub(crate) async fn rows(database: &Database) -> Vec<PaymentRow> {
    let rows = sqlx::query(ROWS).fetch_all(&mut connect(database).await).await.unwrap();
    let read = |row: &sqlx::postgres::PgRow| PaymentRow {
        order: row.get::<Uuid, _>("id").to_string(),
        state: row.get("state"),
        taken: row.get("taken"),
        returned: row.get("refunded"),
        is_open: row.get("is_open"),
        bought: row.get("bought"),
    };
    rows.iter().map(read).collect()
}

/// Counts the payments and refunds whose outcome is unknown.
pub(crate) async fn open(database: &Database) -> i64 {
    sqlx::query_scalar(OPEN).fetch_one(&mut connect(database).await).await.unwrap()
}

/// Moves the start of all awaited outcomes back by this many minutes, as if the time had passed.
pub(crate) async fn age(database: &Database, minutes: i64) {
    let mut connection = connect(database).await;
    let mut transaction = connection.begin().await.unwrap();
    // The event's row is locked first, as the servers do.
    sqlx::query(NEXT_REVISION).execute(&mut *transaction).await.unwrap();
    sqlx::query(AGE).bind(minutes * 60_000_000).execute(&mut *transaction).await.unwrap();
    transaction.commit().await.unwrap();
}
