//! A subscriber to every fact: a notifier of the host, and the loop that delivers to it.
//!
//! `cargo run -p tiketi-examples --example own_notifier`

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tiketi_core::memory::{MemoryStore, TestGateway};
use tiketi_core::{
    BoxOffice, BuyerId, Currency, EventDetails, EventInput, Fact, FactBody, HoldRequest, Money, Notifier,
    NotifyError, PrepareRequest, SaleWindow, Terms, TicketTypeInput, store::EventView,
};
use tokio::sync::Notify;
use tokio::time::interval;

/// Prints facts; a real notifier sends them to sockets, a broker or a mail queue.
#[derive(Debug, Default)]
struct Printer {
    /// Notified when a hold has expired, which is the last event of this example.
    a_hold_ran_out: Notify,
}

#[async_trait]
impl Notifier for Printer {
    // Facts are delivered at least once; after an error they are delivered again. A receiver saves `fact.id` to
    // ignore repetitions.
    async fn notify(&self, facts: &[Fact]) -> Result<(), NotifyError> {
        for fact in facts {
            match &fact.body {
                FactBody::StockChanged { available, .. } => println!("for everyone: {available} left"),
                FactBody::EventStatusChanged { status, .. } => println!("for everyone: {status:?}"),
                FactBody::PaymentUpdated { payment } => {
                    println!(
                        "for {} only: {} by {}: {:?}",
                        payment.buyer, payment.amount, payment.method, payment.state
                    );
                }
                FactBody::ReservationHeld { reservation, until } => {
                    println!(
                        "for {} only: {} tickets are held until {until}",
                        reservation.buyer,
                        reservation.tickets()
                    );
                }
                FactBody::ReservationConfirmed { reservation } => {
                    println!("for {} only: {} is paid", reservation.buyer, reservation.number);
                }
                FactBody::ReservationExpired { reservation } => {
                    println!("for {} only: the hold ran out", reservation.buyer);
                    self.a_hold_ran_out.notify_one();
                }
                other => println!("{other:?}"),
            }
        }
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let printer = Arc::new(Printer::default());
    let shop = BoxOffice::builder()
        .store(Arc::new(MemoryStore::default()))
        .gateway(Arc::new(TestGateway::default()))
        .subscriber("printer", Arc::<Printer>::clone(&printer))
        .terms(Terms::default().hold_ttl(Duration::from_secs(1)))
        .build()?;
    // A new subscriber gets the facts from here on.
    shop.jobs().subscribe_once().await?;
    tokio::spawn(keep_tidy(shop.clone()));
    let (event, standing) = match open_sale(&shop).await?.ticket_types.first() {
        Some(standing) => (standing.event, standing.id),
        None => return Err("nothing is sold".into()),
    };

    let buyer = |last: u8| format!("01890a5d-ac96-774b-bcce-b302099a80{last:02}").parse::<BuyerId>();
    let held = shop.sales().hold(HoldRequest::new(event, buyer(1)?).item(standing, 2)).await?;
    shop.payments().process(PrepareRequest::new(held.id, buyer(1)?)).await?;
    shop.sales().hold(HoldRequest::new(event, buyer(2)?).item(standing, 1)).await?;
    printer.a_hold_ran_out.notified().await;
    Ok(())
}

/// Ends expired holds, announces statuses and delivers facts, about every second, on any number of servers.
async fn keep_tidy(shop: BoxOffice) {
    let mut second = interval(Duration::from_secs(1));
    loop {
        second.tick().await;
        // A failure loses nothing: what is due stays due.
        if let Err(error) = shop.jobs().tidy_once().await {
            eprintln!("tidied later: {error}");
        }
    }
}

async fn open_sale(shop: &BoxOffice) -> Result<EventView, Box<dyn Error>> {
    let (opens, begins) = (shop.now(), shop.now().after(Duration::from_hours(24)));
    let details = EventDetails::new("Night of the Lighthouse", begins, SaleWindow::new(opens, begins)?);
    let price = Money::new(66_000, Currency::KRW);
    let standing = TicketTypeInput::new("Standing", price, 100);
    let made =
        shop.catalog().create_event(EventInput::new(details, Currency::KRW).ticket_type(standing)).await?;
    shop.catalog().publish_event(made.event.id).await?;
    Ok(made)
}

#[cfg(test)]
#[test]
fn it_runs_to_its_end() {
    main().unwrap();
}
