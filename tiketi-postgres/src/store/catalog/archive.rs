//! Puts events into the archive, and takes them out.

use tiketi_core::decide::{self, ArchiveRefused, OpenWork};
use tiketi_core::{CommandError, Event, EventId, StoreError, Timestamp};
use tiketi_sql::{EventRow, columns, count, listing_word, stored};

use crate::queue::retry::retry;
use crate::sql::row::Row;
use crate::sql::session::{BEGIN, Session};
use crate::store::PostgresStore;

/// Waits for a batch of the event, so that what is counted stays as it is.
const LOCK: &str = concat!("SELECT ", columns!(event), " FROM tiketi.events WHERE id = $1 FOR UPDATE");
const OPEN_WORK: &str = "SELECT \
        (SELECT count(*) FROM tiketi.reservations WHERE event = $1 AND state = 'held') \
        + (SELECT count(*) FROM tiketi.reservations WHERE event = $1 AND state = 'paying') \
        + (SELECT count(*) FROM tiketi.events AS off \
            JOIN tiketi.reservations AS sold ON sold.event = $1 AND sold.state = 'confirmed' \
            LEFT JOIN tiketi.payments AS paid ON paid.event = $1 AND paid.id = sold.payment \
            WHERE off.id = $1 AND off.state = 'cancelled' AND paid.reconcile_at IS NULL \
                AND paid.call_off_refused IS NOT TRUE) AS reservations, \
        (SELECT count(*) FROM tiketi.payments WHERE event = $1 AND version > 0 \
            AND (reconcile_at IS NOT NULL OR needs_attention)) AS payments";
/// The revision tells every server that the event changed.
const MOVE: &str = "UPDATE tiketi.events SET archived_at = $2, listing = $3, version = $4, revision = revision + 1 \
    WHERE id = $1";

/// Where an event goes.
#[derive(Debug, Clone, Copy)]
pub(super) enum To {
    /// Into the archive, at a moment.
    Archive(Timestamp),
    /// Out of it.
    Lists,
}

/// Moves an event, in a transaction of its own: what is open is counted in the rows of all its sales.
pub(super) async fn to(
    store: &PostgresStore,
    id: EventId,
    to: To,
) -> Result<Event, CommandError<ArchiveRefused>> {
    retry(store.metrics(), || attempt(store, id, to)).await?.map_err(CommandError::Refused)
}

async fn attempt(
    store: &PostgresStore,
    id: EventId,
    to: To,
) -> Result<Result<Event, ArchiveRefused>, StoreError> {
    let mut session = store.database().begin(BEGIN).await?;
    let locked = session.query(LOCK).bind(id.as_uuid());
    let Some(row) = session.fetch_optional(locked).await? else {
        return Ok(Err(ArchiveRefused::EventNotFound));
    };
    let (event, _) = EventRow::read(&Row::of(&row))?.event()?;
    let moved = match to {
        To::Archive(now) => match decide::archive(&event, open_work(&mut session, id).await?, now) {
            Ok(moved) => moved,
            Err(refused) => return Ok(Err(refused)),
        },
        To::Lists => decide::unarchive(&event),
    };
    if moved != event {
        let statement = session
            .query(MOVE)
            .bind(id.as_uuid())
            .bind(moved.archived_at.map(Timestamp::as_micros))
            .bind(listing_word(&moved))
            .bind(stored(moved.version));
        session.execute(statement).await?;
    }
    session.commit().await?;
    Ok(Ok(moved))
}

async fn open_work(session: &mut Session, id: EventId) -> Result<OpenWork, StoreError> {
    let counted = session.query(OPEN_WORK).bind(id.as_uuid());
    let counted = session.fetch_all(counted).await?;
    let row = counted.first().map(Row::of).ok_or_else(|| StoreError::corrupt("a count has no row"))?;
    Ok(OpenWork { reservations: count(&row, "reservations")?, payments: count(&row, "payments")? })
}
