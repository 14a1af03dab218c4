//! An event on sale in a hall of any size.

use std::error::Error;

use tiketi_core::{
    BoxOffice, BuyerId, Currency, EventDetails, EventId, EventInput, HoldRequest, Money, Reservation, Row,
    SaleWindow, SeatId, SeatLayout, Section,
};
use uuid::Uuid;

/// An event on sale and its seats, ordered from the stage backwards.
#[derive(Debug)]
pub(crate) struct Hall {
    pub(crate) event: EventId,
    pub(crate) seats: Vec<SeatId>,
}

const SEATS_A_ROW: u32 = 100;

/// Returns the buyer of a turn; each turn has a different buyer.
pub(crate) fn buyer(turn: usize) -> BuyerId {
    BuyerId::from_uuid(Uuid::from_u128(turn as u128 + 1))
}

/// Stores a layout of at least `seats` seats in rows of a hundred, and returns the input of an event in it.
pub(crate) async fn new_event(box_office: &BoxOffice, seats: u32) -> Result<EventInput, Box<dyn Error>> {
    let price = Money::new(110_000, Currency::KRW);
    let rows = (1..=seats.div_ceil(SEATS_A_ROW)).map(|row| Row::numbered(row.to_string(), SEATS_A_ROW));
    let section = Section::new("R", price).rows(rows);
    let layout = SeatLayout::new("Bench Hall", format!("{seats} seats")).section(section);
    let layout = box_office.catalog().create_layout(layout, None).await?;
    let now = box_office.now();
    let hour = std::time::Duration::from_hours(1);
    let details = EventDetails::new(
        "Bench Night",
        now.after(hour * 48),
        SaleWindow::new(now.before(hour), now.after(hour * 24))?,
    )
    .artist("The Loops")
    .venue("Bench Hall");
    Ok(EventInput::new(details, Currency::KRW).seated(layout.id))
}

impl Hall {
    /// Creates a hall of at least `seats` seats in rows of a hundred, and opens the sale.
    pub(crate) async fn open(box_office: &BoxOffice, seats: u32) -> Result<Self, Box<dyn Error>> {
        let input = new_event(box_office, seats).await?;
        let event = box_office.catalog().create_event(input).await?.event.id;
        box_office.catalog().publish_event(event).await?;
        let map = box_office.catalog().seat_map(event, 0).await?.ok_or("the event is gone")?;
        Ok(Self { event, seats: map.seats.into_iter().map(|seat| seat.id).collect() })
    }

    /// Holds the seat of a turn for the buyer of that turn. Does nothing if there is no such seat.
    pub(crate) async fn hold(
        &self,
        box_office: &BoxOffice,
        turn: usize,
    ) -> Result<Option<Reservation>, String> {
        let Some(seat) = self.seats.get(turn) else { return Ok(None) };
        let request = HoldRequest::new(self.event, buyer(turn)).seats([*seat]);
        box_office.sales().hold(request).await.map(Some).map_err(|error| error.to_string())
    }
}
