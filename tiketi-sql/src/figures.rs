//! Figures: tallies, and what each reservation adds to them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tiketi_core::{
    EventId, Money, ReservationId, StoreError, TicketTypeId, Timestamp,
    figures::{
        CountProgress, Counted, Day, Entry, FigureCount, FigureKey, MethodKey, MethodTally, QuarterTally,
        Tally, TallyDetail, Tickets, TypeTally, What,
    },
};
use uuid::Uuid;

use crate::reservation::{cancel_reason_of, cancel_reason_word};
use crate::row::{currency, json, parse, stored, unreadable, unsigned};
use crate::table::table;

/// The scope of the whole shop in a row of `figures`.
const SHOP: Uuid = Uuid::nil();
/// The day of a row of `figures` that is about all days: before every day of the calendar.
pub const ALL_DAYS: i64 = i64::MIN;

table! {
    /// A row of `figure_counts`.
    FigureCountRow<'r> = "figure_counts", listed by figure_count_columns {
        key { number: i64 }
        fixed {
            zone: Cow<'r, str>,
            begun_at: i64,
        }
        changing {
            counted_to: Option<Uuid>,
            complete: bool,
        }
    }
}

table! {
    /// A row of `figure_sources`: what a reservation adds to the figures.
    FigureSourceRow<'r> = "figure_sources", listed by figure_source_columns {
        key {
            number: i64,
            reservation: Uuid,
        }
        changing {
            event: Uuid,
            version: i64,
            entries: Cow<'r, str>,
        }
    }
}

table! {
    /// A row of `figures`: a tally of an event or of the shop, of a day or of all days.
    FigureRow<'r> = "figures", listed by figure_columns {
        key {
            number: i64,
            scope: Uuid,
            day: i64,
        }
        changing {
            started: i64,
            confirmed: i64,
            expired: i64,
            cancelled_by_buyer: i64,
            cancelled_by_organiser: i64,
            cancelled_refunded: i64,
            tickets_sold: i64,
            tickets_returned: i64,
            methods: Cow<'r, str>,
            types: Cow<'r, str>,
            quarters: Cow<'r, str>,
        }
    }
}

/// Something that happened, as JSON; what does not apply to its kind is left out.
#[derive(Serialize, Deserialize)]
struct EntryText {
    day: i32,
    quarter: u8,
    what: Cow<'static, str>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tickets: Vec<(Uuid, u32)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    currency: Option<Cow<'static, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    amount: Option<i64>,
}

/// Method, currency, attempts, captured, declined, refunds, gross, refunded.
type MethodText<T> = (T, T, i64, i64, i64, i64, i64, i64);
/// Ticket type, sold, returned.
type TypeText = (Uuid, i64, i64);
/// Quarter, started, confirmed, tickets.
type QuarterText = (u8, i64, i64, i64);

impl<'r> FigureCountRow<'r> {
    /// Writes a count as its columns.
    pub fn of(count: &'r FigureCount) -> Self {
        let FigureCount { number, zone, begun_at, progress } = count;
        let (counted_to, complete) = progress_columns(*progress);
        Self {
            number: stored(*number),
            zone: zone.into(),
            begun_at: begun_at.as_micros(),
            counted_to,
            complete,
        }
    }

    /// Reads the count from its columns.
    ///
    /// # Errors
    ///
    /// [`tiketi_core::StoreErrorKind::Corrupt`] if a column does not hold what it should.
    pub fn count(self) -> Result<FigureCount, StoreError> {
        let progress = if self.complete {
            CountProgress::Complete
        } else {
            CountProgress::UpTo(self.counted_to.map(ReservationId::from_uuid))
        };
        Ok(FigureCount {
            number: unsigned(self.number, "number")?,
            zone: self.zone.into_owned(),
            begun_at: Timestamp::from_micros(self.begun_at),
            progress,
        })
    }
}

/// Writes how far a count is: up to which reservation, and whether it is complete.
pub fn progress_columns(progress: CountProgress) -> (Option<Uuid>, bool) {
    match progress {
        CountProgress::UpTo(id) => (id.map(ReservationId::as_uuid), false),
        CountProgress::Complete => (None, true),
    }
}

impl FigureSourceRow<'static> {
    /// Writes what a reservation adds to a count as its columns.
    ///
    /// # Errors
    ///
    /// None for entries of `tiketi-core`: all can be written as JSON.
    pub fn of(number: u64, counted: &Counted) -> Result<Self, StoreError> {
        let Counted { reservation, event, version, entries } = counted;
        let entries: Vec<EntryText> = entries.iter().map(entry_text).collect();
        Ok(Self {
            number: stored(number),
            reservation: reservation.as_uuid(),
            event: event.as_uuid(),
            version: stored(*version),
            entries: json(&entries)?.into(),
        })
    }
}

impl FigureSourceRow<'_> {
    /// Reads what a reservation adds from its columns.
    ///
    /// # Errors
    ///
    /// [`tiketi_core::StoreErrorKind::Corrupt`] if a column does not hold what it should.
    pub fn counted(self) -> Result<Counted, StoreError> {
        let entries: Vec<EntryText> = parse(&self.entries, "entries")?;
        Ok(Counted {
            reservation: ReservationId::from_uuid(self.reservation),
            event: EventId::from_uuid(self.event),
            version: unsigned(self.version, "version")?,
            entries: entries.into_iter().map(entry).collect::<Result<_, _>>()?,
        })
    }
}

impl FigureRow<'static> {
    /// Writes a tally as its columns.
    ///
    /// # Errors
    ///
    /// None for a tally of `tiketi-core`: all its parts can be written as JSON.
    pub fn of(number: u64, key: FigureKey, tally: &Tally) -> Result<Self, StoreError> {
        let methods: Vec<MethodText<&str>> = tally.methods.iter().map(method_text).collect();
        let types: Vec<TypeText> =
            tally.types.iter().map(|(id, of)| (id.as_uuid(), of.sold, of.returned)).collect();
        let quarters: Vec<QuarterText> =
            tally.quarters.iter().map(|(at, of)| (*at, of.started, of.confirmed, of.tickets)).collect();
        let (scope, day) = key_columns(key);
        Ok(Self {
            number: stored(number),
            scope,
            day,
            started: tally.started,
            confirmed: tally.confirmed,
            expired: tally.expired,
            cancelled_by_buyer: tally.cancelled_by_buyer,
            cancelled_by_organiser: tally.cancelled_by_organiser,
            cancelled_refunded: tally.cancelled_refunded,
            tickets_sold: tally.tickets_sold,
            tickets_returned: tally.tickets_returned,
            methods: json(&methods)?.into(),
            types: json(&types)?.into(),
            quarters: json(&quarters)?.into(),
        })
    }
}

impl FigureRow<'_> {
    /// Reads the tally from its columns, less the parts that are not wanted.
    ///
    /// # Errors
    ///
    /// [`tiketi_core::StoreErrorKind::Corrupt`] if a column does not hold what it should.
    pub fn tally(self, detail: TallyDetail) -> Result<(FigureKey, Tally), StoreError> {
        let methods: Vec<MethodText<Cow<'_, str>>> = parse(&self.methods, "methods")?;
        let (types, quarters): (Vec<TypeText>, Vec<QuarterText>) = match detail {
            TallyDetail::Sums => (Vec::new(), Vec::new()),
            TallyDetail::Full => (parse(&self.types, "types")?, parse(&self.quarters, "quarters")?),
        };
        let tally = Tally {
            started: self.started,
            confirmed: self.confirmed,
            expired: self.expired,
            cancelled_by_buyer: self.cancelled_by_buyer,
            cancelled_by_organiser: self.cancelled_by_organiser,
            cancelled_refunded: self.cancelled_refunded,
            tickets_sold: self.tickets_sold,
            tickets_returned: self.tickets_returned,
            methods: methods.into_iter().map(method).collect::<Result<_, _>>()?,
            types: types
                .into_iter()
                .map(|(id, sold, returned)| (TicketTypeId::from_uuid(id), TypeTally { sold, returned }))
                .collect(),
            quarters: quarters
                .into_iter()
                .map(|(at, started, confirmed, tickets)| (at, QuarterTally { started, confirmed, tickets }))
                .collect::<BTreeMap<_, _>>(),
        };
        Ok((self.key()?, tally))
    }

    fn key(&self) -> Result<FigureKey, StoreError> {
        let event = if self.scope == SHOP { None } else { Some(EventId::from_uuid(self.scope)) };
        let day = if self.day == ALL_DAYS {
            None
        } else {
            Some(Day::from_number(i32::try_from(self.day).map_err(|_| unreadable("day"))?))
        };
        Ok(FigureKey { event, day })
    }
}

/// Writes the key of a tally: its scope and its day.
pub fn key_columns(key: FigureKey) -> (Uuid, i64) {
    let day = key.day.map_or(ALL_DAYS, |day| i64::from(day.number()));
    (key.event.map_or(SHOP, EventId::as_uuid), day)
}

fn method_text<'t>((key, of): (&'t MethodKey, &'t MethodTally)) -> MethodText<&'t str> {
    let currency = key.currency.code();
    (&key.method, currency, of.attempts, of.captured, of.declined, of.refunds, of.gross, of.refunded)
}

fn method(text: MethodText<Cow<'_, str>>) -> Result<(MethodKey, MethodTally), StoreError> {
    let (method, code, attempts, captured, declined, refunds, gross, refunded) = text;
    let key = MethodKey { method: method.into_owned(), currency: currency(&code)? };
    Ok((key, MethodTally { attempts, captured, declined, refunds, gross, refunded }))
}

fn entry_text(entry: &Entry) -> EntryText {
    let mut text = EntryText {
        day: entry.day.number(),
        quarter: entry.quarter,
        what: Cow::Borrowed(""),
        tickets: Vec::new(),
        method: None,
        currency: None,
        amount: None,
    };
    let with = |what: &'static str| Cow::Borrowed(what);
    match &entry.what {
        What::Started => text.what = with("started"),
        What::Expired => text.what = with("expired"),
        What::Confirmed(tickets) => (text.what, text.tickets) = (with("confirmed"), ticket_text(tickets)),
        What::Returned(tickets) => (text.what, text.tickets) = (with("returned"), ticket_text(tickets)),
        What::Cancelled(reason) => {
            (text.what, text.method) = (with("cancelled"), Some(cancel_reason_word(*reason).to_owned()));
        }
        What::Attempted(method, of) => {
            (text.what, text.method) = (with("attempted"), Some(method.clone()));
            text.currency = Some(with(of.code()));
        }
        What::Declined(method, of) => {
            (text.what, text.method) = (with("declined"), Some(method.clone()));
            text.currency = Some(with(of.code()));
        }
        What::Captured(method, money) => {
            (text.what, text.method) = (with("captured"), Some(method.clone()));
            (text.currency, text.amount) = (Some(with(money.currency().code())), Some(money.minor()));
        }
        What::Refunded(method, money) => {
            (text.what, text.method) = (with("refunded"), Some(method.clone()));
            (text.currency, text.amount) = (Some(with(money.currency().code())), Some(money.minor()));
        }
    }
    text
}

fn entry(text: EntryText) -> Result<Entry, StoreError> {
    let EntryText { day, quarter, what, tickets, method, currency: code, amount } = text;
    let method = || method.clone().ok_or_else(|| unreadable("method"));
    let currency = || currency(code.as_deref().ok_or_else(|| unreadable("currency"))?);
    let money = || Ok::<_, StoreError>(Money::new(amount.ok_or_else(|| unreadable("amount"))?, currency()?));
    let tickets: Tickets = tickets.into_iter().map(|(id, n)| (TicketTypeId::from_uuid(id), n)).collect();
    let what = match &*what {
        "started" => What::Started,
        "expired" => What::Expired,
        "confirmed" => What::Confirmed(tickets),
        "returned" => What::Returned(tickets),
        "cancelled" => What::Cancelled(cancel_reason_of(&method()?)?),
        "attempted" => What::Attempted(method()?, currency()?),
        "declined" => What::Declined(method()?, currency()?),
        "captured" => What::Captured(method()?, money()?),
        "refunded" => What::Refunded(method()?, money()?),
        _ => return Err(unreadable("entries")),
    };
    Ok(Entry { day: Day::from_number(day), quarter, what })
}

fn ticket_text(tickets: &Tickets) -> Vec<(Uuid, u32)> {
    tickets.iter().map(|(id, quantity)| (id.as_uuid(), *quantity)).collect()
}

#[cfg(test)]
mod tests {
    use tiketi_core::{Currency, reservation::CancelReason};

    use super::*;

    #[test]
    fn every_entry_is_read_as_it_was_written() {
        let ticket_type = TicketTypeId::from_uuid(Uuid::from_u128(7));
        let (card, won) = (|| "card".to_owned(), Money::new(-5, Currency::KRW));
        let happened = [
            What::Started,
            What::Confirmed([(ticket_type, 2)].into()),
            What::Expired,
            What::Cancelled(CancelReason::ByBuyer),
            What::Cancelled(CancelReason::ByOrganiser),
            What::Cancelled(CancelReason::Refunded),
            What::Returned([(ticket_type, 1)].into()),
            What::Attempted(card(), Currency::EUR),
            What::Captured(card(), won),
            What::Declined(card(), Currency::EUR),
            What::Refunded(card(), won),
        ];
        let (day, quarter) = (Day::from_number(-3), 99);
        let entries = happened.into_iter().map(|what| Entry { day, quarter, what }).collect();
        let (reservation, event) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let (reservation, event) = (ReservationId::from_uuid(reservation), EventId::from_uuid(event));
        let counted = Counted { reservation, event, version: 9, entries };
        assert_eq!(FigureSourceRow::of(1, &counted).unwrap().counted().unwrap(), counted);
    }

    #[test]
    fn every_tally_is_read_as_it_was_written() {
        let mut tally = Tally { started: 1, expired: -2, tickets_sold: 3, ..Tally::default() };
        let key = MethodKey { method: "card".into(), currency: Currency::JPY };
        let of = MethodTally { attempts: 1, captured: 2, declined: 3, refunds: 4, gross: 5, refunded: 6 };
        tally.methods.insert(key, of);
        let ticket_type = TicketTypeId::from_uuid(Uuid::from_u128(7));
        tally.types.insert(ticket_type, TypeTally { sold: 1, returned: 2 });
        tally.quarters.insert(99, QuarterTally { started: 1, confirmed: 2, tickets: 3 });
        let event = Some(EventId::from_uuid(Uuid::from_u128(2)));
        for event in [event, None] {
            for day in [Some(Day::from_number(-1)), None] {
                let key = FigureKey { event, day };
                let row = FigureRow::of(1, key, &tally).unwrap();
                assert_eq!(row.tally(TallyDetail::Full).unwrap(), (key, tally.clone()));
            }
        }
    }
}
