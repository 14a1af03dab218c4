//! The columns of each table as a literal.

/// Expands to the columns that a row type is read from, as a literal that `concat!` takes.
///
/// They are in the order in which they are read, so that a reader finds each column at its first comparison.
///
/// ```
/// let sql = concat!("SELECT ", tiketi_sql::columns!(seat), " FROM seats");
/// assert!(sql.starts_with("SELECT event, id, ticket_type, "));
/// ```
#[macro_export]
macro_rules! columns {
    (account) => {
        $crate::account_columns!()
    };
    (code) => {
        $crate::code_columns!()
    };
    (command) => {
        $crate::command_columns!()
    };
    (creation) => {
        $crate::creation_columns!()
    };
    (delivery) => {
        $crate::delivery_columns!()
    };
    (event) => {
        $crate::event_columns!()
    };
    (figure) => {
        $crate::figure_columns!()
    };
    (figure_count) => {
        $crate::figure_count_columns!()
    };
    (figure_source) => {
        $crate::figure_source_columns!()
    };
    (layout) => {
        $crate::layout_columns!()
    };
    (log) => {
        $crate::log_columns!()
    };
    (mail) => {
        $crate::mail_columns!()
    };
    (notice) => {
        $crate::notice_columns!()
    };
    (payment) => {
        $crate::payment_columns!()
    };
    (reservation) => {
        $crate::reservation_columns!()
    };
    (seat) => {
        $crate::seat_columns!()
    };
    (session) => {
        $crate::session_columns!()
    };
    (ticket_type) => {
        $crate::ticket_type_columns!()
    };
}
