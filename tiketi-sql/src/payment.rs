//! Payments.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tiketi_core::{
    BuyerId, Currency, EventId, Money, Payment, PaymentId, PaymentState, Refund, RefundId, ReservationId,
    SeatId, StoreError, TicketTypeId, Timestamp,
    payment::{
        Deposit, DepositAccount, Note, Reconciliation, RefundState, RefundTickets, ReturnedItem,
        ReturnedTickets, Settles, StuckReason,
    },
    refund_account::RefundAccount,
    secret_digest::SecretDigest,
};
use uuid::Uuid;

use crate::metadata::{metadata, metadata_text};
use crate::row::{currency, json, needed, parse, stored, unreadable, unsigned};
use crate::table::table;

table! {
    /// A row of `payments`.
    PaymentRow<'r> = "payments", listed by payment_columns {
        key { id: Uuid }
        fixed {
            reservation: Uuid,
            event: Uuid,
            buyer: Uuid,
            amount: i64,
            currency: Cow<'r, str>,
            gateway: Cow<'r, str>,
            method: Cow<'r, str>,
            created_at: i64,
            metadata: Option<Cow<'r, str>>,
        }
        changing {
            provider_key: Option<Cow<'r, str>>,
            deposit_secret: Option<Cow<'r, str>>,
            state: Cow<'r, str>,
            state_at: Option<i64>,
            detail: Option<Cow<'r, str>>,
            refunds: Cow<'r, str>,
            captured: Option<i64>,
            captured_at: Option<i64>,
            taken_in: Option<Cow<'r, str>>,
            refunded: i64,
            reconcile_at: Option<i64>,
            reconciliation: Option<Cow<'r, str>>,
            awaited_since: Option<i64>,
            notes: Cow<'r, str>,
            needs_attention: bool,
            call_off_refused: bool,
            version: i64,
        }
    }
}

/// The awaited outcome of a payment, as JSON; when the provider is asked next is a column.
#[derive(Serialize, Deserialize)]
struct ReconciliationEntry {
    since: i64,
    tries: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_inconclusive: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deposit: Option<DepositEntry>,
}

/// An awaited deposit, as JSON.
#[derive(Serialize, Deserialize)]
pub(crate) struct DepositEntry {
    due: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    bank: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
}

/// The account that a queued refund goes to, as JSON; it is deleted when the refund is done.
#[derive(Serialize, Deserialize)]
struct AccountEntry {
    bank: String,
    number: String,
    holder: String,
}

/// A note of staff, as JSON.
#[derive(Serialize, Deserialize)]
struct NoteEntry {
    at: i64,
    author: String,
    text: String,
    settles: bool,
}

/// Tickets that a refund returns, as JSON.
#[derive(Serialize, Deserialize)]
pub(crate) struct ReturnedEntry {
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

impl<'r> PaymentRow<'r> {
    /// Writes a payment as its columns.
    ///
    /// # Errors
    ///
    /// [`tiketi_core::StoreErrorKind::Corrupt`] for a state that this release cannot write.
    pub fn of(payment: &'r Payment) -> Result<Self, StoreError> {
        let Payment {
            id,
            reservation,
            event,
            buyer,
            amount,
            captured,
            captured_at,
            refunded,
            gateway,
            method,
            provider_key,
            state,
            refunds,
            reconciliation,
            notes,
            deposit_secret,
            created_at,
            metadata,
            version,
        } = payment;
        let (state, state_at, detail) = payment_state(state)?;
        Ok(Self {
            id: id.as_uuid(),
            reservation: reservation.as_uuid(),
            event: event.as_uuid(),
            buyer: buyer.as_uuid(),
            amount: amount.minor(),
            currency: amount.currency().code().into(),
            gateway: gateway.into(),
            method: method.into(),
            created_at: created_at.as_micros(),
            metadata: metadata_text(metadata),
            provider_key: provider_key.as_deref().map(Cow::Borrowed),
            deposit_secret: deposit_secret.map(|digest| digest.to_string().into()),
            state: state.into(),
            state_at: state_at.map(Timestamp::as_micros),
            detail,
            refunds: refunds_text(refunds)?.into(),
            captured: captured.map(Money::minor),
            captured_at: captured_at.map(Timestamp::as_micros),
            taken_in: captured.map(|captured| captured.currency().code().into()),
            refunded: refunded.minor(),
            reconcile_at: reconciliation.as_ref().map(|it| it.next.as_micros()),
            reconciliation: reconciliation.as_ref().map(reconciliation_text).transpose()?.map(Cow::Owned),
            awaited_since: payment.awaited_since().map(Timestamp::as_micros),
            notes: notes_text(notes)?.into(),
            needs_attention: payment.needs_attention(),
            call_off_refused: payment.is_call_off_refused(),
            version: stored(*version),
        })
    }

    /// Reads the payment from its columns.
    ///
    /// # Errors
    ///
    /// [`tiketi_core::StoreErrorKind::Corrupt`] if a column does not hold what it should.
    pub fn payment(self) -> Result<Payment, StoreError> {
        let currency_of = currency(&self.currency)?;
        let taken_in = self.taken_in.as_deref().map(currency).transpose()?.unwrap_or(currency_of);
        Ok(Payment {
            id: PaymentId::from_uuid(self.id),
            reservation: ReservationId::from_uuid(self.reservation),
            event: EventId::from_uuid(self.event),
            buyer: BuyerId::from_uuid(self.buyer),
            amount: Money::new(self.amount, currency_of),
            captured: self.captured.map(|minor| Money::new(minor, taken_in)),
            captured_at: self.captured_at.map(Timestamp::from_micros),
            refunded: Money::new(self.refunded, taken_in),
            state: self.state()?,
            refunds: refunds(&self.refunds, taken_in)?,
            reconciliation: self.reconciliation()?,
            notes: notes(&self.notes)?,
            deposit_secret: self.deposit_secret()?,
            created_at: Timestamp::from_micros(self.created_at),
            metadata: metadata(self.metadata.as_deref())?,
            version: unsigned(self.version, "version")?,
            gateway: self.gateway.into_owned(),
            method: self.method.into_owned(),
            provider_key: self.provider_key.map(Cow::into_owned),
        })
    }

    fn deposit_secret(&self) -> Result<Option<SecretDigest>, StoreError> {
        let text = self.deposit_secret.as_deref();
        text.map(|text| text.parse().map_err(|_| unreadable("deposit_secret"))).transpose()
    }

    fn state(&self) -> Result<PaymentState, StoreError> {
        state_of(&self.state, self.state_at, self.detail.as_deref())
    }

    fn reconciliation(&self) -> Result<Option<Reconciliation>, StoreError> {
        let Some(next) = self.reconcile_at.map(Timestamp::from_micros) else { return Ok(None) };
        let text = self.reconciliation.as_deref().ok_or_else(|| unreadable("reconciliation"))?;
        let ReconciliationEntry { since, tries, last_inconclusive, deposit } = parse(text, "reconciliation")?;
        let deposit = deposit.map(deposit_of);
        let since = Timestamp::from_micros(since);
        Ok(Some(Reconciliation { since, next, tries, last_inconclusive, deposit }))
    }
}

/// Writes the parts of a reconciliation that have no column.
fn reconciliation_text(reconciliation: &Reconciliation) -> Result<String, StoreError> {
    json(&ReconciliationEntry {
        since: reconciliation.since.as_micros(),
        tries: reconciliation.tries,
        last_inconclusive: reconciliation.last_inconclusive.clone(),
        deposit: reconciliation.deposit.as_ref().map(deposit_entry),
    })
}

/// Reads a state from its word, its moment in microseconds, and its code or reason.
pub(crate) fn state_of(
    word: &str,
    at: Option<i64>,
    detail: Option<&str>,
) -> Result<PaymentState, StoreError> {
    let at = || needed(at, "state_at");
    let detail = detail.unwrap_or_default();
    match word {
        "ready" => Ok(PaymentState::Ready),
        "confirming" => Ok(PaymentState::Confirming { since: at()? }),
        "paid" => Ok(PaymentState::Paid { at: at()? }),
        "partly_refunded" => Ok(PaymentState::PartlyRefunded { at: at()? }),
        "refunded" => Ok(PaymentState::Refunded { at: at()? }),
        "declined" => Ok(PaymentState::Declined { code: detail.to_owned(), at: at()? }),
        "abandoned" => Ok(PaymentState::Abandoned),
        "stuck" => Ok(PaymentState::Stuck { reason: stuck_reason(detail)?, at: at()? }),
        _ => Err(unreadable("state")),
    }
}

pub(crate) fn deposit_of(entry: DepositEntry) -> Deposit {
    Deposit {
        account: entry.bank.zip(entry.number).map(|(bank, number)| DepositAccount { bank, number }),
        due: Timestamp::from_micros(entry.due),
    }
}

pub(crate) fn deposit_entry(deposit: &Deposit) -> DepositEntry {
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

/// The word of a state, its moment, and its code or reason.
pub(crate) type StateColumns<'s> = (&'static str, Option<Timestamp>, Option<Cow<'s, str>>);

/// Writes a state as its word, its moment, and its code or reason.
pub(crate) fn payment_state(state: &PaymentState) -> Result<StateColumns<'_>, StoreError> {
    Ok(match state {
        PaymentState::Ready => ("ready", None, None),
        PaymentState::Confirming { since } => ("confirming", Some(*since), None),
        PaymentState::Paid { at } => ("paid", Some(*at), None),
        PaymentState::PartlyRefunded { at } => ("partly_refunded", Some(*at), None),
        PaymentState::Refunded { at } => ("refunded", Some(*at), None),
        PaymentState::Declined { code, at } => ("declined", Some(*at), Some(code.into())),
        PaymentState::Abandoned => ("abandoned", None, None),
        PaymentState::Stuck { reason, at } => ("stuck", Some(*at), Some(stuck_text(reason)?.into())),
    })
}

/// Writes why a payment is stuck: a word, and for a mismatch the captured amount.
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
            returned: match &refund.tickets {
                RefundTickets::Returned(returned) => Some(returned_entry(returned)),
                RefundTickets::None | RefundTickets::Kept | RefundTickets::Unstated => None,
            },
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

pub(crate) fn returned_entry(returned: &ReturnedTickets) -> ReturnedEntry {
    let item = |item: &ReturnedItem| (item.ticket_type.as_uuid(), item.unit_price.minor(), item.quantity);
    ReturnedEntry {
        seats: returned.seats.iter().map(|seat| seat.as_uuid()).collect(),
        items: returned.items.iter().map(item).collect(),
        price: returned.price.minor(),
    }
}

pub(crate) fn returned_tickets(entry: ReturnedEntry, currency: Currency) -> ReturnedTickets {
    let item = |(ticket_type, unit_price, quantity)| ReturnedItem {
        ticket_type: TicketTypeId::from_uuid(ticket_type),
        unit_price: Money::new(unit_price, currency),
        quantity,
    };
    ReturnedTickets {
        seats: entry.seats.into_iter().map(SeatId::from_uuid).collect(),
        items: entry.items.into_iter().map(item).collect(),
        price: Money::new(entry.price, currency),
    }
}

fn tickets(
    word: &str,
    returned: Option<ReturnedEntry>,
    currency: Currency,
) -> Result<RefundTickets, StoreError> {
    match (word, returned) {
        ("none", None) => Ok(RefundTickets::None),
        ("kept", None) => Ok(RefundTickets::Kept),
        ("unstated", None) => Ok(RefundTickets::Unstated),
        ("returned", Some(entry)) => Ok(RefundTickets::Returned(returned_tickets(entry, currency))),
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
