//! Lists of events: filtered, searched, sorted and paged in the database.

use std::sync::LazyLock;

use rusqlite::{Connection, ToSql, params};
use tiketi_core::limits::MAX_TOTAL;
use tiketi_core::search::{matches, words};
use tiketi_core::store::{EventKeyValue, EventQuery, EventView};
use tiketi_core::{EventId, Page, StoreError, Timestamp};
use tiketi_sql::{
    Dialect, EventListing, EventListings, Row as _, SEARCH_SECOND_BITS, SEARCH_STEPS, SearchStep,
    index_grams, page_of_first, search_limit, start, stored, unannounced,
};
use uuid::Uuid;

use crate::load::all;
use crate::reads;
use crate::row::{Row, first};

static LISTINGS: LazyLock<EventListings> = LazyLock::new(|| EventListings::of(Dialect::Sqlite));
static UNANNOUNCED: LazyLock<String> = LazyLock::new(|| unannounced(Dialect::Sqlite));
/// Up to so many events that the index finds, all are read, so that the total is exact.
const FEW: i64 = 100;
/// Events that are read from the index in the order of the list: those of the page and some more, and then so many each time.
const MORE_THAN_A_PAGE: i64 = 4;
const NEXT_PARTS_IN_ORDER: [i64; 3] = [100; 3];
/// Latest second that a number of the index can have, some eight thousand years from now.
const LAST_SECOND: i64 = 1 << 38;

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

/// Searches step by step, until one has the page.
fn searched(
    listing: &Listing<'_>,
    query: &EventQuery,
    words: &[String],
) -> Result<Page<EventId>, StoreError> {
    if let Some(page) = in_order(listing, query, words)? {
        return Ok(page);
    }
    for step in SEARCH_STEPS {
        let page = match step {
            SearchStep::Candidates(most) => ranked(listing, query, words, most)?,
            SearchStep::Rows(most) => {
                let rows = listing.read(&listing.sql.walk, most, text)?;
                let is_all = (rows.len() as u64) < most;
                page_of_first(rows, is_all, words, query.page)
            }
        };
        if let Some(page) = page {
            return Ok(page);
        }
    }
    Ok(Page::cut(Vec::new(), query.page))
}

/// Sorts the events that the index finds, if there are at most so many.
fn ranked(
    listing: &Listing<'_>,
    query: &EventQuery,
    words: &[String],
    most: i64,
) -> Result<Option<Page<EventId>>, StoreError> {
    let limit = if most == i64::MAX { i64::MAX } else { stored(search_limit(query.page)) };
    let wanted = index_grams(words).join(" AND ");
    let values = params![listing.now, listing.value, listing.id, limit, wanted, most.saturating_add(1)];
    let mut candidates = 0;
    let rows = all(listing.connection, &listing.sql.ranked, values, |row| {
        candidates = row.int("candidates")?;
        maybe_text(row)
    })?;
    if candidates > most {
        return Ok(None);
    }
    let rows: Vec<_> = rows.into_iter().flatten().collect();
    let is_all = stored(rows.len() as u64) < limit;
    Ok(page_of_first(rows, is_all, words, query.page))
}

/// Reads what the index finds in the order of the list, until the page is full; `None` if it is not, or for another order.
///
/// The numbers of the index grow with the second in which an event starts. So events of one second are sorted here, and
/// those of the last second of a part are left to the next part, which begins with it.
fn in_order(
    listing: &Listing<'_>,
    query: &EventQuery,
    words: &[String],
) -> Result<Option<Page<EventId>>, StoreError> {
    let (Some(sql), Some(count)) = (&listing.sql.in_order, &listing.sql.count_grams) else { return Ok(None) };
    let wanted = index_grams(words).join(" AND ");
    let counted = all(listing.connection, count, params![wanted, FEW + 1], first::<i64>)?;
    let is_few = counted.first().is_some_and(|counted| *counted <= FEW);
    let page = query.page.offset() + u64::from(query.page.size()) + 1;
    let part = if is_few { FEW + 1 } else { stored(page).saturating_add(MORE_THAN_A_PAGE) };
    let start = match query.after.as_ref().map(|after| &after.value) {
        Some(EventKeyValue::Moment(starts_at)) => first_number(*starts_at),
        Some(EventKeyValue::Title(_)) | None => 0,
    };
    let (mut after, mut found) = (start - 1, Vec::new());
    for limit in [part].into_iter().chain(NEXT_PARTS_IN_ORDER) {
        let values = params![listing.now, listing.value, listing.id, 0, wanted, limit, after];
        let part = all(listing.connection, sql, values, |row| Ok((row.int("number")?, maybe_text(row)?)))?;
        let is_all = stored(part.len() as u64) < limit;
        let last = part.iter().map(|(number, _)| second(*number)).max().unwrap_or_default();
        let whole = |number: i64| is_all || second(number) < last;
        let Some(read) = part.iter().map(|(number, _)| *number).filter(|number| whole(*number)).max() else {
            // Everything starts in one second, or nothing is left.
            return Ok(is_all.then(|| page_of_first(found, true, words, query.page)).flatten());
        };
        after = read;
        let rows = part.into_iter().filter(|(number, _)| whole(*number)).filter_map(|(_, row)| row);
        found.extend(rows.filter(|(_, folded)| matches(folded, words)));
        let page = page_of_first(found.clone(), is_all, words, query.page);
        if page.is_some() {
            return Ok(page);
        }
    }
    Ok(None)
}

/// Returns the first number that the index gives to an event with this start.
pub(crate) fn first_number(starts_at: Timestamp) -> i64 {
    let second = starts_at.as_micros().div_euclid(1_000_000);
    second.clamp(0, LAST_SECOND) << SEARCH_SECOND_BITS
}

/// Returns the second of a number, as far as the index has it.
fn second(number: i64) -> i64 {
    number >> SEARCH_SECOND_BITS
}

fn id(row: &Row<'_, '_>) -> Result<EventId, StoreError> {
    first(row).map(EventId::from_uuid)
}

fn text(row: &Row<'_, '_>) -> Result<(EventId, String), StoreError> {
    Ok((id(row)?, row.text("folded")?.to_owned()))
}

/// Reads an event and its text; `None` from a row without an event.
fn maybe_text(row: &Row<'_, '_>) -> Result<Option<(EventId, String)>, StoreError> {
    let found = row.maybe_uuid("id")?;
    found.map(|id| Ok((EventId::from_uuid(id), row.text("folded")?.to_owned()))).transpose()
}
