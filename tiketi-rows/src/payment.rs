//! Payments.

use serde::{Deserialize, Serialize};
use tiketi_core::{
    BuyerId, Currency, EventId, Money, Payment, PaymentId, PaymentState, Refund, RefundId, RefundState,
    ReservationId, StoreError, StuckReason, Timestamp,
};
use uuid::Uuid;

use crate::row::{Row, count, currency, due_moment, json, moment, money, parse, unreadable};

/// The columns [`payment()`] reads.
pub const PAYMENT_COLUMNS: &str = "id, reservation, event, buyer, amount, refunded, currency, gateway, method, \
    provider_key, state, state_at, detail, refunds, created_at, version";

/// A refund as JSON.
#[derive(Serialize, Deserialize)]
struct RefundEntry {
    id: Uuid,
    amount: i64,
    reason: String,
    state: String,
    at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

/// Reads a payment.
pub fn payment(row: &impl Row) -> Result<Payment, StoreError> {
    let currency = currency(row)?;
    Ok(Payment {
        id: PaymentId::from_uuid(row.uuid("id")?),
        reservation: ReservationId::from_uuid(row.uuid("reservation")?),
        event: EventId::from_uuid(row.uuid("event")?),
        buyer: BuyerId::from_uuid(row.uuid("buyer")?),
        amount: money(row, "amount", currency)?,
        refunded: money(row, "refunded", currency)?,
        gateway: row.text("gateway")?.to_owned(),
        method: row.text("method")?.to_owned(),
        provider_key: row.maybe_text("provider_key")?.map(str::to_owned),
        state: state(row)?,
        refunds: refunds(row.text("refunds")?, currency)?,
        created_at: moment(row, "created_at")?,
        version: count(row, "version")?,
    })
}

fn state(row: &impl Row) -> Result<PaymentState, StoreError> {
    let at = || due_moment(row, "state_at");
    let detail = || Ok::<_, StoreError>(row.maybe_text("detail")?.unwrap_or_default());
    match row.text("state")? {
        "ready" => Ok(PaymentState::Ready),
        "confirming" => Ok(PaymentState::Confirming { since: at()? }),
        "paid" => Ok(PaymentState::Paid { at: at()? }),
        "partly_refunded" => Ok(PaymentState::PartlyRefunded { at: at()? }),
        "refunded" => Ok(PaymentState::Refunded { at: at()? }),
        "declined" => Ok(PaymentState::Declined { code: detail()?.to_owned(), at: at()? }),
        "abandoned" => Ok(PaymentState::Abandoned),
        "stuck" => Ok(PaymentState::Stuck { reason: stuck_reason(detail()?)?, at: at()? }),
        _ => Err(unreadable("state")),
    }
}

/// Writes a state as its word, its moment, and its code or reason.
pub fn payment_state(
    state: &PaymentState,
) -> Result<(&'static str, Option<Timestamp>, Option<String>), StoreError> {
    Ok(match state {
        PaymentState::Ready => ("ready", None, None),
        PaymentState::Confirming { since } => ("confirming", Some(*since), None),
        PaymentState::Paid { at } => ("paid", Some(*at), None),
        PaymentState::PartlyRefunded { at } => ("partly_refunded", Some(*at), None),
        PaymentState::Refunded { at } => ("refunded", Some(*at), None),
        PaymentState::Declined { code, at } => ("declined", Some(*at), Some(code.clone())),
        PaymentState::Abandoned => ("abandoned", None, None),
        PaymentState::Stuck { reason, at } => ("stuck", Some(*at), Some(stuck_text(reason)?)),
    })
}

/// Writes why a payment is stuck: a word, and for a mismatch what was captured.
fn stuck_text(reason: &StuckReason) -> Result<String, StoreError> {
    match reason {
        StuckReason::AmountMismatch { captured } => {
            Ok(format!("amount_mismatch {} {}", captured.minor(), captured.currency()))
        }
        StuckReason::ReservationGone => Ok("reservation_gone".to_owned()),
        other => Err(StoreError::corrupt(format!("{other:?} cannot be written"))),
    }
}

fn stuck_reason(text: &str) -> Result<StuckReason, StoreError> {
    let mut words = text.split(' ');
    match (words.next(), words.next(), words.next()) {
        (Some("reservation_gone"), None, None) => Ok(StuckReason::ReservationGone),
        (Some("amount_mismatch"), Some(minor), Some(currency)) => {
            let minor = minor.parse().map_err(|_| unreadable("detail"))?;
            let currency = currency.parse().map_err(|_| unreadable("detail"))?;
            Ok(StuckReason::AmountMismatch { captured: Money::new(minor, currency) })
        }
        _ => Err(unreadable("detail")),
    }
}

/// Writes refunds as a JSON array.
pub fn refunds_text(refunds: &[Refund]) -> Result<String, StoreError> {
    let entry = |refund: &Refund| {
        let (state, at, code) = match &refund.state {
            RefundState::Queued { since } => ("queued", since, None),
            RefundState::Done { at } => ("done", at, None),
            RefundState::Refused { code, at } => ("refused", at, Some(code.clone())),
        };
        RefundEntry {
            id: refund.id.as_uuid(),
            amount: refund.amount.minor(),
            reason: refund.reason.clone(),
            state: state.to_owned(),
            at: at.as_micros(),
            code,
        }
    };
    json(&refunds.iter().map(entry).collect::<Vec<_>>())
}

fn refunds(text: &str, currency: Currency) -> Result<Vec<Refund>, StoreError> {
    let entries: Vec<RefundEntry> = parse(text, "refunds")?;
    entries.into_iter().map(|entry| refund(entry, currency)).collect()
}

fn refund(entry: RefundEntry, currency: Currency) -> Result<Refund, StoreError> {
    let at = Timestamp::from_micros(entry.at);
    let state = match entry.state.as_str() {
        "queued" => RefundState::Queued { since: at },
        "done" => RefundState::Done { at },
        "refused" => RefundState::Refused { code: entry.code.unwrap_or_default(), at },
        _ => return Err(unreadable("refunds")),
    };
    let amount = Money::new(entry.amount, currency);
    Ok(Refund { id: RefundId::from_uuid(entry.id), amount, reason: entry.reason, state })
}
