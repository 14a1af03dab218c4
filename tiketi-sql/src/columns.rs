//! Which columns each type has.

/// Expands to the columns a type is read from, as a literal that `concat!` takes.
///
/// They are in the order they are read in, so that a reader that looks for each by its name looks but once.
///
/// ```
/// let sql = concat!("SELECT ", tiketi_sql::columns!(seat), " FROM seats");
/// ```
#[macro_export]
macro_rules! columns {
    (delivery) => {
        "gateway, delivery, payment, provider_key, received_at, tries"
    };
    (event) => {
        "id, title, artist, venue, description, keywords, starts_at, opens_at, closes_at, terms, currency, layout, state, state_at, announced, created_at, version, map_version"
    };
    (ticket_type) => {
        "id, event, name, price, section, capacity, held, sold, blocked, position"
    };
    (payment) => {
        "currency, taken_in, id, reservation, event, buyer, amount, captured, refunded, gateway, method, provider_key, state, state_at, detail, refunds, reconciliation, reconcile_at, notes, created_at, version"
    };
    (reservation) => {
        "currency, payment, id, date, serial, event, buyer, seats, items, total, state_at, state, cancel_reason, created_at, window_granted, cancellation, version"
    };
    (seat) => {
        "event, id, ticket_type, section, row, number, label, col, line, accessible, state, owner, until, reason, version, map_version"
    };
}

/// The columns [`delivery`](crate::delivery()) reads.
pub const DELIVERY_COLUMNS: &str = columns!(delivery);
/// The columns [`event()`](crate::event()) reads, and the map version.
pub const EVENT_COLUMNS: &str = columns!(event);
/// The columns [`ticket_type`](crate::ticket_type()) reads.
pub const TICKET_TYPE_COLUMNS: &str = columns!(ticket_type);
/// The columns [`payment()`](crate::payment()) reads.
pub const PAYMENT_COLUMNS: &str = columns!(payment);
/// The columns [`reservation()`](crate::reservation()) reads.
pub const RESERVATION_COLUMNS: &str = columns!(reservation);
/// The columns [`seat()`](crate::seat()) reads.
pub const SEAT_COLUMNS: &str = columns!(seat);
