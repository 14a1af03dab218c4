//! A hall that stays current without HTTP: a snapshot of an event, and each change of it as it happens.
//!
//! `cargo run -p tiketi-examples --example live_changes`

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::box_office::LiveChange;
use tiketi_core::fact::SeatStatus;
use tiketi_core::memory::MemoryStore;
use tiketi_core::{
    BoxOffice, BuyerId, Currency, EventDetails, EventId, EventInput, HoldRequest, Money, Row, SaleWindow,
    SeatLayout, Section, clock::Timer,
};

/// Checks each second whether a message was lost.
#[derive(Debug)]
struct TokioTimer;

#[async_trait]
impl Timer for TokioTimer {
    async fn sleep(&self, length: Duration) {
        tokio::time::sleep(length).await;
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // A shop of several servers also has a broadcast that reaches all of them.
    let shop =
        BoxOffice::builder().store(Arc::new(MemoryStore::default())).timer(Arc::new(TokioTimer)).build()?;
    let event = open_sale(&shop).await?;

    let mut changes = shop.changes(event);
    let Some(first) = changes.next().await.transpose()? else { return Err("the event is gone".into()) };
    let LiveChange::Snapshot(hall) = first.change else { return Err("a snapshot comes first".into()) };
    let mut seats: Vec<SeatStatus> = hall.seats.iter().map(|seat| seat.status).collect();
    println!("{}", picture(&seats));

    // Elsewhere, a buyer holds two seats.
    let buyer: BuyerId = "01890a5d-ac96-774b-bcce-b302099a8057".parse()?;
    let wanted = hall.seats.iter().skip(3).take(2).map(|seat| seat.seat);
    shop.sales().hold(HoldRequest::new(event, buyer).seats(wanted)).await?;

    // A real host sends each change to its sockets here, and does so until the stream ends.
    while let Some(next) = changes.next().await {
        match next?.change {
            LiveChange::Seats { updates, .. } => {
                for update in updates {
                    let seat = usize::try_from(update.index).ok().and_then(|at| seats.get_mut(at));
                    if let Some(status) = seat {
                        *status = update.now.status;
                    }
                }
                println!("{}", picture(&seats));
            }
            LiveChange::Stock { available, .. } => {
                println!("{available} left");
                break;
            }
            other => println!("{other:?}"),
        }
    }
    Ok(())
}

fn picture(seats: &[SeatStatus]) -> String {
    seats.iter().map(|status| if *status == SeatStatus::Available { '□' } else { '■' }).collect()
}

async fn open_sale(shop: &BoxOffice) -> Result<EventId, Box<dyn Error>> {
    let price = Money::new(66_000, Currency::KRW);
    let hall = SeatLayout::new("Lighthouse", "Cellar")
        .section(Section::new("Hall", price).row(Row::numbered("A", 10)));
    let layout = shop.catalog().create_layout(hall, None).await?;
    let (opens, begins) = (shop.now(), shop.now().after(Duration::from_hours(24)));
    let details = EventDetails::new("Night of the Lighthouse", begins, SaleWindow::new(opens, begins)?);
    let made = shop.catalog().create_event(EventInput::new(details, Currency::KRW).seated(layout.id)).await?;
    Ok(shop.catalog().publish_event(made.event.id).await?.id)
}

#[cfg(test)]
#[test]
fn it_runs_to_its_end() {
    main().unwrap();
}
