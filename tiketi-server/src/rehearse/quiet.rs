//! Whether a rehearsal would disturb a sale.
//!
//! It loads the disk or the database that the shop uses, so it must not run while buyers buy.

use std::path::Path;
use std::time::Duration;

use tiketi_core::event::EventStatus;
use tiketi_core::store::{CatalogStore, EventQuery};
use tiketi_core::{PageRequest, StoreError, Timestamp, clock::SystemClock};
use tiketi_postgres::PostgresStore;

use crate::failure::Failure;
use crate::store::postgres::Database;
use crate::store::{StoreKind, file};

/// How soon after the rehearsal a sale may open.
const MARGIN: Duration = Duration::from_mins(10);
const ADVICE: &str = "rehearse when nothing is sold, or with --beside-sales";

/// Refuses a rehearsal of this length if the shop sells.
///
/// A file is sold from only by the one server that has it open. A database may have any number of servers, so there
/// the events decide.
pub(super) async fn require(store: &StoreKind, time: Duration) -> Result<(), Failure> {
    match store {
        StoreKind::Memory => Ok(()),
        StoreKind::Sqlite(path) => require_unused(path),
        StoreKind::Postgres(database) => require_no_sale(database, time).await,
    }
}

fn require_unused(path: &Path) -> Result<(), Failure> {
    if path.exists() && file::is_in_use(path)? {
        return Err(Failure::new(format!("a server uses {}; {ADVICE}", path.display())));
    }
    Ok(())
}

async fn require_no_sale(database: &Database, time: Duration) -> Result<(), Failure> {
    let store = database.open_to_read().await?;
    let sale = sale_in(&store, time).await;
    store.close().await;
    match sale.map_err(|error| Failure::during(format!("{database} cannot be read"), &error))? {
        Some(title) => Err(Failure::new(format!("`{title}` is on sale, or will be soon; {ADVICE}"))),
        None => Ok(()),
    }
}

/// Returns the title of an event that is sold during the rehearsal or soon after it.
async fn sale_in(store: &PostgresStore, time: Duration) -> Result<Option<String>, StoreError> {
    let now = now();
    for moment in [now, now.after(time + MARGIN)] {
        // Held tickets of an event that is sold out may come back.
        for status in [EventStatus::OnSale, EventStatus::SoldOut] {
            let query = EventQuery::published(moment, PageRequest::FIRST).with_status(status);
            if let Some(view) = store.events(query).await?.rows.into_iter().next() {
                return Ok(Some(view.event.details.title));
            }
        }
    }
    Ok(None)
}

fn now() -> Timestamp {
    tiketi_core::Clock::now(&SystemClock)
}
