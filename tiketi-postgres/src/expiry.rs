//! Ending what is due, whatever event it is of.

use std::collections::HashMap;
use std::convert::Infallible;

use futures::future::try_join_all;
use tiketi_core::{CommandError, EventId, Reservation, ReservationId, StoreError, Timestamp};
use tiketi_rows::Row as _;

use crate::desk::Desk;
use crate::job::Work;
use crate::row::each;
use crate::store::PostgresStore;
use crate::wants::Wants;

/// Looks event by event, for which there is an index: a shop has few events and many reservations.
pub(crate) const DUE: &str = "SELECT due.event, due.id FROM tiketi.events AS sold CROSS JOIN LATERAL \
        (SELECT event, id, state_at FROM tiketi.reservations \
        WHERE event = sold.id AND state = 'held' AND state_at <= $1 ORDER BY state_at LIMIT $2) AS due \
    ORDER BY due.state_at, due.id LIMIT $2";

/// Reservations of one event that were due when somebody looked.
struct Expiry {
    now: Timestamp,
    due: Vec<ReservationId>,
}

impl Work for Expiry {
    type Found = Vec<Reservation>;
    type Refused = Infallible;

    fn wants(&self, wants: &mut Wants) {
        wants.reservations.extend(&self.due);
    }

    fn decide(&self, desk: &mut Desk) -> Result<Vec<Reservation>, CommandError<Infallible>> {
        desk.check_clock(self.now)?;
        let mut ended = Vec::new();
        for id in &self.due {
            ended.extend(desk.expire(*id, self.now)?);
        }
        Ok(ended)
    }
}

/// Ends at most `limit` reservations that are due, and returns them, the most overdue first.
pub(crate) async fn expire_due(
    store: &PostgresStore,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<Reservation>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let found = store.database().fetch_all(sqlx::query(DUE).bind(now.as_micros()).bind(limit)).await?;
    let due = each(&found, |row| {
        Ok((EventId::from_uuid(row.uuid("event")?), ReservationId::from_uuid(row.uuid("id")?)))
    })?;
    let mut of_event: HashMap<EventId, Vec<ReservationId>> = HashMap::new();
    for (event, id) in &due {
        of_event.entry(*event).or_default().push(*id);
    }
    let works = of_event.into_iter().map(|(event, due)| store.work(event, Expiry { now, due }));
    let ended = try_join_all(works).await.map_err(only_store)?;
    let mut ended: HashMap<_, _> = ended.into_iter().flatten().map(|row| (row.id, row)).collect();
    Ok(due.iter().filter_map(|(_, id)| ended.remove(id)).collect())
}

/// Returns the failure of work that no rule can refuse.
pub(crate) fn only_store(error: CommandError<Infallible>) -> StoreError {
    match error {
        CommandError::Store(error) => error,
        CommandError::Refused(never) => match never {},
        CommandError::KeyReused => StoreError::corrupt("work without a key has a key"),
        CommandError::Text(error) => error.into(),
    }
}
