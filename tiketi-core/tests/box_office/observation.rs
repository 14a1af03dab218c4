//! Metrics of a shop.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tiketi_core::memory::{MemoryStore, TestGateway};
use tiketi_core::metrics::{CommandMeasured, GatewayCallMeasured, Metrics};
use tiketi_core::{BoxOffice, HoldRequest, PrepareRequest, clock::ManualClock};

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

fn shop(recorded: &Arc<Recorded>) -> BoxOffice {
    BoxOffice::builder()
        .store(Arc::new(MemoryStore::default()))
        .clock(Arc::new(ManualClock::at(opening().after(Duration::from_secs(1)))))
        .gateway(Arc::new(TestGateway::default()))
        .metrics(Arc::<Recorded>::clone(recorded))
        .build()
        .unwrap()
}

#[tokio::test]
async fn commands_and_gateway_calls_are_measured() {
    let recorded = Arc::new(Recorded::default());
    let office = shop(&recorded);
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
