//! Lists of reservations for staff.

use tiketi_core::{
    BuyerId, EventId, Reservation, StoreError, Timestamp, reservation::ReservationNumber,
    store::ReservationQuery,
};
use tiketi_sql::{ReservationRow, columns, stored};

use crate::sql::row::{each, maybe};
use crate::sql::session::Pool;

/// Reads a page of each state by its key, and merges them: an index orders the reservations of one state only. The
/// state is written as that index has it.
const IN_SHOP: &str = concat!(
    "SELECT found.* FROM unnest($1::text[]) AS wanted (word) CROSS JOIN LATERAL (SELECT ",
    columns!(reservation),
    " FROM tiketi.reservations WHERE lower(state) = wanted.word AND (created_at, serial) < ($2, $3) AND created_at >= $4 \
        ORDER BY created_at DESC, serial DESC LIMIT $5) AS found \
    ORDER BY created_at DESC, serial DESC LIMIT $5"
);

/// Expands to a page of an event's reservations in one state; the condition is that of an index.
macro_rules! of_event {
    ($state:literal) => {
        concat!(
            "(SELECT ",
            columns!(reservation),
            " FROM tiketi.reservations WHERE event = $6 AND state = '",
            $state,
            "' AND '",
            $state,
            "' = ANY ($1::text[]) AND (created_at, serial) < ($2, $3) AND created_at >= $4 \
            AND ($7::uuid IS NULL OR buyer = $7) ORDER BY created_at DESC, serial DESC LIMIT $5)"
        )
    };
}
const IN_EVENT: &str = concat!(
    of_event!("held"),
    " UNION ALL ",
    of_event!("paying"),
    " UNION ALL ",
    of_event!("confirmed"),
    " UNION ALL ",
    of_event!("expired"),
    " UNION ALL ",
    of_event!("cancelled"),
    " ORDER BY created_at DESC, serial DESC LIMIT $5"
);

/// A buyer has few reservations.
const OF_BUYER: &str = concat!(
    "SELECT ",
    columns!(reservation),
    " FROM tiketi.reservations WHERE buyer = $7 AND serial > 0 AND ($6::uuid IS NULL OR event = $6) \
    AND state = ANY ($1::text[]) AND (created_at, serial) < ($2, $3) AND created_at >= $4 ORDER BY created_at DESC, serial DESC LIMIT $5"
);
const NUMBERED: &str =
    concat!("SELECT ", columns!(reservation), " FROM tiketi.reservations WHERE serial = $1 AND date = $2");

/// Returns a page of reservations, the newest first.
pub(crate) async fn list_reservations(
    pool: &Pool,
    query: &ReservationQuery,
) -> Result<Vec<Reservation>, StoreError> {
    let sql = match (query.event, query.buyer) {
        (_, Some(_)) => OF_BUYER,
        (Some(_), None) => IN_EVENT,
        (None, None) => IN_SHOP,
    };
    let states: Vec<&str> = query.states.iter().map(|state| state.word()).collect();
    let listed = pool.query(sql).bind(states).bind(query.before.created_at.as_micros());
    let listed = listed.bind(stored(query.before.serial));
    let listed = listed.bind(query.from.map_or(i64::MIN, Timestamp::as_micros));
    let mut listed = listed.bind(i64::from(query.limit));
    if (query.event, query.buyer) != (None, None) {
        listed = listed.bind(query.event.map(EventId::as_uuid)).bind(query.buyer.map(BuyerId::as_uuid));
    }
    let found = pool.fetch_all(listed).await?;
    each(&found, |row| ReservationRow::read(row)?.reservation())
}

/// Returns the reservation with a number.
pub(crate) async fn reservation_numbered(
    pool: &Pool,
    number: ReservationNumber,
) -> Result<Option<Reservation>, StoreError> {
    let numbered = pool.query(NUMBERED).bind(stored(number.serial())).bind(i64::from(number.date()));
    maybe(pool.fetch_optional(numbered).await?, |row| ReservationRow::read(row)?.reservation())
}
