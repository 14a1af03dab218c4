//! Reservations and payments as staff see them.

use serde::Deserialize;

/// A page of reservations.
#[derive(Debug, Deserialize)]
pub(crate) struct ReservationPage {
    pub(crate) data: Vec<StaffReservation>,
    pub(crate) next: Option<String>,
}

/// One reservation, of a read.
#[derive(Debug, Deserialize)]
pub(crate) struct OneReservation {
    pub(crate) reservation: StaffReservation,
}

/// A reservation with its buyer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StaffReservation {
    pub(crate) id: String,
    pub(crate) reservation_number: String,
    pub(crate) event: ReservedEvent,
    pub(crate) user_id: String,
    pub(crate) seats: Vec<ReservedSeat>,
    pub(crate) items: Vec<ReservedItem>,
    pub(crate) total_amount: i64,
    pub(crate) currency: String,
    pub(crate) status: String,
    pub(crate) payment_status: String,
    pub(crate) payment_id: Option<String>,
    pub(crate) cancellation: Option<Cancellation>,
    pub(crate) expires_at: Option<String>,
    pub(crate) created_at: String,
    pub(crate) buyer: Option<Buyer>,
}

/// The event of a reservation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReservedEvent {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) event_date: String,
}

/// A seat of a reservation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReservedSeat {
    pub(crate) seat_label: String,
    pub(crate) price: i64,
}

/// General-admission tickets of a reservation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReservedItem {
    pub(crate) name: String,
    pub(crate) quantity: u32,
    pub(crate) unit_price: i64,
}

/// What a cancellation refunds now.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cancellation {
    pub(crate) open: bool,
    pub(crate) refund_amount: i64,
    pub(crate) kept_amount: i64,
}

/// The buyer of a reservation.
#[derive(Debug, Deserialize)]
pub(crate) struct Buyer {
    pub(crate) email: String,
    pub(crate) name: String,
}

/// A page of payments that need attention.
#[derive(Debug, Deserialize)]
pub(crate) struct PaymentPage {
    pub(crate) data: Vec<StaffPayment>,
    pub(crate) pagination: super::Pagination,
}

/// One payment, of a read.
#[derive(Debug, Deserialize)]
pub(crate) struct OnePayment {
    pub(crate) payment: StaffPayment,
}

/// A payment, and why it needs attention.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StaffPayment {
    pub(crate) id: String,
    pub(crate) reservation_id: String,
    pub(crate) amount: i64,
    pub(crate) refunded_amount: i64,
    pub(crate) currency: String,
    pub(crate) status: String,
    pub(crate) method: String,
    pub(crate) payment_key: Option<String>,
    pub(crate) failure_code: Option<String>,
    pub(crate) deposit: Option<Deposit>,
    pub(crate) created_at: String,
    pub(crate) gateway: String,
    pub(crate) trouble: String,
    pub(crate) captured_amount: Option<i64>,
    pub(crate) captured_currency: Option<String>,
    pub(crate) refunds: Vec<Refund>,
    pub(crate) last_answer: Option<String>,
    pub(crate) asked_again_at: Option<String>,
    pub(crate) notes: Vec<Note>,
}

/// The deposit that a payment awaits.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Deposit {
    pub(crate) due_at: String,
}

/// A refund.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Refund {
    pub(crate) amount: i64,
    pub(crate) reason: String,
    pub(crate) status: String,
    pub(crate) provider_code: Option<String>,
    pub(crate) tickets: String,
    pub(crate) kept_amount: i64,
}

/// A note of staff.
#[derive(Debug, Deserialize)]
pub(crate) struct Note {
    pub(crate) at: String,
    pub(crate) author: String,
    pub(crate) text: String,
    pub(crate) settles: bool,
}
