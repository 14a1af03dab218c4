//! Traces of a shop. It is a test target of its own, because other tests of one process that register the same spans at
//! the same moment may keep a subscriber from seeing them.

#![cfg(test)]

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tiketi_core::clock::ManualClock;
use tiketi_core::memory::{MemoryStore, TestGateway};
use tiketi_core::{
    BoxOffice, BuyerId, Currency, EventDetails, EventInput, HoldRequest, Money, SaleWindow, TicketTypeInput,
    Timestamp,
};
use tracing_subscriber::fmt::MakeWriter;
use uuid::Uuid;

const ADA: BuyerId = BuyerId::from_uuid(Uuid::from_u128(0xADA));

/// Collects the output of a tracing subscriber.
#[derive(Debug, Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_command_is_traced_with_its_event_and_its_outcome() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(lines.clone())
        .with_ansi(false)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let opens: Timestamp = "2026-03-01T10:00:00Z".parse().unwrap();
    let office = BoxOffice::builder()
        .store(Arc::new(MemoryStore::default()))
        .clock(Arc::new(ManualClock::at(opens)))
        .gateway(Arc::new(TestGateway::default()))
        .build()
        .unwrap();
    let ends = opens.after(Duration::from_hours(24));
    let details = EventDetails::new("Evening of Lanterns", ends, SaleWindow::new(opens, ends).unwrap());
    let free = TicketTypeInput::new("Lap children", Money::new(0, Currency::KRW), 5);
    let view = office
        .catalog()
        .create_event(EventInput::new(details, Currency::KRW).ticket_type(free))
        .await
        .unwrap();
    let event = view.event.id;
    office.catalog().publish_event(event).await.unwrap();
    office.sales().hold(HoldRequest::new(event, ADA).item(view.ticket_types[0].id, 1)).await.unwrap();
    office.sales().hold(HoldRequest::new(event, ADA)).await.unwrap_err();
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let of_command = |word: &str| text.lines().find(|line| line.contains("command{") && line.contains(word));
    let applied = of_command("outcome=\"applied\"").unwrap_or_else(|| panic!("no line is of it:\n{text}"));
    assert!(applied.contains("name=\"hold\"") && applied.contains(&format!("event={event}")), "{applied}");
    let refused = of_command("outcome=\"refused\"").unwrap_or_else(|| panic!("no line is of it:\n{text}"));
    assert!(refused.contains("name at least one seat"), "{refused}");
    assert!(!text.contains(&ADA.to_string()), "a trace names no buyer: {text}");
}
