//! Sells out an event to invented buyers.

use tiketi_core::{
    BoxOffice, BuyerId, HoldRequest, IdSource, PrepareRequest, TicketType, clock::TimeOrderedIds,
    store::EventView,
};

use super::Outcome;
use super::programme::CLUB_TICKETS_PER_BUYER;

/// The buyers' payment method; only the built-in gateway has it.
const METHOD: &str = "bank_transfer";

/// Buys every ticket of an event sold by quantity.
pub(super) async fn sell_out(shop: &BoxOffice, view: &EventView) -> Outcome<()> {
    for ticket_type in &view.ticket_types {
        let mut left = ticket_type.stock.available();
        while left > 0 {
            let quantity = left.min(CLUB_TICKETS_PER_BUYER);
            buy(shop, ticket_type, quantity).await?;
            left -= quantity;
        }
    }
    Ok(())
}

async fn buy(shop: &BoxOffice, ticket_type: &TicketType, quantity: u32) -> Outcome<()> {
    let buyer = BuyerId::from_uuid(TimeOrderedIds.next());
    let hold = HoldRequest::new(ticket_type.event, buyer).item(ticket_type.id, quantity);
    let reservation = shop.sales().hold(hold).await?;
    let prepare = PrepareRequest::new(reservation.id, buyer).method(METHOD);
    let prepared = shop.payments().prepare(prepare).await?;
    shop.payments().confirm(prepared.payment.id, buyer, None, None).await?;
    Ok(())
}
