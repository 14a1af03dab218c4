//! Payments.

use serde::{Deserialize, Serialize};
use tiketi_core::{
    BuyerId, Currency, EventId, Money, Payment, PaymentId, PaymentState, Refund, RefundId, ReservationId,
    SeatId, StoreError, TicketTypeId, Timestamp,
    payment::{
        Deposit, DepositAccount, Note, Reconciliation, RefundState, RefundTickets, ReturnedItem,
        ReturnedTickets, Settles, StuckReason,
    },
    refund_account::RefundAccount,
};
use uuid::Uuid;

use crate::row::{Row, count, currency, due_moment, json, moment, money, parse, unreadable};

/// What may change of a payment, as columns; all but the key of the provider and the version.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "a row: each store reads and writes every field")]
pub struct PaymentColumns {
    /// The state's word.
    pub state: &'static str,
    /// Its moment, in microseconds.
    pub state_at: Option<i64>,
    /// A provider's code, or what does not fit.
    pub detail: Option<String>,
    /// Refunds as a JSON array.
    pub refunds: String,
    /// How much was taken, once known.
    pub captured: Option<i64>,
    /// In which currency it was taken, and went back.
    pub taken_in: Option<&'static str>,
    /// How much went back.
    pub refunded: i64,
    /// When the provider is to be asked, in microseconds; nothing while nothing is awaited.
    pub reconcile_at: Option<i64>,
    /// What else is known of that, as a JSON object.
    pub reconciliation: Option<String>,
    /// See [`Payment::awaited_since`]; in microseconds.
    pub awaited_since: Option<i64>,
    /// What people wrote, as a JSON array.
    pub notes: String,
    /// See [`Payment::needs_attention`].
    pub needs_attention: bool,
    /// See [`Payment::is_call_off_refused`].
    pub call_off_refused: bool,
}

/// What a provider has yet to say, as JSON; when it is asked next is a column.
#[derive(Serialize, Deserialize)]
struct ReconciliationEntry {
    since: i64,
    tries: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_inconclusive: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deposit: Option<DepositEntry>,
}

/// A deposit that is waited for, as JSON.
#[derive(Serialize, Deserialize)]
struct DepositEntry {
    due: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    bank: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
}

/// An account for money on its way back, as JSON; it goes with the promise.
#[derive(Serialize, Deserialize)]
struct AccountEntry {
    bank: String,
    number: String,
    holder: String,
}

/// A person's note as JSON.
#[derive(Serialize, Deserialize)]
struct NoteEntry {
    at: i64,
    author: String,
    text: String,
    settles: bool,
}

/// Tickets that a refund takes back, as JSON.
#[derive(Serialize, Deserialize)]
struct ReturnedEntry {
    seats: Vec<Uuid>,
    /// Ticket type, unit price, quantity.
    items: Vec<(Uuid, i64, u32)>,
    price: i64,
}

/// A refund as JSON.
#[derive(Serialize, Deserialize)]
struct RefundEntry {
    id: Uuid,
    amount: i64,
    reason: String,
    /// `none`, `kept`, `returned` or `unstated`.
    tickets: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    returned: Option<ReturnedEntry>,
    state: String,
    at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<AccountEntry>,
}

/// Reads a payment.
pub fn payment(row: &impl Row) -> Result<Payment, StoreError> {
    let currency = currency(row)?;
    let taken_in = row.maybe_text("taken_in")?.map(str::parse).transpose();
    let taken_in = taken_in.map_err(|_| unreadable("taken_in"))?.unwrap_or(currency);
    Ok(Payment {
        id: PaymentId::from_uuid(row.uuid("id")?),
        reservation: ReservationId::from_uuid(row.uuid("reservation")?),
        event: EventId::from_uuid(row.uuid("event")?),
        buyer: BuyerId::from_uuid(row.uuid("buyer")?),
        amount: money(row, "amount", currency)?,
        captured: row.maybe_int("captured")?.map(|minor| Money::new(minor, taken_in)),
        refunded: money(row, "refunded", taken_in)?,
        gateway: row.text("gateway")?.to_owned(),
        method: row.text("method")?.to_owned(),
        provider_key: row.maybe_text("provider_key")?.map(str::to_owned),
        state: state(row)?,
        refunds: refunds(row.text("refunds")?, taken_in)?,
        reconciliation: reconciliation(row)?,
        notes: notes(row.text("notes")?)?,
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

/// Writes what may change of a payment.
pub fn payment_columns(row: &Payment) -> Result<PaymentColumns, StoreError> {
    let (state, at, detail) = payment_state(&row.state)?;
    let reconciliation = row.reconciliation.as_ref();
    let entry = |reconciliation: &Reconciliation| ReconciliationEntry {
        since: reconciliation.since.as_micros(),
        tries: reconciliation.tries,
        last_inconclusive: reconciliation.last_inconclusive.clone(),
        deposit: reconciliation.deposit.as_ref().map(deposit_entry),
    };
    Ok(PaymentColumns {
        state,
        state_at: at.map(Timestamp::as_micros),
        detail,
        refunds: refunds_text(&row.refunds)?,
        captured: row.captured.map(Money::minor),
        taken_in: row.captured.map(|captured| captured.currency().code()),
        refunded: row.refunded.minor(),
        reconcile_at: reconciliation.map(|reconciliation| reconciliation.next.as_micros()),
        reconciliation: reconciliation.map(|reconciliation| json(&entry(reconciliation))).transpose()?,
        awaited_since: row.awaited_since().map(Timestamp::as_micros),
        notes: notes_text(&row.notes)?,
        needs_attention: row.needs_attention(),
        call_off_refused: row.is_call_off_refused(),
    })
}

fn reconciliation(row: &impl Row) -> Result<Option<Reconciliation>, StoreError> {
    let Some(next) = row.maybe_int("reconcile_at")?.map(Timestamp::from_micros) else { return Ok(None) };
    let text = row.maybe_text("reconciliation")?.ok_or_else(|| unreadable("reconciliation"))?;
    let ReconciliationEntry { since, tries, last_inconclusive, deposit } = parse(text, "reconciliation")?;
    let deposit = deposit.map(|entry| Deposit {
        account: entry.bank.zip(entry.number).map(|(bank, number)| DepositAccount { bank, number }),
        due: Timestamp::from_micros(entry.due),
    });
    Ok(Some(Reconciliation { since: Timestamp::from_micros(since), next, tries, last_inconclusive, deposit }))
}

fn deposit_entry(deposit: &Deposit) -> DepositEntry {
    let account = deposit.account.as_ref();
    DepositEntry {
        due: deposit.due.as_micros(),
        bank: account.map(|account| account.bank.clone()),
        number: account.map(|account| account.number.clone()),
    }
}

fn notes_text(notes: &[Note]) -> Result<String, StoreError> {
    let entry = |note: &Note| NoteEntry {
        at: note.at.as_micros(),
        author: note.author.clone(),
        text: note.text.clone(),
        settles: note.settles == Settles::Yes,
    };
    json(&notes.iter().map(entry).collect::<Vec<_>>())
}

fn notes(text: &str) -> Result<Vec<Note>, StoreError> {
    let entries: Vec<NoteEntry> = parse(text, "notes")?;
    let note = |entry: NoteEntry| Note {
        at: Timestamp::from_micros(entry.at),
        author: entry.author,
        text: entry.text,
        settles: if entry.settles { Settles::Yes } else { Settles::No },
    };
    Ok(entries.into_iter().map(note).collect())
}

/// Writes a state as its word, its moment, and its code or reason.
fn payment_state(
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
        StuckReason::OrderMismatch { order } => Ok(format!("order_mismatch {order}")),
        other => Err(StoreError::corrupt(format!("{other:?} cannot be written"))),
    }
}

fn stuck_reason(text: &str) -> Result<StuckReason, StoreError> {
    if let Some(order) = text.strip_prefix("order_mismatch ") {
        return Ok(StuckReason::OrderMismatch { order: order.to_owned() });
    }
    let mut words = text.split(' ');
    match (words.next(), words.next(), words.next()) {
        (Some("amount_mismatch"), Some(minor), Some(currency)) => {
            let minor = minor.parse().map_err(|_| unreadable("detail"))?;
            let currency = currency.parse().map_err(|_| unreadable("detail"))?;
            Ok(StuckReason::AmountMismatch { captured: Money::new(minor, currency) })
        }
        _ => Err(unreadable("detail")),
    }
}

fn refunds_text(refunds: &[Refund]) -> Result<String, StoreError> {
    let entry = |refund: &Refund| {
        let (state, at, code) = match &refund.state {
            RefundState::Queued { since, .. } => ("queued", since, None),
            RefundState::Done { at } => ("done", at, None),
            RefundState::Refused { code, at } => ("refused", at, Some(code.clone())),
        };
        RefundEntry {
            id: refund.id.as_uuid(),
            amount: refund.amount.minor(),
            reason: refund.reason.clone(),
            tickets: tickets_word(&refund.tickets).to_owned(),
            returned: returned_entry(&refund.tickets),
            state: state.to_owned(),
            at: at.as_micros(),
            code,
            account: refund.account().map(account_entry),
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
        "queued" => RefundState::Queued { since: at, account: entry.account.map(account).transpose()? },
        "done" => RefundState::Done { at },
        "refused" => RefundState::Refused { code: entry.code.unwrap_or_default(), at },
        _ => return Err(unreadable("refunds")),
    };
    let tickets = tickets(&entry.tickets, entry.returned, currency)?;
    let amount = Money::new(entry.amount, currency);
    Ok(Refund { id: RefundId::from_uuid(entry.id), amount, reason: entry.reason, tickets, state })
}

fn tickets_word(tickets: &RefundTickets) -> &'static str {
    match tickets {
        RefundTickets::None => "none",
        RefundTickets::Kept => "kept",
        RefundTickets::Returned(_) => "returned",
        RefundTickets::Unstated => "unstated",
    }
}

fn returned_entry(tickets: &RefundTickets) -> Option<ReturnedEntry> {
    let RefundTickets::Returned(returned) = tickets else { return None };
    let item = |item: &ReturnedItem| (item.ticket_type.as_uuid(), item.unit_price.minor(), item.quantity);
    Some(ReturnedEntry {
        seats: returned.seats.iter().map(|seat| seat.as_uuid()).collect(),
        items: returned.items.iter().map(item).collect(),
        price: returned.price.minor(),
    })
}

fn tickets(
    word: &str,
    returned: Option<ReturnedEntry>,
    currency: Currency,
) -> Result<RefundTickets, StoreError> {
    let item = |(ticket_type, unit_price, quantity)| ReturnedItem {
        ticket_type: TicketTypeId::from_uuid(ticket_type),
        unit_price: Money::new(unit_price, currency),
        quantity,
    };
    match (word, returned) {
        ("none", None) => Ok(RefundTickets::None),
        ("kept", None) => Ok(RefundTickets::Kept),
        ("unstated", None) => Ok(RefundTickets::Unstated),
        ("returned", Some(entry)) => Ok(RefundTickets::Returned(ReturnedTickets {
            seats: entry.seats.into_iter().map(SeatId::from_uuid).collect(),
            items: entry.items.into_iter().map(item).collect(),
            price: Money::new(entry.price, currency),
        })),
        _ => Err(unreadable("refunds")),
    }
}

fn account_entry(account: &RefundAccount) -> AccountEntry {
    let (bank, number, holder) = (account.bank(), account.number(), account.holder());
    AccountEntry { bank: bank.to_owned(), number: number.to_owned(), holder: holder.to_owned() }
}

fn account(entry: AccountEntry) -> Result<RefundAccount, StoreError> {
    let AccountEntry { bank, number, holder } = entry;
    RefundAccount::new(&bank, &number, &holder).map_err(|_| unreadable("refunds"))
}
