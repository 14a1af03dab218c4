//! Sells seats inside one process: an organiser creates a hall, two buyers want the same seats, and one of them
//! pays.
//!
//! `cargo run -p tiketi-examples --example box_office`

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use tiketi_core::decide::HoldRefused;
use tiketi_core::memory::{MemoryStore, TestGateway};
use tiketi_core::{
    BoxOffice, BuyerId, CommandError, Currency, EventDetails, EventId, EventInput, HoldRequest, Money,
    PrepareRequest, Row, SaleWindow, SeatId, SeatLayout, Section,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let shop = BoxOffice::builder()
        .store(Arc::new(MemoryStore::default()))
        .gateway(Arc::new(TestGateway::default()))
        .build()?;
    let event = open_sale(&shop).await?;

    // The host decides who the buyers are; any stable UUID is valid.
    let ada: BuyerId = "01890a5d-ac96-774b-bcce-b302099a8057".parse()?;
    let ben: BuyerId = "01890a5d-ac96-774b-bcce-b302099a8058".parse()?;
    let seats = available(&shop, event).await?;
    let wanted: Vec<SeatId> = seats.iter().take(2).copied().collect();

    let held = shop.sales().hold(HoldRequest::new(event, ada).seats(wanted.clone())).await?;
    let labels: Vec<_> = held.seats.iter().map(|line| line.label.as_ref()).collect();
    println!("Ada holds {} for {}, as {}", labels.join(" and "), held.total, held.number);

    // A refusal is an expected answer: it names every taken seat, and nothing has changed.
    match shop.sales().hold(HoldRequest::new(event, ben).seats(wanted)).await {
        Err(CommandError::Refused(HoldRefused::SeatsTaken { seats })) => {
            println!("Ben is told that {} of his seats are taken", seats.len());
        }
        other => return Err(format!("Ben got {other:?}").into()),
    }

    let paid = shop.payments().process(PrepareRequest::new(held.id, ada).method("kakao_pay")).await?;
    println!("Ada has paid: {:?}", paid.reservation.state);
    println!("{} seats are left", available(&shop, event).await?.len());

    // The money is refunded before the seats are free again.
    let refunded = shop.payments().cancel_or_refund(held.id, ada, None).await?;
    println!("Ada cannot come after all: {:?}", refunded.state);
    println!("{} seats are left", available(&shop, event).await?.len());
    Ok(())
}

/// Creates a hall and opens the sale of one evening in it.
async fn open_sale(shop: &BoxOffice) -> Result<EventId, Box<dyn Error>> {
    let stalls = Section::new("Stalls", Money::new(110_000, Currency::KRW))
        .row(Row::numbered("A", 10).gap_after("5").accessible(["1", "10"]))
        .row(Row::numbered("B", 12).gap_after("6"));
    let layout = shop
        .catalog()
        .create_layout(SeatLayout::new("Harbour Hall", "Small hall").section(stalls), None)
        .await?;
    let (opens, begins) = (shop.now(), shop.now().after(Duration::from_hours(24)));
    let details = EventDetails::new("Night of the Lighthouse", begins, SaleWindow::new(opens, begins)?);
    let made = shop.catalog().create_event(EventInput::new(details, Currency::KRW).seated(layout.id)).await?;
    shop.catalog().publish_event(made.event.id).await?;
    println!("{} is on sale", made.event.details.title);
    Ok(made.event.id)
}

/// Returns the available seats, ordered from the stage backwards.
async fn available(shop: &BoxOffice, event: EventId) -> Result<Vec<SeatId>, Box<dyn Error>> {
    let map = shop.catalog().seat_map(event, 0).await?.ok_or("there is no such event")?;
    let now = shop.now();
    Ok(map.seats.iter().filter(|seat| seat.is_available_at(now)).map(|seat| seat.id).collect())
}

#[cfg(test)]
#[test]
fn it_runs_to_its_end() {
    main().unwrap();
}
