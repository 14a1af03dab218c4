//! Lists of events: filtered, searched, sorted and paged in the database.

use std::sync::LazyLock;

use rusqlite::{Connection, ToSql, params};
use tiketi_core::limits::MAX_TOTAL;
use tiketi_core::search::{matches, words};
use tiketi_core::store::{EventKeyValue, EventQuery, EventView};
use tiketi_core::{EventId, Page, StoreError, Timestamp};
use tiketi_sql::{
    Dialect, EventListing, EventListings, FEW_CANDIDATES, ROWS_LOOKED_AT, Row as _, index_grams,
    page_of_walk, start, stored, unannounced,
};
use uuid::Uuid;

use crate::load::all;
use crate::reads;
use crate::row::{Row, first};

static LISTINGS: LazyLock<EventListings> = LazyLock::new(|| EventListings::of(Dialect::Sqlite));
static UNANNOUNCED: LazyLock<String> = LazyLock::new(|| unannounced(Dialect::Sqlite));
/// Finds the events that may have all words, by the grams of the words.
const CANDIDATES: &str = "SELECT event AS id, folded FROM event_grams \
    CROSS JOIN event_searches ON number = event_grams.rowid WHERE event_grams MATCH ?1 LIMIT ?2";

/// Returns a page of events.
pub(crate) fn events(connection: &Connection, query: &EventQuery) -> Result<Page<EventView>, StoreError> {
    let page = ids(connection, query)?;
    let views = page.rows.iter().filter_map(|id| reads::event(connection, *id).transpose());
    let views = views.collect::<Result<Vec<_>, StoreError>>()?;
    Ok(page.with_rows(views))
}

/// Returns the ids of the public events whose status at `now` is not announced.
pub(crate) fn to_announce(connection: &Connection, now: Timestamp) -> Result<Vec<EventId>, StoreError> {
    all(connection, &UNANNOUNCED, [now.as_micros()], id)
}

/// One listing, from its start on.
struct Listing<'c> {
    connection: &'c Connection,
    sql: &'static EventListing,
    now: i64,
    value: Box<dyn ToSql>,
    id: Uuid,
}

impl Listing<'_> {
    fn read<T>(
        &self,
        sql: &str,
        limit: u64,
        read: impl FnMut(&Row<'_, '_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        all(self.connection, sql, params![self.now, self.value, self.id, stored(limit)], read)
    }
}

fn ids(connection: &Connection, query: &EventQuery) -> Result<Page<EventId>, StoreError> {
    let (Some(sql), Some((value, key))) = (LISTINGS.find(query), start(query)) else {
        return Ok(Page::cut(Vec::new(), query.page));
    };
    let value: Box<dyn ToSql> = match value {
        EventKeyValue::Moment(at) => Box::new(at.as_micros()),
        EventKeyValue::Title(title) => Box::new(title),
    };
    let listing = Listing { connection, sql, now: query.now.as_micros(), value, id: key };
    let words = query.search.as_deref().map(words).unwrap_or_default();
    if !words.is_empty() {
        return searched(&listing, query, &words);
    }
    let until = query.page.offset() + u64::from(query.page.size()) + 1;
    let mut found = listing.read(&sql.page, until, id)?;
    let most = MAX_TOTAL + 1;
    let counted = match query.after {
        Some(_) => listing.read(&sql.count_after, most, first::<i64>)?,
        None => all(connection, &sql.count, params![listing.now, stored(most)], first::<i64>)?,
    };
    let counted = counted.first().and_then(|count| u64::try_from(*count).ok()).unwrap_or_default();
    let before = usize::try_from(query.page.offset()).unwrap_or(usize::MAX).min(found.len());
    found.drain(..before);
    Ok(Page::with_one_more(found, counted, query.page))
}

/// Asks the index for a rare word, and otherwise looks at the first events of the listing before it asks for all.
fn searched(
    listing: &Listing<'_>,
    query: &EventQuery,
    words: &[String],
) -> Result<Page<EventId>, StoreError> {
    let wanted = index_grams(words).join(" AND ");
    let candidates = |limit: i64| all(listing.connection, CANDIDATES, (&wanted, limit), text);
    let mut found = candidates(i64::from(FEW_CANDIDATES) + 1)?;
    if found.len() > FEW_CANDIDATES as usize {
        let walked = listing.read(&listing.sql.walk, u64::from(ROWS_LOOKED_AT), text)?;
        if let Some(page) = page_of_walk(walked, words, query.page) {
            return Ok(page);
        }
        found = candidates(i64::MAX)?;
    }
    let found = found.into_iter().filter(|(_, folded)| matches(folded, words));
    let found: Vec<String> = found.map(|(id, _)| format!("\"{}\"", id.as_uuid().simple())).collect();
    let found = format!("[{}]", found.join(","));
    let values = params![listing.now, listing.value, listing.id, i64::MAX, found];
    let found = all(listing.connection, &listing.sql.these, values, id)?;
    Ok(Page::cut(found, query.page).up_to_max_total())
}

fn id(row: &Row<'_, '_>) -> Result<EventId, StoreError> {
    first(row).map(EventId::from_uuid)
}

fn text(row: &Row<'_, '_>) -> Result<(EventId, String), StoreError> {
    Ok((id(row)?, row.text("folded")?.to_owned()))
}
