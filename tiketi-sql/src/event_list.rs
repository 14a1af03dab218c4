//! Statements that list events: filtered, sorted and paged by indexes.
//!
//! A status depends on the clock, so no column has it. The column `listing` has the announced status, or `draft`, and an
//! index for each order begins with it. A page of one status is read from that index, without the events that no longer
//! have the status; those that have it and are not announced yet are found by [`unannounced`], and are few. Archived events
//! have a value of their own, so that no other list and no job looks at them.

use std::collections::BTreeSet;

use tiketi_core::search::{matches, word_grams};
use tiketi_core::store::{EventKeyValue, EventQuery, EventSort};
use tiketi_core::{EventId, EventStatus, Page, PageRequest, Timestamp};
use uuid::Uuid;

use crate::event::{ARCHIVED, DRAFTS, status_word};

/// How a search goes on while the steps before it did not find its page: each step costs more, and finds what those before
/// it do not.
///
/// A rare word is in few events, which the index finds; a common one is in the first rows of the listing; and what is
/// neither costs what the index finds.
pub const SEARCH_STEPS: [SearchStep; 5] = [
    SearchStep::Candidates(100),
    SearchStep::Rows(200),
    SearchStep::Candidates(2_000),
    SearchStep::Rows(1_000),
    SearchStep::Candidates(i64::MAX),
];
/// Bits of a number of SQLite's index of events below those of the second in which the event starts.
pub const SEARCH_SECOND_BITS: u32 = 24;
/// Events that a page of a search may have beyond its own, because their grams match and their words do not.
const SPARE: u64 = 20;
/// Rows that a page of few candidates has at most: all of them, so that its total is exact.
const ALL_OF_FEW: u64 = 101;
/// As [`EventListing::count_grams`].
const COUNT_GRAMS: &str =
    "SELECT count(*) FROM (SELECT 1 FROM event_grams WHERE event_grams MATCH ?1 LIMIT ?2)";
/// Most grams that an index is asked for; the words are compared afterwards.
const MOST_GRAMS: usize = 24;

/// How a database writes a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the stores of this workspace")]
pub enum Dialect {
    /// Postgres: a schema before each table, and parameters `$1`.
    Postgres,
    /// SQLite: parameters `?1`.
    Sqlite,
}

/// The moment at which statuses are derived, as a parameter of every statement here.
const NOW: &str = "$1";
/// The status at that moment, as [`tiketi_core::Event::status`] derives it.
const STATUS: &str = "CASE WHEN state = 'cancelled' THEN 'cancelled' WHEN closes_at <= $1 THEN 'ended' \
    WHEN state = 'draft' OR opens_at > $1 THEN 'upcoming' WHEN any_left THEN 'on_sale' ELSE 'sold_out' END";

impl Dialect {
    fn write(self, statement: &str) -> String {
        match self {
            Self::Postgres => statement.to_owned(),
            Self::Sqlite => statement.replace("tiketi.", "").replace('$', "?"),
        }
    }

    /// Names an index that must be used: without statistics, SQLite takes any index of the same columns.
    fn by(self, index: &str) -> String {
        match self {
            Self::Postgres => String::new(),
            Self::Sqlite => format!(" INDEXED BY {index}"),
        }
    }
}

/// Returns the statement that finds the public events whose status differs from the announced one at `$1`.
///
/// Each part is a range of an index that is empty while all statuses are announced.
pub fn unannounced(dialect: Dialect) -> String {
    dialect.write(&stale(dialect, "id", ""))
}

/// Selects columns of the events whose status at `$1` is not announced.
fn stale(dialect: Dialect, columns: &str, only: &str) -> String {
    let (opening, closing) = (dialect.by("events_by_opening"), dialect.by("events_by_closing"));
    let (sold_out, left_again) = (dialect.by("events_newly_sold_out"), dialect.by("events_left_again"));
    let cancelled = dialect.by("events_newly_cancelled");
    let ranges = [
        (&opening, "listing = 'upcoming' AND opens_at <= $1"),
        (&opening, "listing = 'on_sale' AND opens_at > $1"),
        (&opening, "listing = 'sold_out' AND opens_at > $1"),
        (&closing, "listing = 'upcoming' AND closes_at <= $1"),
        (&closing, "listing = 'on_sale' AND closes_at <= $1"),
        (&closing, "listing = 'sold_out' AND closes_at <= $1"),
        (&closing, "listing = 'ended' AND closes_at > $1"),
        (&sold_out, "listing = 'on_sale' AND NOT any_left"),
        (&left_again, "listing = 'sold_out' AND any_left"),
        (&cancelled, "state = 'cancelled' AND listing <> 'cancelled' AND listing <> 'archived'"),
    ];
    let parts = ranges.map(|(index, range)| {
        format!("SELECT {columns} FROM tiketi.events{index} WHERE {range} AND listing <> {STATUS}{only}")
    });
    parts.join(" UNION ")
}

/// The statements of a listing in one order, of one status or of all, with or without drafts.
///
/// All but the first count take the moment (`$1`), the key from which the listing starts (`$2` its value, `$3` its id), and a
/// limit (`$4`).
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "stores run every statement")]
pub struct EventListing {
    /// Returns the ids of the first events, in their order.
    pub page: String,
    /// Counts all events, up to the limit (`$2`), without a look at their rows.
    pub count: String,
    /// Counts the events from the key on, up to the limit.
    pub count_after: String,
    /// Returns the first events with the text in which they are searched.
    pub walk: String,
    /// Returns the first of those events that an index finds by grams (`$5`: an array in Postgres, a query of FTS5 in
    /// SQLite), with their texts, and in each row how many the index finds, up to a limit (`$6`). Without an event, one
    /// row has the number.
    pub ranked: String,
    /// Counts what the index of SQLite finds (`?1`), up to a limit (`?2`), without a look at the events. `None` as below.
    pub count_grams: Option<String>,
    /// Returns the next events that the index of SQLite finds after a number (`?7`), at most `?6`, in the order of their
    /// numbers: the number, and the event with its text if the listing has it. `None` in Postgres and for every order but
    /// that of the numbers, the start of the performance.
    pub in_order: Option<String>,
}

/// A step of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "each store takes every step")]
pub enum SearchStep {
    /// Sorts the events that the index finds, if there are at most so many.
    Candidates(i64),
    /// Looks at so many of the first rows of the listing.
    Rows(u64),
}

/// What a listing is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Shape {
    sort: EventSort,
    status: Option<EventStatus>,
    of: ListOf,
}

/// Which events a listing is of, besides their status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum ListOf {
    Public,
    PublicAndDrafts,
    Archive,
}

impl ListOf {
    const ALL: [Self; 3] = [Self::Public, Self::PublicAndDrafts, Self::Archive];

    fn of(query: &EventQuery) -> Self {
        if query.archived {
            Self::Archive
        } else if query.drafts {
            Self::PublicAndDrafts
        } else {
            Self::Public
        }
    }
}

/// The statements of every listing.
#[derive(Debug)]
pub struct EventListings(Vec<(Shape, EventListing)>);

impl EventListings {
    /// Writes the statements of a database.
    pub fn of(dialect: Dialect) -> Self {
        let statuses = || EventStatus::ALL.map(Some).into_iter().chain([None]);
        let shapes = EventSort::ALL.into_iter().flat_map(|sort| {
            let shapes = move |status| ListOf::ALL.map(|of| Shape { sort, status, of });
            statuses().flat_map(shapes)
        });
        Self(shapes.map(|shape| (shape, shape.listing(dialect))).collect())
    }

    /// Returns the statements for a query; `None` never, because every query has a shape.
    pub fn find(&self, query: &EventQuery) -> Option<&EventListing> {
        let shape = Shape { sort: query.sort, status: query.status, of: ListOf::of(query) };
        self.0.iter().find(|(known, _)| *known == shape).map(|(_, listing)| listing)
    }
}

impl Shape {
    fn listing(self, dialect: Dialect) -> EventListing {
        let (column, way) = (self.column(), if self.sort.is_descending() { " DESC" } else { "" });
        let order = format!("ORDER BY {column}{way}, id{way}");
        let parts = self.parts(dialect, &order);
        let page = format!("SELECT id FROM ({parts}) AS listed {order} LIMIT $4");
        let count = self.counted(dialect, "");
        let count_after = self.counted(dialect, &format!(" AND {}", self.later()));
        let walk = format!(
            "SELECT listed.id AS id, (SELECT folded FROM tiketi.event_searches WHERE event = listed.id) AS folded \
             FROM ({parts}) AS listed ORDER BY listed.{column}{way}, listed.id{way} LIMIT $4"
        );
        let ranked = self.ranked(dialect, &order);
        let in_order = self.in_order(dialect).map(|text| dialect.write(&text));
        let [page, count, count_after] = [page, count, count_after].map(|text| dialect.write(&text));
        let [walk, ranked] = [walk, ranked].map(|text| dialect.write(&text));
        let count_grams = in_order.is_some().then(|| COUNT_GRAMS.to_owned());
        EventListing { page, count, count_after, walk, ranked, count_grams, in_order }
    }

    /// Finds events by their grams, and sorts those that the listing shows.
    fn ranked(self, dialect: Dialect, order: &str) -> String {
        let (column, way) = (self.column(), if self.sort.is_descending() { " DESC" } else { "" });
        let (later, shown) = (self.later(), self.shown());
        let (candidates, join) = match dialect {
            Dialect::Postgres => (
                "SELECT event, folded, starts_at AS start FROM tiketi.event_searches \
                 WHERE string_to_array(grams, ' ') @> $5 LIMIT $6",
                "JOIN",
            ),
            // A cross join keeps the order of the tables.
            Dialect::Sqlite => (
                "SELECT event, folded FROM event_grams \
                 CROSS JOIN event_searches ON number = event_grams.rowid WHERE event_grams MATCH $5 LIMIT $6",
                "CROSS JOIN",
            ),
        };
        // Too many candidates are not sorted: the search goes on with its next step.
        let few = "(SELECT count(*) FROM candidates) < $6";
        let found = if dialect == Dialect::Postgres && self.sort == EventSort::StartsAt {
            // The candidates are sorted by the start that is beside their text, and joined one by one until the page is
            // full: a look at the rows of all their events takes ten times as long.
            format!(
                "SELECT id, folded, starts_at FROM (SELECT event, folded, start FROM candidates \
                    WHERE (start, event) > ($2, $3) AND {few} ORDER BY start, event OFFSET 0) AS ranked \
                 JOIN tiketi.events ON id = ranked.event WHERE {shown} ORDER BY ranked.start, ranked.event LIMIT $4"
            )
        } else {
            format!(
                "SELECT id, folded, {column} FROM candidates {join} tiketi.events ON id = candidates.event \
                 WHERE {later} AND {few} AND {shown} {order} LIMIT $4"
            )
        };
        format!(
            "WITH candidates AS MATERIALIZED ({candidates}) \
             SELECT counted.candidates AS candidates, found.id AS id, found.folded AS folded \
             FROM (SELECT count(*) AS candidates FROM candidates) AS counted LEFT JOIN ({found}) AS found ON true \
             ORDER BY found.{column}{way}, found.id{way}"
        )
    }

    /// Reads what the index of SQLite finds in the order of its numbers, which is that of the seconds of the starts.
    fn in_order(self, dialect: Dialect) -> Option<String> {
        if dialect != Dialect::Sqlite || self.sort != EventSort::StartsAt {
            return None;
        }
        let (later, shown) = (self.later(), self.shown());
        Some(format!(
            "SELECT number, folded, id FROM (SELECT number, event, folded FROM event_grams \
                CROSS JOIN event_searches ON number = event_grams.rowid \
                WHERE event_grams MATCH $5 AND event_grams.rowid > $7 ORDER BY event_grams.rowid LIMIT $6) AS part \
             LEFT JOIN tiketi.events ON id = part.event AND {later} AND {shown} \
             WHERE $4 IS NOT NULL ORDER BY number >> {SEARCH_SECOND_BITS}, starts_at, id"
        ))
    }

    /// Returns the column that the listing is sorted by.
    fn column(self) -> &'static str {
        match self.sort {
            EventSort::StartsAt => "starts_at",
            EventSort::SaleOpensAt => "opens_at",
            EventSort::Newest => "created_at",
            EventSort::Title => "title",
        }
    }

    /// Returns the index of the order, which begins with the listing.
    fn index(self) -> &'static str {
        match self.sort {
            EventSort::StartsAt => "events_by_start",
            EventSort::SaleOpensAt => "events_by_opening",
            EventSort::Newest => "events_by_creation",
            EventSort::Title => "events_by_title",
        }
    }

    /// Returns the condition of events that come after the key.
    fn later(self) -> String {
        let sign = if self.sort.is_descending() { '<' } else { '>' };
        format!("({}, id) {sign} ($2, $3)", self.column())
    }

    /// Returns the condition of events that the listing shows.
    fn shown(self) -> String {
        let list = match self.of {
            ListOf::Public => " AND listing <> 'draft' AND listing <> 'archived'",
            ListOf::PublicAndDrafts => " AND listing <> 'archived'",
            ListOf::Archive => " AND listing = 'archived'",
        };
        match self.status {
            Some(status) => format!("{STATUS} = '{}'{list}", status_word(status)),
            // Every statement names the moment, so that all have the same parameters.
            None => format!("{NOW} IS NOT NULL{list}"),
        }
    }

    /// Returns the status of which there may be events that are not announced. An archived event is not announced at all.
    fn unannounced_status(self) -> Option<EventStatus> {
        self.status.filter(|_| self.of != ListOf::Archive)
    }

    /// Returns the values of `listing` in whose events the listing is read.
    fn lists(self) -> Vec<&'static str> {
        if self.of == ListOf::Archive {
            return vec![ARCHIVED];
        }
        let mut lists: Vec<_> = match self.status {
            Some(status) => vec![status_word(status)],
            None => EventStatus::ALL.map(status_word).to_vec(),
        };
        // A draft is upcoming, or its sale has ended.
        let has_drafts =
            !matches!(self.status, Some(EventStatus::OnSale | EventStatus::SoldOut | EventStatus::Cancelled));
        if self.of == ListOf::PublicAndDrafts && has_drafts {
            lists.push(DRAFTS);
        }
        lists
    }

    /// Counts the events of each list, and those whose status is not announced yet. The index of closings has every column
    /// from which a status is derived.
    fn counted(self, dialect: Dialect, later: &str) -> String {
        let (columns, index) = (format!("id, {}", self.column()), dialect.by("events_by_closing"));
        let shown = self.shown();
        // Each parameter is used: a statement of the same text may not have parameters of two types.
        let limit = if later.is_empty() { "$2" } else { "$4" };
        let lists = self.lists().into_iter().map(|list| {
            format!(
                "SELECT id FROM tiketi.events{index} WHERE listing = '{list}' AND {shown}{later} LIMIT {limit}"
            )
        });
        let late = self.unannounced_status().map(|_| {
            let stale = stale(dialect, &columns, &format!(" AND {shown}{later}"));
            format!("SELECT id FROM ({stale}) AS unannounced LIMIT {limit}")
        });
        let parts: Vec<_> =
            lists.chain(late).map(|part| format!("SELECT id FROM ({part}) AS part")).collect();
        let parts = parts.join(" UNION ALL ");
        format!("SELECT count(*) AS total FROM (SELECT id FROM ({parts}) AS listed LIMIT {limit}) AS counted")
    }

    /// Selects the first events of each list, and those whose status is not announced yet.
    fn parts(self, dialect: Dialect, order: &str) -> String {
        let (column, index) = (self.column(), dialect.by(self.index()));
        let (later, shown) = (self.later(), self.shown());
        let lists = self.lists().into_iter().map(|list| {
            format!(
                "SELECT id, {column} FROM tiketi.events{index} \
                 WHERE listing = '{list}' AND {later} AND {shown} {order} LIMIT $4"
            )
        });
        let late = self.unannounced_status().map(|_| {
            let stale = stale(dialect, &format!("id, {column}"), &format!(" AND {shown}"));
            format!("SELECT id, {column} FROM ({stale}) AS unannounced WHERE {later} {order} LIMIT $4")
        });
        // SQLite has no parentheses around a part of a union.
        let parts: Vec<_> = lists.chain(late).map(|part| format!("SELECT * FROM ({part}) AS part")).collect();
        parts.join(" UNION ALL ")
    }
}

/// Returns the key from which a listing starts: its value and its id; `None` for a key of another order.
pub fn start(query: &EventQuery) -> Option<(EventKeyValue, Uuid)> {
    let (moment, title, id) = if query.sort.is_descending() {
        (Timestamp::from_micros(i64::MAX), String::new(), Uuid::max())
    } else {
        (Timestamp::from_micros(i64::MIN), String::new(), Uuid::nil())
    };
    let before_all = match query.sort {
        EventSort::Title => EventKeyValue::Title(title),
        EventSort::StartsAt | EventSort::SaleOpensAt | EventSort::Newest => EventKeyValue::Moment(moment),
    };
    let Some(after) = &query.after else { return Some((before_all, id)) };
    let is_of_order = std::mem::discriminant(&after.value) == std::mem::discriminant(&before_all);
    is_of_order.then(|| (after.value.clone(), after.id.as_uuid()))
}

/// Returns how many events of a search a store reads at most for a page of candidates.
pub fn search_limit(request: PageRequest) -> u64 {
    (until(request) + SPARE).max(ALL_OF_FEW)
}

/// Returns how many events of a listing there are up to the end of a page and one more.
fn until(request: PageRequest) -> u64 {
    request.offset().saturating_add(u64::from(request.size())).saturating_add(1)
}

/// Returns the page in the first events of a listing, of which each has its text; `None` if they are not enough.
///
/// If there may be more (`is_all` is false), the total is a least one.
pub fn page_of_first(
    rows: Vec<(EventId, String)>,
    is_all: bool,
    words: &[String],
    request: PageRequest,
) -> Option<Page<EventId>> {
    let found = rows.into_iter().filter(|(_, folded)| matches(folded, words));
    Page::of_first(found.map(|(id, _)| id).collect(), is_all, request)
}

/// Returns the grams by which an index finds the events that may have all words.
pub fn index_grams(words: &[String]) -> Vec<String> {
    let grams: BTreeSet<String> = words.iter().flat_map(|word| word_grams(word)).collect();
    grams.into_iter().take(MOST_GRAMS).collect()
}
