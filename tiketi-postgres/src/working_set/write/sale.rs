//! Reservations, seats, remembered commands and facts.

use std::collections::BTreeMap;

use tiketi_core::decide::{CommandRecord, Scope, Snapshot};
use tiketi_core::{
    CommandKey, EventId, FactBody, PaymentId, Reservation, ReservationId, StoreError, Timestamp,
};
use tiketi_sql::{self as rows, stored};
use uuid::Uuid;

use super::{column, gone, run};
use crate::sql::session::Session;

const UPDATE_RESERVATIONS: &str = "UPDATE tiketi.reservations AS reservation SET seats = n.seats, items = n.items, \
    total = n.total, state = n.state, state_at = n.state_at, cancel_reason = n.cancel_reason, payment = n.payment, \
    window_granted = n.window_granted, cancellation = n.cancellation, version = n.version \
    FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::bigint[], $9::text[], \
        $10::uuid[], $11::boolean[], $12::text[], $13::bigint[]) \
        AS n (id, before, seats, items, total, state, state_at, cancel_reason, payment, window_granted, cancellation, \
            version) \
    WHERE reservation.event = $1 AND reservation.id = ANY($2) AND reservation.id = n.id AND reservation.version = n.before";
const INSERT_RESERVATIONS: &str = "INSERT INTO tiketi.reservations (event, id, seats, items, total, state, state_at, \
    cancel_reason, payment, window_granted, cancellation, version, buyer, date, serial, currency, created_at) \
    SELECT $1, n.* FROM unnest($2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::bigint[], $8::text[], \
        $9::uuid[], $10::boolean[], $11::text[], $12::bigint[], $13::uuid[], $14::bigint[], $15::bigint[], \
        $16::text[], $17::bigint[]) AS n";
const INSERT_COMMANDS: &str = "INSERT INTO tiketi.commands (event, key, fingerprint, reservation, payment, at) \
    SELECT $1, n.* FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bigint[]) AS n";
/// Facts are numbered in their order, under the lock of their event: later ones of it have greater numbers.
const INSERT_FACTS: &str = "INSERT INTO tiketi.outbox (id, event, at, body, reservation) \
    SELECT nextval('tiketi.facts'), $1, n.at, n.body, n.reservation \
    FROM unnest($2::bigint[], $3::text[], $4::uuid[]) AS n (at, body, reservation)";

/// Writes reservations: those that were there, and then those that are new.
pub(super) async fn reservations(
    session: &mut Session,
    event: EventId,
    snapshot: &Snapshot,
    writes: &BTreeMap<ReservationId, u64>,
) -> Result<(), StoreError> {
    let mut known = Vec::new();
    let mut new = Vec::new();
    for (id, before) in writes {
        let row = snapshot.reservation(*id).ok_or_else(gone)?;
        let cancellation = rows::cancellation_text(row.cancellation.as_ref())?;
        let (seats, items) = (rows::seats_text(&row.seats)?, rows::items_text(&row.items)?);
        let written = (row, *before, seats, items, cancellation);
        if *before == 0 { new.push(written) } else { known.push(written) }
    }
    update_reservations(session, event, &known).await?;
    insert_reservations(session, event, &new).await
}

/// A reservation, the version it had, and the texts of its seats, units and policy.
type WrittenReservation<'s> = (&'s Reservation, u64, String, String, Option<String>);

async fn update_reservations(
    session: &mut Session,
    event: EventId,
    writes: &[WrittenReservation<'_>],
) -> Result<(), StoreError> {
    if writes.is_empty() {
        return Ok(());
    }
    let states = column(writes, |it| rows::reservation_state(it.0.state));
    let statement = sqlx::query(UPDATE_RESERVATIONS)
        .bind(event.as_uuid())
        .bind(column(writes, |it| it.0.id.as_uuid()))
        .bind(column(writes, |it| stored(it.1)))
        .bind(column(writes, |it| &*it.2))
        .bind(column(writes, |it| &*it.3))
        .bind(column(writes, |it| it.0.total.minor()))
        .bind(column(&states, |it| it.0))
        .bind(column(&states, |it| it.1.as_micros()))
        .bind(column(&states, |it| it.2))
        .bind(column(writes, |it| it.0.payment.map(PaymentId::as_uuid)))
        .bind(column(writes, |it| it.0.payment_window_granted))
        .bind(column(writes, |it| it.4.as_deref()))
        .bind(column(writes, |it| stored(it.0.version)));
    run(session, statement, writes.len()).await
}

async fn insert_reservations(
    session: &mut Session,
    event: EventId,
    new: &[WrittenReservation<'_>],
) -> Result<(), StoreError> {
    if new.is_empty() {
        return Ok(());
    }
    let states = column(new, |it| rows::reservation_state(it.0.state));
    let statement = sqlx::query(INSERT_RESERVATIONS)
        .bind(event.as_uuid())
        .bind(column(new, |it| it.0.id.as_uuid()))
        .bind(column(new, |it| &*it.2))
        .bind(column(new, |it| &*it.3))
        .bind(column(new, |it| it.0.total.minor()))
        .bind(column(&states, |it| it.0))
        .bind(column(&states, |it| it.1.as_micros()))
        .bind(column(&states, |it| it.2))
        .bind(column(new, |it| it.0.payment.map(PaymentId::as_uuid)))
        .bind(column(new, |it| it.0.payment_window_granted))
        .bind(column(new, |it| it.4.as_deref()))
        .bind(column(new, |it| stored(it.0.version)))
        .bind(column(new, |it| it.0.buyer.as_uuid()))
        .bind(column(new, |it| i64::from(it.0.number.date())))
        .bind(column(new, |it| stored(it.0.number.serial())))
        .bind(column(new, |it| it.0.total.currency().code()))
        .bind(column(new, |it| it.0.created_at.as_micros()));
    run(session, statement, new.len()).await
}

/// Remembers commands that took effect.
pub(super) async fn commands(
    session: &mut Session,
    event: EventId,
    new: &[(CommandKey, CommandRecord)],
) -> Result<(), StoreError> {
    if new.is_empty() {
        return Ok(());
    }
    let statement = sqlx::query(INSERT_COMMANDS)
        .bind(event.as_uuid())
        .bind(column(new, |it| it.0.as_uuid()))
        .bind(column(new, |it| Uuid::from_u128(it.1.fingerprint)))
        .bind(column(new, |it| it.1.effect.reservation.as_uuid()))
        .bind(column(new, |it| it.1.effect.payment.map(PaymentId::as_uuid)))
        .bind(column(new, |it| it.1.at.as_micros()));
    run(session, statement, new.len()).await
}

/// Puts facts into the outbox, in their order.
pub(super) async fn facts(
    session: &mut Session,
    event: EventId,
    new: &[(Timestamp, FactBody)],
) -> Result<(), StoreError> {
    if new.is_empty() {
        return Ok(());
    }
    let bodies = new.iter().map(|(_, body)| rows::fact_text(body)).collect::<Result<Vec<_>, _>>()?;
    let statement = sqlx::query(INSERT_FACTS)
        .bind(event.as_uuid())
        .bind(column(new, |it| it.0.as_micros()))
        .bind(bodies)
        .bind(column(new, |it| it.1.reservation().map(ReservationId::as_uuid)));
    run(session, statement, new.len()).await
}
