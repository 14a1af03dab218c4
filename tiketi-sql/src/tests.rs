//! Each row type reads what it wrote, column by column.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tiketi_core::event::{EventState, TermsOverride};
use tiketi_core::ticket_type::{Stock, TicketKind};
use tiketi_core::{
    CancellationPolicy, Currency, Event, EventDetails, EventId, EventStatus, LayoutId, Money, SaleWindow,
    StoreError, TicketType, TicketTypeId, Timestamp,
    cancellation_policy::CancellationTier,
    metadata::Metadata,
    terms::{LatePayment, RefundedSeats},
};
use uuid::Uuid;

use crate::{EventRow, Row, TABLES, TableRow, TicketTypeRow, Value, qualified_list, unreadable};

/// A row in memory, which records the columns that are read.
struct Stored {
    columns: BTreeMap<&'static str, Kept>,
    read: RefCell<BTreeSet<&'static str>>,
}

enum Kept {
    Uuid(Option<Uuid>),
    Int(Option<i64>),
    Text(Option<String>),
    Flag(bool),
}

impl Stored {
    fn of<R: TableRow>(row: &R) -> Self {
        let mut columns = BTreeMap::new();
        row.visit(|index, value| {
            let kept = match value {
                Value::Uuid(id) => Kept::Uuid(id),
                Value::Int(number) => Kept::Int(number),
                Value::Text(text) => Kept::Text(text.map(str::to_owned)),
                Value::Flag(flag) => Kept::Flag(flag),
            };
            columns.insert(R::COLUMNS[index].name, kept);
        });
        assert_eq!(columns.len(), R::COLUMNS.len());
        Self { columns, read: RefCell::default() }
    }

    fn column(&self, column: &'static str) -> Option<&Kept> {
        self.read.borrow_mut().insert(column);
        self.columns.get(column)
    }

    /// Fails unless every column that statements list was read.
    #[track_caller]
    fn assert_read<R: TableRow>(&self) {
        let listed: BTreeSet<_> = R::LIST.split(", ").collect();
        assert_eq!(*self.read.borrow(), listed);
    }
}

impl Row for Stored {
    fn uuid(&self, column: &'static str) -> Result<Uuid, StoreError> {
        self.maybe_uuid(column)?.ok_or_else(|| unreadable(column))
    }

    fn maybe_uuid(&self, column: &'static str) -> Result<Option<Uuid>, StoreError> {
        match self.column(column) {
            Some(Kept::Uuid(id)) => Ok(*id),
            _ => Err(unreadable(column)),
        }
    }

    fn int(&self, column: &'static str) -> Result<i64, StoreError> {
        self.maybe_int(column)?.ok_or_else(|| unreadable(column))
    }

    fn maybe_int(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        match self.column(column) {
            Some(Kept::Int(number)) => Ok(*number),
            _ => Err(unreadable(column)),
        }
    }

    fn text(&self, column: &'static str) -> Result<&str, StoreError> {
        self.maybe_text(column)?.ok_or_else(|| unreadable(column))
    }

    fn maybe_text(&self, column: &'static str) -> Result<Option<&str>, StoreError> {
        match self.column(column) {
            Some(Kept::Text(text)) => Ok(text.as_deref()),
            _ => Err(unreadable(column)),
        }
    }

    fn flag(&self, column: &'static str) -> Result<bool, StoreError> {
        match self.column(column) {
            Some(Kept::Flag(flag)) => Ok(*flag),
            _ => Err(unreadable(column)),
        }
    }

    fn bytes(&self, column: &'static str) -> Result<&[u8], StoreError> {
        Err(unreadable(column))
    }
}

fn moment(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

/// An event in which no two columns have the same value.
fn event() -> Event {
    let tier = CancellationTier::new(Duration::from_hours(24), 1_000, 5).unwrap();
    let terms = TermsOverride::default()
        .hold_ttl(Duration::from_secs(4))
        .hold_cap(Duration::from_secs(5))
        .payment_window(Duration::from_secs(6))
        .max_seats_per_buyer(7)
        .late_payment(LatePayment::Refund)
        .refunded_seats(RefundedSeats::Blocked)
        .cancellation(CancellationPolicy::new(&[tier]).unwrap())
        .deposit_window(Duration::from_secs(8));
    let sale = SaleWindow::new(moment(1), moment(2)).unwrap();
    let details = EventDetails::new("Winter Lights", moment(3), sale)
        .artist("The Lamps")
        .venue("Lantern Hall")
        .description("With candles")
        .keywords(["겨울 빛"])
        .terms(terms)
        .metadata(r#"{"series":"winter"}"#.parse::<Metadata>().unwrap());
    Event {
        id: EventId::from_uuid(Uuid::from_u128(1)),
        details,
        currency: Currency::KRW,
        layout: Some(LayoutId::from_uuid(Uuid::from_u128(2))),
        state: EventState::Cancelled { at: moment(4) },
        announced: EventStatus::Ended,
        created_at: moment(5),
        archived_at: Some(Timestamp::from_micros(7)),
        version: 6,
    }
}

#[test]
fn an_event_is_read_as_it_was_written() {
    let event = event();
    let stored = Stored::of(&EventRow::of(&event, 7, true).unwrap());
    assert_eq!(EventRow::read(&stored).unwrap().event().unwrap(), (event, 7));
    stored.assert_read::<EventRow<'_>>();
}

#[test]
fn a_ticket_type_is_read_as_it_was_written() {
    let ticket_type = TicketType {
        id: TicketTypeId::from_uuid(Uuid::from_u128(1)),
        event: EventId::from_uuid(Uuid::from_u128(2)),
        name: "Front".into(),
        price: Money::new(3, Currency::KRW),
        kind: TicketKind::Seated { section: "F".into() },
        stock: Stock { capacity: 40, held: 5, sold: 6, blocked: 7 },
        position: 8,
    };
    let stored = Stored::of(&TicketTypeRow::of(&ticket_type));
    let read = TicketTypeRow::read(&stored).unwrap().ticket_type(Currency::KRW);
    assert_eq!(read.unwrap(), ticket_type);
    stored.assert_read::<TicketTypeRow<'_>>();
}

#[test]
fn a_column_of_another_kind_is_corrupt() {
    let event = event();
    let mut stored = Stored::of(&EventRow::of(&event, 7, true).unwrap());
    stored.columns.insert("title", Kept::Int(Some(1)));
    let error = EventRow::read(&stored).unwrap_err();
    assert_eq!(error.kind(), tiketi_core::StoreErrorKind::Corrupt);
    assert!(error.to_string().contains("title"), "{error}");
}

#[test]
fn no_table_lists_a_column_twice() {
    for (table, columns) in TABLES {
        let names: BTreeSet<_> = columns.iter().map(|column| column.name).collect();
        assert_eq!(names.len(), columns.len(), "{table}");
    }
}

#[test]
fn a_list_may_name_its_table() {
    let list = qualified_list::<TicketTypeRow<'_>>("kept");
    assert!(list.starts_with("kept.id, kept.event, kept.section"), "{list}");
}
