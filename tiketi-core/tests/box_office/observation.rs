//! Metrics and traces of a shop.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tiketi_core::memory::{MemoryStore, TestGateway};
use tiketi_core::metrics::{CommandMeasured, GatewayCallMeasured, Metrics};
use tiketi_core::{BoxOffice, HoldRequest, PrepareRequest, clock::ManualClock};
use tracing_subscriber::fmt::MakeWriter;

use super::{ADA, BEN, on_sale, opening};

/// Records each measurement as one line of text.
#[derive(Debug, Default)]
struct Recorded(Mutex<Vec<String>>);

impl Recorded {
    fn add(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Metrics for Recorded {
    fn command(&self, measured: &CommandMeasured<'_>) {
        let refusal = measured.refusal().map_or(String::new(), |word| format!(" {word}"));
        self.add(format!("{} {}{refusal}", measured.name, measured.outcome()));
    }

    fn gateway_call(&self, measured: &GatewayCallMeasured<'_>) {
        self.add(format!("{} {} {}", measured.gateway, measured.call, measured.answer));
    }

    fn event_created(&self) {
        self.add("event created".to_owned());
    }
}

fn shop(recorded: Option<&Arc<Recorded>>) -> BoxOffice {
    let builder = BoxOffice::builder()
        .store(Arc::new(MemoryStore::default()))
        .clock(Arc::new(ManualClock::at(opening().after(Duration::from_secs(1)))))
        .gateway(Arc::new(TestGateway::default()));
    match recorded {
        Some(recorded) => builder.metrics(Arc::<Recorded>::clone(recorded)),
        None => builder,
    }
    .build()
    .unwrap()
}

#[tokio::test]
async fn commands_and_gateway_calls_are_measured() {
    let recorded = Arc::new(Recorded::default());
    let office = shop(Some(&recorded));
    let (event, _) = on_sale(&office).await;
    assert_eq!(recorded.take(), ["event created"]);
    let seats = office.catalog().seat_map(event, 0).await.unwrap().unwrap().seats;
    let hold = |buyer| HoldRequest::new(event, buyer).seats([seats[0].id]);
    let reservation = office.sales().hold(hold(ADA)).await.unwrap();
    office.sales().hold(hold(BEN)).await.unwrap_err();
    assert_eq!(recorded.take(), ["hold applied", "hold refused seats_taken"]);
    office.payments().process(PrepareRequest::new(reservation.id, ADA)).await.unwrap();
    let expected =
        ["start-payment applied", "begin-confirm applied", "test confirm paid", "record-outcome applied"];
    assert_eq!(recorded.take(), expected);
}

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
    let office = shop(None);
    let (event, free) = on_sale(&office).await;
    office.sales().hold(HoldRequest::new(event, ADA).item(free, 1)).await.unwrap();
    office.sales().hold(HoldRequest::new(event, ADA)).await.unwrap_err();
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let of_command = |word: &str| text.lines().find(|line| line.contains("command{") && line.contains(word));
    let applied = of_command("outcome=\"applied\"").unwrap_or_else(|| panic!("no line is of it:\n{text}"));
    assert!(applied.contains("name=\"hold\"") && applied.contains(&format!("event={event}")), "{applied}");
    let refused = of_command("outcome=\"refused\"").unwrap_or_else(|| panic!("no line is of it:\n{text}"));
    assert!(refused.contains("name at least one seat"), "{refused}");
    assert!(!text.contains(&ADA.to_string()), "a trace names no buyer: {text}");
}
