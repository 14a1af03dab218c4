//! Which columns each type has.

/// Expands to the columns a type is read from, as a literal that `concat!` takes.
///
/// ```
/// let sql = concat!("SELECT ", tiketi_rows::columns!(seat), " FROM seats");
/// ```
#[macro_export]
macro_rules! columns {
    (delivery) => {
        "gateway, delivery, payment, provider_key, received_at"
    };
    (event) => {
        "id, title, artist, venue, description, keywords, starts_at, opens_at, closes_at, terms, currency, layout, state, state_at, announced, created_at, version, map_version"
    };
    (ticket_type) => {
        "id, event, name, price, section, capacity, held, sold, blocked, position"
    };
    (payment) => {
        "id, reservation, event, buyer, amount, refunded, currency, gateway, method, provider_key, state, state_at, detail, refunds, captured, taken_in, ask_at, asking, notes, created_at, version"
    };
    (reservation) => {
        "id, event, buyer, date, serial, seats, items, total, currency, state, state_at, cancel_reason, payment, window_granted, created_at, version"
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
