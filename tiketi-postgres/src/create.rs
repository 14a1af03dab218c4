//! New events: all of their rows in one transaction.

use std::sync::Arc;

use tiketi_core::{NewEvent, StoreError};

use crate::error::ended;
use crate::retry::retry;
use crate::session::{BEGIN, Pool};
use crate::write;

/// Most seats one statement inserts.
const SEATS_A_STATEMENT: usize = 10_000;

/// So many seats of one event change what the best plan is.
const MANY_SEATS: usize = 1_000;

/// Stores a new event with its ticket types and seats, or fails if it exists.
///
/// In a task of its own, so that a caller that leaves cannot stop it halfway.
pub(crate) async fn create_event(pool: &Pool, new: NewEvent) -> Result<(), StoreError> {
    let (pool, new) = (pool.clone(), Arc::new(new));
    let created = tokio::spawn(async move {
        retry(|| insert(&pool, &new)).await?;
        if new.seats.len() >= MANY_SEATS {
            count_seats(&pool).await;
        }
        Ok(())
    });
    created.await.map_err(ended)?
}

/// Lets the planner know of a new hall at once; whoever may not, or has no time for it, leaves it to the autovacuum.
async fn count_seats(pool: &Pool) {
    let _late = pool.execute(sqlx::query("ANALYZE tiketi.seats")).await;
}

async fn insert(pool: &Pool, new: &NewEvent) -> Result<(), StoreError> {
    let id = new.event.id;
    let map_version = new.seats.iter().map(|seat| seat.map_version).max().unwrap_or_default();
    let mut session = pool.begin_in_task(BEGIN).await?;
    write::new_event(&mut session, &new.event, map_version).await?;
    let ticket_types: Vec<_> = new.ticket_types.iter().collect();
    write::new_ticket_types(&mut session, id, &ticket_types).await?;
    let firsts = (0..).step_by(SEATS_A_STATEMENT);
    for (first, seats) in firsts.zip(new.seats.chunks(SEATS_A_STATEMENT)) {
        write::new_seats(&mut session, id, first, seats).await?;
    }
    session.commit().await
}
