//! Payments.

use std::collections::BTreeMap;

use tiketi_core::decide::{Scope, Snapshot};
use tiketi_core::{EventId, Payment, PaymentId, StoreError};
use tiketi_sql::{self as rows, PaymentColumns, stored};

use super::{column, gone, run};
use crate::sql::session::{Session, Statement};

const UPDATE: &str = "UPDATE tiketi.payments AS payment SET provider_key = n.provider_key, version = n.version, \
    state = n.state, state_at = n.state_at, detail = n.detail, refunds = n.refunds, captured = n.captured, \
    taken_in = n.taken_in, refunded = n.refunded, reconcile_at = n.reconcile_at, reconciliation = n.reconciliation, \
    awaited_since = n.awaited_since, notes = n.notes, needs_attention = n.needs_attention, call_off_refused = n.call_off_refused \
    FROM unnest($2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::bigint[], \
        $10::text[], $11::bigint[], $12::bigint[], $13::text[], $14::bigint[], $15::text[], $16::boolean[], \
        $17::boolean[], $18::bigint[]) \
        AS n (id, provider_key, version, state, state_at, detail, refunds, captured, taken_in, refunded, reconcile_at, \
            reconciliation, awaited_since, notes, needs_attention, call_off_refused, before) \
    WHERE payment.event = $1 AND payment.id = ANY($2) AND payment.id = n.id AND payment.version = n.before";
const INSERT: &str = "INSERT INTO tiketi.payments (event, id, provider_key, version, state, state_at, detail, \
    refunds, captured, taken_in, refunded, reconcile_at, reconciliation, awaited_since, notes, needs_attention, call_off_refused, \
    reservation, buyer, amount, currency, gateway, method, created_at) \
    SELECT $1, n.* FROM unnest($2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::text[], $8::text[], \
        $9::bigint[], $10::text[], $11::bigint[], $12::bigint[], $13::text[], $14::bigint[], $15::text[], \
        $16::boolean[], $17::boolean[], $18::uuid[], $19::uuid[], $20::bigint[], $21::text[], $22::text[], \
        $23::text[], $24::bigint[]) AS n";

/// A payment, the version it had, and what may change of it.
struct Written<'s> {
    row: &'s Payment,
    before: u64,
    columns: PaymentColumns,
}

/// Writes payments: those that were there, and then those that are new.
pub(super) async fn payments(
    session: &mut Session,
    event: EventId,
    snapshot: &Snapshot,
    writes: &BTreeMap<PaymentId, u64>,
) -> Result<(), StoreError> {
    let mut known = Vec::new();
    let mut new = Vec::new();
    for (id, before) in writes {
        let row = snapshot.payment(*id).ok_or_else(gone)?;
        let written = Written { row, before: *before, columns: rows::payment_columns(row)? };
        if *before == 0 { new.push(written) } else { known.push(written) }
    }
    update(session, event, &known).await?;
    insert(session, event, &new).await
}

async fn update(session: &mut Session, event: EventId, writes: &[Written<'_>]) -> Result<(), StoreError> {
    if writes.is_empty() {
        return Ok(());
    }
    let statement = with_columns(sqlx::query(UPDATE).bind(event.as_uuid()), writes);
    let statement = statement.bind(column(writes, |it| stored(it.before)));
    run(session, statement, writes.len()).await
}

async fn insert(session: &mut Session, event: EventId, new: &[Written<'_>]) -> Result<(), StoreError> {
    if new.is_empty() {
        return Ok(());
    }
    let statement = with_columns(sqlx::query(INSERT).bind(event.as_uuid()), new)
        .bind(column(new, |it| it.row.reservation.as_uuid()))
        .bind(column(new, |it| it.row.buyer.as_uuid()))
        .bind(column(new, |it| it.row.amount.minor()))
        .bind(column(new, |it| it.row.amount.currency().code()))
        .bind(column(new, |it| &*it.row.gateway))
        .bind(column(new, |it| &*it.row.method))
        .bind(column(new, |it| it.row.created_at.as_micros()));
    run(session, statement, new.len()).await
}

/// Binds ids and what may change, from the second value to the seventeenth.
fn with_columns<'q>(statement: Statement<'q>, rows: &'q [Written<'_>]) -> Statement<'q> {
    statement
        .bind(column(rows, |it| it.row.id.as_uuid()))
        .bind(column(rows, |it| it.row.provider_key.as_deref()))
        .bind(column(rows, |it| stored(it.row.version)))
        .bind(column(rows, |it| it.columns.state))
        .bind(column(rows, |it| it.columns.state_at))
        .bind(column(rows, |it| it.columns.detail.as_deref()))
        .bind(column(rows, |it| &*it.columns.refunds))
        .bind(column(rows, |it| it.columns.captured))
        .bind(column(rows, |it| it.columns.taken_in))
        .bind(column(rows, |it| it.columns.refunded))
        .bind(column(rows, |it| it.columns.reconcile_at))
        .bind(column(rows, |it| it.columns.reconciliation.as_deref()))
        .bind(column(rows, |it| it.columns.awaited_since))
        .bind(column(rows, |it| &*it.columns.notes))
        .bind(column(rows, |it| it.columns.needs_attention))
        .bind(column(rows, |it| it.columns.call_off_refused))
}
