//! Ends the due holds of all events.

use std::collections::HashMap;
use std::convert::Infallible;

use tiketi_core::{CommandError, EventId, Reservation, ReservationId, StoreError, Timestamp, store::Swept};
use tiketi_sql::{BatchCommand, BatchReadSet, Row as _};

use crate::queue::Postgres;
use crate::queue::sweep;
use crate::sql::row::each;
use crate::store::PostgresStore;
use crate::working_set::WorkingSet;

/// Reads the due holds of all events from one index; its cost is that of what is due, however many events there are.
///
/// The end of a hold is written as `due_holds` indexes it, so that no other index serves. Locked events are left out,
/// because one of them may have more due holds than the limit.
pub(crate) const DUE: &str = "SELECT event, id FROM tiketi.reservations \
    WHERE (CASE WHEN state = 'held' THEN state_at END) <= $1 AND event <> ALL ($3) \
    ORDER BY CASE WHEN state = 'held' THEN state_at END, id LIMIT $2";

/// Reservations of one event that were due when they were listed.
struct Expiry {
    now: Timestamp,
    due: Vec<ReservationId>,
}

impl BatchCommand<Postgres> for Expiry {
    type Found = Vec<Reservation>;
    type Refused = Infallible;

    fn read_set(&self, reads: &mut BatchReadSet) {
        reads.reservations.extend(&self.due);
    }

    fn decide(&mut self, set: &mut WorkingSet) -> Result<Vec<Reservation>, CommandError<Infallible>> {
        set.check_clock(self.now)?;
        let mut ended = Vec::new();
        for id in &self.due {
            ended.extend(set.expire(*id, self.now)?);
        }
        Ok(ended)
    }
}

/// Ends at most `limit` reservations that are due, and returns them, the most overdue first.
pub(crate) async fn expire_due(
    store: &PostgresStore,
    now: Timestamp,
    limit: usize,
) -> Result<Swept<Reservation>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let find = store.query(DUE).bind(now.as_micros()).bind(limit).bind(store.passed_over());
    let found = store.database().fetch_all(find).await?;
    let due = each(&found, |row| {
        Ok((EventId::from_uuid(row.uuid("event")?), ReservationId::from_uuid(row.uuid("id")?)))
    })?;
    let mut of_event: HashMap<EventId, Vec<ReservationId>> = HashMap::new();
    for (event, id) in &due {
        of_event.entry(*event).or_default().push(*id);
    }
    let works = of_event.into_iter().map(|(event, due)| {
        let store = store.clone();
        (event, async move { store.work(event, Expiry { now, due }).await.map_err(StoreError::from) })
    });
    let Swept { done, skipped } = sweep::each(store.permits(), works).await;
    let mut ended: HashMap<_, _> = done.into_iter().flatten().map(|row| (row.id, row)).collect();
    Ok(Swept { done: due.iter().filter_map(|(_, id)| ended.remove(id)).collect(), skipped })
}
